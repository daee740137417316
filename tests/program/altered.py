"""Ways to spoil the file of a good run, for the tests of those who must notice: lcmpi verify and judge.py.

The run has 3 VMs with 1, 3 and 6 ticks per second, messages that take their time, lamport and vector clocks, and is
compacted. Each function takes
the open file and changes one thing. `seen_by` is the check of lcmpi verify that must fail (None: it claims
nothing about that).
"""

import numpy as np

ARGUMENTS = ("--vms", 3, "--rates", "1,3,6", "--duration", "20s", "--speed", 20, "--seed", 2026,
             "--latency", "uniform:500ms,1500ms", "--snapshot-every", "4s", "--clock", "lamport,vector", "--progress", "none")
ALTERATIONS = []
INTERNAL, SEND, RECEIVE = 1, 2, 3


def alters(seen_by):
    def note(function):
        function.seen_by = seen_by
        function.title = function.__name__.replace("_", " ")
        ALTERATIONS.append(function)
        return function
    return note


def add(file, name, at, change=1):
    file[name][at] = file[name][at] + change


def rows(file, kind, more=None):
    """Numbers of the events of a kind; no VM's first one, and none of its last ones."""
    seq, vm = file["events/seq"][()], file["events/machine"][()]
    at = (file["events/kind"][()] == kind) & (0 < seq) & (seq < np.bincount(vm)[vm] - 5)
    if more is not None:
        at &= more
    found = np.nonzero(at)[0]
    assert len(found), "the run has no such event"
    return found


def sole(file):
    """The sends of one message."""
    return rows(file, SEND, file["events/msg_count"][()] == 1)


def crossing(file, table, at_end=False):
    """Numbers of the rows of messages that cross a cut: of the end, or of those before it."""
    last = len(file["snapshots/t"]) - 1
    found = np.nonzero((file[f"snapshots/{table}/snapshot"][()] == last) == at_end)[0]
    assert len(found), f"no message is in a {table}"
    return found


@alters("ticks")
def a_tick_is_skipped(file):
    add(file, "events/tick", rows(file, INTERNAL)[3])


@alters("ticks")
def a_tick_is_scheduled_elsewhere(file):
    add(file, "events/t_scheduled", rows(file, INTERNAL)[0])


@alters("ticks")
def a_tick_is_early(file):
    at = rows(file, INTERNAL)[2]
    file["events/t_actual"][at] = file["events/t_scheduled"][at] - 1


@alters("ticks")
def an_event_belongs_to_another(file):
    at = rows(file, INTERNAL, file["events/machine"][()] == 2)[0]
    file["events/machine"][at] = 1


@alters("ticks")
def an_event_has_no_kind(file):
    file["events/kind"][rows(file, INTERNAL)[0]] = 9


@alters("ticks")
def a_rate_is_another(file):
    add(file, "tick_rate_p", 1)


@alters("ticks")
def a_phase_is_another(file):
    add(file, "phase", 1)


@alters("ticks")
def the_end_was_later(file):
    file["commit/t_end"][()] += 10**9


@alters("sends")
def a_message_number_is_left_out(file):
    add(file, "events/msg_first", sole(file)[0])


@alters("sends")
def a_message_is_of_another_send(file):
    add(file, "messages/send_seq", 3)


@alters("sends")
def a_message_was_sent_later(file):
    add(file, "messages/t_send", 3)


@alters("sends")
def a_send_names_another_peer(file):
    at = sole(file)[0]
    file["events/peer"][at] = 3 - file["events/machine"][at] - file["events/peer"][at]


@alters("sends")
def a_send_has_more_messages(file):
    add(file, "events/msg_count", sole(file)[0])


@alters("ticks")
def an_internal_event_has_a_message(file):
    add(file, "events/msg_count", rows(file, INTERNAL)[0])


@alters("ticks")
def a_send_says_it_acted_otherwise(file):
    file["events/op"][sole(file)[0]] = 3


@alters("matching")
def a_message_is_for_another(file):
    at = np.nonzero(file["messages/fate"][()] == 1)[0][0]
    sender, receiver = file["messages/sender"][at], file["messages/receiver"][at]
    file["messages/receiver"][at] = 3 - sender - receiver


@alters("matching")
def a_message_is_taken_twice(file):
    e = file["events"]
    first = rows(file, RECEIVE)[0]
    mine = e["machine"][()] == e["machine"][first]
    same = rows(file, RECEIVE, mine & (e["peer"][()] == e["peer"][first]))
    e["msg_first"][same[1]] = e["msg_first"][same[0]]


