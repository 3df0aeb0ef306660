"""The async face: a client of one node."""

import asyncio
from collections.abc import Generator
from types import TracebackType
from typing import Any, Self

from jetstream.aio.connection import Connection, open_connection
from jetstream.aio.receive import Receive
from jetstream.aio.send import Send
from jetstream.aio.server import Server
from jetstream.border import checked_timeout, place_of
from jetstream.constants import DEFAULT_API_PORT, DEFAULT_SERVER_ADDRESS, DEFAULT_TIMEOUT_SECONDS
from jetstream.errors import JetStreamError
from jetstream.trust import TOFU, KnownNodes, Place, Trust, Verify, fingerprint_of


class AsyncClient:
    """A connection to a node. Calls may be made concurrently, from the loop that connected.

    Made by :func:`connect`. When the connection is gone every call raises :class:`~jetstream.errors.ConnectionLost`;
    connect anew then.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.server = Server(self.call)
        """Logins, accounts, settings, folders."""
        self.send = Send(self.call)
        """Manifests, destinations, transfers, shared tokens."""
        self.receive = Receive(self.call)
        """Incoming transfers, downloads, who may send here."""

    def __repr__(self) -> str:
        return f"<AsyncClient {self._connection!r}>"

    @property
    def place(self) -> Place:
        """Where the node answers."""
        return self._connection.place

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the node's certificate."""
        return fingerprint_of(self._connection.certificate)

    @property
    def closed(self) -> "asyncio.Future[JetStreamError | None]":
        """Done when the connection has ended: with ``None`` after :meth:`close`, else with what happened."""
        return self._connection.closed

    async def call(self, wire_name: str, params: dict[str, Any]) -> Any:
        """Call a method by its wire name (``send.getTransfers``) and return its raw result.

        :param params: by their documented names; objects by their bare ids.
        :raises JetStreamError: what the node answers; :class:`~jetstream.errors.ConnectionLost`;
            :class:`~jetstream.errors.RequestTimeout`.
        """
        return await self._connection.call(wire_name, params)

    async def close(self) -> None:
        """Close the connection; calls under way raise ``ConnectionLost``. Idempotent."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        traceback: TracebackType | None) -> None:
        await self.close()


class Connecting:
    """What :func:`connect` returns: await it for the client, or use it in ``async with``."""

    def __init__(self, place: Place, timeout: float, trust: Trust, ticket: bool) -> None:
        self._place = place
        self._timeout = timeout
        self._trust = trust
        self._ticket = ticket
        self._client: AsyncClient | None = None

    def __await__(self) -> Generator[Any, None, AsyncClient]:
        return self._connect().__await__()

    async def __aenter__(self) -> AsyncClient:
        self._client = await self._connect()
        return self._client

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        traceback: TracebackType | None) -> None:
        if self._client is not None:
            await self._client.close()

    async def _connect(self) -> AsyncClient:
        return AsyncClient(await open_connection(self._place, self._timeout, self._trust, ticket=self._ticket))


def connect(address: str = DEFAULT_SERVER_ADDRESS, port: int = DEFAULT_API_PORT, *,
            timeout: float = DEFAULT_TIMEOUT_SECONDS, verify: Verify = TOFU, ticket: bool = True,
            known: KnownNodes | None = None) -> Connecting:
    """Connect to a node: ``client = await connect()`` or ``async with connect() as client:``.

    :param address: host name or IP address.
    :param timeout: seconds for connecting, and for each answer (slow methods get more, see ``jetstream.api.calls``).
    :param verify: which identity the node must have: ``'tofu'`` (what was seen at first), a fingerprint, or a
        certificate in PEM form or the path of one.
    :param ticket: log in as the owner where this user can read the node's ticket file.
    :param known: pinned identities, by default those of this user.
    :raises InvalidParameters: at once, if an argument cannot be understood.
    :raises JetStreamError: when awaited: :class:`~jetstream.errors.ConnectionFailed`,
        :class:`~jetstream.errors.ServerIdentityChanged`, :class:`~jetstream.errors.VersionMismatch`.
    """
    return Connecting(place_of(address, port), checked_timeout(timeout), Trust(verify, known), ticket)
