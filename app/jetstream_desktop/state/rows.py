"""Rows of the transfer table: frozen values made from what the node says. Delegates paint from nothing else."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from jetstream.entities import ReceiveTransfer, Transfer
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.state import words
from jetstream_desktop.state.delivered import landing
from jetstream_desktop.state.options import LABEL, MAX_LABEL
from jetstream_desktop.state.rate import COUNTING, RateEstimator, TimeLeft

BYTES_PER_KBIT: Final = 125
DEFAULT_PRIORITY: Final = 100


class Group(enum.IntEnum):
    """The shelf that a row stands on; the order is the order of urgency in the table."""

    ACTIVE = 0
    WAITING = 1
    FAILED = 2
    PAUSED = 3
    DONE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the ids in a transfer stand for: names of destinations, and of shared tokens' manifests."""

    destinations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One transfer as the window shows it. Sizes in bytes, rates in bytes per second, times in µs UTC."""

    key: str
    transfer_id: str
    incoming: bool
    name: str
    other: str
    group: Group
    status: words.Status
    done: int
    total: int | None
    files_done: int
    files: int | None
    rate: float | None = None
    time_left: TimeLeft | None = None
    average: float | None = None
    elapsed: float | None = None
    priority: int | None = None
    limit: int | None = None
    """kbit/s."""
    policy: str | None = None
    added: int = 0
    finished: int | None = None
    error: str | None = None
    destination_id: str | None = None
    path: str = ""
    whole: bool = False
    """All has arrived; a row may be done without, because it was cancelled."""
    can_pause: bool = False
    can_resume: bool = False
    can_retry: bool = False
    can_cancel: bool = False
    current: bool = True
    """Whether the node says so now; if not, it is what was true when it was last heard of."""

    @property
    def fraction(self) -> float | None:
        """Progress from 0 to 1; ``None`` while the total is not known."""
        if self.whole:
            return 1.0
        if not self.total:
            return None
        return min(1.0, self.done / self.total)


Entity = Transfer | ReceiveTransfer


def key_of(entity: Entity) -> str:
    """The key of an entity's row: ids of the two directions come from different counters."""
    return f"{'r' if isinstance(entity, ReceiveTransfer) else 's'}{entity.id}"


def group_of(entity: Entity) -> Group:
    """The shelf that the entity stands on."""
    if entity.status == "complete":
        return Group.DONE
    if entity.status == "error":
        return Group.FAILED
    if entity.status == "cancelled":
        return Group.DONE
    if entity.status == "suspended" or words.paused_there(entity):
        return Group.PAUSED
    waiting = entity.phase in words.WAITING_PHASES or entity.next_retry_time is not None
    return Group.WAITING if waiting else Group.ACTIVE


def outdated(row: Row) -> Row:
    """*row* while nothing is heard from its node: without what changes by the second, and quiet."""
    status = replace(row.status, sentence=row.status.timeless or row.status.sentence, tone="dim", brief="")
    return replace(row, rate=None, time_left=None, status=status, current=False)


class RowMaker:
    """Makes rows, and remembers per running transfer what its rate was. Time is passed in, in µs."""

    def __init__(self) -> None:
        self._estimators: dict[str, RateEstimator] = {}

    def make(self, entity: Entity, names: Names, now: int) -> Row:
        """The row of *entity* at the time *now*."""
        key, group = key_of(entity), group_of(entity)
        moving = group is Group.ACTIVE and entity.status != "pending"
        estimator = self._observe(key, entity, now) if moving else None
        if not moving:
            self._estimators.pop(key, None)
        if isinstance(entity, Transfer):
            return _sent(entity, names, group, estimator, now)
        return _received(entity, group, estimator, now)

    def forget(self, key: str) -> None:
        """Drop what was remembered about a row that is gone."""
        self._estimators.pop(key, None)

    def _observe(self, key: str, entity: Entity, now: int) -> RateEstimator:
        estimator = self._estimators.setdefault(key, RateEstimator())
        done = entity.bytes_acked if isinstance(entity, Transfer) else entity.bytes_recv
        moment = entity.snapshot_time or now
        estimator.observe(moment / 1e6, done)
        return estimator


