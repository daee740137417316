/* A heap beside the plain way: all items in a list that is searched for its first. */
#include "unit.h"

#include "lcmpi/heap.h"

enum { MOST = 400 };

struct item {
  int64_t key;
  int32_t id;
  unsigned char filler[52];
};

static bool before(const void *a, const void *b) {
  const struct item *x = a, *y = b;
  return x->key != y->key ? x->key < y->key : x->id < y->id;
}

static const struct lc_heap_kind kind = {sizeof(struct item), before, "the test"};
static struct item list[MOST];
static int32_t n_list;

static struct item new_item(struct draws *draws, int32_t id) {
  struct item item = {.key = draw_below(draws, 20), .id = id};
  memset(item.filler, id & 0xff, sizeof item.filler);
  return item;
}

static int32_t first_of_list(void) {
  int32_t first = 0;
  for (int32_t i = 1; i < n_list; i++)
    if (before(&list[i], &list[first]))
      first = i;
  return first;
}

static void check_first(const struct lc_heap *heap) {
  assert_int_equal(heap->n, n_list);
  if (n_list)
    assert_memory_equal(lc_heap_first(heap), &list[first_of_list()], sizeof *list);
  else
    assert_null(lc_heap_first(heap));
}

static void take(struct lc_heap *heap) {
  struct item taken;
  int32_t first = first_of_list();
  lc_heap_take(heap, &kind, &taken);
  assert_memory_equal(&taken, &list[first], sizeof taken);
  list[first] = list[--n_list];
}

static void replace(struct lc_heap *heap, struct item item) {
  list[first_of_list()] = item;
  lc_heap_replace(heap, &kind, &item);
}

/* Grows and shrinks at random, and is emptied in the end; keys are often equal. */
static void play(uint64_t seed, int32_t steps) {
  struct draws draws = {seed};
  struct lc_heap heap = {.n = 0};
  n_list = 0;
  for (int32_t i = 0; i < steps; i++) {
    int64_t what = draw_below(&draws, 4);
    if (what < 2 && n_list < MOST) {
      list[n_list] = new_item(&draws, i);
      lc_heap_add(&heap, &kind, &list[n_list++]);
    } else if (what == 2 && n_list) {
      take(&heap);
    } else if (n_list) {
      replace(&heap, new_item(&draws, i));
    }
    check_first(&heap);
  }
  for (; n_list; check_first(&heap))
    take(&heap);
  free(heap.item);
}

static void test_like_a_list(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 40; seed++)
    play(seed, 60);
  play(99, 4000);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_like_a_list)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
