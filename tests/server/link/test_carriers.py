"""The conformance suite: what every carrier does, over real sockets on loopback."""

import os
import threading
import time
from collections.abc import Iterator
from typing import Protocol

import pytest

from helpers.carriers import MemorySink, MemorySource
from helpers.datagrams import loopback_port
from helpers.sockets import tcp_pair
from jetstream.constants import BLOCK_SIZE
from jetstream_server.link.carrier import CarrierStatistics
from jetstream_server.link.limiter import Bucket, Limiter
from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.tcp import TcpReceiver, TcpSender
from jetstream_server.link.udp.receiving import UdpReceiver
from jetstream_server.link.udp.sending import UdpSender


def limiter(rate: int | None = None) -> Limiter:
    return Limiter([Bucket(rate, time.monotonic())], time.monotonic)


class Side(Protocol):
    """What both sides of every carrier have."""

    name: str
    statistics: CarrierStatistics

    def close(self) -> None: ...

    def join(self, timeout: float) -> bool: ...


class Ends:
    """Both sides of a carrier in one process, and what they said."""

    sender: Side
    receiver: Side

    def __init__(self, source: MemorySource) -> None:
        self.source = source
        self.sink = MemorySink(source)
        self.failures: list[BaseException] = []
        self.failed = threading.Event()
        self.key = SessionKey(os.urandom(16), os.urandom(32))

    def on_failed(self, error: BaseException) -> None:
        self.failures.append(error)
        self.failed.set()

    def connect(self) -> None:
        """Let blocks flow."""
        raise NotImplementedError

    def close(self) -> None:
        self.source.queue.close()
        self.sender.close()
        self.receiver.close()
        assert self.sender.join(10)
        assert self.receiver.join(10)


class TcpEnds(Ends):
    def __init__(self, source: MemorySource, rate: int | None = None) -> None:
        super().__init__(source)
        self._sender = self.sender = TcpSender(self.key, source, limiter(rate), lambda *_: None, self.on_failed)
        self._receiver = self.receiver = TcpReceiver(self.key, self.sink, limiter(), lambda *_: None, self.on_failed)

    def connect(self) -> None:
        for number in (1, 2):
            ours, theirs = tcp_pair()
            self._receiver.add(theirs, number)
            self._sender.add(ours, number)


class UdpEnds(Ends):
    way = "offload"

    def __init__(self, source: MemorySource, rate: int | None = None) -> None:
        super().__init__(source)
        self._here, self._there = loopback_port(self.way), loopback_port(self.way)
        self._sender = self.sender = UdpSender(self._here, self.key, True, source, limiter(rate), lambda: None,
                                               self.on_failed, trip=0.0005)
        self._receiver = self.receiver = UdpReceiver(self._there, self.key, False, limiter(), lambda: None,
                                                     self.on_failed, trip=0.0005)

    def connect(self) -> None:
        self._receiver.expect()
        self._receiver.use(self.sink)
        self._sender.dial("127.0.0.1", self._there.listening[0].port)

    def close(self) -> None:
        super().close()
        self._here.close()
        self._there.close()


class BatchUdpEnds(UdpEnds):
    way = "batch"


class PlainUdpEnds(UdpEnds):
    way = "plain"


CARRIERS = [TcpEnds, UdpEnds, BatchUdpEnds, PlainUdpEnds]


@pytest.fixture
def made() -> Iterator[list[Ends]]:
    ends: list[Ends] = []
    yield ends
    for each in ends:
        each.close()


def begin(made: list[Ends], kind: type[Ends], source: MemorySource, rate: int | None = None) -> Ends:
    ends: Ends = kind(source, rate)  # type: ignore[call-arg]
    made.append(ends)
    return ends


