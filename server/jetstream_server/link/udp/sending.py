"""The sending side of the ``udp`` carrier: one thread reads and seals blocks into slots, one decides and sends.

They wait for each other only through a bounded store, the memory for slots.
"""

import threading
import time
from collections import deque
from random import Random
from typing import Final

from jetstream.constants import BLOCK_SIZE
from jetstream_server.link.carrier import BlockSource
from jetstream_server.link.kernel import PathFacts
from jetstream_server.link.limiter import Limiter
from jetstream_server.link.records import seal_block
from jetstream_server.link.sealed import MAX_PAYLOAD, RECORD_OVERHEAD, Sealer, SessionKey
from jetstream_server.link.tcp import Failed
from jetstream_server.link.udp.datagrams import TooLong
from jetstream_server.link.udp.mtu import BASE, PathSize
from jetstream_server.link.udp.outbox import Outbox, SlotOut
from jetstream_server.link.udp.packets import Bytes, Report
from jetstream_server.link.udp.port import UdpPort
from jetstream_server.link.udp.proofs import DataSeal
from jetstream_server.link.udp.rate import Policy, RateControl
from jetstream_server.link.udp.receiver_core import report_interval
from jetstream_server.link.udp.sender_core import SenderCore
from jetstream_server.link.udp.side import RECORD_NUMBER, Side, Up

LANE_BASE: Final = 1 << 32
"""Slot *n* takes its block from the queue as connection LANE_BASE + n."""
AHEAD: Final = 6
"""Slots that are sealed before their turn."""
NO_PROGRESS_SECONDS: Final = 1.5
USELESS_SECONDS: Final = 6.0
IDLE_SECONDS: Final = 0.02
REPORTS: Final = 64
"""Reports that may wait to be taken in; the newest count, and each says again what the five before it said."""
WORTH_KEEPING: Final = 16 << 20
"""Bytes after which a session knows its path well enough for the next one."""


