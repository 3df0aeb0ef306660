"""The composer's tree: what goes, as what, how big. Folders are listed when they are opened, a thousand at a time."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt, Signal

from jetstream.constants import SYMLINK_FOLLOW
from jetstream_desktop.i18n import tr
from jetstream_desktop.models.roles import KEY, ROOT, SNAPSHOT, Index
from jetstream_desktop.state import numbers
from jetstream_desktop.state.basket import Basket, Flag, Found, Item, Kind, conflicts, flag_of, join, left_out
from jetstream_desktop.state.counting import Count
from jetstream_desktop.state.text import base_name, plain_tooltip, printable

NAME, GOES_AS, SIZE, NOTE = range(4)
PAGE: Final = 1000


class Node:
    """One row: an item of the basket, a folder made by hand, something inside a folder, or the row that says "more"."""

    __slots__ = ("children", "found", "hidden", "item", "listed", "made", "name", "number", "parent", "row", "target")

    def __init__(self, number: int, parent: "Node | None", name: str, target: str) -> None:
        self.number = number
        self.parent = parent
        self.name = name
        self.target = target
        self.row = 0
        self.children: list[Node] = []
        self.found: Found | None = None
        self.item: Item | None = None
        self.made = False
        self.listed = True
        self.hidden = 0
        """For the row "more": how many are not shown yet."""

    @property
    def folder(self) -> bool:
        """Whether it can be opened."""
        return self.found is None and not self.hidden or self.found is not None and self.found.kind is Kind.FOLDER


class BasketModel(QAbstractItemModel):
    """Shows a basket. It asks for a folder's listing with ``wanted`` and for changes with ``renamed``."""

    wanted = Signal(str)
    """The source folder that someone has opened."""
    renamed = Signal(str, str)
    """Target and the new target that was typed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._basket = Basket()
        self._nodes: dict[int, Node] = {}
        self._root = Node(0, None, "", "")
        self._listings: dict[str, Sequence[Found]] = {}
        self._counts: Mapping[str, Count] = {}
        self._conflicts: Mapping[str, Flag] = {}
        self._remarks: Mapping[str, Flag] = {}
        self._asked: set[str] = set()
        self._symlinks = SYMLINK_FOLLOW

    # Building

    def show(self, basket: Basket) -> None:
        """Show another basket. Listings that were read stay known."""
        self.beginResetModel()
        self._basket = basket
        self._nodes.clear()
        self._conflicts = conflicts(basket)
        self._root = Node(0, None, "", "")
        folders: dict[str, Node] = {"": self._root}
        for path in basket.folders:
            self._folder(path, folders)
        for item in basket.items:
            above, _, name = item.target.rpartition("/")
            node = self._child(self._folder(above, folders), name, item.target)
            node.item, node.found = item, item.found
            node.listed = item.found.kind is not Kind.FOLDER
        self.endResetModel()

    def listings(self) -> Mapping[str, Sequence[Found]]:
        """What is known of opened folders, by source."""
        return self._listings

    def set_listing(self, source: str, found: Sequence[Found]) -> None:
        """What is in a folder that was asked for."""
        self._listings[source] = found
        self._asked.discard(source)
        for node in [n for n in self._nodes.values() if not n.listed and n.found and n.found.path == source]:
            self._fill(node, PAGE)

    def set_symlinks(self, symlinks: int) -> None:
        """What becomes of links, for the remarks."""
        if symlinks != self._symlinks:
            self._symlinks = symlinks
            self._refresh(ROOT, self._root, NOTE)

    def set_counts(self, counts: Mapping[str, Count]) -> None:
        """Sizes of folders by source, as far as they are counted."""
        self._counts = counts
        self._refresh(ROOT, self._root, SIZE)

    def set_remarks(self, remarks: Mapping[str, Flag]) -> None:
        """What the other side would do with targets, as far as it is known."""
        if remarks != self._remarks:
            self._remarks = remarks
            self._refresh(ROOT, self._root, NOTE)

    def show_more(self, index: Index) -> None:
        """Fill in more of a long folder, for the row that says how many are missing."""
        node = self._node(index)
        if node.hidden and node.parent is not None:
            parent = node.parent
            place = self._index_of(parent)
            self.beginRemoveRows(place, node.row, node.row)
            parent.children.pop()
            self._nodes.pop(node.number, None)
            self.endRemoveRows()
            self._fill(parent, PAGE * 5)

    def _folder(self, path: str, folders: dict[str, Node]) -> Node:
        found = folders.get(path)
        if found is None:
            above, _, name = path.rpartition("/")
            found = self._child(self._folder(above, folders), name, path)
            found.made = True
            folders[path] = found
        return found

    def _child(self, parent: Node, name: str, target: str) -> Node:
        node = Node(len(self._nodes) + 1, parent, name, target)
        while node.number in self._nodes:
            node.number += 1
        node.row = len(parent.children)
        parent.children.append(node)
        self._nodes[node.number] = node
        return node

    def _fill(self, node: Node, most: int) -> None:
        assert node.found is not None
        found = self._listings[node.found.path]
        start = len(node.children)
        chosen = found[start : start + most]
        missing = len(found) - start - len(chosen)
        node.listed = True
        if not chosen:
            return
        self.beginInsertRows(self._index_of(node), start, start + len(chosen) - (0 if missing else 1))
        for one in chosen:
            name = base_name(one.path)
            child = self._child(node, name, join(node.target, name))
            child.found = one
            child.listed = one.kind is not Kind.FOLDER
        if missing:
            more = self._child(node, "", node.target)
            more.hidden = missing
        self.endInsertRows()

    def _refresh(self, place: QModelIndex, node: Node, column: int) -> None:
        if not node.children:
            return
        self.dataChanged.emit(self.index(0, column, place), self.index(len(node.children) - 1, column, place))
        for child in node.children:
            if child.children:
                self._refresh(self._index_of(child), child, column)

    # What Qt asks

    def _node(self, index: Index) -> Node:
        return self._nodes.get(index.internalId(), self._root) if index.isValid() else self._root

    def _index_of(self, node: Node) -> QModelIndex:
        return ROOT if node is self._root else self.createIndex(node.row, 0, node.number)

    def index(self, row: int, column: int, parent: Index = ROOT) -> QModelIndex:
        node = self._node(parent)
        if 0 <= row < len(node.children) and 0 <= column <= NOTE and parent.column() <= 0:
            return self.createIndex(row, column, node.children[row].number)
        return QModelIndex()

    def parent(self, index: Index = ROOT) -> QModelIndex:  # type: ignore[override]
        above = self._node(index).parent if index.isValid() else None
        return QModelIndex() if above is None else self._index_of(above)

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.column() > 0 else len(self._node(parent).children)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 4

    def hasChildren(self, parent: Index = ROOT) -> bool:
        node = self._node(parent)
        return parent.column() <= 0 and (bool(node.children) or not node.listed)

    def canFetchMore(self, parent: Index) -> bool:
        node = self._node(parent)
        return not node.listed and node.found is not None and node.found.path not in self._asked

    def fetchMore(self, parent: Index) -> None:
        node = self._node(parent)
        if node.found is None or node.listed:
            return
        if node.found.path in self._listings:
            self._fill(node, PAGE)
        elif node.found.path not in self._asked:
            self._asked.add(node.found.path)
            self.wanted.emit(node.found.path)

    def flags(self, index: Index) -> Qt.ItemFlag:
        base = super().flags(index)
        if index.isValid() and index.column() in (NAME, GOES_AS) and not self._node(index).hidden:
            return base | Qt.ItemFlag.ItemIsEditable
        return base

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if not index.isValid() or role != Qt.ItemDataRole.EditRole:
            return False
        node, text = self._node(index), str(value)
        if index.column() == NAME:
            text = join(node.target.rpartition("/")[0], text)
        self.renamed.emit(node.target, text)
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (tr("What goes"), tr("Goes as"), tr("Size"), "")[section] if 0 <= section < 4 else None
        if role == Qt.ItemDataRole.AccessibleTextRole and section == NOTE:
            return tr("Remarks")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == SIZE else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        node = self._node(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(node, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(node, index.column())
        if role == Qt.ItemDataRole.EditRole:
            return node.name if index.column() == NAME else node.target
        if role == SNAPSHOT:
            return node
        if role == KEY:
            return node.target
        if role == Qt.ItemDataRole.ToolTipRole and node.found is not None:
            column = index.column()
            return plain_tooltip(self._text(node, column) if column in (SIZE, NOTE) else printable(node.found.path))
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == SIZE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def flag(self, node: Node) -> Flag | None:
        """What there is to know about a row."""
        if node.target in self._conflicts and not node.hidden:
            return self._conflicts[node.target]
        if node.found is not None and left_out(node.target, base_name(node.found.path), self._basket.exclude,
                                               folder=node.folder):
            return Flag(tr("left out"))
        if node.target in self._remarks and not node.hidden:
            return self._remarks[node.target]
        if node.made and not node.children:
            return Flag(tr("empty, will not be made"))
        if node.found is None:
            return None
        flag = flag_of(node.item or Item(node.target, node.found), self._symlinks, dropped=node.item is not None)
        if flag is not None and flag.blocking and node.item is None:  # inside a folder it keeps nothing else from going
            return Flag(tr("{reason}; left out", reason=flag.text))
        return flag

    def _text(self, node: Node, column: int) -> str:
        if node.hidden:
            return tr("Show more ({count} not shown)", count=numbers.count(node.hidden)) if column == NAME else ""
        if column == NAME:
            return printable(base_name(node.found.path) if node.found is not None else node.name)
        if column == GOES_AS:
            return printable(node.target)
        if column == SIZE:
            return " · ".join(part for part in self.size_parts(node) if part)
        flag = self.flag(node)
        return flag.text if flag is not None else ""

    def _spoken(self, node: Node, column: int) -> str:
        """The name says the whole row: the arrows go from name to name."""
        text = self._text(node, column)
        if column != NAME or node.hidden:
            return text
        target = tr("goes as {target}", target=self._text(node, GOES_AS))
        renamed = node.target.rpartition("/")[2] != (base_name(node.found.path) if node.found else node.name)
        parts = (text, target if renamed else "", self._text(node, SIZE), self._text(node, NOTE))
        return ", ".join(part for part in parts if part)

    def size_parts(self, node: Node) -> tuple[str, str]:
        """How many files are in a folder, and how big it is; of a file the size alone."""
        if node.found is None:
            return "", ""
        if node.found.kind is Kind.FILE:
            return "", numbers.size(node.found.size)
        count = self._counts.get(node.found.path)
        if count is None or node.found.kind is not Kind.FOLDER:
            return "", ""
        if not count.complete:
            return "", tr("{n}…", n=numbers.count(count.files))
        return numbers.files(count.files), numbers.size(count.size)