def _rate(estimator: RateEstimator | None, told: int | None) -> float | None:
    if estimator is None:
        return None
    if estimator.rate is not None:
        return estimator.rate
    return None if told is None else float(told * BYTES_PER_KBIT)


def _left(estimator: RateEstimator | None, done: int, total: int | None, told: int | None) -> TimeLeft | None:
    if estimator is None:
        return None
    if total is None:
        return COUNTING
    known = estimator.time_left(max(0, total - done))
    if known is None and told is not None:
        return TimeLeft(float(told), float(told))
    return known


def _elapsed(start: int | None, end: int | None, now: int) -> float | None:
    return None if start is None else max(0.0, ((end or now) - start) / 1e6)


def _average(told: int | None) -> float | None:
    return None if told is None else float(told * BYTES_PER_KBIT)


def _sent(entity: Transfer, names: Names, group: Group, estimator: RateEstimator | None, now: int) -> Row:
    other = names.destinations.get(entity.destination_id) or entity.peer_name or ""
    if entity.owner_token:
        other = tr("{name}, by link", name=entity.peer_name) if entity.peer_name else tr("somebody, by link")
    elif not other:
        other = tr("unknown destination")
    return Row(
        key=key_of(entity), transfer_id=entity.id, incoming=False,
        name=_called(entity) or entity.label or tr("Transfer {id}", id=entity.id), other=other, group=group,
        status=words.status_of(entity, other, now),
        done=entity.bytes_acked, total=entity.total_bytes, files_done=entity.files_done, files=entity.total_files,
        rate=_rate(estimator, entity.rate),
        time_left=_left(estimator, entity.bytes_acked, entity.total_bytes, entity.eta),
        average=_average(entity.average_rate), elapsed=_elapsed(entity.start_time, entity.end_time, now),
        priority=entity.priority, limit=entity.send_rate_max, policy=entity.rate_policy, added=entity.request_time or 0,
        finished=entity.end_time, error=say(entity.error_message or _waits_for(entity) or "") or None,
        destination_id=entity.destination_id or None, path=entity.destination_path, whole=entity.status == "complete",
        can_pause=entity.processing, can_resume=entity.status == "suspended",
        can_retry=words.can_retry(entity),
        can_cancel=entity.processing or entity.status == "suspended",
    )


def _called(entity: Transfer) -> str:
    """The label that a person gave it."""
    label = entity.user_data.get(LABEL)
    return label.strip()[:MAX_LABEL] if isinstance(label, str) else ""


def _waits_for(entity: Transfer) -> str | None:
    """What the node says of why it waits; that somebody is asked the status says already, in the person's language."""
    return entity.last_error_message if entity.asked_time is None else None


def _received(entity: ReceiveTransfer, group: Group, estimator: RateEstimator | None, now: int) -> Row:
    other = entity.peer_name or entity.source_ip or tr("another computer")
    return Row(
        key=key_of(entity), transfer_id=entity.id, incoming=True,
        name=_incoming_name(entity), other=other, group=group,
        status=words.status_of(entity, other, now),
        done=entity.bytes_recv, total=entity.total_size, files_done=entity.files_done, files=entity.total_files,
        rate=_rate(estimator, entity.rate),
        time_left=_left(estimator, entity.bytes_recv, entity.total_size, entity.eta),
        average=_average(entity.average_rate), elapsed=_elapsed(entity.start_time, entity.end_time, now),
        added=entity.request_time or entity.start_time or 0, finished=entity.end_time,
        error=say(entity.error_message or entity.last_error_message or "") or None, path=landing(entity),
        whole=entity.status == "complete",
        can_pause=entity.processing, can_resume=entity.status == "suspended",
        can_retry=words.can_retry(entity),
        can_cancel=entity.processing or entity.status == "suspended",
    )


def _incoming_name(entity: ReceiveTransfer) -> str:
    if entity.download and entity.label == "Shared files":  # the node's own word until it knows a better one
        return tr("Shared files")
    return entity.label or tr("Incoming {id}", id=entity.id)
