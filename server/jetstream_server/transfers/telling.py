"""Downloads that completed while their sharing node could not hear it: it is told later, so that its count is right."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from jetstream.errors import AuthenticationFailed, JetStreamError, LimitExceeded
from jetstream_server.link.errors import LinkError
from jetstream_server.link.messages import Finished
from jetstream_server.records import IncomingRecord
from jetstream_server.transfers.live import Live, ReceivingTable
from jetstream_server.transfers.pulling import SharingNodes, download_link, log_in
from jetstream_server.transfers.rates import backoff
from jetstream_server.transfers.states import Status

log = logging.getLogger(__name__)

TELL_WITHIN: Final = 24 * 3600 * 1_000_000
"""After so long nobody is told any more."""


class Telling:
    """Tells sharing nodes what they missed, as long as there is something to tell.

    :param wall: microseconds since the epoch.
    """

    def __init__(self, table: ReceivingTable, nodes: SharingNodes, wall: Callable[[], int]) -> None:
        self._table = table
        self._nodes = nodes
        self._wall = wall
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to tell."""
        self._wake.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        attempt = 0
        while True:
            self._wake.clear()
            for live in self._untold():
                await self._tell(live)
            attempt = attempt + 1 if self._untold() else 0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(backoff(attempt) if attempt else None):
                    await self._wake.wait()

    def _untold(self) -> list[Live[IncomingRecord]]:
        since = self._wall() - TELL_WITHIN
        return [
            live for live in self._table
            if live.record.link is not None and live.status is Status.COMPLETE and live.record.told_time is None
            and (live.record.end_time or 0) >= since
        ]

    async def _tell(self, live: Live[IncomingRecord]) -> None:
        link = download_link(live.record.link or "")
        try:
            peer = await self._nodes.dial(link)
        except LinkError as error:
            log.debug("incoming transfer %s is complete, but its sharing node cannot be told: %s", live.id, error)
            return
        try:
            await log_in(peer, link, live.record.password)
            await peer.request("finished", Finished(uid=live.record.uid))
        except LinkError as error:
            log.debug("incoming transfer %s: the sharing node went away: %s", live.id, error)
            return
        except LimitExceeded as error:
            log.debug("incoming transfer %s: the sharing node is busy: %s", live.id, error)
            return
        except JetStreamError as error:
            if isinstance(error, AuthenticationFailed) and error.facts.get("slowed"):
                return
            log.debug("incoming transfer %s: the sharing node needs no telling: %s", live.id, error)
        finally:
            await peer.close()
        await self._table.save(live, told_time=self._wall())
