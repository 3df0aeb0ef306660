"""The ``tcp`` carrier: records over 1..n plain TCP connections, each with a thread of its own.

All connections feed from one queue of blocks, so a slow one holds nothing up but the block it carries. Socket buffers
are left to the kernel's auto-tuning, which a size set by hand would turn off; congestion control is ``bbr`` where the
kernel lets an ordinary user choose it, because it does not take random loss for congestion.
"""

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

from jetstream.constants import BLOCK_SIZE
from jetstream_server.link.carrier import NEAR_SECONDS, BlockSink, BlockSource, CarrierStatistics
from jetstream_server.link.kernel import PathFacts, path_facts, round_trip
from jetstream_server.link.limiter import Limiter
from jetstream_server.link.records import seal_block, store_block
from jetstream_server.link.sealed import (
    HEADER_BYTES,
    MAX_PAYLOAD,
    RECORD_OVERHEAD,
    TAG_BYTES,
    Kind,
    Opener,
    SealBroken,
    Sealer,
    SessionKey,
)

Lost = Callable[[int, str], None]
"""Called from a connection's thread when it has died: its number and why."""
Failed = Callable[[BaseException], None]
"""Called from a connection's thread when source or sink raised: the session cannot go on."""

CONGESTION_CONTROLS: Final = (b"bbr",)
LOCAL_CONGESTION_CONTROLS: Final = (b"cubic", b"reno")
"""Within one machine nothing is lost, and what paces by timers costs more than it brings: measured, bbr moves a third
of what the others do."""

BACKGROUND_CONGESTION_CONTROLS: Final = (b"lp",)
"""Those that let others go first. Few systems let an ordinary user choose one."""

UNSENT_BYTES: Final = 256 << 10
"""What a connection on a long path keeps ready to be sent next, beside what is under way."""


def tune(sock: socket.socket, background: bool = False) -> None:
    """Options of a data connection; each is taken where the system offers it and does without where not.

    :param background: whether it is to let others go first, where the system can.
    """
    sock.setblocking(True)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    choose_congestion_control(sock, background)


def queue_little(sock: socket.socket, trip: float | None) -> None:
    """On a long path let the system take no more than it can soon send, where it knows how.

    What waits in a slow connection at the end is what everybody waits for, while the others have nothing to do.

    :param trip: round trip in seconds, if it is known.
    """
    if (trip or 0.0) > NEAR_SECONDS and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)


def choose_congestion_control(sock: socket.socket, background: bool) -> None:
    """Take the first that the system lets us have; a connection may change while it is used."""
    if sys.platform != "linux":
        return
    usual = LOCAL_CONGESTION_CONTROLS if _within_machine(sock) else CONGESTION_CONTROLS
    for name in (*(BACKGROUND_CONGESTION_CONTROLS if background else ()), *usual, _default_congestion_control()):
        with contextlib.suppress(OSError):  # not in tcp_allowed_congestion_control
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, name)
            return


def _default_congestion_control() -> bytes:
    with socket.socket() as fresh:
        return fresh.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\0")


def _within_machine(sock: socket.socket) -> bool:
    try:
        here, there = sock.getsockname(), sock.getpeername()
    except OSError:  # it is gone already, which its thread will notice
        return False
    return sock.family in (socket.AF_INET, socket.AF_INET6) and here[0] == there[0]


class _Connections:
    """The sockets and threads of one side of the carrier."""

    name = "tcp"

    def __init__(self, key: SessionKey, on_lost: Lost, on_failed: Failed) -> None:
        self.statistics = CarrierStatistics()
        self._key = key
        self._on_lost = on_lost
        self._on_failed = on_failed
        self._lock = threading.Lock()
        self._background = False
        self._open: dict[int, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._closed = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} connections={len(self._open)}>"

    def add(self, sock: socket.socket, number: int) -> bool:
        """Use *sock*, whose hello went through, as connection *number*. False, and closed, after :meth:`close`.

        :raises OSError, RuntimeError: if there is no descriptor or thread for it; it is closed then.
        """
        thread = threading.Thread(target=self._run, args=(sock, number), name=f"tcp-{number}", daemon=True)
        with self._lock:
            if self._closed:
                sock.close()
                return False
            try:
                tune(sock, self._background)
                thread.start()
            except BaseException:  # this process has no descriptors or no threads left
                sock.close()
                raise
            self._open[number] = sock
            self._threads = [t for t in self._threads if t.is_alive()]
            self._threads.append(thread)
            self.statistics.connections = len(self._open)
        return True

    @property
    def open_connections(self) -> int:
        """How many connections are alive."""
        return len(self._open)

    def path(self) -> list[PathFacts]:
        """What the kernel knows of each open connection, where it tells."""
        facts = [path_facts(sock) for sock in list(self._open.values())]
        return [fact for fact in facts if fact is not None]

    def close(self) -> None:
        """Stop at once; returns without waiting. Idempotent."""
        with self._lock:
            self._closed = True
            sockets = list(self._open.values())
        for sock in sockets:
            with contextlib.suppress(OSError):  # already gone
                sock.shutdown(socket.SHUT_RDWR)

    def join(self, timeout: float) -> bool:
        """Wait until all threads have ended; whether they have."""
        deadline = time.monotonic() + timeout
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, sock: socket.socket, number: int) -> None:
        why: str | None = None
        failure: BaseException | None = None
        try:
            self._serve(sock, number)
        except (OSError, SealBroken) as error:
            if getattr(error, "ends_session", False):
                failure = error
            else:
                why = str(error)
        except BaseException as error:  # source or sink: the session decides what it means
            failure = error
        finally:
            with self._lock:
                self._open.pop(number, None)
                self.statistics.connections = len(self._open)
                closed = self._closed
            sock.close()
        if failure is not None:
            self._on_failed(failure)
        elif why is not None:
            if not closed:
                self.statistics.lost.append(why)
            self._on_lost(number, why)

    def _serve(self, sock: socket.socket, number: int) -> None:
        raise AssertionError("a side of the carrier serves its connections")


