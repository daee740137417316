/* Names, types and units of all columns. Ids and times are int64; there are no strings, compounds
 * or enumerated types in datasets, since common readers drop them or crash on them. */
#include "schema.h"

#include <stddef.h>

#define EVENT(field)  offsetof(struct lc_event, field)
#define SENT(field)   offsetof(struct lc_sent, field)
#define LEFT(field)   offsetof(struct lc_left, field)
#define STATE(field)  offsetof(struct lc_state, field)
#define FATE_MEANINGS "UNKNOWN RECEIVED QUEUED IN_FLIGHT LOST"

static const struct column event_columns[] = {
    {"machine", COLUMN_I32, EVENT(machine), "1", "virtual machine of the event", NULL, false},
    {"seq", COLUMN_I64, EVENT(seq), "1", "number of the event on its machine", NULL, false},
    {"tick", COLUMN_I64, EVENT(tick), "1", "number of the tick on its machine", NULL, false},
    {"t_scheduled", COLUMN_I64, EVENT(t_scheduled), "ns", "model time at which the tick was due",
     NULL, false},
    {"t_actual", COLUMN_I64, EVENT(t_actual), "ns", "model time at which the event happened", NULL,
     false},
    {"peer", COLUMN_I32, EVENT(peer), "1",
     "sender of a RECEIVE, receiver of a unicast SEND, else -1", NULL, false},
    {"msg_first", COLUMN_I64, EVENT(msg_first), "1",
     "number of the message taken, or of the first one sent, in its sender's count", NULL, false},
    {"msg_count", COLUMN_I32, EVENT(msg_count), "1", "messages taken or sent", NULL, false},
    {"t_arrival", COLUMN_I64, EVENT(t_arrival), "ns",
     "RECEIVE: model time at which the message came into the queue", NULL, false},
    {"queue_before", COLUMN_I32, EVENT(queue_before), "1", "messages in the queue before the event",
     NULL, false},
    {"queue_after", COLUMN_I32, EVENT(queue_after), "1", "messages in the queue after the event",
     NULL, false},
    {"op", COLUMN_U8, EVENT(op), "1", "operation drawn for the tick, if it was idle",
     "NONE UNICAST MULTICAST INTERNAL", false},
    {"kind", COLUMN_U8, EVENT(kind), "1", "kind of event; EMPTY: not a row of this run",
     "EMPTY INTERNAL SEND RECEIVE SKIPPED", false},
};

static const struct column message_columns[] = {
    {"sender", COLUMN_I32, SENT(sender), "1", "virtual machine that sent the message", NULL, false},
    {"number", COLUMN_I64, SENT(number), "1", "number of the message in its sender's count", NULL,
     false},
    {"copy", COLUMN_I32, SENT(copy), "1", "0, or the number of a duplicate", NULL, false},
    {"receiver", COLUMN_I32, SENT(receiver), "1", "virtual machine that it was sent to", NULL,
     false},
    {"send_seq", COLUMN_I64, SENT(send_seq), "1", "event of the sender that sent it", NULL, false},
    {"t_send", COLUMN_I64, SENT(t_send), "ns", "model time at which it was sent", NULL, false},
    {"t_arrival", COLUMN_I64, SENT(t_arrival), "ns",
     "model time at which it came into the queue; meaningful where fate is not UNKNOWN", NULL,
     true},
    {"fate", COLUMN_U8, SENT(fate), "1", "what became of it; UNKNOWN until the file is compacted",
     FATE_MEANINGS, true},
};

static const struct column left_columns[] = {
    {"snapshot", COLUMN_I32, LEFT(snapshot), "1", "index of the snapshot", NULL, false},
    {"receiver", COLUMN_I32, LEFT(machine), "1", "virtual machine that it was sent to", NULL,
     false},
    {"sender", COLUMN_I32, LEFT(sender), "1", "virtual machine that sent the message", NULL, false},
    {"number", COLUMN_I64, LEFT(number), "1", "number of the message in its sender's count", NULL,
     false},
    {"copy", COLUMN_I32, LEFT(copy), "1", "0, or the number of a duplicate", NULL, false},
    {"t_arrival", COLUMN_I64, LEFT(t_arrival), "ns",
     "model time at which it arrived, in flight: at or after the snapshot", NULL, false},
    {"fate", COLUMN_U8, LEFT(fate), "1", "where the message was", FATE_MEANINGS, false},
};

const struct column lc_state_columns[] = {
    {"t_actual", COLUMN_I64, STATE(t_actual), "ns", "model time at which the state was recorded",
     NULL, false},
    {"n_tick", COLUMN_I64, STATE(n_tick), "1", "ticks done", NULL, false},
    {"n_event", COLUMN_I64, STATE(n_event), "1", "events done", NULL, false},
    {"n_internal", COLUMN_I64, STATE(n_internal), "1", "internal events done", NULL, false},
    {"n_sent", COLUMN_I64, STATE(n_sent), "1", "messages sent", NULL, false},
    {"n_received", COLUMN_I64, STATE(n_received), "1", "messages received", NULL, false},
    {"n_queued", COLUMN_I64, STATE(n_queued), "1", "messages in the queue", NULL, false},
    {"valid", COLUMN_U8, STATE(valid), "1", "whether the state was recorded", "NO YES", false},
};
const int lc_n_state_column = sizeof lc_state_columns / sizeof *lc_state_columns;

#define COLUMNS(list) (int)(sizeof(list) / sizeof *(list)), (list)

const struct table lc_tables[LC_N_TABLE] = {
    [LC_EVENTS] = {"/events", "event", "n_events", "first_events", "one row per event",
                   sizeof(struct lc_event), true, COLUMNS(event_columns)},
    [LC_MESSAGES] = {"/messages", "message", "n_messages", "first_messages",
                     "one row per message sent", sizeof(struct lc_sent), false,
                     COLUMNS(message_columns)},
    [LC_QUEUE] = {"/snapshots/queue", "queued", "n_queue", "first_queue",
                  "one row per message that waited in a queue at a snapshot",
                  sizeof(struct lc_left), false, COLUMNS(left_columns)},
    [LC_CHANNEL] = {"/snapshots/channel", "in_flight", "n_channel", "first_channel",
                    "one row per message that was in flight at a snapshot", sizeof(struct lc_left),
                    false, COLUMNS(left_columns)},
};

size_t column_bytes(enum column_type type) {
  return type == COLUMN_U8 ? 1 : type == COLUMN_I32 ? 4 : 8; /* I64 and F64 */
}

const char *lc_run_state_name(int state) {
  static const char *const names[] = {"NONE",    "RUNNING", "COMPLETE",
                                      "STOPPED", "FAILED",  "RECOVERED"};
  return state >= 0 && state <= LC_RUN_RECOVERED ? names[state] : "?";
}
