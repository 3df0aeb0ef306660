"""Downloads of shared tokens as the sharing node sees them: others dial and fetch, and may go away at any moment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from jetstream.errors import Conflict, JetStreamError, NotFound
from jetstream_server.link.messages import Fetch, Offer
from jetstream_server.link.peer import PeerConnection
from jetstream_server.records import TokenRecord, TransferRecord
from jetstream_server.transfers.jobs import Job
from jetstream_server.transfers.live import Live
from jetstream_server.transfers.outgoing import Outgoing
from jetstream_server.transfers.sending import SendSession, refused_sentence
from jetstream_server.transfers.states import Status
from jetstream_server.transfers.trouble import Failed, Outcome, TryAgain

_MINUTE: Final = 60_000_000
CONFIRM_WITHIN: Final = 10 * _MINUTE
"""So long a node that has stored everything may take to say that it is finished; its download stays taken."""
COME_BACK_WITHIN: Final = 24 * 60 * _MINUTE
"""So long a node that has a part may be away before the record here says that it is."""


class Downloads(Protocol):
    """What is needed of the node's gate: tokens and their counts."""

    def reserve_download(self, token: str) -> None:
        """Take one of the token's downloads; raises AuthenticationFailed when none is left."""

    async def release_download(self, token: str, completed: bool) -> None:
        """The download ended."""


