/* Chandy and Lamport's snapshots as lcmpi takes them: VM 0 records when its time has come, the others when the first
 * marker arrives; whoever records sends a marker on every channel, which takes its place there behind what was sent
 * before. What arrives on a channel after its receiver's record and before the channel's marker was in flight. A
 * snapshot may begin before the last one is done.
 *
 * -DSHUFFLED: channels deliver in any order. Then cuts are wrong, which is why --fifo off is refused. */
#include "cut.pml"

#define WIRE(source, target) wire[(source) * VMS + (target)]
#define MARKER(k) (MESSAGES + (k))
#define CLOSED(k, source, target) (closed[k] & (1 << ((source) * VMS + (target))))

chan wire[VMS * VMS] = [MESSAGES + SNAPSHOTS] of { byte }; /* numbers of messages, or markers */
short closed[SNAPSHOTS];  /* channels whose marker has arrived */
byte n_marker[SNAPSHOTS]; /* sent */
byte n_arrived[SNAPSHOTS];
byte n_record[VMS]; /* snapshots that a VM has recorded: 0, 1, ... in this order */

inline put(source, target, it) {
  assert(nfull(WIRE(source, target)));
  WIRE(source, target)!it
}

inline record_state(id, k) {
  assert(n_record[id] == k);
  record_vm(id, k);
  n_record[id]++;
  peer = 0;
  do
  :: peer < VMS ->
     if
     :: peer != id -> put(id, peer, MARKER(k)); n_marker[k]++
     :: else
     fi;
     peer++
  :: else -> break
  od;
  peer = 0
}

inline arrive_message(id, source, number) {
  assert(msg[number].at == SENT && msg[number].from == source && msg[number].to == id);
  k = 0;
  do
  :: k < n_record[id] ->
     if
     :: !CLOSED(k, source, id) -> record_flight(k, number)
     :: else
     fi;
     k++
  :: else -> break
  od;
  k = 0;
  msg[number].at = ARRIVED
}

inline arrive_marker(id, source, number) {
  if
  :: n_record[id] <= number -> record_state(id, number)
  :: else
  fi;
  assert(!CLOSED(number, source, id));
  closed[number] = closed[number] | (1 << (source * VMS + id));
  n_arrived[number]++;
  if
  :: n_arrived[number] == VMS * (VMS - 1) ->
     assert(n_marker[number] == VMS * (VMS - 1));
     judge(number)
  :: else
  fi
}

inline arrive(id, source) {
  if
  :: what < MESSAGES -> arrive_message(id, source, what)
  :: else -> arrive_marker(id, source, what - MESSAGES)
  fi;
  what = 0
}

#define SEND(id, target) \
  d_step { n_sent < MESSAGES -> \
    msg[n_sent].from = id; msg[n_sent].to = target; msg[n_sent].at = SENT; put(id, target, n_sent); n_sent++ }
#define TAKE(id, number) \
  d_step { number < MESSAGES && msg[number].at == ARRIVED && msg[number].to == id -> msg[number].at = TAKEN }
#ifdef SHUFFLED
#define ANY(id, source, number) \
  :: d_step { number < MESSAGES + SNAPSHOTS && WIRE(source, id)??[number] -> \
       WIRE(source, id)??number; what = number; arrive(id, source) }
#define PULL(id, source) \
  ANY(id, source, 0) ANY(id, source, 1) ANY(id, source, 2) ANY(id, source, 3) ANY(id, source, 4)
#else
#define PULL(id, source) \
  :: d_step { nempty(WIRE(source, id)) -> WIRE(source, id)?what; arrive(id, source) }
#endif

#define RIGHT ((_pid + 1) % VMS)
#define LEFT ((_pid + 2) % VMS)

active [VMS] proctype vm() {
  byte what, peer, k, m;
  do
  :: SEND(_pid, RIGHT)
  :: SEND(_pid, LEFT)
  PULL(_pid, RIGHT)
  PULL(_pid, LEFT)
  :: TAKE(_pid, 0)
  :: TAKE(_pid, 1)
  :: TAKE(_pid, 2)
  :: d_step { _pid == 0 && n_record[0] < SNAPSHOTS -> k = n_record[0]; record_state(0, k); k = 0 }
  :: n_done == SNAPSHOTS && n_sent == MESSAGES && empty(WIRE(RIGHT, _pid)) && empty(WIRE(LEFT, _pid)) -> break
  od
}
