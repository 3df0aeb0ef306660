"""Outgoing transfers: what the API and the nodes that fetch can do with them."""

import secrets
from collections.abc import Mapping
from typing import Any

from jetstream.entities import Transfer
from jetstream.errors import Conflict, NotFound
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.eventlog import EventLog
from jetstream_server.link.messages import StopReason
from jetstream_server.link.udp.rate import Policy
from jetstream_server.manifests import Manifests
from jetstream_server.records import DestinationRecord, TransferRecord
from jetstream_server.transfers.delivering import Delivering
from jetstream_server.transfers.live import Live, SendingTable, transfer_entity
from jetstream_server.transfers.policies import check_policy
from jetstream_server.transfers.pushing import Pushing
from jetstream_server.transfers.scheduler import Scheduler
from jetstream_server.transfers.session import Surroundings
from jetstream_server.transfers.states import Event, ManifestStatus, Phase, Status
from jetstream_server.transfers.trouble import Done
from jetstream_server.transfers.withdrawing import Withdrawing


class Outgoing:
    """All outgoing transfers of the node."""

    def __init__(
        self, table: SendingTable, catalog: Catalog, manifests: Manifests, events: EventLog, delivering: Delivering,
        pushing: Pushing, near: Surroundings, max_active: int,
    ) -> None:
        self._table = table
        self._catalog = catalog
        self._manifests = manifests
        self._delivering = delivering
        self._near = near
        self.withdrawing = Withdrawing(pushing.reach)
        self.scheduler: Scheduler[TransferRecord] = Scheduler(
            table, events, "transfer", near.wall, pushing.attempt, _rank, _wanted, max_active
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
        await self.scheduler.step(live, event, **changes)
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
            await self.scheduler.step(live, Event.RESUME, error_message=None, end_time=None, queue_time=now)
            live.retries, live.next_retry_time = 0, None
            await self.scheduler.tell(live, "Resumed", "Resumed.")
        self.scheduler.wake()

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
            self._delivering.set_rate(live, send_rate_max or None)
        if changes:
            await self._table.save(live, **changes)
        self.scheduler.wake_limits()
        self.scheduler.wake()

    async def set_user_data(self, live: Live[TransferRecord], user_data: Mapping[str, Any]) -> None:
        """Replace the user data."""
        await self._table.save(live, user_data=dict(user_data))

    async def delete(self, live: Live[TransferRecord]) -> None:
        """Stop and forget."""
        if live.processing:
            await self.cancel(live)
        await self.scheduler.stop(live, StopReason.CANCELLED, "Deleted by the sender.")
        self._delivering.forget(live.id)
        await self._table.delete(live)


def _rank(live: Live[TransferRecord]) -> tuple[int, int, int]:
    record = live.record
    return record.priority, record.queue_time or 0, int(record.id)


def _wanted(live: Live[TransferRecord]) -> bool:
    return live.status is Status.PENDING and live.record.destination_id is not None
