"""The receiving side of the ``udp`` carrier: the sockets' threads lay packets in their places and report, two threads
open, check and write the slots that are whole.

They wait for each other only through a bounded store, the room for slots.
"""

import queue
import threading
import time
from typing import Final

from jetstream_server.link.carrier import BlockSink
from jetstream_server.link.limiter import Limiter
from jetstream_server.link.records import store_block
from jetstream_server.link.sealed import HEADER_BYTES, MAX_PAYLOAD, Kind, Opener, SealBroken, SessionKey
from jetstream_server.link.tcp import Failed
from jetstream_server.link.udp.assembly import SlotIn
from jetstream_server.link.udp.datagrams import Received
from jetstream_server.link.udp.packets import Numbers
from jetstream_server.link.udp.port import Endpoint, UdpPort
from jetstream_server.link.udp.proofs import DataSeal
from jetstream_server.link.udp.receiver_core import ReceiverCore, report_interval
from jetstream_server.link.udp.side import RECORD_NUMBER, Side, Up

WRITERS: Final = 2


class UdpReceiver(Side):
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
        self._core = ReceiverCore(DataSeal(key), report_interval(trip if trip is not None else 0.1))
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
        with self.line.lock:
            self._core.clear()
        for _ in range(WRITERS):
            self._whole.put(None)

    # -- from the socket's thread ---------------------------------------------------------------------------------

    def on_data(self, endpoint: Endpoint, received: Received, offsets: Numbers, lengths: Numbers, now: float) -> None:
        """See :class:`~jetstream_server.link.udp.port.Handler`."""
        core, dropped = self._core, self.line.statistics
        with self.line.lock:
            if not self.line.up or endpoint is not self.line.endpoint():
                dropped.senseless += len(offsets)
                return
            forged, repeated, senseless = core.forged, core.repeated, core.nonsense
            whole = core.on_packets(received.buffer, offsets, lengths, now, received.arrived)
            dropped.forged += core.forged - forged
            dropped.replayed += core.repeated - repeated
            dropped.senseless += core.nonsense - senseless
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
