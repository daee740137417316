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
    {"machine", COLUMN_I32, EVENT(machine), "1", "virtual machine of the event", NULL, false, 0},
    {"seq", COLUMN_I64, EVENT(seq), "1", "number of the event on its machine", NULL, false, 0},
    {"tick", COLUMN_I64, EVENT(tick), "1", "number of the tick on its machine", NULL, false, 0},
    {"t_scheduled", COLUMN_I64, EVENT(t_scheduled), "ns", "model time at which the tick was due",
     NULL, false, 0},
    {"t_actual", COLUMN_I64, EVENT(t_actual), "ns", "model time at which the event happened", NULL,
     false, 0},
    {"peer", COLUMN_I32, EVENT(peer), "1",
     "sender of a RECEIVE, receiver of a unicast SEND, else -1", NULL, false, 0},
    {"msg_first", COLUMN_I64, EVENT(msg_first), "1",
     "number of the message taken, or of the first one sent, in its sender's count", NULL, false,
     0},
    {"msg_count", COLUMN_I32, EVENT(msg_count), "1", "messages taken or sent", NULL, false, 0},
    {"t_arrival", COLUMN_I64, EVENT(t_arrival), "ns",
     "RECEIVE: model time at which the message came into the queue", NULL, false, 0},
    {"queue_before", COLUMN_I32, EVENT(queue_before), "1", "messages in the queue before the event",
     NULL, false, 0},
    {"queue_after", COLUMN_I32, EVENT(queue_after), "1", "messages in the queue after the event",
     NULL, false, 0},
    {"op", COLUMN_U8, EVENT(op), "1", "operation drawn for the tick, if it was idle",
     "NONE UNICAST MULTICAST INTERNAL", false, 0},
    {"kind", COLUMN_U8, EVENT(kind), "1", "kind of event; EMPTY: not a row of this run",
     "EMPTY INTERNAL SEND RECEIVE SKIPPED", false, 0},
};

static const struct column message_columns[] = {
    {"sender", COLUMN_I32, SENT(sender), "1", "virtual machine that sent the message", NULL, false,
     0},
    {"number", COLUMN_I64, SENT(number), "1", "number of the message in its sender's count", NULL,
     false, 0},
    {"copy", COLUMN_I32, SENT(copy), "1", "0, or the number of a duplicate", NULL, false, 0},
    {"receiver", COLUMN_I32, SENT(receiver), "1", "virtual machine that it was sent to", NULL,
     false, 0},
    {"send_seq", COLUMN_I64, SENT(send_seq), "1", "event of the sender that sent it", NULL, false,
     0},
    {"t_send", COLUMN_I64, SENT(t_send), "ns", "model time at which it was sent", NULL, false, 0},
    {"t_arrival", COLUMN_I64, SENT(t_arrival), "ns",
     "model time at which it came into the queue; meaningful where fate is not UNKNOWN", NULL, true,
     0},
    {"fate", COLUMN_U8, SENT(fate), "1", "what became of it; UNKNOWN until the file is compacted",
     FATE_MEANINGS, true, 0},
};

static const struct column left_columns[] = {
    {"snapshot", COLUMN_I32, LEFT(snapshot), "1", "index of the snapshot", NULL, false, 0},
    {"receiver", COLUMN_I32, LEFT(machine), "1", "virtual machine that it was sent to", NULL, false,
     0},
    {"sender", COLUMN_I32, LEFT(sender), "1", "virtual machine that sent the message", NULL, false,
     0},
    {"number", COLUMN_I64, LEFT(number), "1", "number of the message in its sender's count", NULL,
     false, 0},
    {"copy", COLUMN_I32, LEFT(copy), "1", "0, or the number of a duplicate", NULL, false, 0},
    {"t_arrival", COLUMN_I64, LEFT(t_arrival), "ns",
     "model time at which it arrived, in flight: at or after the snapshot", NULL, false, 0},
    {"fate", COLUMN_U8, LEFT(fate), "1", "where the message was", FATE_MEANINGS, false, 0},
};

