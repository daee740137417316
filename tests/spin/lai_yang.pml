/* Lai and Yang's snapshots as lcmpi takes them, on channels that deliver in any order and without markers. Messages carry
 * their sender's colour, the number of snapshots that it had recorded. A VM records when its own time has come, or right
 * before the first message of a later colour arrives. A message of an earlier colour than its receiver's was in flight
 * in each snapshot between the two. A snapshot is done when all VMs have recorded and as many messages of the old colours
 * have arrived as were sent; the counts are those that the VMs gave one by one, each at a moment of its own.
 *
 * -DCOLOURLESS: colours are not looked at when a message arrives before its receiver records. Then cuts are wrong. */
#include "cut.pml"

byte colour[MESSAGES];
byte n_record[VMS]; /* snapshots that a VM has recorded: its colour */

/* Of each VM and snapshot: messages sent before its record, less those that arrived before it, less those of old
 * colours that arrived since. Their sum over the VMs is what is on its way still. */
typedef counts {
  short missing[SNAPSHOTS];
};
counts count[VMS];
short net[VMS]; /* sent less arrived so far */

inline record_state(id) {
  record_vm(id, n_record[id]);
  count[id].missing[n_record[id]] = net[id];
  n_record[id]++
}

inline arrive(id, number) {
#ifndef COLOURLESS
  do
  :: n_record[id] < colour[number] -> record_state(id)
  :: else -> break
  od;
#endif
  k = colour[number];
  do
  :: k < n_record[id] ->
     record_flight(k, number);
     count[id].missing[k] = count[id].missing[k] - 1;
     k++
  :: else -> break
  od;
  k = 0;
  net[id] = net[id] - 1;
  msg[number].at = ARRIVED
}

#define SEND(id, target) \
  d_step { n_sent < MESSAGES -> \
    msg[n_sent].from = id; msg[n_sent].to = target; msg[n_sent].at = SENT; colour[n_sent] = n_record[id]; \
    net[id] = net[id] + 1; n_sent++ }
#define ARRIVE(id, number) \
  d_step { number < MESSAGES && msg[number].at == SENT && msg[number].to == id -> arrive(id, number) }
#define TAKE(id, number) \
  d_step { number < MESSAGES && msg[number].at == ARRIVED && msg[number].to == id -> msg[number].at = TAKEN }
#define WAITS(id, number) (number < MESSAGES && msg[number].at == SENT && msg[number].to == id)

#define RIGHT ((_pid + 1) % VMS)
#define LEFT ((_pid + 2) % VMS)

active [VMS] proctype vm() {
  byte k, m;
  do
  :: SEND(_pid, RIGHT)
  :: SEND(_pid, LEFT)
  :: ARRIVE(_pid, 0)
  :: ARRIVE(_pid, 1)
  :: ARRIVE(_pid, 2)
  :: TAKE(_pid, 0)
  :: TAKE(_pid, 1)
  :: TAKE(_pid, 2)
  :: d_step { n_record[_pid] < SNAPSHOTS -> record_state(_pid) }
  :: n_done == SNAPSHOTS && n_sent == MESSAGES &&
     !WAITS(_pid, 0) && !WAITS(_pid, 1) && !WAITS(_pid, 2) -> break
  od
}

/* The rounds in which the ranks sum up what they count. */
active proctype rounds() {
  byte id;
  short sum;
  do
  :: d_step { n_done < SNAPSHOTS && id < VMS && n_record[id] > n_done ->
       sum = sum + count[id].missing[n_done]; id++ }
  :: d_step { id == VMS ->
       if
       :: sum == 0 -> judge(n_done)
       :: else
       fi;
       id = 0;
       sum = 0 }
  :: n_done == SNAPSHOTS -> break
  od
}
