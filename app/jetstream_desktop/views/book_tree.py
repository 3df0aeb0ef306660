"""The tree of the address book: groups that fold, destinations with a mark for reachable."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
)

from jetstream.entities import Destination
from jetstream_desktop.i18n import tr
from jetstream_desktop.models.book import ADDRESS, LAST_RATE, LAST_USED, NAME, STATE, BookModel
from jetstream_desktop.models.roles import KEY, ROOT, SNAPSHOT, Index
from jetstream_desktop.state import numbers
from jetstream_desktop.state.address import reachable
from jetstream_desktop.state.book import Shelf, known_states
from jetstream_desktop.views import painting
from jetstream_desktop.views.scrolling import GUTTER, edge_bar
from jetstream_desktop.views.theme import Theme

_INDENT = 22
_MARGINS = 24
_DOT = 18


class BookDelegate(QStyledItemDelegate):
    """Paints a cell."""

    def __init__(self, theme: Theme, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(60, round(36 * self._theme.scale))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        value = index.data(SNAPSHOT)
        area, theme = option.rect, self._theme
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painting.ground(painter, theme, area, selected=selected)
        painting.focus_mark(painter, theme, area, self._view, index)
        words = str(index.data() or "")
        if isinstance(value, Shelf):
            painting.text(painter, area.adjusted(6, 0, -8, 0), words, theme.font("body", True), theme.colour("text"),
                          within=area)
            taken = painter.fontMetrics().horizontalAdvance(words) + 12
            painting.text(painter, area.adjusted(6 + taken, 0, -8, 0), numbers.count(len(value.destinations)),
                          theme.font("small"), theme.colour("dim"), within=area)
        elif isinstance(value, Destination):
            ungrouped = index.column() == NAME and not index.parent().isValid()
            self._cell(painter, area, index.column(), words, value, GUTTER if ungrouped else 0)
        painter.restore()

    def _cell(self, painter: QPainter, area: QRect, column: int, words: str, value: Destination,
              indent: int) -> None:
        """*indent* puts a name without a group before it below the title of the page."""
        theme = self._theme
        left, ink = 8 + indent, "text" if column == NAME else "dim"
        if column == STATE:
            up = reachable(value)
            painting.dot(painter, QPoint(area.left() + 14, area.center().y() + 1),
                         theme.colour("good" if up else "faint"), filled=bool(up), within=area)
            left = 26
        painting.text(painter, area.adjusted(left, 0, -8, 0), words, theme.font("body"), theme.colour(ink), within=area)


class BookTree(QTreeView):
    """Groups fold by click, by the arrow keys and by Enter; Enter on a destination opens it, Delete removes."""

    opened = Signal(object)
    remove_wanted = Signal()
    menu_wanted = Signal(QPoint)
    folded = Signal()
    """A group was folded or unfolded by the person."""

    def __init__(self, theme: Theme, model: BookModel) -> None:
        super().__init__()
        self._theme = theme
        self._model = model
        self.closed: set[str] = set()
        """Names of the groups that are folded."""
        self._kept: tuple[list[str], str, int] = ([], "", 0)
        self._wanted: tuple[str, ...] = ()
        """What is to be selected once it is in the list."""
        self._restoring = False
        self.setProperty("role", "book")
        self.setModel(model)
        self.setItemDelegate(BookDelegate(theme, self))
        painting.keep_focus_seen(self)
        self.setAccessibleName(tr("Destinations"))
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setExpandsOnDoubleClick(False)
        edge_bar(self)
        header = self.header()
        header.setFixedHeight(32)
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.customContextMenuRequested.connect(self._menu)
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._restore)
        self.expanded.connect(self._unfold)
        self.collapsed.connect(self._fold)
        self.doubleClicked.connect(self._activate)
        theme.changed.connect(self.viewport().update)

    def chosen(self) -> list[Destination]:
        """The destinations that are selected."""
        values = [index.data(SNAPSHOT) for index in self.selectionModel().selectedRows()]
        return [value for value in values if isinstance(value, Destination)]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.viewport().width()
        widths = {ADDRESS: 200 if room >= 720 else 150, LAST_USED: self._fitting(LAST_USED, ["Wed 30 Nov, 14:00"]),
                  LAST_RATE: self._fitting(LAST_RATE, ["98.3 MB/s"]),
                  STATE: self._fitting(STATE, known_states()) + _DOT}
        hidden = {LAST_USED: room < 640, LAST_RATE: room < 760}
        for column, width in widths.items():
            self.setColumnHidden(column, hidden.get(column, False))
            self.header().resizeSection(column, width)

    def _fitting(self, column: int, words: Iterable[str]) -> int:
        """The width of a column in which its heading and these words are not cut."""
        heading = str(self._model.headerData(column, Qt.Orientation.Horizontal))
        body = QFontMetrics(self._theme.font("body"))
        return max(QFontMetrics(self._theme.font("header", True)).horizontalAdvance(heading),
                   *map(body.horizontalAdvance, words)) + _MARGINS

    def drawBranches(self, painter: QPainter, area: QRect, index: Index) -> None:
        painting.ground(painter, self._theme, area, selected=self.selectionModel().isSelected(index))
        if self._model.hasChildren(index):
            painting.branch(painter, self._theme, area, 20, is_open=self.isExpanded(index))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_wanted.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._activate(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _activate(self, index: Index) -> None:
        value = index.data(SNAPSHOT)
        if isinstance(value, Destination):
            self.opened.emit(value)
        elif isinstance(value, Shelf):
            head = index.sibling(index.row(), 0)
            self.setExpanded(head, not self.isExpanded(head))

    def _menu(self, place: QPoint) -> None:
        if isinstance(self.indexAt(place).data(SNAPSHOT), Destination):
            self.menu_wanted.emit(self.viewport().mapToGlobal(place))

    def _unfold(self, index: Index) -> None:
        self._remember(index, folded=False)

    def _fold(self, index: Index) -> None:
        self._remember(index, folded=True)

    def _remember(self, index: Index, *, folded: bool) -> None:
        shelf = index.data(SNAPSHOT)
        if self._restoring or not isinstance(shelf, Shelf):
            return
        if folded:
            self.closed.add(shelf.name)
        else:
            self.closed.discard(shelf.name)
        self.folded.emit()

    def _keep(self) -> None:
        chosen = [str(index.data(KEY)) for index in self.selectionModel().selectedRows()]
        self._kept = chosen, str(self.currentIndex().data(KEY) or ""), self.verticalScrollBar().value()

    def choose(self, keys: Sequence[str]) -> None:
        """Select these destinations, and no others, now or as soon as they are in the list."""
        self._wanted = tuple(keys)
        self._choose_wanted()

    def _choose_wanted(self) -> None:
        if not self._wanted or not all(self._model.find(key).isValid() for key in self._wanted):
            return
        wanted, self._wanted = self._wanted, ()
        self.clearSelection()
        self._select(wanted, wanted[0])
        self.scrollTo(self._model.find(wanted[0]))

    def _restore(self) -> None:
        grouped = self._model.grouped
        self.setRootIsDecorated(grouped)
        self.setIndentation(_INDENT if grouped else 0)
        self._restoring = True
        for row in range(self._model.rowCount()):
            index = self._model.index(row, 0)
            shelf = index.data(SNAPSHOT)
            self.setFirstColumnSpanned(row, QModelIndex(), isinstance(shelf, Shelf))
            if isinstance(shelf, Shelf):
                self.setExpanded(index, shelf.name not in self.closed)
        self._restoring = False
        chosen, current, place = self._kept
        self._select(chosen, current)
        self.verticalScrollBar().setValue(place)
        self._choose_wanted()

    def _select(self, keys: Iterable[str], current: str) -> None:
        chooser = self.selectionModel()
        flags = QItemSelectionModel.SelectionFlag
        found = self._model.find(current) if current else ROOT
        if found.isValid():
            chooser.setCurrentIndex(found, flags.NoUpdate)
        for key in keys:
            index = self._model.find(key)
            if index.isValid():
                chooser.select(index, flags.Select | flags.Rows)
