"""A transfer that is stopped while no session runs: its receiver is told, so that nobody is asked about it any more."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from jetstream.errors import JetStreamError
from jetstream_server.link.errors import LinkError
from jetstream_server.link.messages import StopReason, Withdraw
from jetstream_server.link.peer import PeerConnection
from jetstream_server.records import TransferRecord

log = logging.getLogger(__name__)

SECONDS: Final = 15.0


class Withdrawing:
    """Tells receivers, once each: whom it does not reach forgets the offer by itself.

    :param reach: a session with the receiver of a transfer.
    """

    def __init__(self, reach: Callable[[TransferRecord], Awaitable[PeerConnection]]) -> None:
        self._reach = reach
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, record: TransferRecord, reason: StopReason, message: str) -> None:
        """Tell the receiver of this transfer, in the background."""
        task = asyncio.create_task(self._tell(record, reason, message), name=f"withdraw-{record.id}")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """Tell nobody any more."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, record: TransferRecord, reason: StopReason, message: str) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                peer = await self._reach(record)
                try:
                    await peer.request("withdraw", Withdraw(uid=record.uid, reason=reason, message=message))
                finally:
                    await peer.close()
        except (JetStreamError, LinkError, TimeoutError) as error:
            log.debug("the receiver of transfer %s was not told that it is stopped: %s", record.id, error)
