"""The ``udp`` carrier: the two cores with threads around them.

On the sending side one thread reads and seals blocks into slots, and one decides and sends. On the receiving side the
socket's thread lays packets in their places and reports, and two threads open, check and write the slots that are
whole. None of them waits for another but through bounded stores: memory for slots there, room for slots here.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Final

from jetstream_server.link.carrier import BlockSink, BlockSource, CarrierStatistics
from jetstream_server.link.kernel import PathFacts
from jetstream_server.link.limiter import Limiter
from jetstream_server.link.records import seal_block, store_block
from jetstream_server.link.sealed import (
    HEADER_BYTES,
    MAX_PAYLOAD,
    RECORD_OVERHEAD,
    Kind,
    Opener,
    SealBroken,
    Sealer,
    SessionKey,
)
from jetstream_server.link.tcp import Failed
from jetstream_server.link.udp.assembly import SlotIn
from jetstream_server.link.udp.datagrams import Address, Received, TooLong
from jetstream_server.link.udp.line import ALIVE_SECONDS, SMALLEST_ANSWER, Line
from jetstream_server.link.udp.mtu import PathSize
from jetstream_server.link.udp.outbox import Outbox, SlotOut
from jetstream_server.link.udp.packets import Bytes, Numbers, Report, heads_for
from jetstream_server.link.udp.port import Endpoint, UdpPort
from jetstream_server.link.udp.rate import Policy, RateControl
from jetstream_server.link.udp.receiver import ReceiverCore, report_interval
from jetstream_server.link.udp.sender import SenderCore

BLOCK_SIZE: Final = 1 << 20
RECORD_NUMBER: Final = 0
"""The connection number in the nonces of slots; TCP connections begin with 1."""
LANE_BASE: Final = 1 << 32
"""Slot *n* takes its block from the queue as connection LANE_BASE + n."""
AHEAD: Final = 6
"""Slots that are sealed before their turn."""
WRITERS: Final = 2
NO_PROGRESS_SECONDS: Final = 1.5
USELESS_SECONDS: Final = 6.0
IDLE_SECONDS: Final = 0.02

Up = Callable[[], None]


class _Side:
    """What both sides share: the line, its registration, threads, the end."""

    name = "udp"
    takes_data = False

    def __init__(self, port: UdpPort, key: SessionKey, dialled: bool, on_up: Up, on_failed: Failed) -> None:
        self.statistics = CarrierStatistics()
        self.line = Line(port, key, dialled, self._went_up)
        self._heads = heads_for(self.line.tag, dialled, self.takes_data)
        self._port = port
        self._key = key
        self._on_up = on_up
        self._on_failed = on_failed
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._closed = threading.Event()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.line!r}>"

    @property
    def up(self) -> bool:
        """Whether the other side has proven itself."""
        return self.line.up

    def silent_for(self, now: float) -> float:
        """Seconds since the other side was last heard."""
        return now - self.line.heard if self.line.heard else 0.0

    def dial(self, address: str, port: int) -> None:
        """The other side is there; speak first."""
        self._port.tally.begin(self.line.statistics)
        self.line.dial(address, port).add(self._heads, self)

    def mute(self) -> None:
        """Say nothing more and hear nothing: the other side is to notice that this carrier is of no use."""
        self.line.mute()

    def expect(self) -> None:
        """The other side will dial."""
        self._port.tally.begin(self.line.statistics)
        self._port.expect(self._heads, self)

    def close(self) -> None:
        """Stop at once; returns without waiting. Idempotent."""
        with self._starting:
            self._closed.set()
        self._port.forget(self._heads)
        self._port.tally.end(self.line.statistics)

    def join(self, timeout: float) -> bool:
        """Wait until all threads have ended; whether they have."""
        deadline = time.monotonic() + timeout
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _went_up(self) -> None:
        self.statistics.connections = 1
        self._on_up()

    def _start(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=self._guard, args=(work,), name=name, daemon=True)
        with self._starting:
            if not self._closed.is_set():
                thread.start()
                self._threads.append(thread)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # source or sink: the session decides what it means
            if not self._closed.is_set():
                self._on_failed(error)

    # -- from the socket's thread ---------------------------------------------------------------------------------

    def on_data(self, endpoint: Endpoint, received: Received, offsets: Numbers, lengths: Numbers, now: float) -> None:
        """See :class:`~jetstream_server.link.udp.port.Handler`."""
        self.line.statistics.senseless += len(offsets)

    def on_control(self, endpoint: Endpoint, datagram: bytes, address: Address, now: float) -> None:
        """See :class:`~jetstream_server.link.udp.port.Handler`."""
        with self.line.lock:
            heard = self.line.hear(endpoint, datagram, address, now)
            if heard is None:
                return
            control, trip = heard
            if control.answer and len(datagram) >= SMALLEST_ANSWER:
                self._answer(now)
        self._heard(control.report, trip, now)

    def _answer(self, now: float) -> None:
        self.line.say(now)

    def _heard(self, report: Report | None, trip: float, now: float) -> None:
        """A proven control packet came."""

    def tick(self, endpoint: Endpoint, now: float) -> float:
        """See :class:`~jetstream_server.link.udp.port.Handler`."""
        if self.line.endpoint() is not endpoint:
            return ALIVE_SECONDS
        with self.line.lock:
            return self._tick(now)

    def _tick(self, now: float) -> float:
        return self.line.keep_alive(now)


class UdpSender(_Side):
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
        self._outbox = Outbox(self.line.tag)
        self._turn = threading.Condition()
        """Guards what the two threads hand to each other."""
        self._sealed: list[SlotOut] = []
        self._returned: list[SlotOut] = []
        self._ahead = 0
        self._news = threading.Event()
        self._reports: deque[tuple[Report, float]] = deque()
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
        if acked != self._acked or not core.flight.packets_out:
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
            if mtu.size > 1200 and stuck < USELESS_SECONDS:
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
        """Whatever the receiver has not reported as stored goes another way."""
        self._source.lost(LANE_BASE, LANE_BASE + (1 << 32))


class UdpReceiver(_Side):
    """The receiving side: collects packets, proves slots, hands blocks to the sink.

    :param trip: what is known of the round trip, seconds.
    """

    takes_data = True

    def __init__(
        self, port: UdpPort, key: SessionKey, dialled: bool, limiter: Limiter, on_up: Up, on_failed: Failed, *,
        trip: float | None = None,
    ) -> None:
        super().__init__(port, key, dialled, on_up, on_failed)
        self._sink: BlockSink | None = None
        self._limiter = limiter
        self._core = ReceiverCore(report_interval(trip if trip is not None else 0.1))
        self._whole: queue.SimpleQueue[SlotIn | None] = queue.SimpleQueue()
        self._done: set[int] = set()
        self._done_lock = threading.Lock()

    def use(self, sink: BlockSink) -> None:
        """Blocks go to *sink* from now on. None can have come before."""
        self._sink = sink
        for number in range(WRITERS):
            self._start(self._write_slots, f"udp-write-{number}")

    @property
    def useless(self) -> bool:
        """See :attr:`UdpSender.useless`; a receiver cannot tell."""
        return False

    @property
    def core(self) -> ReceiverCore:
        """What came so far."""
        return self._core

    def close(self) -> None:
        """Stop at once."""
        super().close()
        for _ in range(WRITERS):
            self._whole.put(None)

    # -- from the socket's thread ---------------------------------------------------------------------------------

    def on_data(self, endpoint: Endpoint, received: Received, offsets: Numbers, lengths: Numbers, now: float) -> None:
        """See :class:`~jetstream_server.link.udp.port.Handler`."""
        with self.line.lock:
            if not self.line.up or endpoint is not self.line.endpoint():
                self.line.statistics.senseless += len(offsets)
                return
            whole = self._core.on_packets(received.buffer, offsets, lengths, now, received.arrived)
            self.line.statistics.senseless = self._core.nonsense
        for slot in whole:
            self._whole.put(slot)

    def _answer(self, now: float) -> None:
        self._say_report(now)

    def _tick(self, now: float) -> float:
        if not self.line.up:
            return self.line.keep_alive(now)
        self._core.abandon_below(self.line.other_floor)
        due = self._core.due(now)
        if due <= 0:
            self._say_report(now)
            due = self._core.due(now)
        return due

    def _say_report(self, now: float) -> None:
        self._core.limit = self._limiter.lowest
        self.line.say(now, report=self._core.report(now))

    # -- writing --------------------------------------------------------------------------------------------------

    def _write_slots(self) -> None:
        opener = Opener(self._key, RECORD_NUMBER, ordered=False)
        plain = memoryview(bytearray(MAX_PAYLOAD))
        clock, statistics = time.perf_counter, self.statistics
        while True:
            began = clock()
            slot = self._whole.get()
            if slot is None or self._closed.is_set():
                return
            taken = clock()
            try:
                record = slot.record
                header = opener.header(record[:HEADER_BYTES])
                if header.counter != slot.number + 1:
                    raise SealBroken("a record lies in a slot that is not its own")
                self._limiter.wait(len(record))
                data = opener.open(header, record[HEADER_BYTES:], plain)
            except SealBroken:
                statistics.refused += 1
                self._core.settled(slot, damaged=True)
                continue
            opened = clock()
            statistics.seconds_moving += taken - began
            statistics.seconds_sealing += opened - taken
            self._hand_over(header.block, header.kind, data)
            statistics.seconds_writing += clock() - opened
            statistics.bytes_received += len(record)
            statistics.records_received += 1
            self._core.settled(slot)

    def _hand_over(self, block: int, kind: Kind, data: memoryview) -> None:
        """Blocks that were sealed anew because their slot seemed lost may come twice; the sink gets them once."""
        assert self._sink is not None
        with self._done_lock:
            again = block in self._done
            self._done.add(block)
        if not again:
            store_block(self._sink, block, kind, data)