@alters("matching")
def a_message_that_nobody_sent_is_taken(file):
    file["events/msg_first"][rows(file, RECEIVE)[0]] = 10**6


@alters("matching")
def a_message_arrives_before_it_is_sent(file):
    file["events/t_arrival"][rows(file, RECEIVE)[0]] = 1


@alters("conservation")
def the_balance_is_wrong(file):
    file["balance/received"][()] += 1


@alters("conservation")
def a_message_that_is_left_is_another(file):
    file["snapshots/queue/number"][crossing(file, "queue", at_end=True)[0]] = 10**6


@alters("conservation")
def a_message_that_is_left_was_lost(file):
    file["snapshots/queue/fate"][crossing(file, "queue", at_end=True)[0]] = 4


@alters("queues")
def a_queue_was_longer_before(file):
    add(file, "events/queue_before", rows(file, INTERNAL)[0])


@alters("queues")
def a_queue_is_longer_after(file):
    add(file, "events/queue_after", rows(file, RECEIVE)[0])


@alters("queues")
def two_messages_are_taken_in_the_other_order(file):
    e = file["events"]
    slow = rows(file, RECEIVE, e["machine"][()] == 0)  # whose queue is never empty
    for name in ("peer", "msg_first", "t_arrival"):
        e[name][slow[5:7]] = e[name][slow[5:7]][::-1]


@alters("queues")
def a_vm_acts_while_a_message_waits(file):
    e = file["events"]
    at = rows(file, RECEIVE, e["machine"][()] == 1)[0]
    e["t_arrival"][at] = e["t_actual"][at - 1]


@alters("clock lamport")
def a_receive_is_not_after_its_send(file):
    stamp = file["events/clocks/lamport/stamp"]
    at = rows(file, RECEIVE, np.diff(stamp[()], prepend=0) > 1)[0]  # one that its message has advanced
    stamp[at] = stamp[at - 1] + 1


@alters("clock lamport")
def a_lamport_clock_stands_still(file):
    at = rows(file, INTERNAL)[2]
    file["events/clocks/lamport/stamp"][at] = file["events/clocks/lamport/stamp"][at - 1]


@alters("clock vector")
def a_vector_clock_knows_what_it_cannot(file):
    at = rows(file, INTERNAL, file["events/machine"][()] == 1)[0]
    file["events/clocks/vector/stamp"][at, 2] += 20


@alters("snapshots")
def a_state_has_another_count_of_events(file):
    add(file, "snapshots/n_event", (1, 1))


@alters("snapshots")
def a_state_has_another_count_of_sends(file):
    add(file, "snapshots/n_sent", (2, 1))


@alters("snapshots")
def a_state_has_another_stamp(file):
    add(file, "snapshots/clocks/vector/stamp", (2, 1, 0))


@alters("snapshots")
def a_state_has_another_count_of_ticks(file):
    add(file, "snapshots/n_tick", (1, 1))


@alters("snapshots")
def the_last_state_has_another_queue(file):
    add(file, "snapshots/n_queued", (0, 3))


@alters("snapshots")
def a_state_is_missing(file):
    file["snapshots/valid"][1, 1] = 0


@alters("snapshots")
def a_state_has_another_longest_queue(file):
    add(file, "snapshots/queue_max", (0, 1))


@alters("snapshots")
def a_state_has_another_largest_jump(file):
    add(file, "snapshots/clocks/lamport/jump_max", (1, 2))


@alters("digest")
def a_cut_has_another_digest(file):
    add(file, "snapshots/restart/execution", (0, 1))


@alters("digest")
def a_cut_has_another_digest_of_a_clock(file):
    add(file, "snapshots/restart/vector", (0, 2))


@alters("digest")
def the_end_has_another_digest_of_the_states(file):
    add(file, "snapshots/restart/snapshots", (0, len(file["snapshots/t"]) - 1))


@alters("cuts")
def a_queue_lacks_a_message(file):
    file["snapshots/queue/snapshot"][crossing(file, "queue")[1]] = -1


@alters("cuts")
def a_channel_lacks_a_message(file):
    file["snapshots/channel/snapshot"][crossing(file, "channel")[0]] = -1


@alters("cuts")
def a_message_is_in_a_queue_twice(file):
    queue = file["snapshots/queue"]
    at = crossing(file, "queue")
    for name in ("snapshot", "receiver", "sender", "number", "t_arrival"):
        queue[name][at[1]] = queue[name][at[0]]


