"""The list of files that a link gives, with check boxes, a filter, and all or none."""

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QTreeView,
    QWidget,
)

from jetstream_desktop.i18n import tr
from jetstream_desktop.models.picking import NAME, SIZE, PickModel
from jetstream_desktop.models.roles import SNAPSHOT, Index
from jetstream_desktop.state.picking import ALL, NONE, PickNode
from jetstream_desktop.state.text import plain_tooltip, printable
from jetstream_desktop.views import painting
from jetstream_desktop.views.scrolling import edge_bar
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.toolbar import SearchField
from jetstream_desktop.views.widgets import button, column, row

_INDENT = 18
_BOX = 15
_FILTER_MS = 150


def draw_box(painter: QPainter, theme: Theme, area: QRect, state: int, *, focus: bool = False) -> None:
    """A check box that is empty, ticked, or half."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shape = QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5)
    filled = state != NONE
    painter.setPen(QPen(theme.colour("accent" if filled or focus else "dim"), 1))
    painter.setBrush(theme.colour("accent" if filled else "pane"))
    painter.drawRoundedRect(shape, 4, 4)
    painter.setPen(QPen(theme.colour("accent_text"), 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                        Qt.PenJoinStyle.RoundJoin))
    left, middle = shape.left(), shape.center().y()
    if state == ALL:
        painter.drawPolyline([QPointF(left + 3.5, middle + 0.2), QPointF(left + 6, middle + 2.8),
                              QPointF(left + 10.6, middle - 2.8)])
    elif filled:
        painter.drawLine(QPointF(left + 4, middle), QPointF(left + 10, middle))


class PickDelegate(QStyledItemDelegate):
    """Paints a row: check box, icon, name; size."""

    def __init__(self, theme: Theme, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, round(30 * self._theme.scale))

    def box(self, area: QRect, direction: Qt.LayoutDirection = Qt.LayoutDirection.LeftToRight) -> QRect:
        """Where the check box of a row lies."""
        place = QRect(area.left() + 4, area.center().y() - _BOX // 2, _BOX, _BOX)
        return QStyle.visualRect(direction, area, place)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem,
                  index: Index) -> bool:
        node: PickNode | None = index.data(SNAPSHOT)
        if node is None or event.type() != QEvent.Type.ToolTip:
            return False
        QToolTip.showText(event.globalPos(), plain_tooltip(printable(node.file.path if node.file else node.name)), view)
        return True

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        node: PickNode | None = index.data(SNAPSHOT)
        if node is None:
            return
        area, theme = option.rect, self._theme
        painter.save()
        painting.ground(painter, theme, area, selected=bool(option.state & QStyle.StateFlag.State_Selected))
        painting.focus_mark(painter, theme, area, self._view, index)
        words = str(index.data())
        if index.column() == SIZE:
            painting.text(painter, area.adjusted(8, 0, -10, 0), words, theme.font("body"), theme.colour("dim"),
                          painting.Align.AlignRight, within=area)
        else:
            draw_box(painter, theme, self.box(area, option.direction), node.state,
                     focus=bool(option.state & QStyle.StateFlag.State_HasFocus))
            painting.icon(painter, theme, "folder" if node.folder else "file", "dim",
                          QPoint(area.left() + 27, area.center().y() - 8), 17, within=area)
            ink = theme.colour("text" if node.state != NONE else "dim")
            painting.text(painter, area.adjusted(50, 0, -8, 0), words, theme.font("body"), ink,
                          mode=Qt.TextElideMode.ElideMiddle, within=area)
        painter.restore()


class PickTree(QTreeView):
    """The tree. A click on a check box, or Space, picks and leaves out."""

    def __init__(self, theme: Theme, model: PickModel) -> None:
        super().__init__()
        self._theme = theme
        self._model = model
        self._delegate = PickDelegate(theme, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        painting.keep_focus_seen(self)
        self.setAccessibleName(tr("Files that the link gives"))
        self.setUniformRowHeights(True)
        self.setIndentation(_INDENT)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        edge_bar(self)
        header = self.header()
        header.setFixedHeight(28)
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(SIZE, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(SIZE, round(180 * theme.scale))
        model.dataChanged.connect(self.viewport().update)
        theme.changed.connect(self.viewport().update)

    def open_top(self) -> None:
        """Open the only folder at the top, and the only one in it, so that something can be seen."""
        index = self._model.index(0, NAME)
        while index.isValid() and self._model.rowCount(index.parent()) == 1 and self._model.hasChildren(index):
            self.expand(index)
            index = self._model.index(0, NAME, index)

    def drawBranches(self, painter: QPainter, area: QRect, index: Index) -> None:
        painting.ground(painter, self._theme, area, selected=self.selectionModel().isSelected(index))
        if self.model().hasChildren(index):
            painting.branch(painter, self._theme, area, _INDENT, is_open=self.isExpanded(index))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._model.toggle(self.currentIndex().siblingAtColumn(NAME))
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == NAME and event.button() == Qt.MouseButton.LeftButton:
            box = self._delegate.box(self.visualRect(index), self.layoutDirection())
            if box.adjusted(-4, -8, 6, 8).contains(event.position().toPoint()):
                self.setCurrentIndex(index)
                self._model.toggle(index)
                return
        super().mousePressEvent(event)


class PickPane(QWidget):
    """The tree with its filter and its buttons."""

    changed = Signal()

    def __init__(self, theme: Theme, model: PickModel) -> None:
        super().__init__()
        self._model = model
        self.tree = PickTree(theme, model)
        self.tree.setMinimumHeight(round(230 * theme.scale))
        self.search = SearchField(theme, tr("Filter the files"))
        self.search.textChanged.connect(self._typed)
        self.all = button(tr("All"), "chip", tip=tr("Choose everything that is shown"))
        self.none = button(tr("None"), "chip", tip=tr("Choose nothing of what is shown"))
        self.all.clicked.connect(self._all)
        self.none.clicked.connect(self._none)
        line = row(spacing=6)
        line.addWidget(self.search, 1)
        line.addWidget(self.all)
        line.addWidget(self.none)
        layout = column(spacing=8)
        layout.addLayout(line)
        layout.addWidget(self.tree, 1)
        self.setLayout(layout)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_FILTER_MS)
        self._wait.timeout.connect(self._filter)
        model.picked.connect(self.changed)

    def refresh(self) -> None:
        """Show the files that have come."""
        self._model.refresh()
        self.tree.open_top()
        self.changed.emit()

    def _typed(self) -> None:
        self._wait.start()

    def _filter(self) -> None:
        self._model.picking.filter(self.search.text())
        self._model.refresh()
        if self.search.text() and len(self._model.picking.shown) < 500:
            self.tree.expandAll()
        else:
            self.tree.open_top()

    def _all(self) -> None:
        self._model.pick_shown(True)

    def _none(self) -> None:
        self._model.pick_shown(False)
