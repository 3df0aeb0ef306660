"""The node's datagram sockets: one thread each that takes datagrams in and gives them to their sessions."""

import contextlib
import logging
import selectors
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from jetstream_server.addresses import is_loopback
from jetstream_server.link.udp.datagrams import (
    Address,
    Received,
    TooLong,
    Writer,
    possible_ways,
    reader_for,
    tune,
    writer_for,
)
from jetstream_server.link.udp.memory import PathMemory
from jetstream_server.link.udp.packets import DATA, Numbers
from jetstream_server.link.udp.tally import Dropped, Tally

log = logging.getLogger(__name__)

NAP_SECONDS: Final = 0.001
"""A short sleep after a small catch lets the next one grow: fewer system calls, fewer turns of the interpreter."""
SMALL_CATCH: Final = 96
NAP_BUFFER: Final = 1 << 20
"""With a smaller receive buffer than this there is no time for naps."""
LONGEST_WAIT: Final = 0.5
IDLE_WAIT: Final = 60.0
"""Without sessions only a datagram or a new session is a reason to wake up."""
SMALLEST: Final = 36


class Handler(Protocol):
    """A session's ear. All of it is called from the sockets' threads, with the socket that it is about."""

    def on_data(self, endpoint: "Endpoint", received: Received, offsets: Numbers, lengths: Numbers, now: float) -> None:
        """Data packets came; *offsets* and *lengths* are those of this session."""

    def on_control(self, endpoint: "Endpoint", datagram: bytes, address: Address, now: float) -> None:
        """A control packet came."""

    def tick(self, endpoint: "Endpoint", now: float) -> float:
        """It is time to say what is to say; returns in how many seconds again."""


class Endpoint:
    """One bound datagram socket and the sessions that use it.

    :param sock: bound, not blocking; closed in the end.
    """

    def __init__(self, sock: socket.socket, way: str) -> None:
        self._sock = sock
        self.way = way
        self.family = sock.family
        self.buffer_bytes = tune(sock)
        self.counts: Counter[str] = Counter()
        """Datagrams that belonged to nobody or made no sense, by reason."""
        self._writer: Writer = writer_for(sock, way)
        self._sessions: dict[bytes, Handler] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._woken, self._waker = socket.socketpair()  # a pipe cannot be waited for beside a socket everywhere
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(sock, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ, self._woken)

    def __repr__(self) -> str:
        return f"<Endpoint {self.port} {self.way} sessions={len(self._sessions)}>"

    @property
    def port(self) -> int:
        """Where it is bound."""
        return int(self._sock.getsockname()[1])

    def reaches(self, address: str) -> bool:
        """Whether datagrams to *address* can go out here."""
        here = str(self._sock.getsockname()[0])
        if self.family == socket.AF_INET and ":" in address:
            return False
        return here in ("::", "0.0.0.0") or (is_loopback(here) and is_loopback(address))

    def address_of(self, address: str, port: int) -> Address:
        """*address* in the form of this socket's family."""
        if self.family == socket.AF_INET6:
            return (address if ":" in address else f"::ffff:{address}", port, 0, 0)
        return (address, port)

    def add(self, heads: Sequence[bytes], handler: Handler) -> None:
        """Datagrams that begin with one of *heads*, eight bytes each, go to *handler* from now on."""
        with self._lock:
            self._sessions = {**self._sessions, **dict.fromkeys(heads, handler)}
        self.start()
        self.wake()

    def start(self) -> None:
        """Take datagrams in, if it does not yet: those of no session are counted and dropped."""
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name=f"udp-{self.port}", daemon=True)
                self._thread.start()

    def remove(self, heads: Sequence[bytes]) -> None:
        """Datagrams that begin with one of *heads* go nowhere from now on."""
        with self._lock:
            self._sessions = {known: handler for known, handler in self._sessions.items() if known not in heads}

    def wake(self) -> None:
        """Let the thread look around at once."""
        with contextlib.suppress(BlockingIOError, OSError):  # it is awake already, or gone
            self._waker.send(b"\0")

    def send(self, pieces: Sequence[memoryview], size: int, address: Address) -> int:
        """See :class:`~jetstream_server.link.udp.datagrams.Writer`. Any thread."""
        return self._writer.send(pieces, size, address)

    def wait_writable(self, seconds: float) -> None:
        """Until the system takes datagrams again, at most *seconds*."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_WRITE)
            selector.select(seconds)

    def close(self) -> None:
        """Stop the thread, close the socket."""
        with self._lock:
            self._closed = True
            thread = self._thread
        self.wake()
        if thread is not None:
            thread.join()
        self._selector.close()
        self._sock.close()
        self._woken.close()
        self._waker.close()

    # -- the thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        reader = reader_for(self._sock, self.way)
        naps = self.buffer_bytes >= NAP_BUFFER
        while not self._closed:
            try:
                received = reader.receive()
            except OSError as error:
                if not self._closed:
                    log.error("The datagram socket broke: %s", error)
                return
            if received is None:
                self._wait(self._tick())
                continue
            self._hand_out(received, time.monotonic() - received.waited)
            self._tick()
            if naps and len(received) < SMALL_CATCH:
                time.sleep(NAP_SECONDS)

    def _wait(self, seconds: float) -> None:
        for key, _ in self._selector.select(max(0.0, seconds)):
            if key.data is self._woken:
                with contextlib.suppress(BlockingIOError):
                    self._woken.recv(4096)

    def _tick(self) -> float:
        wait = LONGEST_WAIT if self._sessions else IDLE_WAIT
        now = time.monotonic()
        for handler in set(self._sessions.values()):
            try:
                wait = min(wait, handler.tick(self, now))
            except TooLong:
                continue
            except Exception:
                log.exception("a session over datagrams failed")
        return wait

    def _hand_out(self, received: Received, now: float) -> None:
        offsets, lengths, messages = received.offsets, received.lengths, received.messages
        long_enough = lengths >= SMALLEST
        if not long_enough.all():
            self.counts["too short"] += len(lengths) - int(long_enough.sum())
            offsets, lengths, messages = offsets[long_enough], lengths[long_enough], messages[long_enough]
            if not len(offsets):
                return
        # The first eight bytes, kind and tag, as one number each.
        heads = received.buffer[offsets[:, None] + _EIGHT].view(">u8")[:, 0]
        first = heads[0]
        if (heads == first).all():
            self._hand_to(int(first), received, offsets, lengths, messages, now)
            return
        for head in np.unique(heads).tolist():
            chosen = heads == head
            self._hand_to(head, received, offsets[chosen], lengths[chosen], messages[chosen], now)

    def _hand_to(self, head: int, received: Received, offsets: Numbers, lengths: Numbers, messages: Numbers,
                 now: float) -> None:
        handler = self._sessions.get(head.to_bytes(8))
        if handler is None:
            self.counts["of no session"] += len(offsets)
            return
        try:
            if head >> 56 == DATA:
                handler.on_data(self, received, offsets, lengths, now)
            else:
                for offset, length, message in zip(offsets.tolist(), lengths.tolist(), messages.tolist(), strict=True):
                    datagram = received.buffer[offset : offset + length].tobytes()
                    handler.on_control(self, datagram, received.address(message), now)
        except Exception:
            log.exception("a session over datagrams failed")


_EIGHT: Final = np.arange(8, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class PortFacts:
    """How a node sends and receives datagrams."""

    way: str
    sockets: int
    """At the node's own port; 0: nobody can dial it over datagrams."""
    buffer: int
    """Bytes that the smallest of them may hold."""
    trouble: str = ""
    """Why there are none."""
    dropped: Dropped = field(default_factory=Dropped)


