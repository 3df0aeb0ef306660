"""A listener and its API connections with made-up handlers on a free port of this machine, and a plain client."""

import asyncio
import contextlib
import inspect
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

from jetstream.api.methods import METHODS
from jetstream.errors import JetStreamError
from jetstream.protocol.framing import MessageReader, pack
from jetstream.protocol.limits import ALPN_PEER, ALPN_RPC
from jetstream_server import requests
from jetstream_server.access.identity import client_tls, load_or_create, server_tls
from jetstream_server.access.principal import Kind, Principal
from jetstream_server.control import Control, ControlLimits
from jetstream_server.dispatch import Call, Dispatcher, Handler
from jetstream_server.listener import Address, Listener, ListenerLimits, Service
from jetstream_server.parameters import keyword_of

OWNER = Principal(Kind.OWNER, "ann")
SUPERUSER = Principal(Kind.OWNER, "ann", superuser=True)
TOKEN_HOLDER = Principal(Kind.SHARED_TOKEN, "", token="A.B.C", permissions=2)


def now() -> int:
    return time.time_ns() // 1000


def taking(name: str, function: Callable[..., Coroutine[Any, Any, Any]]) -> Handler:
    """*function* as a handler that declares the parameters of the method called *name*."""
    call = inspect.Parameter("call", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    keywords = [inspect.Parameter(keyword_of(p), inspect.Parameter.KEYWORD_ONLY) for p in METHODS[name].parameters]
    function.__signature__ = inspect.Signature([call, *keywords])  # type: ignore[attr-defined]
    return function


def repeating(name: str) -> Handler:
    """A handler that returns the keyword arguments it was called with."""

    async def handler(call: Call, **keywords: Any) -> dict[str, Any]:
        return keywords

    return taking(name, handler)


async def log_in(call: Call, *, user: str, password: str) -> None:
    """Any password will do. The pause lets a request overtake it, if it can."""
    await asyncio.sleep(0)
    call.connection.set_principal(Principal(Kind.ACCOUNT, user))


async def take_up_rights(call: Call) -> None:
    call.connection.set_principal(SUPERUSER)


def handlers(**replaced: Handler) -> dict[str, Handler]:
    """One handler for every method: those of *replaced* (``send_getTransfer=...``), the others repeat what they get."""
    table = {name: repeating(name) for name in METHODS}
    table.update(requests.HANDLERS)
    table["server.auth"] = log_in
    table["server.superuser"] = take_up_rights
    table.update({name.replace("_", ".", 1): handler for name, handler in replaced.items()})
    return table


class Door:
    """What :func:`open_door` opens."""

    def __init__(self, folder: Path, table: dict[str, Handler], control: ControlLimits, door: ListenerLimits) -> None:
        self.identity = load_or_create(folder)
        self.control = Control(Dispatcher(table), now, control)
        self.listener = Listener(server_tls(self.identity, [ALPN_RPC, ALPN_PEER]), self.control.serve, self.on_peer,
                                 self.on_data, door)
        self.peers: list[Address] = []
        self.data: list[bytes] = []
        self.port = 0

    async def on_peer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: Address) -> None:
        self.peers.append(address)
        writer.write(await reader.readexactly(4))
        await writer.drain()

    async def on_data(self, sock: socket.socket, address: Address) -> None:
        loop = asyncio.get_running_loop()
        data = b""
        while part := await loop.sock_recv(sock, 1000):
            data += part
        self.data.append(data)
        sock.close()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds; the test's time limit is the limit."""
        while not condition():  # noqa: ASYNC110 - sockets have no event to wait for from outside
            await asyncio.sleep(0.001)


@contextlib.asynccontextmanager
async def open_door(folder: Path, table: dict[str, Handler] | None = None, *,
                    control: ControlLimits | None = None, door: ListenerLimits | None = None,
                    host: str = "127.0.0.1", services: Service = Service.ALL) -> AsyncIterator[Door]:
    opened = Door(folder, table or handlers(), control or ControlLimits(), door or ListenerLimits())
    opened.port = opened.listener.listen(host, 0, services)
    try:
        yield opened
    finally:
        opened.listener.stop()
        await opened.control.close(grace_seconds=1)
        await opened.listener.close()


class Client:
    """A client without mercy: it sends what it is told to send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._messages = MessageReader()
        self._waiting: list[Any] = []
        self._next_id = 0

    @classmethod
    async def open(cls, port: int, alpn: str = ALPN_RPC, host: str = "127.0.0.1", **options: Any) -> "Client":
        return cls(*await asyncio.open_connection(host, port, ssl=client_tls([alpn]), server_hostname="", **options))

    def ask(self, method: str, params: Any = None) -> int:
        """Send a request without waiting for the answer; returns its id."""
        self._next_id += 1
        self.writer.write(pack([0, self._next_id, method, {} if params is None else params]))
        return self._next_id

    async def message(self) -> Any:
        """The next message, or None at the end."""
        while not self._waiting:
            data = await self.reader.read(1 << 16)
            if not data:
                return None
            self._waiting.extend(self._messages.feed(data))
        return self._waiting.pop(0)

    async def answer(self, request_id: int) -> tuple[Any, Any]:
        """Error and result of a request, other messages let through the fingers."""
        while True:
            message = await self.message()
            if message is None:
                raise ConnectionResetError("closed without an answer")
            if message[:2] == [1, request_id]:
                return message[2], message[3]

    async def call(self, method: str, **params: Any) -> Any:
        """Ask and wait; raises what the node answers."""
        error, result = await self.answer(self.ask(method, params))
        if error is not None:
            raise Refusal(error)
        return result

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


class Refusal(JetStreamError):
    """An error as it came over the wire."""

    def __init__(self, wire: dict[str, Any]) -> None:
        super().__init__(wire["message"], **wire["facts"])
        self.wire_code = wire["code"]
