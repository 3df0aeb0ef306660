"""Small tables of values that are replaced as a whole or by key: destinations, tokens, events."""

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QObject, Qt

from jetstream_desktop.models.roles import KEY, ROOT, SNAPSHOT, Index

Value = TypeVar("Value")


class ValueTableModel(QAbstractTableModel, Generic[Value]):
    """Shows a list of frozen values.

    :param headings: titles of the columns.
    :param text: the text of a value in a column.
    :param key: what identifies a value when the list is replaced.
    :param figures: columns of numbers, which stand at the right.
    """

    def __init__(self, headings: Sequence[str], text: Callable[[Value, int], str], key: Callable[[Value], Hashable],
                 parent: QObject | None = None, figures: Collection[int] = ()) -> None:
        super().__init__(parent)
        self._figures = frozenset(figures)
        self._headings = tuple(headings)
        self._text = text
        self._key = key
        self._values: list[Value] = []

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._values)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._headings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._values):
            return None
        value = self._values[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(value, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._sentence(value) if index.column() == 0 else self._text(value, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        if role == SNAPSHOT:
            return value
        return self._key(value) if role == KEY else None

    def _sentence(self, value: Value) -> str:
        """The whole row, which its first cell says to who hears it: the arrows go from row to row."""
        cells = (self._text(value, column) for column in range(len(self._headings)))
        return ", ".join(cell for cell in cells if cell)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and 0 <= section < len(self._headings):
            if role == Qt.ItemDataRole.DisplayRole:
                return self._headings[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(section)
        return None

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column in self._figures else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    @property
    def values(self) -> Sequence[Value]:
        """What is shown, in order."""
        return tuple(self._values)

    def value(self, row: int) -> Value | None:
        """The value in a row."""
        return self._values[row] if 0 <= row < len(self._values) else None

    def find(self, key: Hashable) -> int | None:
        """The row of the value with this key."""
        return next((row for row, value in enumerate(self._values) if self._key(value) == key), None)

    def replace(self, values: Sequence[Value]) -> None:
        """Show *values*. Rows that stay in place are updated in place, so that a selection survives."""
        fresh = list(values)
        if fresh == self._values:
            return
        if [self._key(v) for v in fresh] == [self._key(v) for v in self._values]:
            changed = [row for row, (old, new) in enumerate(zip(self._values, fresh, strict=True)) if old != new]
            self._values = fresh
            for row in changed:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(self._headings) - 1))
            return
        more = len(fresh) - len(self._values)
        if self._values and fresh[more:] == self._values:  # something new on top moves nothing else
            self.beginInsertRows(ROOT, 0, more - 1)
            self._values = fresh
            self.endInsertRows()
            return
        self.beginResetModel()
        self._values = fresh
        self.endResetModel()

    def append(self, values: Sequence[Value]) -> None:
        """Add *values* at the end."""
        if values:
            start = len(self._values)
            self.beginInsertRows(ROOT, start, start + len(values) - 1)
            self._values.extend(values)
            self.endInsertRows()
