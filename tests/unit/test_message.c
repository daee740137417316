/* Messages: the order of a queue against a sort of the same messages, the wire form byte by byte,
 * and the pool. */
#include "unit.h"

#include "lcmpi/message.h"

/* ---- the queue ------------------------------------------------------------------------------- */

static struct lc_message *message_of(int64_t t_arrival, int32_t sender, int64_t number,
                                     int32_t copy) {
  struct lc_message *message = calloc(1, sizeof *message);
  *message =
      (struct lc_message){.sender = sender, .number = number, .copy = copy, .t_arrival = t_arrival};
  return message;
}

static void test_order(void **state) {
  (void)state;
  /* each is before the next: arrival counts first, the copy last; no difference of two overflows */
  struct lc_message *list[] = {
      message_of(INT64_MIN, 9, 9, 9),
      message_of(-1, 0, 0, 0),
      message_of(5, 1, 8, 8),
      message_of(5, 2, 0, 1),
      message_of(5, 2, 0, 2),
      message_of(5, 2, 1, 0),
      message_of(5, 3, 0, 0),
      message_of(6, 0, 0, 0),
      message_of(INT64_MAX, 0, INT64_MIN, 0),
      message_of(INT64_MAX, 0, INT64_MAX, 0),
  };
  for (size_t i = 0; i < LENGTH(list); i++)
    for (size_t j = 0; j < LENGTH(list); j++) {
      int order = lc_message_compare(list[i], list[j]);
      require(i < j   ? order < 0
              : i > j ? order > 0
                      : order == 0,
              "%zu and %zu compare as %d", i, j, order);
    }
  for (size_t i = 0; i < LENGTH(list); i++)
    free(list[i]);
}

/* Written out again, so that the queue is not judged by its own comparison. */
static int by_key(const void *a, const void *b) {
  const struct lc_message *x = *(struct lc_message *const *)a, *y = *(struct lc_message *const *)b;
  const int64_t p[] = {x->t_arrival, x->sender, x->number, x->copy};
  const int64_t q[] = {y->t_arrival, y->sender, y->number, y->copy};
  for (int i = 0; i < 4; i++)
    if (p[i] != q[i])
      return p[i] < q[i] ? -1 : 1;
  return 0;
}

enum { MOST = 400 };

/* A sorted array that does what the queue should do. */
struct reference {
  struct lc_message *list[MOST];
  size_t n;
};

static void put_both(struct lc_queue *queue, struct reference *r, struct lc_message *message) {
  lc_queue_put(queue, message);
  r->list[r->n++] = message;
  qsort(r->list, r->n, sizeof *r->list, by_key);
}

static void take_both(struct lc_queue *queue, struct reference *r) {
  struct lc_message *message = lc_queue_take(queue);
  if (!r->n) {
    assert_null(message);
    return;
  }
  assert_ptr_equal(message, r->list[0]);
  memmove(r->list, r->list + 1, --r->n * sizeof *r->list);
  free(message);
}

/* Puts and takes at random: the ring wraps around, is emptied, and grows while it is wrapped. */
static void test_random_insertion(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 40; seed++) {
    struct draws draws = {seed};
    struct lc_queue queue = {0};
    struct reference reference = {.n = 0};
    int64_t now = 0, puts = 4 + draw_below(&draws, 4);
    for (int i = 0; i < 700; i++) {
      now += draw_below(&draws, 3);
      if (draw_below(&draws, 10) < puts && reference.n < MOST)
        put_both(&queue, &reference,
                 message_of(now + draw_below(&draws, 8), (int32_t)draw_below(&draws, 3), i,
                            (int32_t)draw_below(&draws, 2)));
      else
        take_both(&queue, &reference);
      assert_int_equal(queue.length, reference.n);
      for (size_t k = 0; k < reference.n && i % 16 == 0; k++)
        assert_ptr_equal(lc_queue_at(&queue, k), reference.list[k]);
    }
    while (reference.n)
      take_both(&queue, &reference);
    assert_null(lc_queue_take(&queue));
    lc_queue_free(&queue);
  }
}

