/* Memory is had or the process ends with the figure that was asked for: no caller can go on
 * without its queue or its log, so none is made to test for it. */
#include "lcmpi/base.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static _Noreturn void out_of_memory(size_t count, size_t size, const char *what) {
  char bytes[LC_QUANTITY_MAX];
  size_t total = 0;
  bool huge = __builtin_mul_overflow(count, size, &total) || total > (size_t)INT64_MAX;
  lc_die(LC_ENOMEM, "out of memory: %s asked for %s%s; use fewer VMs, or fewer or smaller clocks",
         what, huge ? "more than " : "", lc_print_bytes(bytes, huge ? INT64_MAX : (int64_t)total));
}

enum { LINE = 64, LARGE = 4 << 20, PAGE = 4096 };

/* A million VMs in pages of 4 KiB cost more for finding the pages than for the VMs. */
static void ask_for_huge_pages(char *memory, size_t bytes) {
  size_t skip = (PAGE - (uintptr_t)memory % PAGE) % PAGE;
  if (bytes >= LARGE)
    madvise(memory + skip, (bytes - skip) / PAGE * PAGE, MADV_HUGEPAGE);
}

void *lc_new(size_t count, size_t size, const char *what) {
  void *memory = calloc(count ? count : 1, size ? size : 1);
  if (!memory)
    out_of_memory(count, size, what);
  ask_for_huge_pages(memory, count * size);
  return memory;
}

void *lc_new_lines(size_t count, size_t size, const char *what) {
  size_t bytes = 0;
  bool fits = !__builtin_mul_overflow(count ? count : 1, size, &bytes) && bytes <= SIZE_MAX - LINE;
  bytes = (bytes + LINE - 1) / LINE * LINE;
  void *memory = fits ? aligned_alloc(LINE, bytes) : NULL;
  if (!memory)
    out_of_memory(count, size, what);
  ask_for_huge_pages(memory, bytes);
  return memset(memory, 0, bytes);
}

void lc_grow(void **array, size_t *capacity, size_t need, size_t size, const char *what) {
  if (need <= *capacity)
    return;
  size_t room = *capacity ? *capacity : 8;
  while (room < need)
    room *= 2;
  size_t bytes = 0;
  void *memory = __builtin_mul_overflow(room, size, &bytes) ? NULL : realloc(*array, bytes);
  if (!memory)
    out_of_memory(room, size, what);
  *array = memory;
  *capacity = room;
}
