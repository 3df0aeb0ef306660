"""The sidebar: shelves, sharing, destinations; painted by a delegate, a target for drops."""

from PySide6.QtCore import QItemSelectionModel, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from jetstream_desktop.i18n import tr
from jetstream_desktop.models.roles import KEY, SNAPSHOT, Index
from jetstream_desktop.models.sidebar import HEADINGS, Entry, EntryKind, SidebarModel
from jetstream_desktop.state import numbers
from jetstream_desktop.state.text import plain_tooltip
from jetstream_desktop.views import painting
from jetstream_desktop.views.scrolling import edge_bar
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import IconLabel, column, hairline, label, row

WIDTH = 212
NARROW = 56
"""Icons alone, in a window that is too small for words beside the page."""
_BY_KEYBOARD = frozenset({Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason,
                          Qt.FocusReason.ShortcutFocusReason})
_HEIGHTS: dict[EntryKind | None, int] = {EntryKind.HEADING: 40, EntryKind.GROUP: 26}


class SidebarDelegate(QStyledItemDelegate):
    """Paints a line of the sidebar."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.target = ""
        """Key of the destination that something is held over."""
        self.ring = False
        """Whether the focus is shown: only to who moves it with the keyboard."""
        self.narrow = False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        entry: Entry | None = index.data(SNAPSHOT)
        height = _HEIGHTS.get(entry.kind, 32) if entry is not None else 32
        if self.narrow and height != 32:
            height = 13
        return QSize(40 if self.narrow else 100, round(height * self._theme.scale))

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        entry: Entry | None = index.data(SNAPSHOT)
        if not self.narrow or entry is None:
            return super().helpEvent(event, view, option, index)
        words = f"{entry.text} ({numbers.count(entry.count)})" if entry.count else entry.text
        QToolTip.showText(event.globalPos(), plain_tooltip(words), view)
        return True

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry | None = index.data(SNAPSHOT)
        if entry is None:
            return
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        if self.narrow and entry.kind in HEADINGS:
            middle = QRect(area.left() + 14, area.center().y(), area.width() - 28, 1)
            painter.fillRect(middle, self._theme.colour("hairline"))
        elif entry.kind is EntryKind.HEADING:
            place = QRect(area.left() + 18, area.bottom() - 26, area.width() - 30, 24)
            painting.text(painter, place, entry.text, self._theme.font("header"), self._theme.colour("dim"),
                          within=area)
        elif entry.kind is EntryKind.GROUP:
            painting.text(painter, QRect(area.left() + 18, area.top(), area.width() - 30, area.height()), entry.text,
                          self._theme.font("small"), self._theme.colour("dim"), within=area)
        else:
            if state & QStyle.StateFlag.State_MouseOver and not state & QStyle.StateFlag.State_Selected:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(self._theme.colour("track"))
                painter.drawRoundedRect(QRectF(area.adjusted(10, 1, -11, -1)), self._theme.radius, self._theme.radius)
            self._line(painter, area, entry, bool(state & QStyle.StateFlag.State_Selected),
                       bool(state & QStyle.StateFlag.State_HasFocus))
        painter.restore()

    def _line(self, painter: QPainter, area: QRect, entry: Entry, selected: bool, focused: bool) -> None:
        theme = self._theme
        ink = "accent_ink" if selected else ("dim" if entry.kind is EntryKind.ALL_DESTINATIONS else "text")
        if selected:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(theme.colour("accent") if focused and self.ring else Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("wash"))
            painter.drawRoundedRect(QRectF(area.adjusted(10, 1, -11, -1)), theme.radius, theme.radius)
        if self.target == entry.key:
            painter.setPen(QPen(theme.colour("accent"), 1.2, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(area.adjusted(10, 1, -11, -1)), theme.radius, theme.radius)
        middle = area.center().y() + 1
        if entry.kind is EntryKind.DESTINATION and self.narrow:
            self._initial(painter, area, entry, ink)
        elif entry.kind is EntryKind.DESTINATION:
            colour = theme.colour("good" if entry.reachable else "faint")
            painting.dot(painter, QPoint(area.left() + 26, middle), colour, filled=bool(entry.reachable), within=area)
        else:
            painting.icon(painter, theme, entry.icon, ink, QPoint(area.left() + 17, middle - 9), 18, within=area)
        if self.narrow:
            return
        count = "" if not entry.count else numbers.count(entry.count)
        right = QRect(area.right() - 66, area.top(), 48, area.height())
        painting.text(painter, right, count, theme.font("small", selected),
                      theme.colour("accent_ink" if selected else "dim"), painting.Align.AlignRight, within=area)
        taken = QFontMetrics(theme.font("small", selected)).horizontalAdvance(count) + 26 if count else 20
        words = QRect(area.left() + 43, area.top(), area.width() - 43 - taken, area.height())
        painting.text(painter, words, entry.text, theme.font("body", selected), theme.colour(ink), within=area)


    def _initial(self, painter: QPainter, area: QRect, entry: Entry, ink: str) -> None:
        """The first letter of a destination, with the mark for reachable at its foot."""
        theme, middle = self._theme, area.center().y()
        place = QRect(area.left() + 17, middle - 10, 20, 20)
        painting.text(painter, place, entry.text[:1].upper(), theme.font("body", True), theme.colour(ink),
                      painting.Align.AlignHCenter, within=area)
        colour = theme.colour("good" if entry.reachable else "faint")
        painting.dot(painter, QPoint(area.left() + 38, middle + 7), colour, filled=bool(entry.reachable), size=6,
                     within=area)


class SidebarList(QListView):
    """The list itself. One line is always chosen; headings cannot be."""

    chosen = Signal(object)
    """The :class:`Entry` that was chosen by the person."""
    entered_page = Signal()
    menu_wanted = Signal(object, QPoint)
    dropped = Signal(object, object)
    """Mime data, and the id of the destination that it was dropped on or ``None``."""

    def __init__(self, theme: Theme, model: SidebarModel) -> None:
        super().__init__()
        self._kept: str | None = None
        self._delegate = SidebarDelegate(theme, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(tr("Sections"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setStyleSheet("QListView { background: transparent; }")
        edge_bar(self).setProperty("role", "quiet")
        self.setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAcceptDrops(True)
        self.setDragDropMode(QListView.DragDropMode.DropOnly)
        self.setDropIndicatorShown(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._restore)
        self.selectionModel().currentChanged.connect(self._current_changed)
        theme.changed.connect(self.viewport().update)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show_ring(event.reason() in _BY_KEYBOARD)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._show_ring(True)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered_page.emit()  # the arrows walk on through the sections
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._show_ring(False)
        before = self.currentIndex()
        super().mousePressEvent(event)
        again = before.isValid() and before == self.currentIndex() == self.indexAt(event.position().toPoint())
        if again and event.button() == Qt.MouseButton.LeftButton:
            self._current_changed(before)  # back to it from a card or the start page

    def _show_ring(self, shown: bool) -> None:
        self._delegate.ring = shown
        self.viewport().update()

    # Drops: a destination takes them for itself, everything else as the window does

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        place = event.position().toPoint()
        entry = self._destination_at(place)
        self._aim(entry.key if entry is not None else "")
        words = tr("Drop to send to {where}. With Shift held down it goes at once.", where=entry.text) if entry else ""
        QToolTip.showText(self.viewport().mapToGlobal(place), plain_tooltip(words), self)
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._aim("")

    def dropEvent(self, event: QDropEvent) -> None:
        entry = self._destination_at(event.position().toPoint())
        self._aim("")
        QToolTip.hideText()
        event.acceptProposedAction()
        self.dropped.emit(event.mimeData(), entry.key if entry is not None else None)

    def _destination_at(self, place: QPoint) -> Entry | None:
        entry: Entry | None = self.indexAt(place).data(SNAPSHOT)
        return entry if entry is not None and entry.kind is EntryKind.DESTINATION else None

    def _aim(self, key: str) -> None:
        if self._delegate.target != key:
            self._delegate.target = key
            self.viewport().update()

    def choose(self, key: str) -> None:
        """Choose a line as if it had been clicked, but without telling."""
        model = self.model()
        assert isinstance(model, SidebarModel)
        place = model.row_of(key)
        self.selectionModel().blockSignals(True)
        if place is None:
            self.clearSelection()
        else:
            self.selectionModel().setCurrentIndex(model.index(place), QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.selectionModel().blockSignals(False)
        self.viewport().update()

    def _keep(self) -> None:
        index = self.currentIndex()
        self._kept = str(index.data(KEY)) if index.isValid() else None

    def _restore(self) -> None:
        if self._kept is not None:
            self.choose(self._kept)

    def _current_changed(self, current: Index) -> None:
        entry: Entry | None = current.data(SNAPSHOT)
        if entry is not None and entry.kind not in HEADINGS:
            self.chosen.emit(entry)

    def set_narrow(self, narrow: bool) -> None:
        """Icons alone."""
        self._delegate.narrow = narrow
        self.scheduleDelayedItemsLayout()

    def _menu(self, place: QPoint) -> None:
        entry: Entry | None = self.indexAt(place).data(SNAPSHOT)
        if entry is not None and entry.kind is EntryKind.DESTINATION:
            self.menu_wanted.emit(entry, self.viewport().mapToGlobal(place))


class Sidebar(QWidget):
    """The mark of the program above the list."""

    def __init__(self, theme: Theme, model: SidebarModel) -> None:
        super().__init__()
        self.setProperty("role", "sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._narrow: bool | None = None
        self.list = SidebarList(theme, model)
        mark = row(margins=(18, 13, 12, 9), spacing=9)
        mark.addWidget(IconLabel(theme, "mark", "accent", 20))
        self._name = label("JetStream", "section")
        self._name.setFont(theme.font("title"))
        self._name.setStyleSheet(f"font-size: {theme.font('title').pixelSize()}px; font-weight: 700")
        mark.addWidget(self._name, 1)
        mark.addStretch()
        layout = column()
        layout.addLayout(mark)
        layout.addWidget(self.list, 1)
        edged = row(spacing=0)
        edged.addLayout(layout, 1)
        edged.addWidget(hairline(vertical=True))
        self.setLayout(edged)
        self.set_narrow(False)

    def set_narrow(self, narrow: bool) -> None:
        """Whether there is room for icons alone."""
        if narrow != self._narrow:
            self._narrow = narrow
            self.setFixedWidth(round((NARROW if narrow else WIDTH) * self._theme.scale))
            self._name.setVisible(not narrow)
            self.list.set_narrow(narrow)