/* At every place of the head: fill the ring, wrapped by so much, and one more. */
static void test_growth_of_a_wrapped_ring(void **state) {
  (void)state;
  for (int64_t turn = 0; turn < 40; turn++) {
    struct lc_queue queue = {0};
    int64_t next_in = 0, next_out = 0;
    for (int64_t i = 0; i < turn; i++) {
      lc_queue_put(&queue, message_of(next_in++, 0, 0, 0));
      struct lc_message *message = lc_queue_take(&queue);
      assert_int_equal(message->t_arrival, next_out++);
      free(message);
    }
    for (int i = 0; i < 100; i++)
      lc_queue_put(&queue, message_of(next_in++, 0, 0, 0));
    while (queue.length) {
      struct lc_message *message = lc_queue_take(&queue);
      assert_int_equal(message->t_arrival, next_out++);
      free(message);
    }
    assert_int_equal(next_in, next_out);
    lc_queue_free(&queue);
  }
}

/* Equal keys keep the order in which they came. */
static void test_equal_keys(void **state) {
  (void)state;
  struct lc_queue queue = {0};
  struct lc_message *list[20];
  for (int i = 0; i < 20; i++)
    lc_queue_put(&queue, list[i] = message_of(7, 1, 1, 0));
  for (int i = 0; i < 20; i++) {
    assert_ptr_equal(lc_queue_take(&queue), list[i]);
    free(list[i]);
  }
  lc_queue_free(&queue);
  assert_int_equal(queue.room, 0);
}

/* ---- the wire -------------------------------------------------------------------------------- */

enum { HEAD = 36 }; /* three numbers of 4 bytes, three of 8 */

static void open_set(struct lc_clock_set *set, int32_t n_vm) {
  struct lc_error err;
  lc_clock_set_init(set, n_vm);
  assert_int_equal(lc_clock_set_parse(set, "lamport,vector", &err), LC_OK);
}

static struct lc_message *random_message(struct draws *draws, const struct lc_clock_set *set) {
  struct lc_message *message =
      calloc(1, sizeof *message + (size_t)set->stamp_words * sizeof(int64_t));
  message->sender = (int32_t)draw_below(draws, set->n_vm);
  message->receiver = (int32_t)draw_below(draws, set->n_vm);
  message->copy = (int32_t)draw_below(draws, 3);
  message->number = draw_any_size(draws);
  message->send_seq = draw_any_size(draws);
  message->t_send = draw_any_size(draws);
  message->t_arrival = draw_any_size(draws);
  for (int32_t i = 0; i < set->stamp_words; i++)
    message->stamp[i] = (int64_t)next_draw(draws);
  return message;
}

static void require_equal_messages(const struct lc_message *a, const struct lc_message *b,
                                   const struct lc_clock_set *set) {
  assert_int_equal(a->sender, b->sender);
  assert_int_equal(a->receiver, b->receiver);
  assert_int_equal(a->copy, b->copy);
  assert_int_equal(a->number, b->number);
  assert_int_equal(a->send_seq, b->send_seq);
  assert_int_equal(a->t_send, b->t_send);
  assert_memory_equal(a->stamp, b->stamp, (size_t)set->stamp_words * sizeof(int64_t));
}

/* Each length in a block of its own size, so that a sanitizer sees any look behind it. */
static bool decodes(struct lc_message *to, const struct lc_clock_set *set,
                    const unsigned char *bytes, size_t length) {
  unsigned char *exact = malloc(length ? length : 1);
  memcpy(exact, bytes, length);
  bool decoded = lc_message_decode(to, set, exact, length);
  free(exact);
  return decoded;
}

static void test_wire_round_trip(void **state) {
  (void)state;
  struct draws draws = {71};
  for (int32_t n_vm = 1; n_vm <= 9; n_vm++) {
    struct lc_clock_set set;
    open_set(&set, n_vm);
    size_t most = lc_message_wire_bytes(&set);
    assert_int_equal(most, HEAD + 8 * (1 + n_vm));
    unsigned char *bytes = calloc(most + 1, 1);
    for (int i = 0; i < 50; i++) {
      struct lc_message *message = random_message(&draws, &set);
      struct lc_message *back = random_message(&draws, &set);
      bytes[most] = 0x5a;
      size_t length = lc_message_encode(message, &set, bytes);
      assert_true(length <= most && bytes[most] == 0x5a);
      assert_true(decodes(back, &set, bytes, length));
      require_equal_messages(message, back, &set);
      assert_int_equal(back->t_arrival, 0); /* it is the receiver's to say */
      for (size_t cut = 0; cut < length; cut++)
        require(!decodes(back, &set, bytes, cut), "%zu of %zu bytes are decoded", cut, length);
      require(!decodes(back, &set, bytes, length + 1), "a byte too many is decoded");
      free(message);
      free(back);
    }
    free(bytes);
  }
}

