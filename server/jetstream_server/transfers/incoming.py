"""Incoming transfers: what the API and the nodes that push can do with them."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from jetstream.entities import ReceiveTransfer, Source
from jetstream.errors import NotFound
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.eventlog import EventLog
from jetstream_server.link.messages import Offer, StopReason
from jetstream_server.link.peer import PeerConnection
from jetstream_server.listing import files_of
from jetstream_server.records import IncomingRecord
from jetstream_server.transfers.downloading import Downloading
from jetstream_server.transfers.jobs import Job
from jetstream_server.transfers.live import Live, ReceivingTable, receive_entity
from jetstream_server.transfers.offers import Proposal
from jetstream_server.transfers.pulling import download_link
from jetstream_server.transfers.removed import COMPLETE, UNFINISHED, Removed
from jetstream_server.transfers.scheduler import Scheduler
from jetstream_server.transfers.session import Surroundings
from jetstream_server.transfers.sources import sources_of
from jetstream_server.transfers.states import Event, Phase, Status
from jetstream_server.transfers.taking import Taking
from jetstream_server.transfers.trouble import Done, Outcome, Stopped, TryAgain

MAX_DOWNLOADS: Final = 4


class Incoming:
    """All incoming transfers of the node, pushed and fetched."""

    def __init__(
        self, table: ReceivingTable, catalog: Catalog, events: EventLog, taking: Taking, downloading: Downloading,
        near: Surroundings,
    ) -> None:
        self._table = table
        self._catalog = catalog
        self._taking = taking
        self._near = near
        self._removed = Removed(catalog.settings, UNFINISHED)
        self._removed_complete = Removed(catalog.settings, COMPLETE)
        self.jobs: Scheduler[IncomingRecord] = Scheduler(
            table, events, "receiveTransfer", near.wall, downloading.attempt, _rank, _wanted, MAX_DOWNLOADS
        )

    async def start(self) -> None:
        """Load what is known; go on with downloads that were under way."""
        await self._removed.load()
        await self._removed_complete.load()
        for record in await self._catalog.incoming.all():
            live = self._table.load(record)
            if live.processing:
                live.phase = Phase.WAITING_FOR_PEER
                if live.status is Status.RECEIVING:
                    await self._table.step(live, Event.LOSE)
        self.jobs.wake()

    # -- reading --------------------------------------------------------------------------------------------------

    def get(self, id: str) -> Live[IncomingRecord]:
        """One incoming transfer.

        :raises NotFound: if there is none.
        """
        live = self._table.get(id)
        if live is None:
            raise NotFound(f"There is no incoming transfer {id}.")
        return live

    def all(self) -> list[Live[IncomingRecord]]:
        """Every incoming transfer, oldest first."""
        return list(self._table)

    def find(self, uid: str, fingerprint: str) -> Live[IncomingRecord] | None:
        """The pushed transfer that its sender calls *uid*."""
        for live in self._table:
            record = live.record
            if record.uid == uid and record.peer_fingerprint == fingerprint and record.link is None:
                return live
        return None

    def was_removed(self, uid: str, fingerprint: str) -> bool:
        """Whether the transfer that its sender calls *uid* was removed here before it was complete."""
        return self._removed.holds(uid, fingerprint)

    def was_complete(self, uid: str, fingerprint: str) -> bool:
        """Whether it was removed here when it was complete and its sender did not know yet."""
        return self._removed_complete.holds(uid, fingerprint)

    def entity(self, live: Live[IncomingRecord]) -> ReceiveTransfer:
        """The documented form."""
        return receive_entity(live, self._near.steady())

    async def files(
        self, live: Live[IncomingRecord], offset: int, limit: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        """A page of the documented file mappings, and the offset of the next one."""
        raw = await self._catalog.incoming.pages(live.id, 0, live.record.pages)
        return await self._near.in_thread(files_of, raw, offset, limit)

    def sources(self, visible: Callable[[IncomingRecord], bool]) -> list[Source]:
        """Who sent the *visible* transfers, one entry per node."""
        lives = [live for live in self._table if visible(live.record)]
        return sources_of(lives, [self.entity(live) for live in lives])

    # -- changing -------------------------------------------------------------------------------------------------

    async def create_pushed(
        self, offer: Offer, *, owner: str, folder: Path, peer: PeerConnection, why: str
    ) -> Live[IncomingRecord]:
        """A record for an offer of a node that may send here; *why* it may, as a sentence for the event log."""
        assert peer.peer is not None
        now = self._near.wall()
        record = IncomingRecord(
            id=await self._catalog.next_id("incoming"),
            owner=owner,
            uid=offer.uid,
            status=Status.PENDING,
            destination_path=offer.destination_path,
            folder=str(folder),
            overwrite_mode=offer.overwrite_mode,
            source_ip=peer.peer.address,
            source_port=peer.peer.port,
            peer_name=peer.peer.name,
            peer_fingerprint=peer.peer.fingerprint,
            label=offer.label,
            total_files=offer.files,
            total_size=offer.size,
            request_time=now,
            start_time=now,
        )
        live = await self._table.add(record)
        await self.jobs.tell(live, "Accepted", why)
        return live

    async def create_accepted(
        self, proposal: Proposal, owner: str, folder: Path, destination_path: str, why: str
    ) -> Live[IncomingRecord]:
        """A record for what a person said yes to; *why* names them. Its sender comes again by itself."""
        now = self._near.wall()
        record = IncomingRecord(
            id=await self._catalog.next_id("incoming"),
            owner=owner,
            uid=proposal.uid,
            status=Status.PENDING,
            destination_path=destination_path,
            folder=str(folder),
            overwrite_mode=proposal.overwrite_mode,
            source_ip=proposal.address,
            source_port=proposal.port,
            peer_name=proposal.name,
            peer_fingerprint=proposal.fingerprint,
            label=proposal.label,
            total_files=proposal.files,
            total_size=proposal.size,
            request_time=now,
            accepted_time=now,
        )
        live = await self._table.add(record)
        live.phase = Phase.WAITING_FOR_PEER
        await self.jobs.tell(live, "Accepted", why)
        return live

    async def create_download(
        self, *, owner: str, link: str, password: str | None, folder: Path, destination_path: str,
        overwrite_mode: int, user_data: Mapping[str, Any], owner_token: str | None = None,
        entries: Sequence[tuple[int, int]] | None = None,
    ) -> Live[IncomingRecord]:
        """Fetch what a link gives; queued at once.

        :param entries: the ones that are wanted (first, count), as the sharing node lists them; ``None`` for all.
        :param owner_token: the token whose login asks for it.
        :raises InvalidParameters: if the link is none, or its token has a typing mistake.
        """
        download_link(link)
        record = IncomingRecord(
            id=await self._catalog.next_id("incoming"),
            owner=owner,
            owner_token=owner_token,
            uid=secrets.token_hex(16),
            status=Status.PENDING,
            destination_path=destination_path,
            folder=str(folder),
            overwrite_mode=overwrite_mode,
            label="Shared files",
            link=link,
            password=password,
            chosen=None if entries is None else tuple(number for pair in entries for number in pair),
            request_time=self._near.wall(),
            user_data=dict(user_data),
        )
        live = await self._table.add(record)
        live.phase = Phase.QUEUED
        self.jobs.wake()
        return live

    async def suspend(self, live: Live[IncomingRecord]) -> None:
        """Pause. A sender that pushes waits and asks again from time to time."""
        await self._stop_with(live, Event.SUSPEND, StopReason.SUSPENDED, "Suspended", "Paused by the receiver.")

    async def cancel(self, live: Live[IncomingRecord]) -> None:
        """Stop for good; unfinished files are removed."""
        message = "Cancelled by the receiver."
        now = self._near.wall()
        await self._stop_with(live, Event.CANCEL, StopReason.CANCELLED, "Cancelled", message, end_time=now)
        await self._taking.discard(live)

    async def _stop_with(
        self, live: Live[IncomingRecord], event: Event, reason: StopReason, what: str, message: str, **changes: Any
    ) -> None:
        await self.jobs.step(live, event, **changes)
        await self.jobs.stop(live, reason, message)
        live.calm_down()
        self._table.touch(live)
        await self.jobs.tell(live, what, message)
        self.jobs.wake()

    async def resume(self, live: Live[IncomingRecord]) -> None:
        """Go on, or try again after an error. While a download waits for a retry: try now."""
        if live.status is Status.PENDING:
            live.next_retry_time = None
        else:
            await self.jobs.stop(live, StopReason.SUSPENDED)  # a try that is still winding up
            await self.jobs.step(live, Event.RESUME, error_message=None, end_time=None)
            live.retries, live.next_retry_time = 0, None
            live.phase = Phase.WAITING_FOR_PEER
            await self.jobs.tell(live, "Resumed", "Resumed.")
        self.jobs.wake()

    async def delete(self, live: Live[IncomingRecord]) -> None:
        """Stop and forget; unfinished files are removed, finished ones stay."""
        record = live.record
        if record.link is None:  # its sender would begin it anew
            await self._remember(live)
        if live.processing:
            await self.cancel(live)
        await self.jobs.stop(live, StopReason.CANCELLED, "Deleted by the receiver.")
        if live.status is not Status.COMPLETE:
            await self._taking.discard(live)
        await self._table.delete(live)

    async def _remember(self, live: Live[IncomingRecord]) -> None:
        record = live.record
        if live.status is Status.COMPLETE:
            if record.told_time is None:
                await self._removed_complete.add(record.uid, record.peer_fingerprint or "")
        elif live.status is not Status.ERROR:
            await self._removed.add(record.uid, record.peer_fingerprint or "")

    # -- sessions -------------------------------------------------------------------------------------------------

    def receive_pushed(self, peer: PeerConnection, live: Live[IncomingRecord], offer: Offer) -> None:
        """Run the session of an accepted offer as a job."""

        async def attempt(live: Live[IncomingRecord], job: Job) -> Outcome:
            outcome = await self._taking.receive(peer, live, job, offer, we_dialled=False)
            if isinstance(outcome, Done):
                await self._table.save(live, told_time=self._near.wall())
            return outcome

        self.jobs.start(live, attempt)

    async def withdrawn(self, live: Live[IncomingRecord], message: str) -> None:
        """Its sender has stopped it for good, outside of a session."""
        if live.processing and self.jobs.running(live) is None:
            await self.jobs.settle(live, Stopped("cancelled", message))
            await self._taking.discard(live)

    async def lose(self, live: Live[IncomingRecord], why: str) -> None:
        """The session that was there is replaced by a newer one of the same sender."""
        if self.jobs.running(live) is not None:
            await self.jobs.stop(live, StopReason.SHUTDOWN, why)
            await self.jobs.settle(live, TryAgain(why))


def _rank(live: Live[IncomingRecord]) -> tuple[int, int]:
    return live.record.request_time, int(live.id)


def _wanted(live: Live[IncomingRecord]) -> bool:
    return live.status is Status.PENDING and live.record.link is not None
