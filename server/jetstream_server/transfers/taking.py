"""Receiving a transfer's files over a session with a node, whoever dialled it; and removing what was only begun."""

import logging

from jetstream.errors import JetStreamError
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.files.errors import ContentError
from jetstream_server.files.lane import Lane
from jetstream_server.files.layout import Layout
from jetstream_server.link.errors import LinkError
from jetstream_server.link.messages import Offer
from jetstream_server.link.peer import PeerConnection
from jetstream_server.links import Links
from jetstream_server.records import IncomingRecord
from jetstream_server.transfers.jobs import Job, carry_out
from jetstream_server.transfers.live import Live, ReceivingTable
from jetstream_server.transfers.receiving import ReceiveSession, writer_for
from jetstream_server.transfers.session import Surroundings, outcome_of, outcome_of_refusal
from jetstream_server.transfers.trouble import Outcome

log = logging.getLogger(__name__)


class Taking:
    """Makes sessions that receive, and removes the unfinished files of those that do not go on."""

    def __init__(self, table: ReceivingTable, catalog: Catalog, links: Links, near: Surroundings) -> None:
        self._table = table
        self._catalog = catalog
        self._links = links
        self._near = near

    async def receive(
        self, peer: PeerConnection, live: Live[IncomingRecord], job: Job, offer: Offer, *, we_dialled: bool
    ) -> Outcome:
        """Receive what was offered over a proven session."""
        session = ReceiveSession(peer, live, self._table, self._catalog, offer, self._near, we_dialled)
        job.wake_limits.append(session.limiter.wake)
        record = live.record
        with self._links.using(peer, outgoing=False, owner=record.owner, owner_token=record.owner_token):
            try:
                return await carry_out(session, job)
            except JetStreamError as error:
                return outcome_of_refusal(error)
            except LinkError as error:
                return outcome_of(error)

    async def discard(self, live: Live[IncomingRecord]) -> None:
        """Remove what is not finished."""
        record = live.record
        if not record.pages:
            return
        raw = await self._catalog.incoming.pages(record.id, 0, record.pages)
        try:
            await self._near.in_thread(_discard_parts, record, raw, self._near.lane)
        except ContentError as error:  # the folder is gone or refused: then there is nothing to remove, or no way to
            log.warning("unfinished files of incoming transfer %s stay: %s", record.id, error)
        await self._catalog.incoming.replace_checkpoint(record.id, [])


def _discard_parts(record: IncomingRecord, raw: list[bytes], lane: Lane) -> None:
    with writer_for(record, Layout.from_pages(raw), lane) as writer:
        writer.prepare()
        writer.discard()
