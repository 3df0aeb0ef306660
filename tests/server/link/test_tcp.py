"""The tcp carrier over real sockets: every block arrives, whatever dies on the way."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from helpers.carriers import MemorySink, MemorySource
from helpers.sockets import tcp_pair
from jetstream.constants import BLOCK_SIZE
from jetstream_server.link.limiter import Bucket, Limiter
from jetstream_server.link.sealed import HEADER_BYTES, RECORD_OVERHEAD, Kind, Sealer, SessionKey
from jetstream_server.link.tcp import (
    CONGESTION_CONTROLS,
    LOCAL_CONGESTION_CONTROLS,
    UNSENT_BYTES,
    TcpReceiver,
    TcpSender,
    choose_congestion_control,
    queue_little,
    tune,
)

KEY = SessionKey(os.urandom(16), os.urandom(32))


def no_limit() -> Limiter:
    return Limiter([Bucket(None, 0.0)], time.monotonic)


class Pair:
    """Both sides of the carrier in one process."""

    def __init__(self, source: MemorySource, limiter: Limiter | None = None) -> None:
        self.source = source
        self.sink = MemorySink(source)
        self.lost: list[tuple[int, str]] = []
        self.failures: list[BaseException] = []
        self.noted = threading.Condition()
        self.sender = TcpSender(KEY, source, limiter or no_limit(), self._lose, self._fail)
        self.receiver = TcpReceiver(KEY, self.sink, no_limit(), self._lose, self._fail)
        self._number = 0

    def _lose(self, number: int, why: str) -> None:
        with self.noted:
            self.lost.append((number, why))
            self.noted.notify_all()

    def _fail(self, error: BaseException) -> None:
        with self.noted:
            self.failures.append(error)
            self.noted.notify_all()

    def connect(self) -> tuple[socket.socket, socket.socket]:
        """One more connection; returns both ends."""
        ours, theirs = tcp_pair()
        self._number += 1
        self.receiver.add(theirs, self._number)
        self.sender.add(ours, self._number)
        return ours, theirs

    def close(self) -> None:
        self.source.queue.close()
        self.sender.close()
        self.receiver.close()
        assert self.sender.join(10)
        assert self.receiver.join(10)


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    made: list[Pair] = []
    yield made
    for pair in made:
        pair.close()


@pytest.mark.parametrize("connections", [1, 3])
def test_everything_arrives_and_the_connections_end_by_themselves(pairs: list[Pair], connections: int) -> None:
    pair = Pair(MemorySource(12, 1234, zero=[3, 11], gaps={5: [7, 9]}))
    pairs.append(pair)
    for _ in range(connections):
        pair.connect()
    assert pair.sink.complete.wait(30)
    assert pair.sender.join(10)
    assert pair.receiver.join(10)
    assert [pair.sink.stored[n] for n in range(12)] == pair.source.blocks
    assert pair.sink.gaps == {5: [7, 9]}
    assert pair.lost == []
    assert pair.failures == []
    assert pair.sender.statistics.bytes_sent == pair.receiver.statistics.bytes_received + connections * RECORD_OVERHEAD
    assert set(pair.sink.times.values()) == {1}


def test_a_connection_that_dies_costs_only_what_it_carried(pairs: list[Pair]) -> None:
    pair = Pair(MemorySource(40, BLOCK_SIZE))
    pairs.append(pair)
    victim, _ = pair.connect()
    pair.connect()
    while not pair.sink.stored:
        time.sleep(0)
    victim.shutdown(socket.SHUT_RDWR)
    assert pair.sink.complete.wait(30)
    assert [pair.sink.stored[n] for n in range(40)] == pair.source.blocks
    assert pair.failures == []


def test_all_connections_die_and_new_ones_go_on(pairs: list[Pair]) -> None:
    pair = Pair(MemorySource(30, 77))
    pairs.append(pair)
    while not pair.sink.complete.is_set():
        victim, _ = pair.connect()
        seen = len(pair.sink.stored)
        while not pair.sink.complete.is_set() and len(pair.sink.stored) < min(30, seen + 4):
            time.sleep(0)
        if not pair.sink.complete.is_set():
            victim.shutdown(socket.SHUT_RDWR)
    assert [pair.sink.stored[n] for n in range(30)] == pair.source.blocks


def hostile(pair: Pair, data: bytes) -> None:
    """Connection with *data* instead of records; returns when the receiver has let go of it."""
    ours, theirs = tcp_pair()
    before = len(pair.lost)
    pair.receiver.add(theirs, 99)
    with ours:
        with contextlib.suppress(OSError):  # the receiver may hang up before it has all
            ours.sendall(data)
            ours.shutdown(socket.SHUT_WR)
        with pair.noted:
            assert pair.noted.wait_for(lambda: len(pair.lost) > before, 10)


def test_forged_cut_and_senseless_records_end_the_connection_alone(pairs: list[Pair]) -> None:
    pair = Pair(MemorySource(2, 10))
    pairs.append(pair)
    out = memoryview(bytearray(BLOCK_SIZE + RECORD_OVERHEAD))
    right_key_wrong_block = bytes(out[: Sealer(KEY, 99).seal(77, Kind.DATA, b"0123456789", out)])
    right_key_wrong_length = bytes(out[: Sealer(KEY, 99).seal(1, Kind.DATA, b"012345678", out)])
    wrong_key = bytes(out[: Sealer(SessionKey(KEY.session, bytes(32)), 99).seal(1, Kind.DATA, b"0123456789", out)])
    for data in (
        b"", b"garbage", bytes(HEADER_BYTES), b"\xff" * 4096, right_key_wrong_block, right_key_wrong_length, wrong_key,
        right_key_wrong_block[:-1],
    ):
        hostile(pair, data)
    assert pair.sink.stored == {}
    assert pair.failures == []
    pair.connect()
    assert pair.sink.complete.wait(30)


def test_an_error_of_the_sink_reaches_the_session(pairs: list[Pair]) -> None:
    pair = Pair(MemorySource(2, 10))
    pairs.append(pair)

    def refuse(*_: object, **__: object) -> None:
        raise ValueError("no")

    pair.sink.store = refuse  # type: ignore[method-assign]
    pair.connect()
    with pair.noted:
        assert pair.noted.wait_for(lambda: bool(pair.failures), 10)
    assert str(pair.failures[0]) == "no"


def test_close_lets_go_of_a_receiver_that_does_not_read(pairs: list[Pair]) -> None:
    pair = Pair(MemorySource(64, BLOCK_SIZE))
    pairs.append(pair)
    ours, theirs = tcp_pair()
    with theirs:
        pair.sender.add(ours, 1)
        assert theirs.recv(1)  # it has begun
        pair.close()
    assert pair.sender.open_connections == 0
    late, other = tcp_pair()
    with other:
        assert pair.sender.add(late, 2) is False


def test_a_limited_sender_still_delivers(pairs: list[Pair]) -> None:
    limiter = Limiter([Bucket(80_000, time.monotonic())], time.monotonic)  # ten megabytes a second
    pair = Pair(MemorySource(3, 10), limiter)
    pairs.append(pair)
    pair.connect()
    assert pair.sink.complete.wait(30)
    assert [pair.sink.stored[n] for n in range(3)] == pair.source.blocks


@pytest.mark.skipif(not hasattr(socket, "TCP_CONGESTION"), reason="the system does not let programs choose")
@pytest.mark.parametrize(
    ("source", "wanted"), [("127.0.0.1", LOCAL_CONGESTION_CONTROLS), ("127.0.0.2", CONGESTION_CONTROLS)]
)
def test_congestion_control_is_that_of_the_path(source: str, wanted: tuple[bytes, ...]) -> None:
    """Within one machine another one than between two; what the kernel does not allow is left as it is."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = listening.getsockname()
        with socket.create_connection(address, source_address=(source, 0)) as sock:
            before = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
            tune(sock)
            after = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0")
            allowed = [name for name in wanted if _allowed(sock, name)]
            assert after == (allowed[0] if allowed else before.rstrip(b"\0"))


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.2"])
def test_buffers_are_left_to_the_system(source: str) -> None:
    """A size set by hand would end their tuning."""
    with socket.create_server(("127.0.0.1", 0)) as listening, \
            socket.create_connection(listening.getsockname(), source_address=(source, 0)) as sock:
        before = [sock.getsockopt(socket.SOL_SOCKET, side) for side in (socket.SO_SNDBUF, socket.SO_RCVBUF)]
        tune(sock)
        assert [sock.getsockopt(socket.SOL_SOCKET, side) for side in (socket.SO_SNDBUF, socket.SO_RCVBUF)] == before


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="the system does not know how")
@pytest.mark.parametrize(("trip", "little"), [(0.1, True), (0.0005, False), (None, False)])
def test_little_waits_in_a_connection_on_a_long_path(trip: float | None, little: bool) -> None:
    with socket.socket() as sock:
        before = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
        queue_little(sock, trip)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT) == (UNSENT_BYTES if little else before)


@pytest.mark.skipif(not hasattr(socket, "TCP_CONGESTION"), reason="the system does not let programs choose")
def test_letting_others_go_first_takes_what_the_system_has_for_it(
    pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here reno stands for a congestion control that does; every system has it."""
    monkeypatch.setattr("jetstream_server.link.tcp.BACKGROUND_CONGESTION_CONTROLS", (b"no-such", b"reno"))
    with socket.create_server(("127.0.0.1", 0)) as listening, \
            socket.create_connection(listening.getsockname()) as sock:
        def control() -> bytes:
            return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0")

        tune(sock)
        usual = control()
        choose_congestion_control(sock, True)
        assert control() == b"reno"
        choose_congestion_control(sock, False)
        assert control() == usual
    pair = Pair(MemorySource(40, 10))
    pairs.append(pair)
    pair.sender.follow(background=True)
    pair.connect()
    pair.sender.follow(background=False)
    assert pair.sink.complete.wait(30)


def _allowed(sock: socket.socket, name: bytes) -> bool:
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name)
    except OSError:
        return False
    return True
