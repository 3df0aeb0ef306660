"""Downloads of shared tokens as the sharing node sees them: others dial and fetch, and may go away at any moment."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from jetstream.errors import Conflict, JetStreamError, NotFound
from jetstream_server.link.messages import Fetch, Listing, Offer
from jetstream_server.link.peer import PeerConnection
from jetstream_server.records import TokenRecord, TransferRecord
from jetstream_server.transfers.delivering import Delivering
from jetstream_server.transfers.jobs import Job
from jetstream_server.transfers.live import Live
from jetstream_server.transfers.outgoing import Outgoing
from jetstream_server.transfers.sending import SendSession
from jetstream_server.transfers.session import outcome_of_refusal
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

    def __init__(
        self, downloads: Downloads, outgoing: Outgoing, delivering: Delivering, our_name: str,
        wall: Callable[[], int],
    ) -> None:
        self._downloads = downloads
        self._outgoing = outgoing
        self._delivering = delivering
        self._our_name = our_name
        self._wall = wall
        self._away: dict[str, int] = {}
        """Pulled transfers whose receiver is away, and since when it is known."""
        self._kept: dict[str, str] = {}
        """Tokens of which a download stays taken, by the transfer that has everything but the last word."""

    # -- nodes that fetch -----------------------------------------------------------------------------------------

    async def show(self, peer: PeerConnection, token: TokenRecord) -> Listing:
        """What the token gives, for *peer* to look at.

        :raises Conflict: if the files could not be listed.
        """
        return await self._delivering.show(peer, token)

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
            giving = _Giving(self, self._delivering, self._downloads, peer, token.token, fetch.entries)
            self._outgoing.scheduler.start(live, giving.attempt)
        except BaseException:
            await self._downloads.release_download(token.token, False)
            raise
        return await asyncio.shield(giving.ready)

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

    async def left(self, live: Live[TransferRecord], token: str, outcome: Outcome | None, *, whole: bool) -> None:
        """A session that did not count has ended. Where only the last word is missing its download stays taken.

        :param outcome: ``None`` if somebody stopped it.
        """
        if isinstance(outcome, TryAgain):
            self._away[live.id] = self._wall()
            if whole:
                self._kept[live.id] = token
                return
        await self._downloads.release_download(token, False)

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


class _Giving:
    """One session that gives what a token stands for, with a download taken for it."""

    def __init__(
        self, pulls: Pulls, delivering: Delivering, downloads: Downloads, peer: PeerConnection, token: str,
        chosen: list[tuple[int, int]] | None,
    ) -> None:
        self._pulls = pulls
        self._delivering = delivering
        self._downloads = downloads
        self._peer = peer
        self._token = token
        self._chosen = chosen
        self._session: SendSession | None = None
        self._counted = False
        self.ready: asyncio.Future[Offer] = asyncio.get_running_loop().create_future()
        """The offer, or why there is none."""

    async def attempt(self, live: Live[TransferRecord], job: Job) -> Outcome:
        """The one try: what becomes of it, and of the download that was taken."""
        outcome: Outcome | None = None
        try:
            outcome = await self._outcome(live, job)
            return outcome
        finally:
            if not self._counted:
                whole = self._session is not None and self._session.all_stored
                await self._pulls.left(live, self._token, outcome, whole=whole)

    async def _outcome(self, live: Live[TransferRecord], job: Job) -> Outcome:
        try:
            return await self._give(live, job)
        except JetStreamError as error:
            self._refuse(error)
            return outcome_of_refusal(error)
        except BaseException:
            self._refuse(Conflict("The files cannot be given now."))
            raise

    async def _give(self, live: Live[TransferRecord], job: Job) -> Outcome:
        failed = await self._delivering.manifest_ready(live)
        if failed is not None:
            self._refuse(Conflict(failed.message))
            return failed
        return await self._delivering.send(
            self._peer, live, job, we_dialled=False, chosen=self._chosen, prepared=self._prepared
        )

    def _prepared(self, session: SendSession) -> None:
        self._session = session
        session.before_done = self._count
        if not self.ready.done():
            self.ready.set_result(session.offer())

    async def _count(self) -> None:
        self._counted = True
        await self._downloads.release_download(self._token, True)

    def _refuse(self, error: BaseException) -> None:
        if not self.ready.done():
            self.ready.set_exception(error)
            self.ready.exception()  # nobody may be waiting any more


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
