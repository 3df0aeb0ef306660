"""Data connections: accepting them for the sessions that wait for them, and dialling them."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from jetstream.protocol.limits import HANDSHAKE_SECONDS
from jetstream_server.link.errors import Unreachable
from jetstream_server.link.sealed import HELLO_BYTES, SealBroken, SessionKey, check_hello, make_hello, parse_hello

log = logging.getLogger(__name__)

AddConnection = Callable[[socket.socket, int], bool]
MAX_CONNECTION_NUMBER: Final = 65_535
EARLY_SECONDS: Final = 5.0
MAX_EARLY: Final = 256
"""Connections that wait for their session to be known here."""


@dataclass(slots=True)
class _Expected:
    key: SessionKey
    add: AddConnection
    used: set[int] = field(default_factory=set)


class DataPlane:
    """Which data sessions wait for connections from outside."""

    def __init__(self) -> None:
        self._sessions: dict[bytes, _Expected] = {}
        self._changed = asyncio.Condition()
        self._early = 0
        self.refused = 0

    def __repr__(self) -> str:
        return f"<DataPlane sessions={len(self._sessions)} refused={self.refused}>"

    async def expect(self, key: SessionKey, add: AddConnection) -> None:
        """From now on connections that prove *key* go to *add*."""
        self._sessions[key.session] = _Expected(key, add)
        async with self._changed:
            self._changed.notify_all()

    def forget(self, key: SessionKey) -> None:
        """No more connections for *key*."""
        self._sessions.pop(key.session, None)

    async def accept(self, sock: socket.socket) -> None:
        """Read the hello of *sock* and hand it to its session; close it if there is none or it proves nothing."""
        try:
            sock.setblocking(False)
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                hello = await _read_exactly(sock, HELLO_BYTES)
            session, number = parse_hello(hello)
            expected = await self._session(session)
            check_hello(expected.key, hello)
            if number in expected.used:
                raise SealBroken("this connection has been made before")
            expected.used.add(number)
        except (OSError, SealBroken, TimeoutError) as error:
            self.refused += 1
            log.debug("data connection refused: %s", error)
            sock.close()
            return
        except BaseException:  # the node stops
            sock.close()
            raise
        try:
            expected.add(sock, number)
        except (OSError, RuntimeError) as error:  # it is closed; the other side dials again
            log.warning("no descriptor or thread is left for a data connection: %s", error)


    async def _session(self, session: bytes) -> _Expected:
        """The session of a hello. Its first connections may overtake the message that tells us of it."""
        if session not in self._sessions:
            if self._early >= MAX_EARLY:
                raise SealBroken("too many connections wait for a session")
            self._early += 1
            try:
                async with asyncio.timeout(EARLY_SECONDS), self._changed:
                    await self._changed.wait_for(lambda: session in self._sessions)
            finally:
                self._early -= 1
        return self._sessions[session]


async def _read_exactly(sock: socket.socket, count: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    while len(data) < count:
        part = await loop.sock_recv(sock, count - len(data))
        if not part:
            raise ConnectionResetError("closed before its first words ended")
        data += part
    return data


async def dial_data(address: str, port: int, key: SessionKey, number: int) -> socket.socket:
    """Data connection *number* of *key*'s session, its hello sent.

    :raises Unreachable: if the address does not take it.
    """
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:  # this process has no descriptors left
        raise _unreachable(address, port, error) from error
    try:
        sock.setblocking(False)
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            await loop.sock_connect(sock, (address, port))
            await loop.sock_sendall(sock, make_hello(key, number))
        return sock
    except (OSError, TimeoutError) as error:
        sock.close()
        raise _unreachable(address, port, error) from error
    except BaseException:
        sock.close()
        raise


def _unreachable(address: str, port: int, error: Exception) -> Unreachable:
    why = str(error) or "time limit"
    return Unreachable(f"A data connection to {address}:{port} could not be made: {why}.")


class DataDialler:
    """Keeps *count* data connections of a session open for as long as it runs, each redialled when it dies.

    :param on_unreachable: called when no connection is left and none can be made.
    """

    def __init__(
        self, address: str, port: int, key: SessionKey, count: int, add: AddConnection,
        on_unreachable: Callable[[Unreachable], None],
    ) -> None:
        self._address = address
        self._port = port
        self._key = key
        self._count = count
        self._add = add
        self._on_unreachable = on_unreachable
        self._next = 1
        self._open = 0
        self._dialling = 0
        self._failures = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(self) -> None:
        """Dial all of them."""
        for _ in range(self._count):
            self._spawn(0.0)

    def lost(self) -> None:
        """One of the connections died; make another."""
        self._open -= 1
        self._failures += 1
        self._spawn(min(5.0, 0.1 * 2 ** min(self._failures, 6)))

    async def close(self) -> None:
        """Stop dialling."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, delay: float) -> None:
        if self._closed:
            return
        if self._next > MAX_CONNECTION_NUMBER:
            self._failed(Unreachable(f"The data connections to {self._address}:{self._port} break again and again."))
            return
        number, self._next = self._next, self._next + 1
        self._dialling += 1
        task = asyncio.create_task(self._dial(number, delay), name=f"dial-data-{number}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _dial(self, number: int, delay: float) -> None:
        if delay:
            await asyncio.sleep(delay)
        try:
            sock = await dial_data(self._address, self._port, self._key, number)
        except Unreachable as error:
            self._dialling -= 1
            self._failed(error)
            return
        self._dialling -= 1
        if self._closed:
            with contextlib.suppress(OSError):
                sock.close()
            return
        self._open += 1
        try:
            self._add(sock, number)
        except (OSError, RuntimeError) as error:  # no descriptor or no thread is left for it
            self._open -= 1
            self._failed(_unreachable(self._address, self._port, error))

    def _failed(self, error: Unreachable) -> None:
        """One connection less: when it was the last one, and none is on its way, there is no way for the blocks."""
        if not self._open and not self._dialling:
            self._on_unreachable(error)
