/* Whether a VM is due cannot be guessed, so nothing here branches on it: every VM of a group is
 * written to the list, and the list's end moves on for those that are. */
#include "due.h"

#include "../base/processor.h"

static int32_t group_limit(const struct lc_vms *vms, int32_t block) {
  int32_t end = (block + 1) * (LC_BLOCK_VMS / LC_GROUP_VMS);
  int32_t all = (vms->n + LC_GROUP_VMS - 1) / LC_GROUP_VMS;
  return end < all ? end : all;
}

int64_t lc_vms_block_deadline(const struct lc_vms *vms, int32_t block) {
  int64_t first = INT64_MAX;
  int32_t end = group_limit(vms, block);
  for (int32_t g = block * (LC_BLOCK_VMS / LC_GROUP_VMS); g < end; g++)
    first = vms->group_deadline_ns[g] < first ? vms->group_deadline_ns[g] : first;
  return first;
}

/* Those of one group, whose first VM is `base`; returns how many. */
static int32_t due_portable(const int64_t *deadline, int64_t until_ns, int32_t base, int32_t *own) {
  int32_t n = 0;
  for (int32_t i = 0; i < LC_GROUP_VMS; i++) {
    own[n] = base + i;
    n += deadline[i] < until_ns;
  }
  return n;
}

#ifdef LC_HAVE_AVX512

#include <immintrin.h>

__attribute__((target("avx512f,popcnt"))) static int32_t
due_avx512(const int64_t *deadline, int64_t until_ns, int32_t base, int32_t *own) {
  const __m512i until = _mm512_set1_epi64(until_ns);
  __m512i id =
      _mm512_add_epi32(_mm512_set1_epi32(base),
                       _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  int32_t n = 0;
  for (int32_t i = 0; i < LC_GROUP_VMS; i += 16) {
    __mmask8 low = _mm512_cmplt_epi64_mask(_mm512_loadu_si512(deadline + i), until);
    __mmask8 high = _mm512_cmplt_epi64_mask(_mm512_loadu_si512(deadline + i + 8), until);
    __mmask16 due = (__mmask16)(low | high << 8);
    _mm512_storeu_si512(own + n, _mm512_maskz_compress_epi32(due, id));
    n += __builtin_popcount(due);
    id = _mm512_add_epi32(id, _mm512_set1_epi32(16));
  }
  return n;
}

static int32_t due_of_group(const int64_t *deadline, int64_t until_ns, int32_t base, int32_t *own) {
  return __builtin_cpu_supports("avx512f") ? due_avx512(deadline, until_ns, base, own)
                                           : due_portable(deadline, until_ns, base, own);
}

#else

static int32_t due_of_group(const int64_t *deadline, int64_t until_ns, int32_t base, int32_t *own) {
  return due_portable(deadline, until_ns, base, own);
}

#endif

int32_t find_due(const struct lc_vms *vms, int32_t block, int64_t until_ns, int32_t *own) {
  int32_t n = 0, end = group_limit(vms, block);
  for (int32_t g = block * (LC_BLOCK_VMS / LC_GROUP_VMS); g < end; g++)
    if (vms->group_deadline_ns[g] < until_ns)
      n += due_of_group(vms->deadline_ns + (ptrdiff_t)g * LC_GROUP_VMS, until_ns, g * LC_GROUP_VMS,
                        own + n);
  return n;
}

FOR_EACH_PROCESSOR
static int64_t earliest(const int64_t *deadline) {
  int64_t first = INT64_MAX;
  for (int i = 0; i < LC_GROUP_VMS; i++)
    first = deadline[i] < first ? deadline[i] : first;
  return first;
}

void note_deadlines(struct lc_vms *vms, int32_t block, int64_t until_ns) {
  int32_t end = group_limit(vms, block);
  for (int32_t g = block * (LC_BLOCK_VMS / LC_GROUP_VMS); g < end; g++)
    if (vms->group_deadline_ns[g] < until_ns)
      vms->group_deadline_ns[g] = earliest(vms->deadline_ns + (ptrdiff_t)g * LC_GROUP_VMS);
}
