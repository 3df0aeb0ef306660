"""A network in one process: the real sending and receiving cores on a path with rate, queue, delay, loss and jitter.

Time is a number that jumps from event to event, chance comes from a seed, so a run is repeatable to the last packet.
"""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import numpy as np

from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.udp.outbox import Outbox
from jetstream_server.link.udp.packets import WIRE_OVERHEAD, Report
from jetstream_server.link.udp.proofs import DataSeal
from jetstream_server.link.udp.rate import Policy, RateControl
from jetstream_server.link.udp.receiver_core import ReceiverCore, report_interval
from jetstream_server.link.udp.sender_core import SenderCore

MEGABIT = 125_000.0
NAP = 0.001
"""How often a receiver looks at what came."""


class World:
    """The clock and what is going to happen."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (max(when, self.now), next(self._order), what))

    def run(self, until: float, stop: Callable[[], bool] = lambda: False) -> None:
        while self._events and self._events[0][0] <= until and not stop():
            self.now, _, what = heapq.heappop(self._events)
            what()


@dataclass
class Link:
    """One direction of a path. Rates in bytes a second, times in seconds."""

    rate: float
    delay: float
    queue: float
    loss: float = 0.0
    jitter: float = 0.0
    reordered: float = 0.0
    held: float = 0.001
    dead: bool = False
    random: Random = field(default_factory=lambda: Random(1))
    free: float = 0.0
    dropped: int = 0
    lost: int = 0
    queues: list[float] = field(default_factory=list)

    def carry(self, size: int, now: float) -> float | None:
        """When a packet that is sent now arrives; None if it never does."""
        if self.dead or self.random.random() < self.loss:
            self.lost += 1
            return None
        begins = max(now, self.free)
        if (begins - now) * self.rate + size > self.queue:
            self.dropped += 1
            return None
        self.free = begins + size / self.rate
        arrives = self.free + self.delay
        if self.jitter:
            arrives += self.random.random() * self.jitter
        if self.reordered and self.random.random() < self.reordered:
            arrives += self.held
        return arrives

    def backlog(self, now: float) -> float:
        """Bytes that wait in the queue."""
        return max(0.0, self.free - now) * self.rate


class Flow:
    """One sender and its receiver. It always has something to send, up to *slots* slots."""

    def __init__(self, world: World, there: Link, back: Link, *, slots: int = 1 << 30, record: int = 200_000,
                 size: int = 1452, policy: Policy = Policy.FAIR, fixed: float | None = None, seed: int = 1,
                 start: float = 0.0, disk: float = 0.0, window: int = 96) -> None:
        self.world, self.there, self.back = world, there, back
        self.size, self.slots, self.disk = size, slots, disk
        self.record = memoryview(bytes([0]) * 8 + (record - 40).to_bytes(4) + bytes(record - 12))
        seal = DataSeal(SessionKey(bytes(16), bytes(32)))
        self.outbox = Outbox(b"1234567", seal)
        trip = there.delay + back.delay
        self.sender = SenderCore(RateControl(policy, start, Random(seed), trip, fixed), start)
        self.sender.rate.report_seconds = report_interval(trip)
        self.receiver = ReceiverCore(seal, report_interval(trip), window)
        self.whole: list[int] = []
        self.inbox: list[tuple[float, bytes]] = []
        self.arrived_bytes: list[tuple[float, int]] = []
        self.memory_peak = 0
        self._waking = False
        self._made = 0
        world.at(start, self._send)
        world.at(start, self._tell)

    @property
    def done(self) -> bool:
        return len(self.whole) >= self.slots

    def goodput(self, since: float, until: float) -> float:
        """Bytes a second on the wire, without repetitions, between two times."""
        marks = [(when, count) for when, count in self.arrived_bytes if since <= when <= until]
        return (marks[-1][1] - marks[0][1]) / (until - since) if len(marks) > 1 else 0.0

    def _refill(self) -> None:
        for slot in self.sender.take_finished():
            self.outbox.give_back(slot.memory)
        while self._made < self.slots and self.sender.waiting < 4:
            taken = self.outbox.take()
            if taken is None:
                return
            self.sender.add(self.outbox.lay_out(*taken, self.record, self.size))
            self._made += 1
        self.memory_peak = max(self.memory_peak, self.sender.open_slots)

    def _send(self) -> None:
        if self.done:
            return
        now = self.world.now
        self._refill()
        for burst in self.sender.poll(now):
            for piece in burst.pieces():
                for at in range(0, len(piece), burst.slot.stride):
                    packet = bytes(piece[at : at + burst.slot.stride])
                    arrives = self.there.carry(len(packet) + WIRE_OVERHEAD, now)
                    if arrives is not None:
                        self.world.at(arrives, lambda packet=packet: self._arrive(packet))
        self.world.at(now + max(NAP, self.sender.wait_seconds()), self._send)

    def _arrive(self, packet: bytes) -> None:
        self.inbox.append((self.world.now, packet))
        if not self._waking:
            self._waking = True
            self.world.at(self.world.now + NAP, self._take)

    def _take(self) -> None:
        self._waking = False
        now = self.world.now
        packets = [packet for _, packet in self.inbox]
        self.inbox.clear()
        lengths = np.array([len(packet) for packet in packets], dtype=np.int64)
        buffer = np.frombuffer(b"".join(packets), dtype=np.uint8)
        offsets = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        for slot in self.receiver.on_packets(buffer, offsets, lengths, now, now):
            self.whole.append(slot.number)
            if self.disk:
                self.world.at(now + self.disk * len(self.whole), lambda slot=slot: self.receiver.settled(slot))
            else:
                self.receiver.settled(slot)
        self.arrived_bytes.append((now, self.receiver.received))
        if self.receiver.due(now) <= 0:
            self._report()

    def _tell(self) -> None:
        if self.done:
            return
        if self.receiver.due(self.world.now) <= 0:
            self._report()
        self.world.at(self.world.now + max(0.001, self.receiver.due(self.world.now)), self._tell)

    def _report(self) -> None:
        report = self.receiver.report(self.world.now)
        arrives = self.back.carry(120 + len(report.arrived) // 8, self.world.now)
        if arrives is not None:
            self.world.at(arrives, lambda: self._hear(report))

    def _hear(self, report: Report) -> None:
        self.sender.on_report(report, self.world.now)


def path(rate: float, trip: float, loss: float = 0.0, *, queue: float = 1.0, seed: int = 1,
         jitter: float = 0.0, reordered: float = 0.0) -> tuple[Link, Link]:
    """Both directions of a path: Mbit/s, seconds, share of packets lost, queue in bandwidth-delay products."""
    size = max(queue * rate * MEGABIT * trip, 64_000.0)
    there = Link(rate * MEGABIT, trip / 2, size, loss, jitter, reordered, random=Random(seed))
    back = Link(rate * MEGABIT, trip / 2, size, loss, jitter, reordered, random=Random(seed + 1000))
    return there, back
