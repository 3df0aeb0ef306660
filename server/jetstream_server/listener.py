"""The node's door: accepts TCP connections, looks at the first bytes without taking them, and hands each one on.

A TLS ClientHello gets TLS 1.3, and ALPN tells clients from nodes. The magic of a data stream gets the bare socket, to
its carrier, with every byte still to be read. A browser gets one sentence. Everything else is closed in silence within
the time limit, counted, and logged at most once a minute per reason.
"""

import asyncio
import contextlib
import enum
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from jetstream.protocol.limits import (
    ALPN_PEER,
    ALPN_RPC,
    HANDSHAKE_SECONDS,
    MAX_CONNECTIONS,
    MAX_CONNECTIONS_PER_ADDRESS,
)
from jetstream_server.addresses import bind_all, plain_address
from jetstream_server.config import Settings
from jetstream_server.refusals import RefusalLog

log = logging.getLogger(__name__)

DATA_MAGIC: Final = b"JSD1"
TLS_HANDSHAKE: Final = 0x16
ACCEPTS_AT_ONCE: Final = 64
"""Connections taken in one go, so that a storm of them leaves the loop time for those that are open."""
STREAM_BUFFER: Final = 256 << 10
TLS_GOODBYE_SECONDS: Final = 5.0
OUT_OF_FILES_SECONDS: Final = 1.0
MAX_REQUEST_DRAINED: Final = 64 << 10

_HTTP_VERBS: Final = (b"GET ", b"HEAD", b"POST", b"PUT ", b"DELE", b"OPTI", b"CONN", b"PATC", b"TRAC", b"PRI ")
_HTTP_BODY: Final = b"This port speaks JetStream, not HTTP. Use the jetstream command or the desktop app.\n"
HTTP_ANSWER: Final = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_HTTP_BODY), _HTTP_BODY)
)


class Address(NamedTuple):
    """Where a connection comes from. An IPv4 address has its own form, never the one mapped into IPv6."""

    ip: str
    port: int


class Service(enum.Flag):
    """What a port is open for."""

    API = enum.auto()
    PEERS = enum.auto()
    """Peer sessions and their data streams."""
    ALL = API | PEERS


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """How much the door takes; tests set smaller ones."""

    handshake_seconds: float = HANDSHAKE_SECONDS
    connections: int = MAX_CONNECTIONS
    connections_per_address: int = MAX_CONNECTIONS_PER_ADDRESS
    backlog: int = 512


OnStream = Callable[[asyncio.StreamReader, asyncio.StreamWriter, Address], Awaitable[None]]
"""Serves a connection until it ends; the listener closes the writer afterwards if that is still to do."""
OnData = Callable[[socket.socket, Address], Coroutine[Any, Any, None]]
"""Takes over a socket that no loop watches and nothing was read from, in non-blocking mode; closes it in the end. The
connection counts as open here until the coroutine returns, which may be before the socket is closed."""


class _Refused(Exception):  # noqa: N818 - private, names what happens
    """This connection ends here. ``str()`` is the reason by which it is counted."""