class Pulls:
    """Gives what tokens stand for, counts it once, and ends what nobody comes back for.

    :param our_name: this node's name, for sentences that its peers read.
    :param wall: microseconds since the epoch.
    """

    def __init__(self, downloads: Downloads, outgoing: Outgoing, our_name: str, wall: Callable[[], int]) -> None:
        self._downloads = downloads
        self._outgoing = outgoing
        self._our_name = our_name
        self._wall = wall
        self._away: dict[str, int] = {}
        """Pulled transfers whose receiver is away, and since when it is known."""
        self._kept: dict[str, str] = {}
        """Tokens of which a download stays taken, by the transfer that has everything but the last word."""

    # -- nodes that fetch -----------------------------------------------------------------------------------------

    async def give(self, peer: PeerConnection, token: TokenRecord, fetch: Fetch) -> Offer:
        """Begin to send over the session of *peer*; answers with the offer.

        :raises JetStreamError: if it cannot be had now.
        """
        earlier = self._outgoing.find_fetch(fetch.uid, token.token) if fetch.uid else None
        if earlier is not None:
            await self._back(earlier)
        self._reserve(token, earlier)
        try:
            live = earlier
            if live is None or live.status in (Status.CANCELLED, Status.COMPLETE):
                live = await self._outgoing.create_for_fetch(
                    owner=token.owner, shared_token=token.token, manifest_id=token.manifest_id
                )
            ready: asyncio.Future[Offer] = asyncio.get_running_loop().create_future()
            self._outgoing.scheduler.start(live, self._attempt(peer, token, fetch.entries, ready))
        except BaseException:
            await self._downloads.release_download(token.token, False)
            raise
        return await asyncio.shield(ready)

    async def finished(self, token: TokenRecord, uid: str) -> None:
        """A node says, later and in a session of its own, that its download is complete: counted, once.

        :raises JetStreamError: if it does not count any more.
        """
        live = self._outgoing.find_fetch(uid, token.token)
        if live is None:
            raise NotFound("There is no such download.")
        if live.status is Status.COMPLETE:
            return
        if live.status is Status.CANCELLED:
            raise Conflict(f"{self._our_name} has cancelled this download.")
        await self._back(live)
        self._reserve(token, live)
        await self._downloads.release_download(token.token, True)
        await self._outgoing.arrived(live)

    async def _back(self, live: Live[TransferRecord]) -> None:
        """The receiver is here again: what an older session of it holds is let go of."""
        if live.status is Status.SUSPENDED:
            raise Conflict(f"{self._our_name} has paused this download.")
        await self._outgoing.begin_again(live)
        self._away.pop(live.id, None)
        await self._let_go(live.id)

    def _reserve(self, token: TokenRecord, live: Live[TransferRecord] | None) -> None:
        try:
            self._downloads.reserve_download(token.token)
        except JetStreamError:
            if live is not None:
                self._away[live.id] = self._wall()
            raise

    async def _let_go(self, id: str) -> None:
        token = self._kept.pop(id, None)
        if token is not None:
            await self._downloads.release_download(token, False)

    def _attempt(
        self, peer: PeerConnection, token: TokenRecord, chosen: list[tuple[int, int]] | None,
        ready: "asyncio.Future[Offer]",
    ) -> Callable[[Live[TransferRecord], Job], Awaitable[Outcome]]:
        async def attempt(live: Live[TransferRecord], job: Job) -> Outcome:
            counted = kept = False
            sessions: list[SendSession] = []

            async def count() -> None:
                nonlocal counted
                counted = True
                await self._downloads.release_download(token.token, True)

            def prepared(session: SendSession) -> None:
                session.before_done = count
                sessions.append(session)
                if not ready.done():
                    ready.set_result(session.offer())

            try:
                failed = await self._outgoing.manifest_ready(live)
                if failed is not None:
                    _refuse(ready, Conflict(failed.message))
                    return failed
                outcome = await self._outgoing.send(
                    peer, live, job, we_dialled=False, chosen=chosen, prepared=prepared
                )
                if isinstance(outcome, TryAgain):
                    self._away[live.id] = self._wall()
                    kept = not counted and any(session.all_stored for session in sessions)
                if kept:
                    self._kept[live.id] = token.token
                return outcome
            except JetStreamError as error:
                _refuse(ready, error)
                return refused_sentence(error)
            except BaseException:
                _refuse(ready, Conflict("The files cannot be given now."))
                raise
            finally:
                if not counted and not kept:
                    await self._downloads.release_download(token.token, False)

        return attempt

    # -- what ends them -------------------------------------------------------------------------------------------

    async def revoke(self, token: str) -> None:
        """The token was deleted: transfers that run on it end, and the other nodes hear why."""
        for live in self._outgoing.all():
            if live.record.shared_token == token and live.processing:
                self._away.pop(live.id, None)
                self._kept.pop(live.id, None)  # there is nothing left to count
                await self._outgoing.revoke(
                    live, f"{self._our_name} has revoked this token, so the rest does not come. What arrived is kept."
                )

    async def end_lost(self) -> None:
        """Records of nodes that do not come back get an end that says what is known."""
        now = self._wall()
        lost = {live.id: live for live in self._outgoing.all() if self._is_lost(live)}
        self._away = {id: self._away.get(id, now) for id in lost}
        for id in [id for id in self._kept if id not in lost]:
            await self._let_go(id)
        for id, live in lost.items():
            whole = id in self._kept or _is_whole(live.record)
            if now - self._away[id] >= (CONFIRM_WITHIN if whole else COME_BACK_WITHIN):
                await self._outgoing.scheduler.settle(live, Failed(_known(live.record, whole)))
                self._away.pop(id, None)
                await self._let_go(id)

    def _is_lost(self, live: Live[TransferRecord]) -> bool:
        record = live.record
        pulled = record.shared_token is not None and record.destination_id is None
        return pulled and live.status is Status.PENDING and self._outgoing.scheduler.running(live) is None


def _refuse(ready: "asyncio.Future[Offer]", error: BaseException) -> None:
    if not ready.done():
        ready.set_exception(error)
        ready.exception()  # nobody may be waiting any more


def _is_whole(record: TransferRecord) -> bool:
    return record.total_bytes is not None and record.start_time is not None and record.bytes_acked >= record.total_bytes


def _known(record: TransferRecord, whole: bool) -> str:
    who = record.peer_name or "The other node"
    if whole:
        return (f"{who} has stored everything, but went away before it said that it is finished. If it comes back "
                f"and says so, this download still counts.")
    share = 100 * record.bytes_acked // record.total_bytes if record.total_bytes else 0
    return (f"{who} went away and has not come back for a day; it has {share} % of the files. If it comes back, it "
            f"goes on from there.")
