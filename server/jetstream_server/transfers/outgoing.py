"""Outgoing transfers: what the API can do with them, and one try at sending."""

import functools
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from jetstream.entities import Transfer
from jetstream.errors import Conflict, JetStreamError, NotFound
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.eventlog import EventLog
from jetstream_server.link.errors import IdentityChanged, LinkError
from jetstream_server.link.handshake import CheckIdentity, Myself, dial, expect
from jetstream_server.link.limiter import Bucket
from jetstream_server.link.messages import Login, Pages, StopReason
from jetstream_server.link.peer import Liveness, PeerConnection
from jetstream_server.link.udp.rate import Policy
from jetstream_server.links import Links
from jetstream_server.manifests import Manifests, StoredManifest
from jetstream_server.records import DestinationRecord, TransferRecord
from jetstream_server.transfers.jobs import Job, Scheduler, carry_out
from jetstream_server.transfers.listing import asked_pages, part_of
from jetstream_server.transfers.live import Live, SendingTable, transfer_entity
from jetstream_server.transfers.policies import check_policy
from jetstream_server.transfers.sending import SendSession, refused_sentence
from jetstream_server.transfers.session import Surroundings, outcome_of, outcome_of_dialling
from jetstream_server.transfers.states import Event, IllegalMove, ManifestStatus, Phase, Status
from jetstream_server.transfers.trouble import Done, Failed, Outcome
from jetstream_server.transfers.withdrawing import Withdrawing

log = logging.getLogger(__name__)


class TokenBook(Protocol):
    """What sending needs of shared tokens: a transfer made with one uses up a download when it completes."""

    def reserve(self, token: str) -> None:
        """Take one of the downloads; raises AuthenticationFailed when none is left."""

    async def release(self, token: str, completed: bool) -> None:
        """The download ended."""


class DestinationBook(Protocol):
    """What sending needs of the address book."""

    def get(self, id: str, *, also_deleted: bool = False) -> DestinationRecord:
        """A record; raises NotFound."""

    async def seen(self, id: str, **changes: Any) -> None:
        """Remember what was learnt of a destination."""