class Listener:
    """The listening sockets of one node and the connections that came in through them.

    :param tls: TLS 1.3, offering :data:`ALPN_RPC` and :data:`ALPN_PEER`.
    :param on_api: serves a client.
    :param on_peer: serves another node's session.
    :param on_data: takes a data stream over.
    """

    def __init__(self, tls: ssl.SSLContext, on_api: OnStream, on_peer: OnStream, on_data: OnData,
                 limits: ListenerLimits = ListenerLimits()) -> None:
        self._tls = tls
        self._by_alpn = {ALPN_RPC: (Service.API, on_api), ALPN_PEER: (Service.PEERS, on_peer)}
        self._on_data = on_data
        self._limits = limits
        self._refusals = RefusalLog(log.info)
        self._listening: list[socket.socket] = []
        self._for_peers: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._per_address: Counter[str] = Counter()
        self._accepted = 0

    def __repr__(self) -> str:
        return f"<Listener ports={len(self._listening)} open={len(self._tasks)} accepted={self._accepted}>"

    @property
    def accepted(self) -> int:
        """Connections that came in so far, those turned away included."""
        return self._accepted

    @property
    def refused(self) -> Mapping[str, int]:
        """Connections turned away so far, by reason."""
        return self._refusals.counts

    @property
    def open_connections(self) -> int:
        """Connections that are open now; a data stream that was handed over no longer counts."""
        return len(self._tasks)

    def listen(self, host: str, port: int, services: Service = Service.ALL) -> int:
        """Accept connections at *host* (empty: everywhere, IPv4 and IPv6) and *port* (0: any free one).

        Returns the port.

        :raises StartRefused: saying why not.
        """
        sockets = bind_all(host, port, self._limits.backlog)
        self._listening.extend(sockets)
        if Service.PEERS in services:
            self._for_peers.extend(sockets)
        for sock in sockets:
            self._watch(sock, services)
        return int(sockets[0].getsockname()[1])

    @property
    def peer_sockets(self) -> Sequence[socket.socket]:
        """The listening sockets that other nodes may use."""
        return self._for_peers

    def stop(self) -> None:
        """Accept nothing more. Connections that are open stay open."""
        loop = asyncio.get_running_loop()
        for sock in self._listening:
            loop.remove_reader(sock)
            sock.close()
        self._listening.clear()

    async def close(self) -> None:
        """Accept nothing more and end every connection that is still open."""
        self.stop()
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    # -- accepting ----------------------------------------------------------------------------------------------------

    def _watch(self, sock: socket.socket, services: Service) -> None:
        if sock.fileno() >= 0:  # not closed in the meantime
            asyncio.get_running_loop().add_reader(sock, self._accept, sock, services)

    def _accept(self, listening: socket.socket, services: Service) -> None:
        for _ in range(ACCEPTS_AT_ONCE):
            try:
                sock, where = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no file descriptors left, most likely: wait until some are
                self._refusals.refuse(f"cannot accept: {error.strerror}", "new connections", self._time())
                loop = asyncio.get_running_loop()
                loop.remove_reader(listening)
                loop.call_later(OUT_OF_FILES_SECONDS, self._watch, listening, services)
                return
            sock.setblocking(False)
            self._admit(sock, Address(plain_address(where[0]), where[1]), services)

    def _admit(self, sock: socket.socket, address: Address, services: Service) -> None:
        self._accepted += 1
        if len(self._tasks) >= self._limits.connections:
            self._turn_away(sock, address, "too many connections")
        elif self._per_address[address.ip] >= self._limits.connections_per_address:
            self._turn_away(sock, address, "too many connections from one address")
        else:
            self._per_address[address.ip] += 1
            task = asyncio.get_running_loop().create_task(self._serve(sock, address, services))
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._ended(done, address))

    def _ended(self, task: asyncio.Task[None], address: Address) -> None:
        self._tasks.discard(task)
        self._per_address[address.ip] -= 1
        if not self._per_address[address.ip]:
            del self._per_address[address.ip]
        if not task.cancelled() and task.exception() is not None:
            log.error("Fault while serving %s", address.ip, exc_info=task.exception())

    def _turn_away(self, sock: socket.socket, address: Address, reason: str) -> None:
        sock.close()
        self._refusals.refuse(reason, address.ip, self._time())

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()

    # -- one connection -----------------------------------------------------------------------------------------------

    async def _serve(self, sock: socket.socket, address: Address, services: Service) -> None:
        try:
            async with asyncio.timeout(self._limits.handshake_seconds):
                session = await self._recognise(sock, address, services)
        except TimeoutError:
            self._refusals.refuse("silence where a first message is due", address.ip, self._time())
        except _Refused as refused:
            self._refusals.refuse(str(refused), address.ip, self._time())
        except OSError:
            self._refusals.refuse("the handshake failed", address.ip, self._time())
        else:
            await session

    async def _recognise(self, sock: socket.socket, address: Address, services: Service) -> Coroutine[Any, Any, None]:
        """What there is to do for the rest of this connection, once it is clear what it wants."""
        try:
            head = await _first_bytes(sock)
            if head[0] == TLS_HANDSHAKE:
                return await self._greet(sock, address, services)
            if head == DATA_MAGIC and Service.PEERS in services:
                return self._on_data(sock, address)
            if head in _HTTP_VERBS:
                await _answer_http(sock)
                raise _Refused("plain HTTP")
            raise _Refused("no JetStream protocol")
        except BaseException:
            sock.close()
            raise

    async def _greet(self, sock: socket.socket, address: Address, services: Service) -> Coroutine[Any, Any, None]:
        reader, writer = await _start_tls(sock, self._tls)
        protocol = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        wanted = self._by_alpn.get(protocol)
        if wanted is None or wanted[0] not in services:
            writer.transport.abort()
            raise _Refused("TLS without a JetStream protocol" if wanted is None else "a service of another port")
        return _serve_stream(wanted[1], reader, writer, address)


async def _serve_stream(serve: OnStream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                        address: Address) -> None:
    try:
        await serve(reader, writer, address)
    except BaseException:
        writer.transport.abort()
        raise
    writer.close()
    with contextlib.suppress(OSError):  # it was gone already
        await writer.wait_closed()


async def _start_tls(sock: socket.socket, tls: ssl.SSLContext) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=STREAM_BUFFER, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, sock, ssl=tls,
                                                      ssl_shutdown_timeout=TLS_GOODBYE_SECONDS)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _first_bytes(sock: socket.socket) -> bytes:
    """Up to four bytes, which stay in the socket: one is enough for TLS, everything else needs all of them."""
    await _readable(sock)
    head = sock.recv(4, socket.MSG_PEEK)
    begun = [word for word in (DATA_MAGIC, *_HTTP_VERBS) if head and word.startswith(head)]
    if begun and len(head) < 4 and hasattr(socket, "SO_RCVLOWAT"):
        # The rest is under way. The socket would count as readable all the time without this.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 4)
        await _readable(sock)
        head = sock.recv(4, socket.MSG_PEEK)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
    if not head:
        raise _Refused("closed without a word")
    return head


async def _readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(sock, _wake, ready)
    try:
        await ready
    finally:
        loop.remove_reader(sock)


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _answer_http(sock: socket.socket) -> None:
    """Answer, then read the request away: closing over unread bytes would take the answer back."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, HTTP_ANSWER)
    sock.shutdown(socket.SHUT_WR)
    left = MAX_REQUEST_DRAINED
    while left > 0:
        data = await loop.sock_recv(sock, left)
        if not data:
            break
        left -= len(data)


def open_ports(listener: Listener, settings: Settings) -> tuple[int, int]:
    """Open what *settings* ask for: one port for everything, or one for clients and one for nodes.

    Returns the port for clients and the port for nodes.

    :raises StartRefused: saying why not.
    """
    if settings.recv_port is None or settings.recv_port == settings.api_port != 0:
        port = listener.listen(settings.api_host, settings.api_port)
        return port, port
    api_port = listener.listen(settings.api_host, settings.api_port, Service.API)
    return api_port, listener.listen("", settings.recv_port, Service.PEERS)
