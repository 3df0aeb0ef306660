"""Which rows are shown, in which order, and how many there are of each kind."""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.rate import TimeLeft
from jetstream_desktop.state.rows import Group, Row


class Filter(enum.Enum):
    """A shelf of the sidebar."""

    ALL = "all"
    ACTIVE = "active"
    WAITING = "waiting"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    RECEIVED = "received"


_GROUPS: Final = {
    Group.ACTIVE: Filter.ACTIVE, Group.WAITING: Filter.WAITING, Group.PAUSED: Filter.PAUSED,
    Group.DONE: Filter.DONE, Group.FAILED: Filter.FAILED,
}


class Column(enum.IntEnum):
    """Columns of the table in their natural order."""

    DIRECTION = 0
    NAME = 1
    PROGRESS = 2
    STATUS = 3
    DONE = 4
    FILES = 5
    RATE = 6
    TIME_LEFT = 7
    ELAPSED = 8
    AVERAGE = 9
    PRIORITY = 10
    ADDED = 11
    FINISHED = 12
    ERROR = 13
    OTHER = 14


@dataclass(frozen=True, slots=True)
class Query:
    """What the table shows: a shelf, one destination if *destination_id* is set, search words, and the order."""

    shelf: Filter = Filter.ALL
    search: str = ""
    destination_id: str | None = None
    column: Column | None = None
    """``None`` is the natural order: what moves on top, then what waits, failed, paused, done; newest first."""
    descending: bool = False
    words: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", tuple(self.search.casefold().split()))

    def shows(self, row: Row) -> bool:
        """Whether *row* belongs to what is shown."""
        if self.shelf is Filter.RECEIVED:
            if not row.incoming:
                return False
        elif self.shelf is not Filter.ALL and _GROUPS[row.group] is not self.shelf:
            return False
        if self.destination_id is not None and row.destination_id != self.destination_id:
            return False
        if not self.words:
            return True
        text = f"{row.name}\n{row.other}\n{row.status.sentence}".casefold()
        return all(word in text for word in self.words)

    @property
    def order(self) -> Callable[[Row], Any]:
        """The sort key."""
        return natural if self.column is None else _KEYS[self.column]


def natural(row: Row) -> tuple[int, int, str]:
    """Live work on top, then the newest."""
    return (row.group, -row.added, row.key)


def _left(value: TimeLeft | None) -> float:
    return float("inf") if value is None or value.high is None else value.high


_KEYS: Final[dict[Column, Callable[[Row], Any]]] = {
    Column.DIRECTION: lambda row: (row.incoming, *natural(row)),
    Column.NAME: lambda row: (row.name.casefold(), *natural(row)),
    Column.OTHER: lambda row: (row.other.casefold(), *natural(row)),
    Column.PROGRESS: lambda row: (row.fraction or 0.0, *natural(row)),
    Column.STATUS: natural,
    Column.DONE: lambda row: (row.total or row.done, *natural(row)),
    Column.FILES: lambda row: (row.files or 0, *natural(row)),
    Column.RATE: lambda row: (row.rate or 0.0, *natural(row)),
    Column.TIME_LEFT: lambda row: (_left(row.time_left), *natural(row)),
    Column.ELAPSED: lambda row: (row.elapsed or 0.0, *natural(row)),
    Column.AVERAGE: lambda row: (row.average or 0.0, *natural(row)),
    Column.PRIORITY: lambda row: (row.priority or 0, *natural(row)),
    Column.ADDED: lambda row: (row.added, *natural(row)),
    Column.FINISHED: lambda row: (row.finished or 0, *natural(row)),
    Column.ERROR: lambda row: (row.error or "", *natural(row)),
}


def arrange(rows: Iterable[Row], query: Query) -> list[Row]:
    """The rows that *query* shows, in its order."""
    return sorted((row for row in rows if query.shows(row)), key=query.order, reverse=query.descending)


def counts(rows: Iterable[Row]) -> dict[Filter, int]:
    """How many rows stand on each shelf."""
    groups = [0] * len(Group)
    received = 0
    for row in rows:
        groups[row.group] += 1
        received += row.incoming
    result = {shelf: groups[group] for group, shelf in _GROUPS.items()}
    return {**result, Filter.ALL: sum(groups), Filter.RECEIVED: received}


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over rows: of a selection, or of everything that moves."""

    rows: int = 0
    size: int = 0
    done: int = 0
    active: int = 0
    sending: float = 0.0
    receiving: float = 0.0
    seconds_left: float | None = None
    moving_size: int = 0
    """Bytes of what moves now and has a known total."""
    moving_done: int = 0

    @property
    def progress(self) -> float | None:
        """How far all that moves is, from 0 to 1; ``None`` if nothing moves."""
        return min(1.0, self.moving_done / self.moving_size) if self.moving_size else None


def totals(rows: Iterable[Row]) -> Totals:
    """Sums over *rows*. Rates in bytes per second; the time left is that of the slowest. What moved when its node was
    last heard of does not count as moving.
    """
    number = size = done = active = moving = moved = 0
    sending = receiving = 0.0
    left: float | None = None
    for row in rows:
        number += 1
        size += row.total or row.done
        done += row.done
        if row.group is Group.ACTIVE and row.current:
            active += 1
            moving += row.total or 0
            moved += row.done if row.total else 0
            if row.incoming:
                receiving += row.rate or 0.0
            else:
                sending += row.rate or 0.0
            if row.time_left is not None and row.time_left.high is not None:
                left = max(left or 0.0, row.time_left.high)
    return Totals(number, size, done, active, sending, receiving, left, moving, moved)


def empty_words(query: Query) -> tuple[str, str]:
    """Why the table is empty: a title, and what would fill it."""
    if query.search:
        return tr("Nothing found for “{words}”", words=query.search), ""
    if query.destination_id is not None:
        return tr("Nothing has been sent there yet"), tr("Drop files on its name in the sidebar to send them.")
    return {
        Filter.ALL: (tr("No transfers yet"), ""),
        Filter.ACTIVE: (tr("Nothing is under way"), tr("What is sent or received at the moment is listed here.")),
        Filter.WAITING: (tr("Nothing waits"), tr("Transfers wait here for their turn, or for the other computer.")),
        Filter.PAUSED: (tr("Nothing is paused"), tr("Paused transfers stay here until you resume them.")),
        Filter.DONE: (tr("Nothing has finished yet"), ""),
        Filter.FAILED: (tr("Nothing has failed"), tr("What stops for good is listed here, with the reason.")),
        Filter.RECEIVED: (tr("Nothing has come in yet"), tr("What is sent to you and what you fetch is listed here.")),
    }[query.shelf]