def events_of_messages(file):
    """[(sender, number, send_seq, receiver, recv_seq)] of all that were received."""
    m, e = file["messages"], file["events"]
    taken = {(int(p), int(n)): int(s) for p, n, s, k in zip(e["peer"], e["msg_first"], e["seq"], e["kind"])
             if k == RECEIVE}
    rows = zip(*(m[name][()].tolist() for name in ("sender", "number", "send_seq", "receiver")))
    return [(*row, taken[row[:2]]) for row in rows if row[:2] in taken]


def put_in_place_of(file, table, chosen):
    """Makes one row that of another message, the first that `chosen` says does not cross the row's cut."""
    n_event, group = file["snapshots/n_event"][()], file[f"snapshots/{table}"]
    for at in crossing(file, table):
        s = group["snapshot"][at]
        for sender, number, send_seq, receiver, recv_seq in events_of_messages(file):
            if receiver == group["receiver"][at] and chosen(send_seq < n_event[sender, s],
                                                            recv_seq < n_event[receiver, s]):
                group["sender"][at], group["number"][at] = sender, number
                return
    raise AssertionError("there is no such message")


@alters("cuts")
def a_channel_has_a_message_that_is_sent_later(file):
    put_in_place_of(file, "channel", lambda sent, received: not sent)


@alters("cuts")
def a_queue_has_a_message_that_was_received(file):
    put_in_place_of(file, "queue", lambda sent, received: received)


@alters("cuts")
def a_queue_has_a_message_that_nobody_sent(file):
    file["snapshots/queue/number"][crossing(file, "queue")[0]] = 10**6


@alters("cuts")
def a_message_waits_at_another(file):
    queue, at = file["snapshots/queue"], crossing(file, "queue")[0]
    queue["receiver"][at] = 3 - queue["receiver"][at] - queue["sender"][at]


@alters("cuts")
def a_message_in_a_queue_arrived_at_another_time(file):
    add(file, "snapshots/queue/t_arrival", crossing(file, "queue")[0], -1)


@alters("cuts")
def a_message_in_a_channel_arrives_at_another_time(file):
    add(file, "snapshots/channel/t_arrival", crossing(file, "channel")[0])


@alters("cuts")
def a_message_in_a_queue_has_another_stamp(file):
    add(file, "snapshots/queue/clocks/lamport/stamp", crossing(file, "queue")[0])


@alters("cuts")
def a_message_in_a_channel_has_another_stamp(file):
    add(file, "snapshots/channel/clocks/vector/stamp", (crossing(file, "channel")[0], 1))


@alters("cuts")
def a_message_that_waits_is_in_flight(file):
    file["snapshots/queue/fate"][crossing(file, "queue")[0]] = 3


@alters("cuts")
def a_message_in_flight_is_lost(file):
    file["snapshots/channel/fate"][crossing(file, "channel")[0]] = 4


@alters("cuts")
def a_queue_is_out_of_order(file):
    queue = file["snapshots/queue"]
    at = crossing(file, "queue")
    same = [(a, b) for a, b in zip(at, at[1:]) if queue["snapshot"][a] == queue["snapshot"][b]
            and queue["receiver"][a] == queue["receiver"][b]]
    a, b = same[0]
    for column in (*(queue[name] for name in ("sender", "number", "t_arrival")),
                   *(queue[f"clocks/{name}/stamp"] for name in ("lamport", "vector"))):
        column[a], column[b] = column[b], column[a]


@alters("cuts")
def a_cut_says_that_more_messages_wait(file):
    add(file, "snapshots/n_queued", (0, 1))


@alters("cuts")
def a_cut_is_one_event_later(file):
    e, n_event = file["events"], file["snapshots/n_event"]
    for vm in range(3):
        kind = e["kind"][()][e["machine"][()] == vm]
        for s in range(1, n_event.shape[1] - 1):
            if kind[n_event[vm, s]] == SEND:
                n_event[vm, s] += 1
                return
    raise AssertionError("no snapshot comes before a send")


@alters(None)
def an_operation_was_not_drawn(file):
    at = sole(file)[0]
    file["events/op"][at] = 3 - file["events/op"][at]


@alters(None)
def a_vm_is_on_another_rank(file):
    file["vm_rank"][0] = 1


@alters("conservation")
def a_message_says_it_was_lost(file):
    file["messages/fate"][3] = 4


@alters("conservation")
def a_message_says_it_arrived_later(file):
    add(file, "messages/t_arrival", 3)


@alters("totals")
def a_total_is_wrong(file):
    add(file, "n_received", 0)


@alters("totals")
def a_final_clock_is_wrong(file):
    add(file, "final_lamport", 2)


@alters("totals")
def a_jump_is_wrong(file):
    add(file, "lamport_jump_max", 0)


@alters("totals")
def a_lateness_is_wrong(file):
    add(file, "lateness_mean", 1)