@pytest.mark.parametrize("kind", CARRIERS)
def test_every_block_arrives_once_whatever_it_holds(made: list[Ends], kind: type[Ends]) -> None:
    ends = begin(made, kind, MemorySource(14, 1234, zero=[3, 13], gaps={5: [7, 9]}))
    ends.connect()
    assert ends.sink.complete.wait(60)
    assert [ends.sink.stored[n] for n in range(14)] == ends.source.blocks
    assert ends.sink.gaps == {5: [7, 9]}
    assert set(ends.sink.times.values()) == {1}
    assert ends.failures == []
    assert ends.receiver.statistics.records_received >= 14
    assert ends.sender.statistics.bytes_sent >= 12 * BLOCK_SIZE


@pytest.mark.parametrize("kind", CARRIERS)
def test_one_byte(made: list[Ends], kind: type[Ends]) -> None:
    ends = begin(made, kind, MemorySource(1, 1))
    ends.connect()
    assert ends.sink.complete.wait(60)
    assert ends.sink.stored == {0: ends.source.blocks[0]}


@pytest.mark.parametrize("kind", CARRIERS)
def test_a_limited_sender_still_delivers(made: list[Ends], kind: type[Ends]) -> None:
    ends = begin(made, kind, MemorySource(3, 10), rate=80_000)
    ends.connect()
    assert ends.sink.complete.wait(60)
    assert [ends.sink.stored[n] for n in range(3)] == ends.source.blocks


@pytest.mark.parametrize("kind", CARRIERS)
def test_an_error_of_the_sink_reaches_the_session(made: list[Ends], kind: type[Ends]) -> None:
    ends = begin(made, kind, MemorySource(2, 10))

    def refuse(*_: object, **__: object) -> None:
        raise ValueError("no")

    ends.sink.store = refuse  # type: ignore[method-assign]
    ends.connect()
    assert ends.failed.wait(60)
    assert str(ends.failures[0]) == "no"


@pytest.mark.parametrize("kind", CARRIERS)
def test_an_error_of_the_source_reaches_the_session(made: list[Ends], kind: type[Ends]) -> None:
    ends = begin(made, kind, MemorySource(2, 10))

    def refuse(*_: object) -> None:
        raise ValueError("cannot read")

    ends.source.fill = refuse  # type: ignore[method-assign, assignment]
    ends.connect()
    assert ends.failed.wait(60)
    assert str(ends.failures[0]) == "cannot read"


@pytest.mark.parametrize("kind", CARRIERS)
def test_a_slow_sink_stops_the_flow_and_loses_nothing(made: list[Ends], kind: type[Ends]) -> None:
    ends = begin(made, kind, MemorySource(40, BLOCK_SIZE))
    gate = threading.Event()
    store = ends.sink.store

    def slowly(*arguments: object, **options: object) -> None:
        assert gate.wait(60)
        store(*arguments, **options)  # type: ignore[arg-type]

    ends.sink.store = slowly  # type: ignore[method-assign]
    ends.connect()
    until = time.monotonic() + 60
    while not ends.sender.statistics.bytes_sent and time.monotonic() < until:
        time.sleep(0)
    assert ends.sink.stored == {}
    gate.set()
    assert ends.sink.complete.wait(60)
    assert [ends.sink.stored[n] for n in range(40)] == ends.source.blocks


@pytest.mark.parametrize("kind", CARRIERS)
def test_close_gives_back_what_was_under_way(made: list[Ends], kind: type[Ends]) -> None:
    ends = begin(made, kind, MemorySource(64, BLOCK_SIZE))
    gate = threading.Event()
    store = ends.sink.store

    def never(*arguments: object, **options: object) -> None:
        if not gate.wait(60):
            store(*arguments, **options)  # type: ignore[arg-type]
        raise ConnectionAbortedError("stopped")

    ends.sink.store = never  # type: ignore[method-assign]
    ends.connect()
    until = time.monotonic() + 60
    while not ends.sender.statistics.bytes_sent and time.monotonic() < until:
        time.sleep(0)
    ends.sender.close()
    gate.set()
    assert ends.sender.join(10)
    assert ends.source.queue.left == 64
    taken = [ends.source.queue.take(1) for _ in range(64)]
    assert sorted(block for block in taken if block is not None) == list(range(64))
