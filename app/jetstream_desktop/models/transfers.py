"""The transfer table's model: rows are updated in place; what is shown and its order are part of the model.

Filtering and sorting are plain list operations here instead of a ``QSortFilterProxyModel`` in between: that class asks
``data()`` for every comparison, which costs ten thousand rows a third of a second, while ``sorted`` with a key needs
some milliseconds. Rows that come and go are inserted and removed one by one, and a new order is announced with
persistent indexes moved, so that selection, current row and scroll position stay with their transfers.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QObject, Qt, Signal

from jetstream_desktop.i18n import apart, tr
from jetstream_desktop.models.roles import KEY, ROOT, SNAPSHOT, Index
from jetstream_desktop.state import changes as diffing
from jetstream_desktop.state import numbers
from jetstream_desktop.state.changes import Changes
from jetstream_desktop.state.filters import Column, Filter, Query, arrange, counts
from jetstream_desktop.state.rows import Row
from jetstream_desktop.state.sharing import day_and_time
from jetstream_desktop.state.text import printable

_RESET_ABOVE = 200
NUMERIC = frozenset({Column.DONE, Column.FILES, Column.RATE, Column.TIME_LEFT, Column.ELAPSED, Column.AVERAGE,
                     Column.PRIORITY, Column.ADDED, Column.FINISHED})
"""They stand at the right, and their order begins with the largest or latest."""


def titles() -> dict[Column, str]:
    """The headings of the columns."""
    return {
        Column.DIRECTION: tr("Direction"), Column.NAME: tr("Name"), Column.OTHER: tr("Other side"),
        Column.PROGRESS: tr("Progress"),
        Column.STATUS: tr("Status"), Column.DONE: tr("Done"), Column.FILES: tr("Files"), Column.RATE: tr("Rate"),
        Column.TIME_LEFT: tr("Time left"), Column.ELAPSED: tr("Elapsed"), Column.AVERAGE: tr("Average"),
        Column.PRIORITY: tr("Priority"), Column.ADDED: tr("Added"), Column.FINISHED: tr("Finished"),
        Column.ERROR: tr("Reason"),
    }


def cell_text(row: Row, column: Column) -> str:
    """What a cell says, as plain text: for painting, copying and reading aloud."""
    match column:
        case Column.DIRECTION:
            return tr("incoming") if row.incoming else tr("outgoing")
        case Column.NAME:
            return printable(row.name)
        case Column.OTHER:
            return printable(row.other)
        case Column.PROGRESS:
            return numbers.percent(row.fraction)
        case Column.STATUS:
            return printable(row.status.sentence)
        case Column.DONE:
            return numbers.part(row.done, row.total)
        case Column.FILES:
            return _files(row)
        case Column.RATE:
            return numbers.rate(row.rate)
        case Column.TIME_LEFT:
            return time_left_text(row)
        case Column.ELAPSED:
            return numbers.duration(row.elapsed) if row.elapsed is not None else ""
        case Column.AVERAGE:
            return numbers.rate(row.average)
        case Column.PRIORITY:
            return "" if row.priority is None else numbers.count(row.priority)
        case Column.ADDED:
            return apart(day_and_time(row.added)) if row.added else ""
        case Column.FINISHED:
            return apart(day_and_time(row.finished)) if row.finished else ""
        case Column.ERROR:
            return printable(row.error or "")


def _files(row: Row) -> str:
    if row.files is None:
        return ""
    if row.files_done in (0, row.files):
        return numbers.count(row.files)
    return numbers.counted(row.files_done, row.files)


def time_left_text(row: Row) -> str:
    """``1–2 min``, ``counting`` while the total grows, nothing while it cannot be told."""
    left = row.time_left
    if left is None:
        return ""
    if left.low is None or left.high is None:
        return tr("counting")
    return numbers.span(left.low, left.high)


def short_text(row: Row, column: Column) -> str:
    """What a cell says where :func:`cell_text` has no room: of a range of times the longer one."""
    if column is Column.TIME_LEFT and row.time_left is not None and row.time_left.high is not None:
        return numbers.longest(row.time_left.high)
    return cell_text(row, column)


def second_line(row: Row) -> str:
    """The quiet line below the name: the other side and the number of files."""
    other = printable(tr("from {other}", other=row.other) if row.incoming else row.other)
    return other if row.files is None else f"{other} · {numbers.files(row.files)}"


def spoken(row: Row) -> str:
    """One sentence a row, for screen readers."""
    parts = [printable(row.name), second_line(row), printable(row.status.sentence)]
    parts += [text for text in (numbers.percent(row.fraction), numbers.rate(row.rate)) if text]
    left = time_left_text(row)
    if left:
        parts.append(tr("{time} left", time=left))
    return ", ".join(parts)


class TransferTableModel(QAbstractTableModel):
    """Rows of transfers by key; shows those that the query wants, in its order."""

    counted = Signal(object)
    """``dict[Filter, int]`` after every change."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, Row] = {}
        self._shown: list[str] = []
        self._place: dict[str, int] = {}
        self._query = Query()
        self._withheld: dict[str, Row] = {}
        """Rows that are there and not shown, nor counted."""

    # What Qt asks

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        row = self._rows[self._shown[index.row()]]
        if role == SNAPSHOT:
            return row
        if role == KEY:
            return row.key
        column = Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return cell_text(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(row) if column is Column.NAME else cell_text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in NUMERIC:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        column = Column(section)
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if column is Column.DIRECTION else titles()[column]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return titles()[column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column in NUMERIC else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1 is the natural order (what moves on top)."""
        chosen = Column(column) if 0 <= column < len(Column) else None
        self.show(shelf=self._query.shelf, search=self._query.search, destination_id=self._query.destination_id,
                  column=chosen, descending=order == Qt.SortOrder.DescendingOrder)

    # What the window asks

    @property
    def query(self) -> Query:
        """What is shown now."""
        return self._query

    @property
    def rows(self) -> Mapping[str, Row]:
        """All rows by key, shown or not."""
        return self._rows

    def row(self, key: str) -> Row | None:
        """The row with this key."""
        return self._rows.get(key)

    def place(self, key: str) -> int | None:
        """Where the row is shown, if it is."""
        return self._place.get(key)

    def show(self, *, shelf: Filter = Filter.ALL, search: str = "", destination_id: str | None = None,
             column: Column | None = None, descending: bool = False) -> None:
        """Show another shelf, search or order."""
        query = Query(shelf, search, destination_id, column, descending)
        if query != self._query:
            self._query = query
            self._rearrange()

    def apply(self, changes: Changes) -> None:
        """Take over what a poll found."""
        changes = self._let_through(changes)
        if not changes:
            return
        moved = bool(changes.added or changes.removed)
        for row in changes.updated:
            moved = moved or self._moves(self._rows[row.key], row)
            self._rows[row.key] = row
        for row in changes.added:
            self._rows[row.key] = row
        if changes.removed:
            self._take_out({key for key in changes.removed if key in self._place})
            for key in changes.removed:
                self._rows.pop(key, None)
        self._announce(changes.updated)
        if moved:
            self._rearrange()
            self.counted.emit(counts(self._rows.values()))

    def withhold(self, keys: Iterable[str]) -> None:
        """Treat rows as if they were gone, whatever polls bring, until they are or :meth:`release` is called."""
        held = {key: row for key in keys if (row := self._rows.get(key)) is not None}
        self.apply(Changes((), (), tuple(held)))
        self._withheld |= held

    def release(self, keys: Iterable[str]) -> None:
        """Show rows again that were withheld, if they are still there."""
        self.apply(Changes(tuple(row for key in tuple(keys) if (row := self._withheld.pop(key, None))), (), ()))

    def _let_through(self, changes: Changes) -> Changes:
        if not self._withheld:
            return changes
        held = self._withheld
        for row in (*changes.added, *changes.updated):
            if row.key in held:
                held[row.key] = row
        gone = tuple(key for key in changes.removed if held.pop(key, None) is None)
        return Changes(tuple(row for row in changes.added if row.key not in held),
                       tuple(row for row in changes.updated if row.key not in held), gone)

    # How it is kept in order

    def _moves(self, old: Row, new: Row) -> bool:
        """Whether the row may stand elsewhere now; orders by numbers that always change wait for another cause."""
        if old.group is not new.group or old.name != new.name or old.destination_id != new.destination_id:
            return True
        return bool(self._query.words) and self._query.shows(old) != self._query.shows(new)

    def _announce(self, updated: Iterable[Row]) -> None:
        places = [self._place[row.key] for row in updated if row.key in self._place]
        for first, last in diffing.runs(places):
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(Column) - 1),
                                  [Qt.ItemDataRole.DisplayRole, SNAPSHOT])

    def _rearrange(self) -> None:
        wanted = [row.key for row in arrange(self._rows.values(), self._query)]
        if wanted == self._shown:
            return
        keep = set(wanted)
        gone = {key for key in self._shown if key not in keep}
        fresh = [key for key in wanted if key not in self._place]
        if len(gone) + len(fresh) > _RESET_ABOVE:
            self.beginResetModel()
            self._set_shown(wanted)
            self.endResetModel()
            return
        self._take_out(gone)
        if fresh:
            self._put_in(wanted, fresh)
        if wanted != self._shown:
            self._reorder(wanted)

    def _set_shown(self, keys: list[str]) -> None:
        self._shown = keys
        self._place = {key: place for place, key in enumerate(keys)}

    def _take_out(self, gone: set[str]) -> None:
        for first, last in reversed(diffing.runs(self._place[key] for key in gone)):
            self.beginRemoveRows(ROOT, first, last)
            self._set_shown(self._shown[:first] + self._shown[last + 1 :])
            self.endRemoveRows()

    def _put_in(self, wanted: list[str], fresh: list[str]) -> None:
        """Insert *fresh* where they belong if the others stand right already, else at the end for a reorder."""
        coming = set(fresh)
        if [key for key in wanted if key not in coming] == self._shown:
            positions = {key: place for place, key in enumerate(wanted)}
            for first, last in diffing.runs(positions[key] for key in fresh):
                self.beginInsertRows(ROOT, first, last)
                self._set_shown(self._shown[:first] + wanted[first : last + 1] + self._shown[first:])
                self.endInsertRows()
            return
        start = len(self._shown)
        self.beginInsertRows(ROOT, start, start + len(fresh) - 1)
        self._set_shown(self._shown + fresh)
        self.endInsertRows()

    def _reorder(self, wanted: list[str]) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        keys = [self._shown[index.row()] for index in before]
        self._set_shown(wanted)
        after = [self.index(self._place[key], index.column()) for key, index in zip(keys, before, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()
