/* Messages between ranks, byte by byte. */
#include "unit.h"

#include "lcmpi/message.h"

/* ---- the wire -------------------------------------------------------------------------------- */

enum { HEAD = 20 }; /* three numbers of 4 bytes, one of 8 */

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
  message->number = draw_any_size(draws);
  message->tail = (int32_t)draw_below(draws, INT32_MAX);
  for (int32_t i = 0; i < set->stamp_words; i++)
    message->stamp[i] = (int64_t)next_draw(draws);
  return message;
}

static void require_equal_messages(const struct lc_message *a, const struct lc_message *b,
                                   const struct lc_clock_set *set) {
  assert_int_equal(a->sender, b->sender);
  assert_int_equal(a->receiver, b->receiver);
  assert_int_equal(a->number, b->number);
  assert_int_equal(a->tail, b->tail);
  assert_memory_equal(a->stamp, b->stamp, (size_t)set->stamp_words * sizeof(int64_t));
}

static size_t encode(const struct lc_message *m, const struct lc_clock_set *set,
                     unsigned char *to) {
  return lc_message_encode(m, m->stamp, set, to);
}

/* Each length in a block of its own size, so that a sanitizer sees any look behind it. */
static bool decodes(struct lc_message *to, const struct lc_clock_set *set,
                    const unsigned char *bytes, size_t length) {
  unsigned char *exact = malloc(length ? length : 1);
  memcpy(exact, bytes, length);
  bool decoded = lc_message_decode(to, set, set->n_vm, exact, length);
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
      size_t length = encode(message, &set, bytes);
      assert_true(length <= most && bytes[most] == 0x5a);
      assert_true(decodes(back, &set, bytes, length));
      require_equal_messages(message, back, &set);
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
  static const unsigned char expected[] = {1,    0,    0,    0,    2,    0,    0, 0, 0x88, 0x77,
                                           0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 7, 0, 0,    0,
                                           9,    0,    0,    0,    0,    0,    0, 0};
  struct lc_clock_set set;
  struct lc_error err;
  unsigned char bytes[sizeof expected];
  lc_clock_set_init(&set, 3);
  assert_int_equal(lc_clock_set_parse(&set, "lamport", &err), LC_OK);
  struct lc_message *message = calloc(1, sizeof *message + sizeof(int64_t));
  *message = (struct lc_message){1, 2, INT64_C(0x1122334455667788), 7};
  message->stamp[0] = 9;
  assert_int_equal(encode(message, &set, bytes), sizeof expected);
  assert_memory_equal(bytes, expected, sizeof expected);
  free(message);
}

/* A marker is a head alone: with stamps, or cut short, it is none. */
static void test_marker(void **state) {
  (void)state;
  struct lc_clock_set set;
  unsigned char bytes[64] = {0};
  struct lc_message *marker = calloc(1, sizeof *marker + 8 * sizeof(int64_t));
  struct lc_message *back = calloc(1, sizeof *back + 8 * sizeof(int64_t));
  open_set(&set, 3);
  *marker = (struct lc_message){2, 0, 41, -1 - 1000000};
  assert_int_equal(lc_message_encode(marker, NULL, &set, bytes), HEAD);
  assert_true(decodes(back, &set, bytes, HEAD));
  assert_true(back->sender == 2 && back->receiver == 0 && back->number == 41);
  assert_int_equal(back->tail, -1000001);
  for (size_t length = 0; length < sizeof bytes; length++)
    assert_true(decodes(back, &set, bytes, length) == (length == HEAD));
  free(marker);
  free(back);
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
  size_t length = encode(message, &set, bytes);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_wire_round_trip),
      cmocka_unit_test(test_wire_is_little_endian),
      cmocka_unit_test(test_marker),
      cmocka_unit_test(test_wire_refuses_what_no_system_sends),
      cmocka_unit_test(test_wire_survives_garbage),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
