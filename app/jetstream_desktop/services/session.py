"""The one connection to the node: made, kept, and made again with a visible countdown."""

import asyncio
import logging
from typing import Any

from PySide6.QtCore import QObject, Signal

from jetstream.errors import ConnectionLost, JetStreamError, ServerIdentityChanged
from jetstream_desktop.i18n import tr
from jetstream_desktop.services.node import Connect, NodeClient
from jetstream_desktop.state.connection import Connected, Connecting, Connection, Disconnected, Failed, retry_delay

log = logging.getLogger("jetstream.desktop")


class Session(QObject):
    """Owns the connection. ``changed`` carries the status as one frozen value."""

    changed = Signal(object)

    def __init__(self, connect: Connect, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._connect = connect
        self._client: NodeClient | None = None
        self._now_please = asyncio.Event()
        self.status: Connection = Disconnected()

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

    async def run(self) -> None:
        """Keep a connection until cancelled."""
        attempt = 0
        while True:
            self._set(Connecting(_now(), tr("Starting the node") if not attempt else tr("Connecting again")))
            try:
                client = await self._connect(self._step)
                info = await client.server.get_server_info()
            except ServerIdentityChanged as error:
                self._set(Failed(str(error), None, fatal=True))
                await self._wait(None)
                continue
            except (JetStreamError, OSError, TypeError, ValueError, KeyError) as error:
                attempt += 1
                await self._fail(str(error), attempt)
                continue
            attempt = 1
            await self._hold(client, info)
            await self._fail(tr("The connection to the node was lost."), attempt)

    async def _hold(self, client: NodeClient, info: Any) -> None:
        self._client = client
        self._set(Connected(info))
        try:
            await asyncio.shield(client.closed)
        finally:
            self._client = None
            await client.close()

    async def refresh(self) -> None:
        """Ask the node again what it is, after a change of its settings."""
        info = await self.client.server.get_server_info()
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


def _now() -> float:
    return asyncio.get_running_loop().time()
