"""Transfers while the node runs: the record that lasts, and beside it what only matters now.

Everything here belongs to the event loop; no locks. Every change takes a new cursor, so that a client can ask for what
changed since its last question.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

from jetstream.constants import BLOCK_SIZE
from jetstream.entities import ReceiveTransfer, Transfer
from jetstream_server.records import IncomingRecord, TransferRecord
from jetstream_server.transfers.rates import RateEstimator, kilobits, seconds_left
from jetstream_server.transfers.states import (
    PROCESSING,
    RECEIVING_MOVES,
    SENDING_MOVES,
    Event,
    IllegalMove,
    Phase,
    Status,
    move,
)

KEPT_TOMBSTONES: Final = 10_000

Record = TypeVar("Record", bound=TransferRecord | IncomingRecord)
NewRecord = TypeVar("NewRecord", contravariant=True)


class RecordStore(Protocol[NewRecord]):
    """What the table needs of the catalog."""

    async def add(self, record: NewRecord) -> None:
        """Keep a new record."""

    async def update(self, key: str, **changes: Any) -> None:
        """Change fields of a record."""

    async def delete(self, key: str) -> None:
        """Forget a record."""


class Live(Generic[Record]):
    """One transfer: ``record`` and what is known of this moment."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.phase: Phase | None = None
        self.waiting_message: str | None = None
        """Why it waits, in a sentence."""
        self.retries = 0
        self.next_retry_time: int | None = None
        self.asked_time: int | None = None
        """Since when the receiver's people are asked whether they want it."""
        self.rate = RateEstimator()
        self.rtt: float | None = None
        self.loss_rate: float | None = None
        self.carrier: str | None = None
        self.current_file: str | None = None
        self.bottleneck: str | None = None
        self.cursor = 0
        self.snapshot_time: int | None = None

    def __repr__(self) -> str:
        return f"<Live {self.record.id} {self.record.status} {self.phase or ''}>"

    @property
    def id(self) -> str:
        """The transfer's id."""
        return self.record.id

    @property
    def status(self) -> Status:
        """Where it is in its life."""
        return Status(self.record.status)

    @property
    def processing(self) -> bool:
        """Whether the node works on it."""
        return self.status in PROCESSING

    def calm_down(self) -> None:
        """Forget what is only true while blocks flow."""
        self.rate.reset()
        self.rtt = self.loss_rate = self.carrier = self.current_file = self.bottleneck = None