class UdpPort:
    """All datagram sockets of a node.

    :param way: how to use the sockets; ``None``: the best way that works.
    """

    def __init__(self, way: str | None = None) -> None:
        self.way = way or possible_ways()[0]
        self.tally = Tally()
        self.memory = PathMemory()
        self.trouble = ""
        """Why it has no sockets at the node's own port."""
        self._listening: list[Endpoint] = []
        self._dialling: dict[int, Endpoint] = {}
        self._lock = threading.Lock()
        self._closed = False

    def __repr__(self) -> str:
        return f"<UdpPort {self.way} sockets={len(self._listening)}>"

    @property
    def listening(self) -> Sequence[Endpoint]:
        """The sockets at the node's own port."""
        return self._listening

    @property
    def counts(self) -> Counter[str]:
        """Datagrams that belonged to nobody or made no sense, by reason."""
        total: Counter[str] = Counter()
        for endpoint in [*self._listening, *self._dialling.values()]:
            total.update(endpoint.counts)
        return total

    def facts(self) -> PortFacts:
        """How it is now."""
        sockets = self._listening
        buffer = min((endpoint.buffer_bytes for endpoint in sockets), default=0)
        if sys.platform == "linux":
            buffer //= 2  # which keeps as much again for its own books, and tells the sum
        return PortFacts(self.way, len(sockets), buffer, self.trouble, self.tally.dropped(self.counts))

    def listen(self, sockets: Sequence[socket.socket]) -> None:
        """Use *sockets*, bound and not blocking."""
        for sock in sockets:
            self._listening.append(Endpoint(sock, self.way))
            self._listening[-1].start()

    def for_dialling(self, address: str) -> Endpoint:
        """The socket that datagrams to *address* leave by: the node's own port where that can reach it, so that a
        firewall or router sees one port only; else a socket that is made when it is first needed.
        """
        for endpoint in self._listening:
            if endpoint.reaches(address):
                return endpoint
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self._lock:
            if self._closed:
                raise OSError("the node's datagram sockets are closed")
            if family not in self._dialling:
                sock = socket.socket(family, socket.SOCK_DGRAM)
                sock.setblocking(False)
                sock.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", 0))
                self._dialling[family] = Endpoint(sock, self.way)
            return self._dialling[family]

    def expect(self, heads: Sequence[bytes], handler: Handler) -> None:
        """Datagrams to the node's own port that begin with one of *heads* go to *handler*."""
        for endpoint in self._listening:
            endpoint.add(heads, handler)

    def forget(self, heads: Sequence[bytes]) -> None:
        """Datagrams that begin with one of *heads* go nowhere from now on."""
        for endpoint in [*self._listening, *self._dialling.values()]:
            endpoint.remove(heads)

    def close(self) -> None:
        """Close all sockets; sessions hear nothing more."""
        with self._lock:
            self._closed = True
        for endpoint in [*self._listening, *self._dialling.values()]:
            endpoint.close()
