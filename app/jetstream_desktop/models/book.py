"""The address book as a tree: groups with their destinations; without any group a plain list."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from jetstream.entities import Destination
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.models.roles import KEY, ROOT, SNAPSHOT, Index
from jetstream_desktop.state import numbers, sharing
from jetstream_desktop.state.address import Address, title_of
from jetstream_desktop.state.book import Shelf, state_words
from jetstream_desktop.state.text import plain_tooltip, printable

NAME, ADDRESS, LAST_USED, LAST_RATE, STATE = range(5)
_TOP = 0


def shelf_key(shelf: Shelf) -> str:
    """What a group is found by; never the id of a destination."""
    return f"group:{shelf.name}"


class BookModel(QAbstractItemModel):
    """Shows shelves. Rows that stay in place are updated in place, so that a selection survives."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shelves: list[Shelf] = []
        self._headings = (tr("Name"), tr("Address"), tr("Last used"), tr("Last rate"), tr("State"))

    @property
    def grouped(self) -> bool:
        """Whether there are groups; else destinations are at the top."""
        return any(shelf.name for shelf in self._shelves)

    @property
    def _loose(self) -> Sequence[Destination]:
        return self._shelves[0].destinations if self._shelves and not self.grouped else ()

    def rowCount(self, parent: Index = ROOT) -> int:
        if not parent.isValid():
            return len(self._shelves) if self.grouped else len(self._loose)
        if parent.column() == 0 and parent.internalId() == _TOP and self.grouped:
            return len(self._shelves[parent.row()].destinations)
        return 0

    def columnCount(self, parent: Index = ROOT) -> int:
        return len(self._headings)

    def index(self, row: int, column: int, parent: Index = ROOT) -> QModelIndex:
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else _TOP)

    def parent(self, index: Index = ROOT) -> QModelIndex:  # type: ignore[override]
        if not index.isValid() or index.internalId() == _TOP:
            return QModelIndex()
        return self.createIndex(int(index.internalId()) - 1, 0, _TOP)

    def _value(self, index: Index) -> Shelf | Destination | None:
        if not index.isValid():
            return None
        number = int(index.internalId())
        if number == _TOP:
            return self._shelves[index.row()] if self.grouped else self._loose[index.row()]
        return self._shelves[number - 1].destinations[index.row()]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        value = self._value(index)
        if value is None:
            return None
        if role == SNAPSHOT:
            return value
        if role == KEY:
            return value.id if isinstance(value, Destination) else shelf_key(value)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            spoken = role == Qt.ItemDataRole.AccessibleTextRole
            if isinstance(value, Destination):
                return _sentence(value) if spoken and index.column() == NAME else _cell(value, index.column())
            return _heading(value, spoken) if index.column() == 0 else ""
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(value, Destination) and index.column() == STATE:
            return plain_tooltip(printable(say(value.last_error_message or ""))) or None
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and 0 <= section < len(self._headings):
            if role == Qt.ItemDataRole.DisplayRole:
                return self._headings[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def find(self, key: str) -> QModelIndex:
        """The first column of the row with this key; an index that is not valid if there is none."""
        for number in range(self.rowCount()):
            index = self.index(number, 0)
            if index.data(KEY) == key:
                return index
            for below in range(self.rowCount(index)):
                child = self.index(below, 0, index)
                if child.data(KEY) == key:
                    return child
        return QModelIndex()

    def show_shelves(self, fresh: Sequence[Shelf]) -> None:
        """Show *fresh*."""
        if list(fresh) == self._shelves:
            return
        if _keys(fresh) != _keys(self._shelves):
            self.beginResetModel()
            self._shelves = list(fresh)
            self.endResetModel()
            return
        self._shelves = list(fresh)
        last = len(self._headings) - 1
        for parent in [self.index(row, 0) for row in range(len(fresh))] if self.grouped else [QModelIndex()]:
            rows = self.rowCount(parent)
            if rows:
                self.dataChanged.emit(self.index(0, 0, parent), self.index(rows - 1, last, parent))


def _keys(shelves: Sequence[Shelf]) -> list[tuple[str, list[str]]]:
    return [(shelf.name, [d.id for d in shelf.destinations]) for shelf in shelves]


def _heading(shelf: Shelf, spoken: bool) -> str:
    name = printable(shelf.name) or tr("Without a group")
    return f"{name}, {numbers.count(len(shelf.destinations))}" if spoken else name


def _sentence(value: Destination) -> str:
    """The whole row, for who hears it: the arrows go from name to name."""
    parts = [_cell(value, NAME), _cell(value, ADDRESS), _cell(value, STATE)]
    parts.append(tr("last used: {when}", when=_cell(value, LAST_USED)))
    return ", ".join(part for part in parts if part)


def _cell(value: Destination, place: int) -> str:
    if place == NAME:
        return printable(title_of(value))
    if place == ADDRESS:
        return printable(str(Address(value.destination_address, value.destination_port)))
    if place == LAST_USED:
        return sharing.moment(value.last_used_time) if value.last_used_time else tr("never")
    if place == LAST_RATE:
        return numbers.rate(value.last_rate * 125) if value.last_rate else ""
    return state_words(value)