class TransferTable(Generic[Record]):
    """All transfers of one direction, their changes, and their way into the catalog.

    :param moves: the state table of this direction.
    :param wall: microseconds since the epoch.
    """

    def __init__(self, store: RecordStore[Record], moves: Any, wall: Callable[[], int]) -> None:
        self._store = store
        self._moves = moves
        self._wall = wall
        self._live: dict[str, Live[Record]] = {}
        self._cursor = wall()  # later than every cursor of an earlier launch
        self._tombstones: dict[str, tuple[int, str, str | None]] = {}

    def __iter__(self) -> Iterator[Live[Record]]:
        return iter(self._live.values())

    def __len__(self) -> int:
        return len(self._live)

    def get(self, id: str) -> Live[Record] | None:
        """The transfer with this id."""
        return self._live.get(id)

    def load(self, record: Record) -> Live[Record]:
        """Take in a record from the catalog."""
        live = Live(record)
        self._live[record.id] = live
        self.touch(live)
        return live

    async def add(self, record: Record) -> Live[Record]:
        """A new transfer.

        It is known here before it is kept: whoever asked may be gone by then (a peer that hung up), and the catalog
        finishes what it has begun. Otherwise the record would be there unknown, and the next offer would make another.
        """
        live = self.load(record)
        try:
            await self._store.add(record)
        except Exception:
            self._live.pop(record.id, None)
            raise
        return live

    def touch(self, live: Live[Record]) -> None:
        """*live* has changed."""
        self._cursor = max(self._cursor + 1, self._wall())
        live.cursor = self._cursor
        live.snapshot_time = self._wall()

    def show(self, live: Live[Record], **changes: Any) -> None:
        """Change fields of the record in memory only: counters, which :meth:`save` makes durable now and then."""
        live.record = dataclasses.replace(live.record, **changes)
        self.touch(live)

    async def save(self, live: Live[Record], **changes: Any) -> None:
        """Change fields of the record, here and in the catalog. A transfer deleted meanwhile stays deleted."""
        live.record = dataclasses.replace(live.record, **changes)
        self.touch(live)
        if live.id in self._live:
            await self._store.update(live.id, **changes)

    async def step(self, live: Live[Record], event: Event, **changes: Any) -> None:
        """Let *event* happen: the one place where a status changes.

        :raises IllegalMove: if it cannot happen now.
        """
        status = move(self._moves, live.status, event)
        if status not in PROCESSING:
            live.phase = live.waiting_message = live.next_retry_time = live.asked_time = None
            live.calm_down()
        await self.save(live, status=status.value, **changes)

    async def delete(self, live: Live[Record]) -> None:
        """Forget a transfer; clients that ask for changes learn of it."""
        self._live.pop(live.id, None)
        self.touch(live)
        self._tombstones[live.id] = (live.cursor, live.record.owner, getattr(live.record, "owner_token", None))
        while len(self._tombstones) > KEPT_TOMBSTONES:
            del self._tombstones[next(iter(self._tombstones))]
        await self._store.delete(live.id)

    def changed_since(self, cursor: int) -> list[Live[Record]]:
        """What changed after *cursor*, in order of change."""
        cursor = self._known(cursor)
        return sorted((live for live in self._live.values() if live.cursor > cursor), key=lambda live: live.cursor)

    def _known(self, cursor: int) -> int:
        """A cursor of an earlier launch lies ahead if the clock was set back since: all of this launch is news then."""
        return cursor if cursor <= self._cursor else 0

    def deleted_since(self, cursor: int) -> list[tuple[str, int, str, str | None]]:
        """What was deleted after *cursor*: id, cursor, owner, owner's token."""
        cursor = self._known(cursor)
        return [(id, *rest) for id, rest in self._tombstones.items() if rest[0] > cursor]


SendingTable = TransferTable[TransferRecord]
ReceivingTable = TransferTable[IncomingRecord]


def sending_table(store: RecordStore[TransferRecord], wall: Callable[[], int]) -> SendingTable:
    """The table of outgoing transfers."""
    return TransferTable(store, SENDING_MOVES, wall)


def receiving_table(store: RecordStore[IncomingRecord], wall: Callable[[], int]) -> ReceivingTable:
    """The table of incoming transfers."""
    return TransferTable(store, RECEIVING_MOVES, wall)


def _average(record: TransferRecord | IncomingRecord, done: int) -> int | None:
    return kilobits(done / record.active_seconds) if record.active_seconds > 0.2 else None


