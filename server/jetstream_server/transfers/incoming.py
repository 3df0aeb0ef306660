"""Incoming transfers: what the API can do with them, and the downloads that this node makes by itself."""

import functools
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from jetstream.entities import ReceiveTransfer, Source
from jetstream.errors import Conflict, JetStreamError, NotFound
from jetstream.links import Link, parse_link
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.eventlog import EventLog
from jetstream_server.files.errors import ContentError
from jetstream_server.files.lane import Lane
from jetstream_server.files.layout import Layout
from jetstream_server.link.errors import LinkError
from jetstream_server.link.messages import Offer, StopReason
from jetstream_server.link.peer import PeerConnection
from jetstream_server.links import Links
from jetstream_server.listing import files_of
from jetstream_server.records import IncomingRecord
from jetstream_server.transfers.jobs import Job, Scheduler, carry_out
from jetstream_server.transfers.live import Live, ReceivingTable, receive_entity
from jetstream_server.transfers.offers import Proposal
from jetstream_server.transfers.pulling import SharingNodes, download_link, fetch, log_in
from jetstream_server.transfers.receiving import ReceiveSession, writer_for
from jetstream_server.transfers.sending import refused_sentence
from jetstream_server.transfers.session import Surroundings, outcome_of, outcome_of_dialling
from jetstream_server.transfers.states import Event, IllegalMove, Phase, Status
from jetstream_server.transfers.trouble import Done, Outcome, Stopped, TryAgain

log = logging.getLogger(__name__)

MAX_DOWNLOADS: Final = 4


