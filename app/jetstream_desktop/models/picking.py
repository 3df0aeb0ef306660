"""The tree of files that a link gives, with check boxes."""

from typing import Any, Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt, Signal

from jetstream_desktop.i18n import tr
from jetstream_desktop.models.roles import KEY, ROOT, SNAPSHOT, Index
from jetstream_desktop.state import numbers
from jetstream_desktop.state.picking import ALL, NONE, Picking, PickNode
from jetstream_desktop.state.text import printable

NAME, SIZE = range(2)
_STATES: Final = {NONE: Qt.CheckState.Unchecked, ALL: Qt.CheckState.Checked}


class PickModel(QAbstractItemModel):
    """Shows a :class:`Picking`."""

    picked = Signal()
    """Something was picked or left out."""

    def __init__(self, picking: Picking, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.picking = picking
        self._nodes: list[PickNode] = []
        self._root = picking.root

    def refresh(self) -> None:
        """Show what the picking holds now."""
        self.beginResetModel()
        self.picking.build()
        self._root = self.picking.root
        self.endResetModel()

    def node(self, index: Index) -> PickNode:
        """What a row stands for; the root for no row."""
        found = index.internalPointer() if index.isValid() else None
        return found if isinstance(found, PickNode) else self._root

    def pick_shown(self, picked: bool) -> None:
        """Pick everything that is shown, or nothing of it."""
        self.picking.pick_shown(picked)
        self._changed()

    def toggle(self, index: Index) -> None:
        """Turn the check box of a row."""
        if index.isValid():
            self.picking.toggle(self.node(index))
            self._changed()

    def _changed(self) -> None:
        """Above and below the row anything may have changed: what is on the screen is painted anew."""
        rows = len(self._root.children)
        if rows:
            self.dataChanged.emit(self.index(0, NAME), self.index(rows - 1, SIZE), [Qt.ItemDataRole.CheckStateRole])
        self.picked.emit()

    # What Qt asks

    def index(self, row: int, column: int, parent: Index = ROOT) -> QModelIndex:
        children = self.node(parent).children
        if not 0 <= row < len(children) or not 0 <= column < 2:
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: Index = ROOT) -> Any:
        above = self.node(index).parent if index.isValid() else None
        if above is None or above is self._root:
            return QModelIndex()
        return self.createIndex(above.row, NAME, above)

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.column() > 0 else len(self.node(parent).children)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 2

    def hasChildren(self, parent: Index = ROOT) -> bool:
        return self.rowCount(parent) > 0

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == NAME else flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        wanted = Qt.CheckState(value) == Qt.CheckState.Checked
        node = self.node(index)
        if wanted != (node.state == ALL):
            self.toggle(index)
        return True

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        node = self.node(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return printable(node.name) if index.column() == NAME else size_of(node)
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == NAME:
            return _STATES.get(node.state, Qt.CheckState.PartiallyChecked)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return sentence(node) if index.column() == NAME else size_of(node)
        if role == SNAPSHOT:
            return node
        return node.file.entry if role == KEY and node.file is not None else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (tr("Name"), tr("Size"))[section] if section in (NAME, SIZE) else None
        if role == Qt.ItemDataRole.TextAlignmentRole and section == SIZE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None


def size_of(node: PickNode) -> str:
    """What stands in the size column."""
    if node.file is None:
        return f"{numbers.files(node.files)}, {numbers.size(node.size)}"
    if node.file.kind == "file":
        return numbers.size(node.size)
    return tr("link") if node.file.kind == "link" else tr("empty folder")


def sentence(node: PickNode) -> str:
    """A row for a screen reader."""
    state = {NONE: tr("not chosen"), ALL: tr("chosen")}.get(node.state, tr("partly chosen"))
    return f"{printable(node.name)}, {size_of(node)}, {state}"
