/* Failures, memory, and the end of a process that cannot go on. lc_die() is watched from outside,
 * in a child process. */
#include "unit.h"

#include "lcmpi/base.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_a_status_is_its_exit_code(void **state) {
  (void)state;
  static const lc_status all[] = {LC_OK,      LC_EINTERNAL, LC_EUSAGE, LC_EFILE,
                                  LC_EVERIFY, LC_ENOMEM,    LC_ERANK,  LC_STOPPED};
  static const int code[] = {0, 1, 2, 3, 4, 5, 6, 85};
  for (size_t i = 0; i < LENGTH(all); i++)
    assert_int_equal(all[i], code[i]);
}

static void test_fail_fills_in_the_error(void **state) {
  (void)state;
  struct lc_error err = {0};
  assert_int_equal(lc_fail(&err, LC_EFILE, "%s: row %d", "a.h5", 3), LC_EFILE);
  assert_int_equal(err.status, LC_EFILE);
  assert_string_equal(err.text, "a.h5: row 3");
}

static void test_long_errors_are_cut(void **state) {
  (void)state;
  struct lc_error err;
  char text[3000];
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = '\0';
  lc_fail(&err, LC_EUSAGE, "%s", text);
  assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void test_new_memory_is_zero(void **state) {
  (void)state;
  unsigned char *memory = lc_new(1000, 7, "a test");
  for (int i = 0; i < 7000; i++)
    assert_int_equal(memory[i], 0);
  free(memory);
  void *nothing = lc_new(0, 8, "a test");
  assert_non_null(nothing);
  free(nothing);
}

static void test_grow_keeps_what_is_there(void **state) {
  (void)state;
  int64_t *array = NULL;
  size_t room = 0, times = 0;
  for (size_t n = 0; n < 5000; n++) {
    size_t before = room;
    lc_grow((void **)&array, &room, n + 1, sizeof *array, "a test");
    times += room != before;
    assert_true(room > n && room >= before);
    array[n] = (int64_t)n;
  }
  assert_true(times < 14); /* doubling: 8, 16, ..., 8192 */
  for (size_t n = 0; n < 5000; n++)
    assert_int_equal(array[n], n);
  int64_t *same = array;
  lc_grow((void **)&array, &room, room, sizeof *array, "a test");
  assert_ptr_equal(array, same);
  free(array);
}

static void test_format(void **state) {
  (void)state;
  char *text = lc_format("%s-%d", "run", 12);
  assert_string_equal(text, "run-12");
  free(text);
}

static void hook(lc_status status, const char *text) {
  fprintf(stderr, "hook %d %s", (int)status, text);
  _exit(99);
}

static void die_plainly(void) {
  lc_die(LC_EFILE, "row %d", 4);
}

static void die_with_hook(void) {
  lc_set_die_hook(hook);
  lc_die(LC_EFILE, "row %d", 4);
}

static void ask_for_too_much(void) {
  lc_new(SIZE_MAX / 4, 8, "the test");
}

static void break_an_invariant(void) {
  lc_assert(1 + 1 == 3);
}

/* Runs `end` in a child process; its stderr goes to `text`. Returns its exit code. */
static int exit_code_of(void (*end)(void), char text[512]) {
  int ends[2], status = 0;
  assert_int_equal(pipe(ends), 0);
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    end();
    _exit(0);
  }
  close(ends[1]);
  size_t used = 0;
  for (ssize_t n = 1; n > 0 && used<511; used += n> 0 ? (size_t)n : 0)
    n = read(ends[0], text + used, 511 - used);
  text[used] = '\0';
  close(ends[0]);
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_die(void **state) {
  (void)state;
  char text[512];
  assert_int_equal(exit_code_of(die_plainly, text), LC_EFILE);
  assert_string_equal(text, "lcmpi: row 4\n");
  assert_int_equal(exit_code_of(die_with_hook, text), 99);
  assert_string_equal(text, "hook 3 row 4");
}

static void test_out_of_memory_says_what_for(void **state) {
  (void)state;
  char text[512];
  assert_int_equal(exit_code_of(ask_for_too_much, text), LC_ENOMEM);
  assert_non_null(strstr(text, "the test"));
  assert_non_null(strstr(text, "EiB"));
}

/* Ends with 0 if of 64 MiB above what is mapped no more is said to be free, and not much less. */
static void limit_the_address_space(void) {
  enum { MIB = 1 << 20 };
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%ld", &pages) != 1)
    _exit(1);
  fclose(file);
  rlim_t limit = (rlim_t)(pages * sysconf(_SC_PAGESIZE)) + 64 * MIB;
  if (setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit}) != 0)
    _exit(2);
  int64_t free_for_one = lc_free_memory(1), free_for_two = lc_free_memory(2);
  bool good = free_for_one > 60 * MIB && free_for_one < 68 * MIB;
  _exit(good && free_for_two == free_for_one ? 0 : 3); /* each has a limit of its own */
}

static void test_free_memory(void **state) {
  (void)state;
  char text[512];
  int64_t one = lc_free_memory(1), four = lc_free_memory(4);
  assert_true(four > 0 && four < one / 2); /* what others take meanwhile is less */
  assert_int_equal(exit_code_of(limit_the_address_space, text), 0);
}

static void test_assert_stays_in_release_builds(void **state) {
  (void)state;
  char text[512];
  assert_int_equal(exit_code_of(break_an_invariant, text), LC_EINTERNAL);
  assert_non_null(strstr(text, "1 + 1 == 3"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_status_is_its_exit_code),
      cmocka_unit_test(test_fail_fills_in_the_error),
      cmocka_unit_test(test_long_errors_are_cut),
      cmocka_unit_test(test_new_memory_is_zero),
      cmocka_unit_test(test_grow_keeps_what_is_there),
      cmocka_unit_test(test_format),
      cmocka_unit_test(test_die),
      cmocka_unit_test(test_out_of_memory_says_what_for),
      cmocka_unit_test(test_free_memory),
      cmocka_unit_test(test_assert_stays_in_release_builds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