/* The same bytes on every host. */
static void test_wire_is_little_endian(void **state) {
  (void)state;
  static const unsigned char expected[] = {
      1,    0,    0,    0,    2,    0,    0, 0, 3, 0, 0, 0, 0x88, 0x77, 0x66,
      0x55, 0x44, 0x33, 0x22, 0x11, 5,    0, 0, 0, 0, 0, 0, 0,    0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 9, 0, 0, 0, 0, 0, 0,    0};
  struct lc_clock_set set;
  struct lc_error err;
  unsigned char bytes[sizeof expected];
  lc_clock_set_init(&set, 3);
  assert_int_equal(lc_clock_set_parse(&set, "lamport", &err), LC_OK);
  struct lc_message *message = calloc(1, sizeof *message + sizeof(int64_t));
  *message = (struct lc_message){1, 2, 3, INT64_C(0x1122334455667788), 5, INT64_MAX, 0};
  message->stamp[0] = 9;
  assert_int_equal(lc_message_encode(message, &set, bytes), sizeof expected);
  assert_memory_equal(bytes, expected, sizeof expected);
  free(message);
}

static void require_refused(int field, int64_t value) {
  struct draws draws = {72};
  struct lc_clock_set set;
  unsigned char bytes[256];
  open_set(&set, 3);
  struct lc_message *message = random_message(&draws, &set);
  if (field == 0)
    message->sender = (int32_t)value;
  else if (field == 1)
    message->receiver = (int32_t)value;
  else
    message->number = value;
  size_t length = lc_message_encode(message, &set, bytes);
  require(!decodes(message, &set, bytes, length), "field %d is accepted as %lld", field,
          (long long)value);
  free(message);
}

static void test_wire_refuses_what_no_system_sends(void **state) {
  (void)state;
  require_refused(0, -1);
  require_refused(0, 3);
  require_refused(0, INT32_MAX);
  require_refused(0, INT32_MIN);
  require_refused(1, -1);
  require_refused(1, 3);
  require_refused(2, -1);
  require_refused(2, INT64_MIN);
}

/* Random bytes of every length are refused or decoded to a message of this system, never worse. */
static void test_wire_survives_garbage(void **state) {
  (void)state;
  struct draws draws = {73};
  struct lc_clock_set set;
  open_set(&set, 4);
  struct lc_message *message = random_message(&draws, &set);
  for (int i = 0; i < 5000; i++) {
    unsigned char bytes[128];
    size_t length = (size_t)draw_below(&draws, 100);
    for (size_t k = 0; k < length; k++)
      bytes[k] = (unsigned char)(draw_below(&draws, 4) ? 0 : next_draw(&draws));
    if (decodes(message, &set, bytes, length))
      assert_true(message->sender >= 0 && message->sender < 4 && message->receiver >= 0 &&
                  message->receiver < 4 && message->number >= 0);
  }
  free(message);
}

/* ---- the pool -------------------------------------------------------------------------------- */

static void test_pool_recycles(void **state) {
  (void)state;
  struct lc_message_pool pool;
  struct lc_message *held[100];
  lc_message_pool_init(&pool, 12);
  for (int i = 0; i < 100; i++) {
    held[i] = lc_message_take(&pool);
    for (int w = 0; w < 12; w++)
      held[i]->stamp[w] = i;
  }
  for (int i = 0; i < 100; i++)
    for (int w = 0; w < 12; w++)
      assert_int_equal(held[i]->stamp[w], i); /* no two share memory */
  for (int i = 0; i < 100; i++)
    lc_message_give(&pool, held[i]);
  assert_int_equal(pool.n_free, 100);
  for (int i = 0; i < 100; i++) {
    struct lc_message *again = lc_message_take(&pool);
    bool known = false;
    for (int k = 0; k < 100 && !known; k++)
      if (held[k] == again) {
        known = true;
        held[k] = NULL;
      }
    require(known, "message %d is new or was taken twice", i);
    free(again);
  }
  assert_int_equal(pool.n_free, 0);
  lc_message_give(&pool, lc_message_take(&pool));
  lc_message_pool_free(&pool);
  assert_int_equal(pool.room, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_random_insertion),
      cmocka_unit_test(test_growth_of_a_wrapped_ring),
      cmocka_unit_test(test_equal_keys),
      cmocka_unit_test(test_wire_round_trip),
      cmocka_unit_test(test_wire_is_little_endian),
      cmocka_unit_test(test_wire_refuses_what_no_system_sends),
      cmocka_unit_test(test_wire_survives_garbage),
      cmocka_unit_test(test_pool_recycles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
