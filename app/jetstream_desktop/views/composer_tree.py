"""The composer's tree: painted rows, renaming in place, keys for removing."""

from collections.abc import Collection

from PySide6.QtCore import QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from jetstream_desktop.i18n import tr
from jetstream_desktop.models.basket import GOES_AS, NAME, NOTE, SIZE, BasketModel, Node
from jetstream_desktop.models.roles import KEY, SNAPSHOT, Index
from jetstream_desktop.views import painting
from jetstream_desktop.views.scrolling import edge_bar
from jetstream_desktop.views.theme import Theme

_INDENT = 20
_BYTES = 64
"""Room for a size in bytes, before which the files are counted."""


def _place(node: Node) -> str:
    """What a row is remembered by: its source, so that a renamed folder stays open."""
    return node.found.path if node.found is not None else node.target


class BasketDelegate(QStyledItemDelegate):
    """Paints a row of the tree."""

    def __init__(self, theme: Theme, model: BasketModel, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, round(36 * self._theme.scale))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setStyleSheet("padding: 0 4px; border-radius: 4px")
        editor.setAccessibleName(tr("New name"))
        return editor

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        node: Node | None = index.data(SNAPSHOT)
        if node is None:
            return
        area, theme = option.rect, self._theme
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painting.ground(painter, theme, area, selected=selected)
        painting.focus_mark(painter, theme, area, self._view, index)
        words = str(index.data())
        if index.column() == NAME:
            self._name(painter, area, node, words)
        elif index.column() == GOES_AS:
            painting.text(painter, area.adjusted(8, 0, -10, 0), words, theme.font("body"), theme.colour("dim"),
                          mode=Qt.TextElideMode.ElideMiddle, within=area)
        elif index.column() == SIZE:
            self._size(painter, area.adjusted(0, 0, -8, 0), node)
        elif words:
            flag = self._model.flag(node)
            tone = "bad" if flag is not None and flag.blocking else "caution"
            painting.icon(painter, theme, "alert", tone, QPoint(area.left() + 4, area.center().y() - 7), 15,
                          within=area)
            painting.text(painter, area.adjusted(24, 0, -4, 0), words, theme.font("small"), theme.colour(tone),
                          within=area)
        painter.restore()

    def _size(self, painter: QPainter, area: QRect, node: Node) -> None:
        """How big it is, below each other; before it how many files those are, where there is room."""
        theme, (files, size) = self._theme, self._model.size_parts(node)
        painting.text(painter, area, size, theme.font("body"), theme.colour("text"), painting.Align.AlignRight,
                      within=area)
        left = area.adjusted(0, 0, -round(_BYTES * theme.scale), 0)
        if left.width() >= QFontMetrics(theme.font("small")).horizontalAdvance(files):
            painting.text(painter, left, files, theme.font("small"), theme.colour("dim"), painting.Align.AlignRight,
                          within=area)

    def _name(self, painter: QPainter, area: QRect, node: Node, words: str) -> None:
        theme = self._theme
        if node.hidden:
            painting.text(painter, area.adjusted(4, 0, -4, 0), words, theme.font("body"), theme.colour("accent_ink"),
                          within=area)
            return
        icon = "folder" if node.folder or (node.found is not None and node.found.closed) else "file"
        painting.icon(painter, theme, icon, "dim", QPoint(area.left() + 2, area.center().y() - 8), 17, within=area)
        painting.text(painter, area.adjusted(26, 0, -8, 0), words, theme.font("body"), theme.colour("text"),
                      within=area)


