"""The nodes that files came from, summed up from their transfers. Pure."""

from collections.abc import Sequence

from jetstream.entities import ReceiveTransfer, Source
from jetstream_server.records import IncomingRecord
from jetstream_server.transfers.live import Live
from jetstream_server.transfers.states import Status

Pair = tuple[IncomingRecord, ReceiveTransfer]


def sources_of(lives: Sequence[Live[IncomingRecord]], entities: Sequence[ReceiveTransfer]) -> list[Source]:
    """One entry per node, in the order in which their first transfers came.

    :param entities: the documented forms of *lives*, in the same order.
    """
    found: dict[tuple[str, str], list[Pair]] = {}
    for live, entity in zip(lives, entities, strict=True):
        record = live.record
        found.setdefault((record.peer_fingerprint or "", record.source_ip or ""), []).append((record, entity))
    return [_source(pairs) for pairs in found.values()]


def _source(pairs: list[Pair]) -> Source:
    last, _ = pairs[-1]
    entities = [entity for _, entity in pairs]
    running = [entity for entity in entities if entity.status == Status.RECEIVING]
    seconds = sum(record.active_seconds for record, _ in pairs)
    size = sum(record.bytes_recv for record, _ in pairs)
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