class UdpSender(Side):
    """The sending side: takes blocks from the source, seals them, sends them at the rate that the path takes.

    :param trip: what is known of the round trip, seconds.
    """

    def __init__(
        self, port: UdpPort, key: SessionKey, dialled: bool, source: BlockSource, limiter: Limiter, on_up: Up,
        on_failed: Failed, *, trip: float | None = None, policy: Policy = Policy.FAIR, fixed: float | None = None,
    ) -> None:
        super().__init__(port, key, dialled, on_up, on_failed)
        self._source = source
        self._limiter = limiter
        self._outbox = Outbox(self.line.tag, DataSeal(key))
        self._turn = threading.Condition()
        """Guards what the two threads hand to each other."""
        self._sealed: list[SlotOut] = []
        self._returned: list[SlotOut] = []
        self._ahead = 0
        self._news = threading.Event()
        self._reports: deque[tuple[Report, float]] = deque(maxlen=REPORTS)
        self._policies: deque[tuple[Policy, float | None]] = deque()
        self._first_trip = trip
        now = time.monotonic()
        self._core = SenderCore(RateControl(policy, now, Random(), trip, fixed), now)
        self._core.rate.report_seconds = report_interval(trip if trip is not None else 0.1)
        self._mtu: PathSize | None = None
        self._progress = now
        self._acked = 0

    @property
    def rate(self) -> RateControl:
        """The model of the path."""
        return self._core.rate

    @property
    def useless(self) -> bool:
        """Whether nothing gets through although the other side is heard: another carrier has to do it."""
        return self.line.muted

    @property
    def datagram_bytes(self) -> int:
        """The largest datagram that is known to pass, without its headers of IP and UDP; 0 before there is a path."""
        return self._mtu.size if self._mtu is not None else 0

    def follow(self, policy: Policy, fixed: float | None = None) -> None:
        """From now on *policy* counts; with ``FIXED``, *fixed* bytes a second. Any thread."""
        self._policies.append((policy, fixed))
        self._news.set()

    def path(self) -> list[PathFacts]:
        """What is known of the path, in the form that the kernel's knowledge of connections has."""
        core = self._core
        if not self.up or not core.packets_sent:
            return []
        return [PathFacts(core.rate.smooth_trip, core.rate.trip, core.packets_sent, core.flight.packets_lost)]

    def close(self) -> None:
        """Stop at once; what is under way goes back into the queue."""
        super().close()
        self._news.set()
        with self._turn:
            self._turn.notify_all()

    def _went_up(self) -> None:
        super()._went_up()
        self._start(self._seal_blocks, "udp-seal")
        self._start(self._send, "udp-send")

    def _heard(self, report: Report | None, trip: float, now: float) -> None:
        if report is not None:
            self._reports.append((report, now))
        self._news.set()

    # -- sealing --------------------------------------------------------------------------------------------------

    def _seal_blocks(self) -> None:
        sealer = Sealer(self._key, RECORD_NUMBER)
        plain = memoryview(bytearray(BLOCK_SIZE))
        sealed = memoryview(bytearray(MAX_PAYLOAD + RECORD_OVERHEAD))
        clock, statistics = time.perf_counter, self.statistics
        while True:
            began = clock()
            taken = self._wait_for_memory()
            statistics.seconds_moving += clock() - began
            if taken is None:
                return
            number, memory = taken
            block = self._source.take(LANE_BASE + number)
            if block is None:
                return
            length = seal_block(self._source, block, sealer, plain, sealed, statistics)
            slot = self._outbox.lay_out(number, memory, sealed[:length], self._fragment)
            with self._turn:
                self._sealed.append(slot)
                self._ahead += 1
            self._news.set()

    @property
    def _fragment(self) -> int:
        return self._mtu.fragment if self._mtu is not None else PathSize(self.line.six, 0.0).fragment

    def _wait_for_memory(self) -> tuple[int, Bytes] | None:
        with self._turn:
            while not self._closed.is_set():
                for slot in self._returned:
                    self._outbox.give_back(slot.memory)
                self._returned.clear()
                if self._ahead < AHEAD and (taken := self._outbox.take()) is not None:
                    return taken
                self._turn.wait()
        return None

    # -- sending --------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        core, clock = self._core, time.monotonic
        now = clock()
        self._mtu = PathSize(self.line.six, now)
        known = self._port.memory.rate(self.line.host, self._first_trip, now)
        if known is not None:
            core.rate.begin_at(known)
        hold_until = 0.0
        try:
            while not self._closed.is_set():
                self._news.clear()
                now = clock()
                self._take_in(now)
                self._look_at_size(now)
                if now >= hold_until:
                    core.local_limit = self._limiter.lowest
                    before = core.bytes_sent
                    for burst in core.poll(now):
                        self._put(burst.pieces(), burst.slot.stride)
                    if core.bytes_sent > before:
                        hold_until = now + self._limiter.reserve(core.bytes_sent - before)
                        self.statistics.bytes_sent = core.bytes_sent
                self._hand_over()
                self._wait(hold_until)
        finally:
            self._give_up()

    def _wait(self, hold_until: float) -> None:
        core = self._core
        pause = max(core.wait_seconds(), hold_until - time.monotonic())
        if core.idle or pause > IDLE_SECONDS:
            self._news.wait(min(max(pause, IDLE_SECONDS), 0.05))
        elif core.held_back:
            self._news.wait(min(max(pause, 0.001), 0.05))
        else:
            time.sleep(max(pause, 0.0002))

    def _take_in(self, now: float) -> None:
        core = self._core
        if self._sealed:
            with self._turn:
                sealed, self._sealed = self._sealed, []
            for slot in sealed:
                core.add(slot)
        while self._policies:
            core.rate.follow(*self._policies.popleft(), now)
        while self._reports:
            report, when = self._reports.popleft()
            core.on_report(report, when)
        self.line.statistics.unsent = core.nonsense
        acked = core.fragments_arrived
        if acked != self._acked or core.settled:
            self._acked, self._progress = acked, now
        for number in core.take_damaged():
            self.statistics.refused += 1
            self._source.lost(LANE_BASE + number)

    def _hand_over(self) -> None:
        """Memory that is free again goes back to the sealing thread."""
        core = self._core
        finished = core.take_finished()
        ahead = core.waiting
        if finished or ahead < self._ahead:
            self.statistics.records_sent += len(finished)
            with self._turn:
                self._returned += finished
                self._ahead = ahead + len(self._sealed)
                self._turn.notify()
        self.line.floor = core.floor

    def _put(self, pieces: list[memoryview], size: int) -> None:
        total = sum(map(len, pieces)) // size
        try:
            sent = self.line.send(pieces, size)
            while sent < total and not self._closed.is_set():
                self.line.wait_writable(0.02)
                pieces = [memoryview(b"".join(pieces))[sent * size :]]
                total -= sent
                sent = self.line.send(pieces, size)
        except TooLong:
            assert self._mtu is not None
            if self._mtu.too_long(size):
                self._start_over()

    def _look_at_size(self, now: float) -> None:
        """Try larger datagrams; go back to small ones when the large ones get through no longer."""
        mtu = self._mtu
        assert mtu is not None
        mtu.passed(self.line.largest_passed, now)
        sizes = mtu.probes(now)
        if sizes:
            with self.line.lock:
                refused = self.line.probe(sizes, now)
            if refused is not None:
                mtu.too_long(refused)
        stuck = now - self._progress
        heard = now - self.line.heard
        if stuck > NO_PROGRESS_SECONDS and heard < NO_PROGRESS_SECONDS / 2 and not self._core.idle:
            if mtu.size > BASE and stuck < USELESS_SECONDS:
                mtu.shrank(now)
                self._start_over()
                self._progress = now
            elif stuck > USELESS_SECONDS:
                self.line.mute()

    def _start_over(self) -> None:
        """What is under way in datagrams that do not get through is sealed anew, into smaller ones."""
        given_up = self._core.abandon()
        self.line.floor = self._core.floor
        with self._turn:
            given_up += self._sealed
            self._sealed.clear()
            self._returned += given_up
            self._ahead = 0
            self._turn.notify()
        for slot in given_up:
            self._source.lost(LANE_BASE + slot.number)

    def _give_up(self) -> None:
        """Whatever the receiver has not reported as stored goes another way. What was learnt of the path is kept."""
        rate = self._core.rate
        if rate.bandwidth and rate.policy is Policy.FAIR and self._core.bytes_sent > WORTH_KEEPING:
            self._port.memory.keep(self.line.host, rate.bandwidth, rate.trip, time.monotonic())
        self._core.abandon()
        self._core.take_finished()
        with self._turn:
            self._sealed.clear()
            self._returned.clear()
            self._outbox.clear()
        self._source.lost(LANE_BASE, LANE_BASE + (1 << 32))