class BasketTree(QTreeView):
    """The tree of what goes."""

    remove_wanted = Signal()
    more_wanted = Signal(object)

    def __init__(self, theme: Theme, model: BasketModel) -> None:
        super().__init__()
        self._theme = theme
        self._open: set[str] = set()
        self._chosen: set[str] = set()
        self._fitted = 0
        self._pointed: str | None = None
        """The folder that something is dragged over."""
        self.setModel(model)
        self.setItemDelegate(BasketDelegate(theme, model, self))
        painting.keep_focus_seen(self)
        self.setAccessibleName(tr("What goes"))
        self.setUniformRowHeights(True)
        self.setIndentation(_INDENT)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setExpandsOnDoubleClick(False)
        edge_bar(self)
        header = self.header()
        header.setFixedHeight(32)
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        for column, width in ((NAME, 250), (GOES_AS, 200), (SIZE, 92), (NOTE, 156)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(GOES_AS, QHeaderView.ResizeMode.Stretch)
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._restore)
        self.expanded.connect(self._opened)
        self.collapsed.connect(self._closed)
        self.doubleClicked.connect(self._double)
        theme.changed.connect(self.viewport().update)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.viewport().width()
        if room != self._fitted:
            self._fitted = room
            tight = room < 440
            note = 28 if tight else max(60, min(220, room * 20 // 100))
            size = 84 if room < 500 else 92 if room < 640 else 138
            self.setColumnHidden(GOES_AS, tight)
            self.header().resizeSection(NAME, room - note - size if tight else max(150, min(340, room * 31 // 100)))
            self.header().resizeSection(NOTE, note)
            self.header().resizeSection(SIZE, size)

    def selected_targets(self) -> list[str]:
        """Targets of the selected rows, outermost first, without those inside another selected one."""
        found = sorted({str(index.data(KEY)) for index in self.selectionModel().selectedRows()
                        if not index.data(SNAPSHOT).hidden})
        return [t for t in found if not any(t.startswith(f"{other}/") for other in found)]

    def drawBranches(self, painter: QPainter, area: QRect, index: Index) -> None:
        selected = self.selectionModel().isSelected(index)
        painting.ground(painter, self._theme, area, selected=selected)
        if self.model().hasChildren(index):
            painting.branch(painter, self._theme, area, _INDENT, is_open=self.isExpanded(index))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_wanted.emit()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.state() != self.State.EditingState:
            self._double(self.currentIndex())
            return
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        node: Node | None = index.data(SNAPSHOT)
        if node is not None and node.hidden:
            self.more_wanted.emit(index)

    def point_at(self, place: QPoint, folders: Collection[str]) -> None:
        """Select the one of *folders* that lies at *place*, into which a drop would go; away from it nothing is, again.
        """
        index = self.indexAt(place).siblingAtColumn(NAME)
        node: Node | None = index.data(SNAPSHOT)
        if node is not None and node.target in folders:
            self.setCurrentIndex(index)
            self._pointed = node.target
        else:
            self.point_away()

    def point_away(self) -> None:
        """Take back what :meth:`point_at` has selected."""
        if self._pointed is not None and self.selected_targets() == [self._pointed]:
            self.clearSelection()
        self._pointed = None

    def _double(self, index: QModelIndex) -> None:
        node: Node | None = index.data(SNAPSHOT)
        if node is None:
            return
        if node.hidden:
            self.more_wanted.emit(index)
        elif index.column() == GOES_AS:
            self.edit(index)
        elif self.model().hasChildren(index):
            self.setExpanded(index.siblingAtColumn(NAME), not self.isExpanded(index.siblingAtColumn(NAME)))

    def _opened(self, index: QModelIndex) -> None:
        self._open.add(_place(index.data(SNAPSHOT)))

    def _closed(self, index: QModelIndex) -> None:
        self._open.discard(_place(index.data(SNAPSHOT)))

    def _keep(self) -> None:
        self._chosen = set(self.selected_targets())

    def _restore(self) -> None:
        self._reopen(QModelIndex())

    def _reopen(self, parent: QModelIndex) -> None:
        model = self.model()
        for number in range(model.rowCount(parent)):
            index = model.index(number, 0, parent)
            node: Node = index.data(SNAPSHOT)
            if node.target in self._chosen and not node.hidden:
                self.selectionModel().select(index, self.selectionModel().SelectionFlag.Select
                                             | self.selectionModel().SelectionFlag.Rows)
            if _place(node) in self._open or node.made:
                if model.canFetchMore(index):
                    model.fetchMore(index)
                self.setExpanded(index, True)
                self._reopen(index)
