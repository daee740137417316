/* What both models share: VMs that send, receive and record, and what a cut must be.
 *
 * A message is on its way (SENT) until it ARRIVES in its receiver's queue, from where a tick takes it (TAKEN). At most
 * MESSAGES are sent, by whomever to whomever, at whatever moment, before, between and after the snapshots. Cuts are
 * sets of messages: of each, those that stood on either side when their sender and their receiver recorded, and those
 * that the method under test recorded as crossing the cut. */
#ifndef VMS
#define VMS 3
#endif
#ifndef MESSAGES
#define MESSAGES 3
#endif
#ifndef SNAPSHOTS
#define SNAPSHOTS 2
#endif

#define UNSENT 0
#define SENT 1
#define ARRIVED 2
#define TAKEN 3
#define BIT(m) (1 << (m))

typedef message {
  byte at; /* UNSENT ... */
  byte from, to;
};
message msg[MESSAGES];
byte n_sent; /* messages are numbered in the order of sending */

typedef cut {
  byte sent;   /* before their sender's record */
  byte taken;  /* before their receiver's record */
  byte queued; /* recorded by the receiver: in its queue */
  byte flight; /* recorded by the receiver: on a channel */
  byte n_recorded; /* VMs */
};
cut snapshot[SNAPSHOTS];
byte n_done;    /* snapshots */

/* The state of VM `id` goes into snapshot k: what it has sent and taken, and its queue. */
inline record_vm(id, k) {
  m = 0;
  do
  :: m < MESSAGES ->
     if
     :: msg[m].at != UNSENT && msg[m].from == id -> snapshot[k].sent = snapshot[k].sent | BIT(m)
     :: else
     fi;
     if
     :: msg[m].at == TAKEN && msg[m].to == id -> snapshot[k].taken = snapshot[k].taken | BIT(m)
     :: msg[m].at == ARRIVED && msg[m].to == id -> snapshot[k].queued = snapshot[k].queued | BIT(m)
     :: else
     fi;
     m++
  :: else -> break
  od;
  m = 0;
  snapshot[k].n_recorded++
}

inline record_flight(k, number) {
  snapshot[k].flight = snapshot[k].flight | BIT(number)
}

#define CONSISTENT(k) ((snapshot[k].taken & ~snapshot[k].sent) == 0)
#define CHANNELS_EXACT(k) \
  ((snapshot[k].queued | snapshot[k].flight) == (snapshot[k].sent & ~snapshot[k].taken))
#define ONCE(k) ((snapshot[k].queued & snapshot[k].flight) == 0)

/* The method calls snapshot k done. Forgotten afterwards, so that there are fewer states. */
inline judge(k) {
  assert(snapshot[k].n_recorded == VMS);
  assert(CONSISTENT(k));
  assert(CHANNELS_EXACT(k));
  assert(ONCE(k));
#ifdef SEEK_OVERLAP /* to be violated: one message is on its channel in two cuts at once, and another in a queue */
  assert(!(k == 0 && (snapshot[0].flight & snapshot[1].flight) && snapshot[0].queued));
#endif
  snapshot[k].sent = 0;
  snapshot[k].taken = 0;
  snapshot[k].queued = 0;
  snapshot[k].flight = 0;
  n_done++
}
