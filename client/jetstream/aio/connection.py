"""One connection to a node in an asyncio loop. A shell: bytes in, events out, bytes written, one timer.

The timer is one per connection and coarse, never one per call: some loops (Qt's) keep every cancelled timer until it
would have fired. Time limits are therefore kept to within a second.
"""

import asyncio
import contextlib
import ssl
from typing import Any, Final

from jetstream.api.calls import patience
from jetstream.border import certificate_of, client_tls, connecting, lost, too_slow
from jetstream.errors import AuthenticationFailed, InvalidParameters, JetStreamError, PermissionDenied, error_from_wire
from jetstream.protocol.limits import DEFAULT_RPC_LIMITS, LOGIN_SECONDS
from jetstream.protocol.rpc import (
    Event,
    NotificationReceived,
    RequestReceived,
    ResponseReceived,
    RpcSession,
    Violation,
)
from jetstream.trust import Place, Trust

_TICK: Final = 1.0
_KEEP_ALIVE: Final = LOGIN_SECONDS / 3
_AT_ONCE: Final = DEFAULT_RPC_LIMITS.max_outstanding // 2
_HAPPY_EYEBALLS: Final = 0.25
_GOODBYE_SECONDS: Final = 2.0


class Connection(asyncio.Protocol):
    """Made by :func:`open_connection`. Belongs to the loop that it was made in.

    :param place: for sentences.
    :param timeout: seconds that an answer usually may take.
    """

    def __init__(self, place: Place, timeout: float) -> None:
        self.place = place
        self.certificate = b""
        """What the node presented (DER)."""
        self._timeout = timeout
        self._session = RpcSession()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._pending: dict[int, tuple[asyncio.Future[Any], float | None, str]] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._timer: asyncio.TimerHandle | None = None
        self._last_sent = self._loop.time()
        self._said: JetStreamError | None = None
        self._closing = False
        self.closed: asyncio.Future[JetStreamError | None] = self._loop.create_future()
        """Done when the connection has ended: with ``None`` if this side closed it, else with what happened."""

    def __repr__(self) -> str:
        state = "closed" if self.closed.done() else "open"
        return f"<Connection {self.place} {state} pending={len(self._pending)}>"

    @property
    def tls(self) -> ssl.SSLObject:
        """The finished handshake."""
        assert self._transport is not None
        tls = self._transport.get_extra_info("ssl_object")
        assert isinstance(tls, ssl.SSLObject)
        return tls

    async def call(self, name: str, params: dict[str, Any]) -> Any:
        """Ask the method *name* and wait for its result. More calls than a node allows at once wait here.

        :raises JetStreamError: what the node answers, :class:`ConnectionLost` or :class:`RequestTimeout`.
        """
        limit = patience(name, self._timeout)
        async with self._places if limit is not None else contextlib.nullcontext():
            if self._transport is None or self._transport.is_closing():
                raise lost(self.place, self._said)
            request_id = self._session.request(name, params)
            future: asyncio.Future[Any] = self._loop.create_future()
            deadline = None if limit is None else self._loop.time() + limit
            self._pending[request_id] = (future, deadline, name)
            self._write()
            try:
                return await future
            finally:
                self._pending.pop(request_id, None)

    async def close(self) -> None:
        """Close and wait until it is closed. Pending calls raise :class:`ConnectionLost`. Idempotent."""
        self._closing = True
        if self._transport is not None:
            self._transport.close()
            await asyncio.shield(self.closed)

    # -- what the loop calls --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TLS handshake is done; nothing is sent yet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._tick()

    def data_received(self, data: bytes) -> None:
        """Bytes came in."""
        for event in self._session.receive(data):
            self._act(event)
        self._write()
        if self._said is not None and self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
        self.closed.set_result(None if self._closing else self._loss(exc))
        pending, self._pending = self._pending, {}
        for future, _, _ in pending.values():
            if not future.done():
                future.set_exception(self._loss(exc))

    # -- inside ---------------------------------------------------------------------------------------------------

    def _loss(self, cause: Exception | None) -> JetStreamError:
        error = lost(self.place, self._said)
        error.__cause__ = cause
        return error

    def _act(self, event: Event) -> None:
        if isinstance(event, ResponseReceived):
            self._answered(event)
        elif isinstance(event, RequestReceived):
            self._session.respond_error(event.request_id, InvalidParameters("Clients answer no requests."))
        elif isinstance(event, Violation):
            self._said = event.error
        elif isinstance(event, NotificationReceived) and event.method == "protocolError":
            self._said = error_from_wire(event.params)

    def _answered(self, event: ResponseReceived) -> None:
        if event.request_id not in self._pending:  # nobody waits for it any more
            return
        future, _, _ = self._pending.pop(event.request_id)
        if future.done():
            return
        if event.error is not None:
            future.set_exception(event.error)
        else:
            future.set_result(event.result)

    def _write(self) -> None:
        data = self._session.take_output()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
            self._last_sent = self._loop.time()

    def _tick(self) -> None:
        now = self._loop.time()
        for future, deadline, name in list(self._pending.values()):
            if deadline is not None and now >= deadline and not future.done():
                future.set_exception(too_slow(self.place, name, patience(name, self._timeout)))
        if now - self._last_sent >= _KEEP_ALIVE and not self._pending:
            self._session.request("server.echo", {})
            self._write()
        self._timer = self._loop.call_later(min(_TICK, self._timeout / 4), self._tick)


async def open_connection(place: Place, timeout: float, trust: Trust, *, ticket: bool) -> Connection:
    """Connect, check who answers, and log in by the ticket of this machine if there is one.

    :param timeout: seconds for connecting, and for each answer.
    :param ticket: whether to log in by ticket.
    :raises JetStreamError: :class:`ConnectionFailed`, :class:`ServerIdentityChanged`, :class:`VersionMismatch`.
    """
    with connecting(place, timeout):
        async with asyncio.timeout(timeout):
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(place, timeout), place.host, place.port, ssl=client_tls(), server_hostname="",
                happy_eyeballs_delay=_HAPPY_EYEBALLS, ssl_shutdown_timeout=_GOODBYE_SECONDS,
            )
    try:
        connection.certificate = certificate_of(place, connection.tls)
        found = trust.check(place, connection.certificate)
        if ticket and found is not None:
            # A ticket left over from a node that is gone: the connection is good, but not logged in.
            with contextlib.suppress(AuthenticationFailed, PermissionDenied):
                await connection.call("server.authTicket", {"ticket": found.secret})
    except BaseException:
        await connection.close()
        raise
    return connection
