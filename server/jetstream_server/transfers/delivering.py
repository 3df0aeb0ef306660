"""Showing a manifest and sending its files over a session with a node, whoever dialled it."""

import functools
from collections.abc import Callable, Sequence

from jetstream.errors import Conflict
from jetstream_server.link.limiter import Bucket
from jetstream_server.link.messages import Listing
from jetstream_server.link.peer import PeerConnection
from jetstream_server.links import Links
from jetstream_server.manifests import Manifests
from jetstream_server.records import TokenRecord, TransferRecord
from jetstream_server.transfers.jobs import Job, carry_out
from jetstream_server.transfers.listing import asked_pages, listing_of, part_of
from jetstream_server.transfers.live import Live, SendingTable
from jetstream_server.transfers.sending import SendSession
from jetstream_server.transfers.session import Surroundings
from jetstream_server.transfers.states import ManifestStatus, Phase
from jetstream_server.transfers.trouble import Failed, Outcome


class Delivering:
    """Waits for the manifest, makes the session, and keeps the rate limit of each transfer over its sessions."""

    def __init__(self, table: SendingTable, manifests: Manifests, links: Links, near: Surroundings) -> None:
        self._table = table
        self._manifests = manifests
        self._links = links
        self._near = near
        self._buckets: dict[str, Bucket] = {}

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

    async def show(self, peer: PeerConnection, token: TokenRecord) -> Listing:
        """What *token* gives; its pages are there for *peer* until a session answers for them.

        :raises Conflict: if the files could not be listed.
        """
        record = await self._manifests.wait(token.manifest_id)
        if record.status == ManifestStatus.ERROR:
            raise Conflict(f"The files could not be listed: {record.error_message}")
        manifest = await self._manifests.stored(token.manifest_id)
        peer.on_request("page", functools.partial(asked_pages, self._near, manifest))
        return listing_of(manifest, token)

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
        """Send over a proven session.

        :param chosen: the entries (first, count) that the receiver wants; ``None`` for all.
        :param prepared: called with the session when it listens, before it begins.
        :raises JetStreamError: if the other node says no.
        :raises LinkError: if the link breaks while we ask.
        """
        stored = await self._manifests.stored(live.record.manifest_id)
        if chosen is not None:
            stored = await self._near.in_thread(part_of, stored, chosen)
            await self._table.save(
                live, total_files=stored.record.total_files, total_bytes=stored.record.total_size
            )
        session = SendSession(peer, live, self._table, stored, self._near, self._bucket(live), we_dialled)
        job.wake_limits.append(session.follow_limits)
        if prepared is not None:
            prepared(session)
        record = live.record
        with self._links.using(peer, outgoing=True, owner=record.owner, owner_token=record.owner_token):
            return await carry_out(session, job)

    def set_rate(self, live: Live[TransferRecord], kbps: int | None) -> None:
        """Limit a transfer, also while it is being sent; ``None`` lifts it."""
        self._bucket(live).set_rate(kbps, self._near.steady())

    def forget(self, id: str) -> None:
        """The transfer is deleted."""
        self._buckets.pop(id, None)

    def _bucket(self, live: Live[TransferRecord]) -> Bucket:
        bucket = self._buckets.get(live.id)
        if bucket is None:
            bucket = self._buckets[live.id] = Bucket(live.record.send_rate_max, self._near.steady())
        return bucket