class Incoming:
    """All incoming transfers of the node, pushed and fetched.

    :param untold: called when a download is complete and its sharing node could not be told.
    """

    def __init__(
        self,
        table: ReceivingTable,
        catalog: Catalog,
        events: EventLog,
        links: Links,
        nodes: SharingNodes,
        near: Surroundings,
        untold: Callable[[], None] = lambda: None,
    ) -> None:
        self._untold = untold
        self._table = table
        self._catalog = catalog
        self._links = links
        self._nodes = nodes
        self._near = near
        self.jobs: Scheduler[IncomingRecord] = Scheduler(
            table, events, "receiveTransfer", near.wall, self._attempt_download, _rank, _wanted, MAX_DOWNLOADS
        )

    async def start(self) -> None:
        """Load what is known; go on with downloads that were under way."""
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
        found: dict[tuple[str, str], list[Live[IncomingRecord]]] = {}
        for live in self._table:
            record = live.record
            if visible(record):
                found.setdefault((record.peer_fingerprint or "", record.source_ip or ""), []).append(live)
        return [self._source(lives) for lives in found.values()]

    def _source(self, lives: list[Live[IncomingRecord]]) -> Source:
        last = lives[-1].record
        entities = [self.entity(live) for live in lives]
        running = [entity for entity in entities if entity.status == Status.RECEIVING]
        seconds = sum(live.record.active_seconds for live in lives)
        size = sum(live.record.bytes_recv for live in lives)
        return Source(
            source_ip=last.source_ip or "",
            source_port=last.source_port or 0,
            active_transfer_count=len(running),
            inactive_transfer_count=sum(entity.status in ("pending", "suspended") for entity in entities),
            complete_transfer_count=sum(entity.status == Status.COMPLETE for entity in entities),
            error_transfer_count=sum(entity.status in (Status.ERROR, Status.CANCELLED) for entity in entities),
            ave_recv_rate=round(size * 8 / 1000 / seconds) if seconds else 0,
            ave_recv_rate_window=sum(entity.rate or 0 for entity in running),
            destination_public_key=last.peer_fingerprint,
            encrypted_connection_state="connected" if running else "disconnected",
            name=last.peer_name,
        )

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
        await self._discard(live)

    async def _stop_with(
        self, live: Live[IncomingRecord], event: Event, reason: StopReason, what: str, message: str, **changes: Any
    ) -> None:
        await self._checked_step(live, event, **changes)
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
            await self._checked_step(live, Event.RESUME, error_message=None, end_time=None)
            live.retries, live.next_retry_time = 0, None
            live.phase = Phase.WAITING_FOR_PEER
            await self.jobs.tell(live, "Resumed", "Resumed.")
        self.jobs.wake()

    async def _checked_step(self, live: Live[IncomingRecord], event: Event, **changes: Any) -> None:
        try:
            await self._table.step(live, event, **changes)
        except IllegalMove as error:
            sentence = f"Transfer {live.id} is {error.state.value}: it cannot be {event.participle} now."
            raise Conflict(sentence) from error

    async def delete(self, live: Live[IncomingRecord]) -> None:
        """Stop and forget; unfinished files are removed, finished ones stay."""
        if live.processing:
            await self.cancel(live)
        await self.jobs.stop(live, StopReason.CANCELLED, "Deleted by the receiver.")
        if live.status is not Status.COMPLETE:
            await self._discard(live)
        await self._table.delete(live)

    async def _discard(self, live: Live[IncomingRecord]) -> None:
        record = live.record
        if not record.pages:
            return
        raw = await self._catalog.incoming.pages(record.id, 0, record.pages)
        try:
            await self._near.in_thread(_discard_parts, record, raw, self._near.lane)
        except ContentError as error:  # the folder is gone or refused: then there is nothing to remove, or no way to
            log.warning("unfinished files of incoming transfer %s stay: %s", record.id, error)
        await self._catalog.incoming.replace_checkpoint(record.id, [])

    # -- sessions -------------------------------------------------------------------------------------------------

    def receive_pushed(self, peer: PeerConnection, live: Live[IncomingRecord], offer: Offer) -> None:
        """Run the session of an accepted offer as a job."""

        async def attempt(live: Live[IncomingRecord], job: Job) -> Outcome:
            return await self._receive(peer, live, job, offer, we_dialled=False)

        self.jobs.start(live, attempt)

    async def _receive(
        self, peer: PeerConnection, live: Live[IncomingRecord], job: Job, offer: Offer, *, we_dialled: bool
    ) -> Outcome:
        session = ReceiveSession(peer, live, self._table, self._catalog, offer, self._near, we_dialled)
        session.tell = functools.partial(self.jobs.tell, live)
        job.wake_limits.append(session.limiter.wake)
        record = live.record
        with self._links.using(peer, outgoing=False, owner=record.owner, owner_token=record.owner_token):
            try:
                return await carry_out(session, job)
            except JetStreamError as error:
                return refused_sentence(error)
            except LinkError as error:
                return outcome_of(error)

    async def _attempt_download(self, live: Live[IncomingRecord], job: Job) -> Outcome:
        record = live.record
        link = parse_link(record.link or "")
        live.phase = Phase.CONNECTING
        self._table.touch(live)
        try:
            peer = await self._nodes.dial(link)
        except LinkError as error:
            return outcome_of_dialling(error, known=record.peer_fingerprint is not None)
        try:
            return await self._fetch(peer, live, job, link)
        except JetStreamError as error:
            return refused_sentence(error)
        except LinkError as error:
            return outcome_of(error)
        finally:
            await peer.close()

    async def _fetch(self, peer: PeerConnection, live: Live[IncomingRecord], job: Job, link: Link) -> Outcome:
        assert peer.peer is not None
        who, record = peer.peer, live.record
        await log_in(peer, link, record.password)
        offer = await fetch(peer, record.uid if record.digest else None, record.chosen_entries)
        await self._table.save(
            live, uid=offer.uid, label=offer.label, peer_name=who.name, peer_fingerprint=who.fingerprint,
            source_ip=who.address, source_port=who.port, total_files=offer.files, total_size=offer.size,
            start_time=record.start_time or self._near.wall(),
        )
        outcome = await self._receive(peer, live, job, offer, we_dialled=True)
        if isinstance(outcome, Done):
            await self._table.save(live, told_time=self._near.wall())
        elif live.status is Status.COMPLETE:
            self._untold()
        return outcome

    def wake_limits(self) -> None:
        """Rate limits have changed: let running sessions follow at once."""
        for live in self._table:
            job = self.jobs.running(live)
            if job is not None:
                for wake in job.wake_limits:
                    wake()

    async def withdrawn(self, live: Live[IncomingRecord], message: str) -> None:
        """Its sender has stopped it for good, outside of a session."""
        if live.processing and self.jobs.running(live) is None:
            await self.jobs.settle(live, Stopped("cancelled", message))
            await self._discard(live)

    async def lose(self, live: Live[IncomingRecord], why: str) -> None:
        """The session that was there is replaced by a newer one of the same sender."""
        if self.jobs.running(live) is not None:
            await self.jobs.stop(live, StopReason.SHUTDOWN, why)
            await self.jobs.settle(live, TryAgain(why))


def _discard_parts(record: IncomingRecord, raw: list[bytes], lane: Lane) -> None:
    with writer_for(record, Layout.from_pages(raw), lane) as writer:
        writer.prepare()
        writer.discard()


def _rank(live: Live[IncomingRecord]) -> tuple[int, int]:
    return live.record.request_time, int(live.id)


def _wanted(live: Live[IncomingRecord]) -> bool:
    return live.status is Status.PENDING and live.record.link is not None
