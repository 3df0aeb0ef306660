"""API connections: bytes in, calls carried out, answers out, within limits.

A client may send requests without waiting for answers. Up to :attr:`ControlLimits.at_once` of them are carried out at
the same time and answered as they are done. A login is the exception: what was sent after it waits for it.

A client that does not read its answers is not read from either, and is closed when it has been silent too long.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from jetstream.api.methods import METHODS
from jetstream.errors import JetStreamError, LimitExceeded, error_to_wire
from jetstream.protocol.limits import (
    DEFAULT_RPC_LIMITS,
    HANDSHAKE_SECONDS,
    IDLE_SECONDS,
    LOGIN_FRAME,
    LOGIN_SECONDS,
    RpcLimits,
)
from jetstream.protocol.rpc import Event, RequestReceived, RpcSession, Violation
from jetstream_server.access.principal import Principal
from jetstream_server.addresses import is_loopback
from jetstream_server.dispatch import Call, Dispatcher
from jetstream_server.requests import Requests

log = logging.getLogger(__name__)

LOGINS: Final = frozenset({"server.auth", "server.authToken", "server.authTicket", "server.superuser"})
"""Methods that change who a connection speaks for: later requests wait for them."""

WAITING: Final = frozenset({"server.getRequestResult"})
"""Methods that only wait: they take no place among those carried out at once, and end with the connection."""

READ_BYTES: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class ControlLimits:
    """Limits of API connections; tests set smaller ones. Times in seconds."""

    rpc: RpcLimits = DEFAULT_RPC_LIMITS
    login_frame: int = LOGIN_FRAME
    first_message: float = HANDSHAKE_SECONDS
    login: float = LOGIN_SECONDS
    idle: float = IDLE_SECONDS
    at_once: int = 32
    unread: int = 1 << 20
    """Bytes of answers waiting for the client to read them, above which nothing more is read from it."""


class Control:
    """All API connections of one node.

    :param dispatcher: carries the calls out.
    :param now: microseconds since the epoch.
    """

    def __init__(self, dispatcher: Dispatcher, now: Callable[[], int], limits: ControlLimits = ControlLimits()) -> None:
        self._dispatcher = dispatcher
        self._now = now
        self._limits = limits
        self._connections: set[_Connection] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._closing = False

    def __repr__(self) -> str:
        return f"<Control connections={len(self._connections)} background={len(self._background)}>"

    @property
    def connections(self) -> int:
        """Open API connections."""
        return len(self._connections)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: tuple[str, int]) -> None:
        """Serve one client until either side closes; the writer is closed then."""
        connection = _Connection(reader, writer, address, self._dispatcher, self._now, self._limits, self._spawn)
        if self._closing:
            writer.close()
            return
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)
            connection.close()

    def log_out(self, matches: Callable[[Principal], bool]) -> int:
        """Close the connections of logins that have been revoked; returns how many."""
        revoked = [c for c in self._connections if c.principal is not None and matches(c.principal)]
        for connection in revoked:
            connection.close()
        return len(revoked)

    async def close(self, grace_seconds: float = 5.0) -> None:
        """Take no more requests, let those under way end, and close all connections.

        :param grace_seconds: what still runs after this is cancelled.
        """
        self._closing = True
        for connection in self._connections:
            connection.finish()
        if self._background:
            await asyncio.wait(self._background, timeout=grace_seconds)
        for task in self._background:
            task.cancel()
        while self._background:
            await asyncio.wait(self._background)
        for connection in list(self._connections):
            connection.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task that outlives its connection."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("Fault while carrying out a request", exc_info=task.exception())


class _Connection:
    """One client. What handlers may use of it is :class:`jetstream_server.dispatch.ApiConnection`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: tuple[str, int],
                 dispatcher: Dispatcher, now: Callable[[], int], limits: ControlLimits,
                 spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]) -> None:
        self._reader = reader
        self._writer = writer
        self._address, self._port = address
        self._is_loopback = is_loopback(self._address)
        self._dispatcher = dispatcher
        self._now = now
        self._limits = limits
        self._spawn = spawn
        self._session = RpcSession(limits.rpc)
        self._requests = Requests(spawn, now)
        self._principal: Principal | None = None
        self._queue: deque[RequestReceived] = deque()
        self._at_once = 0
        """Requests being carried out or with an answer that waits to be read; not those that only wait."""
        self._working = 0
        """Requests being carried out, those that only wait included."""
        self._login_under_way = False
        self._waiting: set[asyncio.Task[None]] = set()
        self._unparsed = 0
        self._finishing = False
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._spoken = False
        self._last_heard = asyncio.get_running_loop().time()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<ApiConnection {state} queued={len(self._queue)} working={self._working}>"

    # -- what handlers use --------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        return self._address

    @property
    def port(self) -> int:
        return self._port

    @property
    def is_loopback(self) -> bool:
        return self._is_loopback

    @property
    def requests(self) -> Requests:
        return self._requests

    @property
    def principal(self) -> Principal | None:
        return self._principal

    def set_principal(self, principal: Principal | None) -> None:
        self._principal = principal

    # -- life ---------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Read until the end. Requests that are under way then are carried out all the same."""
        self._writer.transport.set_write_buffer_limits(high=self._limits.unread)
        self._check_silence()
        try:
            while not self._closed:
                await self._writer.drain()
                data = await self._reader.read(READ_BYTES)
                if not data:
                    break
                self._take(data)
        except OSError:
            log.debug("The client at %s went away", self._address)
        finally:
            self.close()

    def finish(self) -> None:
        """Start nothing more; what is under way may still be answered."""
        self._finishing = True
        self._queue.clear()
        self._stop_waiting()
        self._requests.close()

    def close(self) -> None:
        """Close; answers already written are delivered if the client reads them. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self.finish()
        if self._timer is not None:
            self._timer.cancel()
        self._writer.close()

    def _stop_waiting(self) -> None:
        for task in self._waiting:
            task.cancel()

    def _check_silence(self) -> None:
        # One timer per connection, none per request: it looks when the time is up, and again later if it is not.
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._working:
            self._last_heard = now
        left = self._last_heard + self._allowed_silence() - now
        if left <= 0:
            log.debug("Closing the silent connection of %s", self._address)
            self.close()
        else:
            self._timer = loop.call_later(left, self._check_silence)

    def _allowed_silence(self) -> float:
        if not self._spoken:
            return self._limits.first_message
        return self._limits.login if self._principal is None else self._limits.idle

    # -- messages -----------------------------------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        events = self._session.receive(data)
        self._unparsed = 0 if events else self._unparsed + len(data)
        if events:
            self._spoken = True
            self._last_heard = asyncio.get_running_loop().time()
        elif self._principal is None and self._unparsed > self._limits.login_frame:
            limit = self._limits.login_frame
            events = [self._violation(LimitExceeded(f"Before a login a message may have at most {limit} bytes.",
                                                    limit=limit))]
        for event in events:
            self._act(event)
        self._write_output()
        if isinstance(events[-1] if events else None, Violation):
            self.close()
        self._start_queued()

    def _act(self, event: Event) -> None:
        if isinstance(event, RequestReceived) and not self._finishing:
            self._queue.append(event)
        elif isinstance(event, Violation):
            log.info("The client at %s broke the protocol: %s", self._address, event.error)

    def _violation(self, error: JetStreamError) -> Violation:
        self._session.notify("protocolError", error_to_wire(error))
        return Violation(error)

    def _write_output(self) -> None:
        data = self._session.take_output()
        if data and not self._closed:
            self._writer.write(data)

    # -- requests -----------------------------------------------------------------------------------------------------

    def _start_queued(self) -> None:
        while self._queue and not self._login_under_way:
            waits = self._queue[0].method in WAITING
            if not waits and self._at_once >= self._limits.at_once:
                return
            request = self._queue.popleft()
            task = self._spawn(self._wait_for(request) if waits else self._carry_out(request))
            if waits or ends_with_its_caller(request.method):
                self._waiting.add(task)
                task.add_done_callback(self._waiting.discard)
            if not waits:
                self._at_once += 1
                self._login_under_way = request.method in LOGINS

    async def _wait_for(self, request: RequestReceived) -> None:
        await self._answer(request)
        await self._drain()

    async def _carry_out(self, request: RequestReceived) -> None:
        try:
            await self._answer(request)
            if request.method in LOGINS:
                self._login_under_way = False
                self._start_queued()
            await self._drain()  # the place is free again when the client has taken the answer
        finally:
            self._at_once -= 1
            self._start_queued()

    async def _answer(self, request: RequestReceived) -> None:
        self._working += 1
        try:
            call = Call(self._principal, self, self._now)
            result = await self._dispatcher.call(call, request.method, request.params)
        except JetStreamError as error:
            self._session.respond_error(request.request_id, error)
        else:
            self._session.respond(request.request_id, result)
        finally:
            self._working -= 1
            self._last_heard = asyncio.get_running_loop().time()
        self._write_output()

    async def _drain(self) -> None:
        with contextlib.suppress(OSError):  # gone; the reading side notices, too
            await self._writer.drain()


def ends_with_its_caller(name: str) -> bool:
    """Whether the method called *name* only looks, so that nobody needs what it finds when its caller is gone."""
    method = METHODS.get(name)
    return method is not None and method.ends