const struct column lc_state_columns[] = {
    {"t_actual", COLUMN_I64, STATE(t_actual), "ns", "model time at which the state was recorded",
     NULL, false, 0},
    {"n_tick", COLUMN_I64, STATE(n_tick), "1", "ticks done", NULL, false, 0},
    {"n_event", COLUMN_I64, STATE(n_event), "1", "events done", NULL, false, 0},
    {"n_internal", COLUMN_I64, STATE(n_internal), "1", "internal events done", NULL, false, 0},
    {"n_sent", COLUMN_I64, STATE(n_sent), "1", "messages sent", NULL, false, 0},
    {"n_received", COLUMN_I64, STATE(n_received), "1", "messages received", NULL, false, 0},
    {"n_queued", COLUMN_I64, STATE(n_queued), "1", "messages in the queue", NULL, false, 0},
    {"queue_max", COLUMN_I64, STATE(queue_max), "1", "longest queue that a tick had found", NULL,
     false, CUTS_SINCE},
    {"lateness_max", COLUMN_I64, STATE(lateness_max_ns), "ns",
     "largest lateness of a tick (start minus deadline) by then, model time", NULL, false,
     CUTS_SINCE},
    {"lateness_sum", COLUMN_I64, STATE(lateness_sum_ns), "ns",
     "lateness of all ticks by then, model time", NULL, false, CUTS_SINCE},
    {"valid", COLUMN_U8, STATE(valid), "1", "whether the state was recorded", "NO YES", false, 0},
};
const int lc_n_state_column = sizeof lc_state_columns / sizeof *lc_state_columns;

#define COST(field) offsetof(struct lc_cut_cost, field)

const struct column lc_cost_columns[] = {
    {"t_done", COLUMN_I64, COST(t_done), "ns",
     "model time at which the rank's last channel was recorded", NULL, false, 0},
    {"wall", COLUMN_I64, COST(wall_ns), "ns",
     "wall time from the rank's first record until all was handed to the file", NULL, false, 0},
    {"markers", COLUMN_I64, COST(n_marker), "1", "markers that the rank's machines sent", NULL,
     false, 0},
    {"control", COLUMN_I64, COST(n_control), "1", "control messages that the rank's machines sent",
     NULL, false, 0},
};
const int lc_n_cost_column = sizeof lc_cost_columns / sizeof *lc_cost_columns;

#define SEGMENT(field) offsetof(struct segment, field)

const struct column lc_segment_columns[] = {
    {"t_start", COLUMN_I64, SEGMENT(t_start), "ns", "model time at which it began", NULL, false, 0},
    {"snapshot", COLUMN_I32, SEGMENT(snapshot), "1",
     "snapshot that it went on from; -1: the beginning, or the end of the one before", NULL, false,
     0},
    {"n_rank", COLUMN_I32, SEGMENT(n_rank), "1", "ranks that it ran on", NULL, false, 0},
    {"started", COLUMN_I64, SEGMENT(started_ns), "nanoseconds since 1970-01-01",
     "when it was started", NULL, false, 0},
};
const int lc_n_segment_column = sizeof lc_segment_columns / sizeof *lc_segment_columns;

#define COLUMNS(list) (int)(sizeof(list) / sizeof *(list)), (list)

const struct table lc_tables[LC_N_TABLE] = {
    [LC_EVENTS] = {"/events", "event", "n_events", "first_events", "one row per event",
                   sizeof(struct lc_event), 0, COLUMNS(event_columns), 0},
    [LC_MESSAGES] = {"/messages", "message", "n_messages", "first_messages",
                     "one row per message sent", sizeof(struct lc_sent), NEVER,
                     COLUMNS(message_columns), 0},
    [LC_QUEUE] = {"/snapshots/queue", "queued", "n_queue", "first_queue",
                  "one row per message that waited in a queue at a snapshot",
                  sizeof(struct lc_left), CUTS_SINCE, COLUMNS(left_columns), 0},
    [LC_CHANNEL] = {"/snapshots/channel", "in_flight", "n_channel", "first_channel",
                    "one row per message that was in flight at a snapshot", sizeof(struct lc_left),
                    CUTS_SINCE, COLUMNS(left_columns), 0},
    [LC_ABANDONED_EVENTS] = {"/abandoned/events", "event", "n_abandoned_events",
                             "first_abandoned_events",
                             "events past the snapshot that a run in real time was resumed from",
                             sizeof(struct lc_event), CUTS_SINCE, COLUMNS(event_columns),
                             CUTS_SINCE},
    [LC_ABANDONED_MESSAGES] = {"/abandoned/messages", "message", "n_abandoned_messages",
                               "first_abandoned_messages", "messages that those events sent",
                               sizeof(struct lc_sent), NEVER, COLUMNS(message_columns), CUTS_SINCE},
};

size_t column_bytes(enum column_type type) {
  return type == COLUMN_U8 ? 1 : type == COLUMN_I32 ? 4 : 8; /* I64 and F64 */
}

const char *lc_run_state_name(int state) {
  static const char *const names[] = {"NONE",    "RUNNING", "COMPLETE",
                                      "STOPPED", "FAILED",  "RECOVERED"};
  return state >= 0 && state <= LC_RUN_RECOVERED ? names[state] : "?";
}
