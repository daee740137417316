"""The central server once more, as plainly as it can be written: one list of what is to come, earliest first.

It shares with reference.py what VMs draw and when they tick, and with lcmpi nothing but the rules. simulate() returns
the events, the stamps, the messages, what is left at the end, and the server's figures.
"""

import heapq

from reference import (IN_FLIGHT, INTERNAL, NS, QUEUED, RECEIVE, SEND, Machine, advance, choose, latency)

REQUEST, ANSWER = 4, 5  # purposes of draws
SKIPPED = 4
REFRESH, SUBMIT, REPORT = "refresh", "submit", "report"


class Client(Machine):
    def __init__(self, o, vm):
        super().__init__(o, vm)
        self.requests, self.last_request, self.last_reply, self.open, self.over = 0, 0, 0, 0, 0
        self.skipped = 0


class System:
    def __init__(self, o, floating):
        self.o, self.floating = o, floating
        self.clients = [Client(o, vm) for vm in range(o["vms"])]
        self.inboxes = [[] for _ in self.clients]
        self.coming, self.free, self.waited = [], 0, 0
        self.figures = {"clock": 0, "n_refresh": 0, "n_submit": 0, "n_report": 0, "busy": 0, "waiting": 0,
                        "waiting_max": 0, "t_idle": 0}
        self.latencies = {REFRESH: [], SUBMIT: [], REPORT: []}
        self.events, self.stamps, self.messages = [], [], []

    def ask(self, client, now, kind, *message):
        """A request leaves: it takes its place among what is to come at the server."""
        arrival = now + latency(self.o, self.floating, client.vm, client.requests, REQUEST)
        if self.o["fifo"] == "on":
            arrival = max(arrival, client.last_request)
        client.last_request = arrival
        heapq.heappush(self.coming, (arrival, 0, client.vm, client.requests, kind, now, client.lamport, message))
        client.requests += 1

    def serve(self, arrival, vm, number, kind, sent, clock, message):
        figures, service = self.figures, self.o["service-time"]
        begin = max(arrival, self.free)
        done = self.free = figures["t_idle"] = begin + service
        figures["clock"] = max(figures["clock"], clock) + 1
        figures[f"n_{kind}"] += 1
        figures["busy"] += service
        figures["waiting"] += begin - arrival
        figures["waiting_max"] = max(figures["waiting_max"], begin - arrival)
        found = None
        if kind == SUBMIT:
            receiver, of_sender, stamps = message
            key = clock if self.o["server-order"] == "timestamp" else done
            self.inboxes[receiver].append((key, vm, of_sender, done, stamps))
        elif kind == REFRESH and self.inboxes[vm]:
            first = min(self.inboxes[vm])
            found = (len(self.inboxes[vm]), *first[1:])
            self.inboxes[vm].remove(first)
        if kind == REPORT:
            self.latencies[kind].append(done - sent)
            return
        client = self.clients[vm]
        back = done + latency(self.o, self.floating, vm, number, ANSWER)
        if self.o["fifo"] == "on":
            back = max(back, client.last_reply)
        client.last_reply = back
        self.latencies[kind].append(back - sent)
        heapq.heappush(self.coming, (back, 1, vm, number, kind, found))

    def log(self, client, now, peer=-1, first=0, count=0, t_arrival=0, before=0, operation=0, kind=INTERNAL):
        self.events.append((client.vm, client.ticks, client.ticks, client.due(), now, peer, first, count, t_arrival,
                            before, before - (kind == RECEIVE), operation, kind))
        self.stamps.append((client.vm, client.ticks, *client.stamps))
        client.ticks += 1

    def end_tick(self, client, now):
        while client.due() < min(now, self.o["duration"]):
            self.log(client, now, kind=SKIPPED)
            client.skipped += 1
        if client.due() < self.o["duration"]:
            heapq.heappush(self.coming, (client.due(), 2, client.vm, 0))

    def replied(self, now, client, found):
        client.seed_a += 1
        if found:
            before, sender, number, t_arrival, stamps = found
            advance(client, client.vm, stamps)
            self.log(client, now, sender, number, 1, t_arrival, before, 0, RECEIVE)
            self.ask(client, now, REPORT)
            self.end_tick(client, now)
            return
        operation, to = choose(self.o, client)
        advance(client, client.vm)
        if not to:
            self.log(client, now, operation=operation)
            self.end_tick(client, now)
            return
        for i, receiver in enumerate(to):
            self.messages.append((client.vm, client.sent + i, receiver, client.ticks, now))
            self.ask(client, now, SUBMIT, receiver, client.sent + i, client.stamps)
        self.log(client, now, to[0] if operation == 1 else -1, client.sent, len(to), operation=operation, kind=SEND)
        client.sent, client.open, client.over = client.sent + len(to), len(to), now

    def run(self):
        for client in self.clients:
            if client.due() < self.o["duration"]:
                heapq.heappush(self.coming, (client.due(), 2, client.vm, 0))
        while self.coming:
            now, what, vm, *rest = heapq.heappop(self.coming)
            client = self.clients[vm]
            if what == 0:
                self.serve(now, vm, *rest)
            elif what == 2:
                self.ask(client, now, REFRESH)
            elif rest[1] == REFRESH:
                self.replied(now, client, rest[2])
            else:
                client.open, client.over = client.open - 1, max(client.over, now)
                if not client.open:
                    self.end_tick(client, client.over)


def simulate(o, floating):
    system = System(o, floating)
    system.run()
    left = sorted((0, vm, QUEUED if letter[3] < o["duration"] else IN_FLIGHT, letter[3], letter[1], letter[2],
                   *letter[4]) for vm, inbox in enumerate(system.inboxes) for letter in inbox)
    figures = dict(system.figures, n_skipped=[client.skipped for client in system.clients])
    return (sorted(system.events), sorted(system.stamps), sorted(system.messages), left, figures, system.latencies)
