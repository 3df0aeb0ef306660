"""One try at fetching what a link gives: dial the node that shares it, show the token, receive."""

from collections.abc import Callable

from jetstream.errors import JetStreamError
from jetstream.links import Link, parse_link
from jetstream_server.link.errors import LinkError
from jetstream_server.link.peer import PeerConnection
from jetstream_server.records import IncomingRecord
from jetstream_server.transfers.jobs import Job
from jetstream_server.transfers.live import Live, ReceivingTable
from jetstream_server.transfers.pulling import SharingNodes, fetch, log_in
from jetstream_server.transfers.session import outcome_of, outcome_of_dialling, outcome_of_refusal
from jetstream_server.transfers.states import Phase, Status
from jetstream_server.transfers.taking import Taking
from jetstream_server.transfers.trouble import Done, Outcome


class Downloading:
    """Reaches the nodes that links name and fetches from them.

    :param wall: microseconds since the epoch.
    :param untold: called when a download is complete and its sharing node could not be told.
    """

    def __init__(
        self, table: ReceivingTable, nodes: SharingNodes, taking: Taking, wall: Callable[[], int],
        untold: Callable[[], None] = lambda: None,
    ) -> None:
        self._table = table
        self._nodes = nodes
        self._taking = taking
        self._wall = wall
        self._untold = untold

    async def attempt(self, live: Live[IncomingRecord], job: Job) -> Outcome:
        """One try, for the scheduler."""
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
            return outcome_of_refusal(error)
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
            start_time=record.start_time or self._wall(),
        )
        outcome = await self._taking.receive(peer, live, job, offer, we_dialled=True)
        if isinstance(outcome, Done):
            await self._table.save(live, told_time=self._wall())
        elif live.status is Status.COMPLETE:
            self._untold()
        return outcome