def _blocks(size: int | None) -> int | None:
    return None if size is None else -(-size // BLOCK_SIZE)


def transfer_entity(live: Live[TransferRecord], now: float) -> Transfer:
    """The documented form of an outgoing transfer. *now*: the steady clock of its rate."""
    record = live.record
    speed = live.rate.bytes_per_second(now) if live.status is Status.SENDING else None
    missing = (record.total_bytes or 0) - record.bytes_acked
    return Transfer(
        transfer_id=record.id,
        manifest_id=record.manifest_id,
        destination_id=record.destination_id or "",
        status=record.status,
        processing=live.processing,
        phase=live.phase.value if live.phase else None,
        error_message=record.error_message,
        destination_path=record.destination_path,
        priority=record.priority,
        send_rate_max=record.send_rate_max,
        rate_policy=record.rate_policy,
        overwrite_mode=record.overwrite_mode,
        min_cipher=record.min_cipher,
        checkpoint_frequency_seconds=record.checkpoint_seconds,
        block_size=BLOCK_SIZE,
        total_blocks=_blocks(record.total_bytes),
        total_bytes=record.total_bytes,
        total_files=record.total_files,
        files_done=record.files_done,
        blocks_sent=record.blocks_sent,
        blocks_acked=_blocks(record.bytes_acked) or 0,
        blocks_retransmitted=record.blocks_retransmitted,
        bytes_acked=record.bytes_acked,
        bytes_sent=record.bytes_sent,
        bytes_recv=record.bytes_recv,
        packets_sent=record.packets_sent,
        packets_recv=record.packets_recv,
        checkpoint_bytes=record.checkpoint_bytes,
        last_checkpoint_time=record.last_checkpoint_time,
        rate=kilobits(speed),
        average_rate=_average(record, record.bytes_acked),
        rtt=None if live.rtt is None else round(live.rtt * 1e6),
        loss_rate=live.loss_rate,
        eta=seconds_left(missing, speed) if live.status is Status.SENDING else None,
        carrier=live.carrier,
        current_file=live.current_file,
        bottleneck=live.bottleneck,
        retries=live.retries,
        next_retry_time=None if live.asked_time else live.next_retry_time,
        asked_time=live.asked_time,
        last_error_message=live.waiting_message,
        peer_name=record.peer_name,
        peer_fingerprint=record.peer_fingerprint,
        request_time=record.request_time,
        queue_time=record.queue_time,
        start_time=record.start_time,
        end_time=record.end_time,
        snapshot_time=live.snapshot_time,
        modified_cursor=live.cursor,
        label=record.label,
        owner=record.owner,
        owner_token=record.owner_token,
        user_data=record.user_data,
    )


def receive_entity(live: Live[IncomingRecord], now: float) -> ReceiveTransfer:
    """The documented form of an incoming transfer. *now*: the steady clock of its rate."""
    record = live.record
    speed = live.rate.bytes_per_second(now) if live.status is Status.RECEIVING else None
    missing = (record.total_size or 0) - record.bytes_recv
    return ReceiveTransfer(
        transfer_id=record.id,
        status=record.status,
        processing=live.processing,
        phase=live.phase.value if live.phase else None,
        error_message=record.error_message,
        destination_path=record.destination_path,
        folder=record.folder,
        source_ip=record.source_ip,
        source_port=record.source_port,
        total_size=record.total_size,
        total_files=record.total_files,
        files_done=record.files_done,
        bytes_recv=record.bytes_recv,
        checkpoint_bytes=record.checkpoint_bytes,
        last_checkpoint_time=record.last_checkpoint_time,
        rate=kilobits(speed),
        average_rate=_average(record, record.bytes_recv),
        rtt=None if live.rtt is None else round(live.rtt * 1e6),
        eta=seconds_left(missing, speed) if live.status is Status.RECEIVING else None,
        carrier=live.carrier,
        retries=live.retries,
        next_retry_time=live.next_retry_time,
        last_error_message=live.waiting_message,
        last_recv_time=record.last_recv_time,
        last_send_time=record.last_send_time,
        last_error_time=record.last_error_time,
        request_time=record.request_time,
        start_time=record.start_time,
        end_time=record.end_time,
        snapshot_time=live.snapshot_time,
        overwrite_mode=record.overwrite_mode,
        peer_name=record.peer_name,
        peer_fingerprint=record.peer_fingerprint,
        download=record.link is not None,
        modified_cursor=live.cursor,
        label=record.label,
        owner=record.owner,
        user_data=record.user_data,
    )


__all__ = [
    "IllegalMove",
    "Live",
    "ReceivingTable",
    "SendingTable",
    "TransferTable",
    "receive_entity",
    "receiving_table",
    "sending_table",
    "transfer_entity",
]