class TcpSender(_Connections):
    """The sending side: takes blocks from the source, seals them, writes them.

    :param background: whether to let others go first, where the system has a congestion control that does.
    """

    def __init__(
        self, key: SessionKey, source: BlockSource, limiter: Limiter, on_lost: Lost, on_failed: Failed, *,
        background: bool = False,
    ) -> None:
        super().__init__(key, on_lost, on_failed)
        self._background = background
        self._source = source
        self._limiter = limiter

    def follow(self, *, background: bool) -> None:
        """From now on let others go first, or no longer."""
        with self._lock:
            if background != self._background:
                self._background = background
                for sock in self._open.values():
                    choose_congestion_control(sock, background)

    def close(self) -> None:
        """Stop at once, also where a thread waits for its rate limit."""
        self._limiter.close()
        super().close()

    def _serve(self, sock: socket.socket, number: int) -> None:
        queue_little(sock, round_trip(sock))
        sealer = Sealer(self._key, number)
        plain = memoryview(bytearray(BLOCK_SIZE))
        sealed = memoryview(bytearray(MAX_PAYLOAD + RECORD_OVERHEAD))
        try:
            while (block := self._source.take(number)) is not None:
                length = seal_block(self._source, block, sealer, plain, sealed, self.statistics)
                self._write(sock, sealed[:length])
            self._write(sock, sealed[: sealer.seal(0, Kind.END, b"", sealed)])
            sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._source.lost(number)
            raise

    def _write(self, sock: socket.socket, data: memoryview) -> None:
        began = time.perf_counter()
        if self._limiter.active:
            done = 0
            while done < len(data):
                step = self._limiter.slice_bytes(len(data) - done)
                self._limiter.wait(step)
                sock.sendall(data[done : done + step])
                done += step
        else:
            sock.sendall(data)
        self.statistics.seconds_moving += time.perf_counter() - began
        self.statistics.bytes_sent += len(data)
        self.statistics.records_sent += 1


class TcpReceiver(_Connections):
    """The receiving side: reads records, proves them, hands blocks to the sink."""

    def __init__(
        self, key: SessionKey, sink: BlockSink, limiter: Limiter, on_lost: Lost, on_failed: Failed
    ) -> None:
        super().__init__(key, on_lost, on_failed)
        self._sink = sink
        self._limiter = limiter

    def close(self) -> None:
        """Stop at once, also where a thread waits for the node's rate limit."""
        self._limiter.close()
        super().close()

    def _serve(self, sock: socket.socket, number: int) -> None:
        opener = Opener(self._key, number)
        head = memoryview(bytearray(HEADER_BYTES))
        sealed = memoryview(bytearray(MAX_PAYLOAD + TAG_BYTES))
        plain = memoryview(bytearray(MAX_PAYLOAD))
        clock, statistics = time.perf_counter, self.statistics
        while True:
            began = clock()
            self._read(sock, head)
            header = opener.header(head)
            body = sealed[: header.length + TAG_BYTES]
            self._read(sock, body)
            moved = clock()
            data = opener.open(header, body, plain)
            opened = clock()
            statistics.seconds_moving += moved - began
            statistics.seconds_sealing += opened - moved
            if header.kind == Kind.END:
                return
            store_block(self._sink, header.block, header.kind, data)
            statistics.seconds_writing += clock() - opened
            statistics.bytes_received += HEADER_BYTES + len(body)
            statistics.records_received += 1

    def _read(self, sock: socket.socket, buffer: memoryview) -> None:
        done = 0
        limited = self._limiter.active
        while done < len(buffer):
            step = len(buffer) - done
            if limited:
                step = self._limiter.slice_bytes(step)
                self._limiter.wait(step)
            count = sock.recv_into(buffer[done : done + step], step, socket.MSG_WAITALL)
            if not count:
                raise ConnectionResetError("the other side closed the data connection")
            done += count