class Outgoing:
    """All outgoing transfers of the node."""

    def __init__(
        self,
        table: SendingTable,
        catalog: Catalog,
        manifests: Manifests,
        destinations: DestinationBook,
        tokens: TokenBook,
        events: EventLog,
        links: Links,
        myself: Myself,
        near: Surroundings,
        max_active: int,
        liveness: Liveness,
    ) -> None:
        self._table = table
        self._catalog = catalog
        self._manifests = manifests
        self._destinations = destinations
        self._tokens = tokens
        self._links = links
        self._myself = myself
        self._near = near
        self._liveness = liveness
        self._buckets: dict[str, Bucket] = {}
        self.withdrawing = Withdrawing(self._reach)
        self.scheduler: Scheduler[TransferRecord] = Scheduler(
            table, events, "transfer", near.wall, self._attempt, _rank, _wanted, max_active
        )

    async def start(self) -> None:
        """Load what is known; go on with what was under way."""
        for record in await self._catalog.transfers.all():
            live = self._table.load(record)
            if live.status is Status.SENDING:
                await self._table.step(live, Event.LOSE)
        self.scheduler.wake()

    # -- reading --------------------------------------------------------------------------------------------------

    def get(self, id: str) -> Live[TransferRecord]:
        """One transfer.

        :raises NotFound: if there is none.
        """
        live = self._table.get(id)
        if live is None:
            raise NotFound(f"There is no transfer {id}.")
        return live

    def all(self) -> list[Live[TransferRecord]]:
        """Every transfer, oldest first."""
        return list(self._table)

    def entity(self, live: Live[TransferRecord]) -> Transfer:
        """The documented form."""
        return transfer_entity(live, self._near.steady())

    def uses_manifest(self, manifest_id: str) -> bool:
        """Whether a transfer may still need this manifest."""
        return any(
            live.record.manifest_id == manifest_id and live.status not in (Status.COMPLETE, Status.CANCELLED)
            for live in self._table
        )

    # -- changing -------------------------------------------------------------------------------------------------

    async def create(
        self, *, owner: str, owner_token: str | None, shared_token: str | None = None,
        destination: DestinationRecord, manifest_id: str, options: Mapping[str, Any],
    ) -> Live[TransferRecord]:
        """A new transfer, queued.

        :param owner_token: the token whose login asks for it.
        :param shared_token: the shared token that gives the manifest, if one does; it uses up a download.
        :raises Conflict: if the manifest failed.
        :raises InvalidParameters: if the rate policy is none, or needs a rate.
        """
        manifest = self._manifests.get(manifest_id)
        if manifest.status == ManifestStatus.ERROR:
            raise Conflict(f"The manifest failed, so it cannot be sent: {manifest.error_message}")
        now = self._near.wall()
        rate = options.get("send_rate_max") or destination.send_rate_max
        check_policy(options.get("rate_policy", Policy.FAIR.value), rate)
        record = TransferRecord(
            id=await self._catalog.next_id("transfer"),
            owner=owner,
            owner_token=owner_token,
            shared_token=shared_token,
            uid=secrets.token_hex(16),
            manifest_id=manifest_id,
            destination_id=destination.id,
            label=manifest.label,
            total_files=manifest.total_files,
            total_bytes=manifest.total_size,
            request_time=now,
            queue_time=now,
            **{**options, "send_rate_max": rate},
        )
        live = await self._table.add(record)
        live.phase = Phase.QUEUED
        where = destination.name or f"{destination.address}:{destination.port}"
        await self.scheduler.tell(live, "Created", f"Queued for {where}.")
        self.scheduler.wake()
        return live

    async def create_for_fetch(self, *, owner: str, shared_token: str, manifest_id: str) -> Live[TransferRecord]:
        """A transfer that the receiver pulls with a shared token: no destination, not queued."""
        manifest = self._manifests.get(manifest_id, also_deleted=True)
        now = self._near.wall()
        record = TransferRecord(
            id=await self._catalog.next_id("transfer"),
            owner=owner,
            owner_token=shared_token,
            shared_token=shared_token,
            uid=secrets.token_hex(16),
            manifest_id=manifest_id,
            destination_id=None,
            label=manifest.label,
            total_files=manifest.total_files,
            total_bytes=manifest.total_size,
            request_time=now,
            queue_time=now,
        )
        return await self._table.add(record)

    def find_fetch(self, uid: str, token: str) -> Live[TransferRecord] | None:
        """The pulled transfer of an earlier try."""
        for live in self._table:
            record = live.record
            if record.uid == uid and record.shared_token == token and record.destination_id is None:
                return live
        return None

    async def begin_again(self, live: Live[TransferRecord]) -> None:
        """The receiver of a pulled transfer has dialled anew: let go of an older session, come back from an error."""
        await self.scheduler.stop(live, StopReason.SHUTDOWN, "The receiver began anew.")
        if live.status is Status.SENDING:
            await self._table.step(live, Event.LOSE)
        elif live.status is Status.ERROR:
            await self._table.step(live, Event.RESUME, error_message=None, end_time=None)

    async def arrived(self, live: Live[TransferRecord]) -> None:
        """The receiver of a pulled transfer says, after the session, that everything is there."""
        size = live.record.total_bytes or 0
        await self._table.save(live, bytes_acked=size, checkpoint_bytes=size,
                               files_done=live.record.total_files or 0)
        await self.scheduler.settle(live, Done())

    async def revoke(self, live: Live[TransferRecord], message: str) -> None:
        """Stop for good, because its shared token was deleted; the receiver hears *message*."""
        await self._stop_with(live, Event.CANCEL, StopReason.ERROR, "Cancelled", message,
                              error_message="Its shared token was deleted.", end_time=self._near.wall())

    async def suspend(self, live: Live[TransferRecord]) -> None:
        """Pause."""
        await self._stop_with(live, Event.SUSPEND, StopReason.SUSPENDED, "Suspended", "Paused.")

    async def cancel(self, live: Live[TransferRecord]) -> None:
        """Stop for good."""
        await self._stop_with(live, Event.CANCEL, StopReason.CANCELLED, "Cancelled", "Cancelled.",
                              end_time=self._near.wall())

    async def fail(self, live: Live[TransferRecord], message: str) -> None:
        """Stop with a message of the caller's."""
        message = message or "Failed by request."
        await self._stop_with(live, Event.FAIL, StopReason.ERROR, "Failed", message,
                              error_message=message, end_time=self._near.wall())

    async def _stop_with(
        self, live: Live[TransferRecord], event: Event, reason: StopReason, what: str, message: str, **changes: Any
    ) -> None:
        asked, running = live.asked_time is not None, self.scheduler.running(live) is not None
        await self._checked_step(live, event, **changes)
        await self.scheduler.stop(live, reason, message)
        if asked or (event is not Event.SUSPEND and not running):
            self._withdraw(live.record, reason, message)
        live.calm_down()
        self._table.touch(live)
        await self.scheduler.tell(live, what, message)
        self.scheduler.wake()

    def _withdraw(self, record: TransferRecord, reason: StopReason, message: str) -> None:
        """Tell a receiver that knows of the transfer but has no session of it."""
        if record.peer_fingerprint is not None and record.destination_id is not None:
            self.withdrawing.begin(record, reason, message)

    async def resume(self, live: Live[TransferRecord]) -> None:
        """Go on after a pause, or try again after an error. While it waits for a retry: try now."""
        if live.status is Status.PENDING:
            live.next_retry_time = None
        else:
            await self.scheduler.stop(live, StopReason.SUSPENDED)  # a try that is still winding up
            now = self._near.wall()
            await self._checked_step(live, Event.RESUME, error_message=None, end_time=None, queue_time=now)
            live.retries, live.next_retry_time = 0, None
            await self.scheduler.tell(live, "Resumed", "Resumed.")
        self.scheduler.wake()

    async def _checked_step(self, live: Live[TransferRecord], event: Event, **changes: Any) -> None:
        try:
            await self._table.step(live, event, **changes)
        except IllegalMove as error:
            sentence = f"Transfer {live.id} is {error.state.value}: it cannot be {event.participle} now."
            raise Conflict(sentence) from error

    async def update(
        self, live: Live[TransferRecord], priority: int | None, send_rate_max: int | None, rate_policy: str | None
    ) -> None:
        """Change priority, rate limit (kbit/s; 0 lifts it) and policy, live.

        :raises InvalidParameters: if the rate policy is none, or needs a rate.
        """
        rate = live.record.send_rate_max if send_rate_max is None else send_rate_max or None
        check_policy(live.record.rate_policy if rate_policy is None else rate_policy, rate)
        changes: dict[str, Any] = {}
        if rate_policy is not None:
            changes["rate_policy"] = rate_policy
        if priority is not None:
            changes["priority"] = priority
        if send_rate_max is not None:
            changes["send_rate_max"] = send_rate_max or None
            self._bucket(live).set_rate(send_rate_max or None, self._near.steady())
        if changes:
            await self._table.save(live, **changes)
        self.wake_limits()
        self.scheduler.wake()

    async def set_user_data(self, live: Live[TransferRecord], user_data: Mapping[str, Any]) -> None:
        """Replace the user data."""
        await self._table.save(live, user_data=dict(user_data))

    async def delete(self, live: Live[TransferRecord]) -> None:
        """Stop and forget."""
        if live.processing:
            await self.cancel(live)
        await self.scheduler.stop(live, StopReason.CANCELLED, "Deleted by the sender.")
        self._buckets.pop(live.id, None)
        await self._table.delete(live)

    def wake_limits(self) -> None:
        """Rate limits have changed: let running sessions follow at once."""
        for live in self._table:
            job = self.scheduler.running(live)
            if job is not None:
                for wake in job.wake_limits:
                    wake()

    def _bucket(self, live: Live[TransferRecord]) -> Bucket:
        bucket = self._buckets.get(live.id)
        if bucket is None:
            bucket = self._buckets[live.id] = Bucket(live.record.send_rate_max, self._near.steady())
        return bucket

    # -- one try --------------------------------------------------------------------------------------------------

    async def _attempt(self, live: Live[TransferRecord], job: Job) -> Outcome:
        token = live.record.shared_token
        if token is None:
            return await self._push(live, job)
        try:
            self._tokens.reserve(token)
        except JetStreamError as error:
            return Failed(str(error))
        outcome: Outcome | None = None
        try:
            outcome = await self._push(live, job)
            return outcome
        finally:
            await self._tokens.release(token, completed=isinstance(outcome, Done))

    async def _push(self, live: Live[TransferRecord], job: Job) -> Outcome:
        failed = await self.manifest_ready(live)
        if failed is not None:
            return failed
        destination = self._destinations.get(live.record.destination_id or "", also_deleted=True)
        if live.asked_time is None:
            live.phase = Phase.CONNECTING
            self._table.touch(live)
        try:
            peer = await self._dial(destination)
        except LinkError as error:
            await self._destinations.seen(
                destination.id, last_error=type(error).__name__, last_error_message=error.message
            )
            return outcome_of_dialling(error, known=destination.public_key is not None)
        outcome: Outcome | None = None
        try:
            outcome = await self._over(peer, live, job, destination)
            return outcome
        finally:
            if isinstance(outcome, Done):
                job.goodbye = peer.close
            else:
                await peer.close()

    async def _dial(self, destination: DestinationRecord) -> PeerConnection:
        check = self._identity_check(destination)
        return await dial(destination.address, destination.port, self._myself, check, self._liveness)

    async def _reach(self, record: TransferRecord) -> PeerConnection:
        """A session with the receiver of a transfer."""
        return await self._dial(self._destinations.get(record.destination_id or "", also_deleted=True))

    async def manifest_ready(self, live: Live[TransferRecord]) -> Failed | None:
        """Wait for the scan to end; a failed one ends the transfer."""
        record = self._manifests.get(live.record.manifest_id, also_deleted=True)
        if record.status == ManifestStatus.PENDING:
            live.phase = Phase.SCANNING
            self._table.touch(live)
            record = await self._manifests.wait(record.id)
        if record.status == ManifestStatus.ERROR:
            return Failed(f"The files could not be listed: {record.error_message}")
        if live.record.total_bytes is None:  # it was being listed when the transfer was made
            await self._table.save(live, total_files=record.total_files, total_bytes=record.total_size)
        return None

    async def to_show(self, manifest_id: str) -> StoredManifest:
        """The manifest that a token gives, to be looked at; waits until its files are listed.

        :raises Conflict: if they could not be.
        """
        record = await self._manifests.wait(manifest_id)
        if record.status == ManifestStatus.ERROR:
            raise Conflict(f"The files could not be listed: {record.error_message}")
        return await self._manifests.stored(manifest_id)

    async def asked_pages(self, manifest: StoredManifest, params: dict[str, Any]) -> Pages:
        """The answer to ``page`` while a node looks at *manifest*."""
        return await asked_pages(self._near, manifest, params)

    def _identity_check(self, destination: DestinationRecord) -> CheckIdentity:
        where = f"{destination.address}:{destination.port}"

        async def check(presented: str) -> None:
            pinned = destination.permitted_public_key
            if pinned is None:
                pinned = await self._catalog.pins.get(destination.address, destination.port)
            try:
                await expect(pinned, where)(presented)
            except IdentityChanged:
                raise IdentityChanged(
                    f"The node at {where} shows another identity than before, so nothing was sent. It may have been "
                    f"set up anew, or somebody stands in between. If you know that it is right, pin the new identity "
                    f"in the destination (permittedDestinationPublicKey={presented}) and resume."
                ) from None
            if pinned is None or destination.permitted_public_key is not None:
                await self._catalog.pins.set(destination.address, destination.port, presented)

        return check

    async def _over(
        self, peer: PeerConnection, live: Live[TransferRecord], job: Job, destination: DestinationRecord
    ) -> Outcome:
        assert peer.peer is not None
        who, now = peer.peer, self._near.wall()
        if (live.record.peer_name, live.record.peer_fingerprint) != (who.name, who.fingerprint):
            await self._table.save(live, peer_name=who.name, peer_fingerprint=who.fingerprint)
        if live.asked_time is None:  # asking once more is no news
            await self._destinations.seen(
                destination.id, ip=who.address, public_key=who.fingerprint, server_id=who.server_id,
                server_uid=who.server_uid, last_error=None, last_error_message=None, last_recv_time=now,
                last_send_time=now, last_used_time=now,
            )
        try:
            if destination.user_name:
                await peer.request("login", Login(user=destination.user_name, password=destination.password or ""))
            outcome = await self.send(peer, live, job, we_dialled=True)
        except JetStreamError as error:
            return refused_sentence(error)
        except LinkError as error:
            return outcome_of(error)
        if live.record.active_seconds > 1:
            rate = round(live.record.bytes_acked * 8 / 1000 / live.record.active_seconds)
            await self._destinations.seen(destination.id, last_rate=rate)
        return outcome

    async def send(
        self,
        peer: PeerConnection,
        live: Live[TransferRecord],
        job: Job,
        *,
        we_dialled: bool,
        chosen: Sequence[tuple[int, int]] | None = None,
        prepared: Callable[[SendSession], None] | None = None,
    ) -> Outcome:
        """Send over a proven session, whoever dialled.

        :param chosen: the entries (first, count) that the receiver wants; ``None`` for all.
        :param prepared: called with the session when it listens, before it begins.
        """
        stored = await self._manifests.stored(live.record.manifest_id)
        if chosen is not None:
            stored = await self._near.in_thread(part_of, stored, chosen)
            await self._table.save(
                live, total_files=stored.record.total_files, total_bytes=stored.record.total_size
            )
        session = SendSession(peer, live, self._table, stored, self._near, self._bucket(live), we_dialled)
        session.tell = functools.partial(self.scheduler.tell, live)
        job.wake_limits.append(session.follow_limits)
        if prepared is not None:
            prepared(session)
        record = live.record
        with self._links.using(peer, outgoing=True, owner=record.owner, owner_token=record.owner_token):
            return await carry_out(session, job)


def _rank(live: Live[TransferRecord]) -> tuple[int, int, int]:
    record = live.record
    return record.priority, record.queue_time or 0, int(record.id)


def _wanted(live: Live[TransferRecord]) -> bool:
    return live.status is Status.PENDING and live.record.destination_id is not None


