"""The one connection to the node that is open: made, kept, and made again with a visible countdown."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from jetstream.errors import (
    AuthenticationFailed,
    ConnectionLost,
    JetStreamError,
    PermissionDenied,
    ServerIdentityChanged,
)
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.services.node import Connect, NodeClient
from jetstream_desktop.state.connection import (
    Connected,
    Connecting,
    Connection,
    Disconnected,
    Failed,
    IdentityChanged,
    LoginRefused,
    retry_delay,
)
from jetstream_desktop.state.nodes import LOCAL, OpenNode

log = logging.getLogger("jetstream.desktop")


class Session(QObject):
    """Owns the connection. ``changed`` carries the status as one frozen value, ``opened`` the node when it is another.

    :param connect: makes a connection to the node of this computer.
    """

    changed = Signal(object)
    opened = Signal(object)

    def __init__(self, connect: Connect, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._local = self._connect = connect
        self._client: NodeClient | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._ready: NodeClient | None = None
        """A connection that was made before the node was opened, until it is taken."""
        self._farewells: set[asyncio.Task[None]] = set()
        self._now_please = asyncio.Event()
        self.status: Connection = Disconnected()
        self.node: OpenNode = LOCAL

    @property
    def client(self) -> NodeClient:
        """The connection.

        :raises ConnectionLost: while there is none.
        """
        if self._client is None:
            raise ConnectionLost(tr("JetStream is not connected to its node right now."))
        return self._client

    def retry_now(self) -> None:
        """Do not wait for the countdown."""
        self._now_please.set()

    def open(self, node: OpenNode, connect: Connect | None = None, ready: NodeClient | None = None) -> None:
        """Show another node from now on.

        :param connect: makes connections to it; not needed for the node of this computer.
        :param ready: a connection to it that is logged in already; it belongs to the session now.
        """
        if self._ready is not None:
            self._let_go(self._ready)
        self.node, self._ready = node, ready
        self._connect = self._local if connect is None else connect
        if self._keeping is not None:
            self._keeping.cancel()
        self._client = None
        self.opened.emit(node)
        self._set(Connecting(_now(), self._first_step()))

    def call(self, name: str) -> None:
        """The node that is open calls itself *name* now."""
        self.node = replace(self.node, name=name)

    async def run(self) -> None:
        """Keep a connection to the node that is open until cancelled."""
        try:
            while True:
                keeping = self._keeping = asyncio.get_running_loop().create_task(self._keep(), name="connection")
                try:
                    await asyncio.wait({keeping})
                finally:
                    keeping.cancel()
                    await asyncio.wait({keeping})
                if not keeping.cancelled():
                    keeping.result()
        finally:
            if self._ready is not None:
                self._let_go(self._ready)
            await asyncio.gather(*self._farewells, return_exceptions=True)

    async def _keep(self) -> None:
        attempt = 0
        while True:
            self._set(Connecting(_now(), self._first_step() if not attempt else tr("Connecting again")))
            try:
                ready, self._ready = self._ready, None
                client = ready if ready is not None else await self._connect(self._step)
                info = await _introduced(client)
            except ServerIdentityChanged as error:
                facts = error.facts
                self._set(IdentityChanged(say(str(error)), str(facts.get("expected")), str(facts.get("presented"))))
                await self._wait(None)
                continue
            except (AuthenticationFailed, PermissionDenied) as error:
                self._set(LoginRefused(say(str(error))))
                await self._wait(None)
                continue
            except (JetStreamError, OSError, TypeError, ValueError, KeyError) as error:
                attempt += 1
                await self._fail(say(str(error)), attempt)
                continue
            attempt = 1
            await self._hold(client, info)
            await self._fail(tr("The connection to the node was lost."), attempt)

    def _first_step(self) -> str:
        return tr("Starting the node") if self.node.local else tr("Connecting to {other}", other=self.node.title)

    async def _hold(self, client: NodeClient, info: Any) -> None:
        self._client = client
        self._set(Connected(info))
        try:
            await asyncio.shield(client.closed)
        finally:
            if self._client is client:
                self._client = None
            self._let_go(client)

    def _let_go(self, client: NodeClient) -> None:
        """Say good-bye in the background: the other side may take its time, and the next node need not wait for it."""
        farewell = asyncio.get_running_loop().create_task(client.close(), name="farewell")
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)

    async def refresh(self) -> None:
        """Ask the node again what it is, after a change of its settings."""
        client = self.client
        info = await client.server.get_server_info()
        if client is self._client:
            self._set(Connected(info))

    async def _fail(self, reason: str, attempt: int) -> None:
        delay = retry_delay(attempt)
        self._set(Failed(reason, _now() + delay))
        await self._wait(delay)

    async def _wait(self, seconds: float | None) -> None:
        self._now_please.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._now_please.wait()
        except TimeoutError:
            return

    def _step(self, words: str) -> None:
        if isinstance(self.status, Connecting):
            self._set(Connecting(self.status.since, words))

    def _set(self, status: Connection) -> None:
        if status != self.status:
            self.status = status
            log.info("connection: %s", type(status).__name__)
            self.changed.emit(status)


async def _introduced(client: NodeClient) -> Any:
    """What a new connection's node says of itself; the connection does not outlive a failure to ask."""
    try:
        return await client.server.get_server_info()
    except BaseException:
        await client.close()
        raise


def _now() -> float:
    return asyncio.get_running_loop().time()
