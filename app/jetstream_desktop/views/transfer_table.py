"""The transfer table: a view with fixed sections and a delegate that paints rows from their snapshots."""

from collections.abc import Collection, Mapping

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QToolTip,
    QWidget,
)

from jetstream_desktop.i18n import tr
from jetstream_desktop.models.roles import KEY, SNAPSHOT, Index
from jetstream_desktop.models.transfers import NUMERIC, TransferTableModel, cell_text, second_line, short_text
from jetstream_desktop.state import numbers
from jetstream_desktop.state.columns import MOVING, shared_out, yielding
from jetstream_desktop.state.filters import Column, Filter
from jetstream_desktop.state.rows import Group, Row
from jetstream_desktop.state.text import plain_tooltip, printable
from jetstream_desktop.views import painting
from jetstream_desktop.views.columns import Columns
from jetstream_desktop.views.scrolling import GUTTER, edge_bar
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widths import is_tight, needed

_PAD = 10
_PERCENT_WIDTH = 46
_BAR = {Group.ACTIVE: "accent", Group.WAITING: "faint", Group.PAUSED: "caution", Group.FAILED: "bad",
        Group.DONE: "good"}


class TransferDelegate(QStyledItemDelegate):
    """Paints a cell from the row's snapshot; asks nothing and keeps nothing."""

    def __init__(self, theme: Theme, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view
        self.hovered = -1
        """The row that the pointer is over."""
        self.last = -1
        """The last column that is shown: it keeps off the scroll bar."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, self._theme.row)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        words = view.tip(index) if isinstance(view, TransferTable) and index.isValid() else ""
        QToolTip.showText(event.globalPos(), words, view)
        return True

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row | None = index.data(SNAPSHOT)
        if row is None:
            return
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painting.ground(painter, self._theme, area, selected=selected, hovered=index.row() == self.hovered)
        painting.focus_mark(painter, self._theme, area, self._view, index)
        column = Column(index.column())
        if column is Column.DIRECTION:
            self._direction(painter, area, row)
        elif column is Column.NAME:
            self._name(painter, area, row)
        elif column is Column.PROGRESS:
            self._progress(painter, area, row, "hairline" if selected else "track")
        elif column is Column.STATUS:
            self._status(painter, area, row)
        else:
            self._plain(painter, area, row, column)
        painter.restore()

    def _direction(self, painter: QPainter, area: QRect, row: Row) -> None:
        place = QPoint(area.left() + _PAD, area.center().y() - 8)
        painting.icon(painter, self._theme, "down" if row.incoming else "up", "dim", place, 17, within=area)

    def _name(self, painter: QPainter, area: QRect, row: Row) -> None:
        middle = area.center().y()
        width = area.width() - _PAD
        upper = QRect(area.left() + 8, middle - 19, width - 8, 20)
        lower = QRect(area.left() + 8, middle, width - 8, 18)
        theme = self._theme
        painting.text(painter, upper, printable(row.name), theme.font("name"), theme.colour("text"), within=area)
        painting.text(painter, lower, second_line(row), theme.font("small"), theme.colour("dim"), within=area)

    def _progress(self, painter: QPainter, area: QRect, row: Row, track_colour: str) -> None:
        theme = self._theme
        room = area.width() - _PERCENT_WIDTH - 2 * _PAD
        if room > 24:
            quiet = not row.current or (row.group is Group.DONE and not row.whole)
            colour = "faint" if quiet else _BAR[row.group]
            track = QRectF(area.left() + 8, area.center().y() - 2.5, room, 6)
            painting.bar(painter, track, row.fraction, theme.colour(colour), theme.colour(track_colour), within=area)
        label = QRect(area.right() - _PERCENT_WIDTH - 4, area.top(), _PERCENT_WIDTH, area.height())
        painting.text(painter, label, numbers.percent(row.fraction), theme.font("body"), theme.colour("dim"),
                      within=area)

    def _status(self, painter: QPainter, area: QRect, row: Row) -> None:
        theme, status = self._theme, row.status
        place = QPoint(area.left() + 6, area.center().y() - 7)
        painting.icon(painter, theme, status.icon, status.tone, place, 16, within=area)
        label = QRect(area.left() + 28, area.top(), area.width() - 30, area.height())
        words, font = printable(status.sentence), theme.font("small")
        if status.brief and not painting.fits_in_two(words, QFontMetrics(font), label.width()):
            words = status.brief
        painting.two_lines(painter, label, words, font, theme.colour(status.tone), within=area)

    def _plain(self, painter: QPainter, area: QRect, row: Row, column: Column) -> None:
        theme = self._theme
        align = painting.Align.AlignRight if column in NUMERIC else painting.Align.AlignLeft
        inner = area.adjusted(8, 0, -8 - (GUTTER if column == self.last else 0), 0)
        words, font = cell_text(row, column), theme.font("body")
        if QFontMetrics(font).horizontalAdvance(words) > inner.width():
            words = short_text(row, column)
        painting.text(painter, inner, words, font, theme.colour("text"), align,
                      within=area)


class TransferTable(QTableView):
    """The table. Selection, current row and scroll position stay with their transfers whatever a poll brings."""

    menu_wanted = Signal(QPoint)
    """Someone asked for the context menu at this place of the screen."""
    details_wanted = Signal()
    selection_changed = Signal()

    def __init__(self, theme: Theme, model: TransferTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = model
        self._kept: tuple[list[str], str | None] = ([], None)
        self._idle = False
        """Nothing moves, nor waits to do so."""
        self.setModel(model)
        self._delegate = TransferDelegate(theme, self)
        self.setItemDelegate(self._delegate)
        painting.keep_focus_seen(self)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Transfers"))
        self.setProperty("role", "transfers")
        self._set_up()
        self.horizontalHeader().sectionMoved.connect(self._note_last)
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._restore)
        self.selectionModel().selectionChanged.connect(self._selection_moved)
        model.counted.connect(self._counted)
        theme.changed.connect(self.viewport().update)

    def _set_up(self) -> None:
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(self._theme.row)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(34)
        header.setFixedHeight(32)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column in Column:
            self.setColumnWidth(column, 110)
        edge_bar(self)
        self.columns = Columns(self, self._model)
        self.columns.chosen.connect(self._fit)

    # Selection

    def selected_keys(self) -> list[str]:
        """Keys of the selected rows, in the order shown."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [str(self._model.index(row, 0).data(KEY)) for row in rows]

    def select_key(self, key: str) -> None:
        """Select one row and show it."""
        place = self._model.place(key)
        if place is not None:
            flags = QItemSelectionModel.SelectionFlag
            index = self._model.index(place, Column.NAME)  # selectRow takes a hidden column from right to left
            self.selectionModel().setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
            self.scrollTo(index)

    def key_beside(self, keys: Collection[str]) -> str | None:
        """The row that the keyboard goes on with once *keys* are gone: the next below the first selected, or above."""
        order = [str(self._model.index(row, 0).data(KEY)) for row in range(self._model.rowCount())]
        chosen = self.selected_keys()
        if not chosen:
            return None
        first = order.index(chosen[0])
        return next((key for key in (*order[first:], *reversed(order[:first])) if key not in keys), None)

    def _keep(self) -> None:
        current = self.currentIndex()
        self._kept = (self.selected_keys(), str(current.data(KEY)) if current.isValid() else None)

    def _restore(self) -> None:
        keys, current = self._kept
        chosen = QItemSelection()
        for key in keys:
            place = self._model.place(key)
            if place is not None:
                chosen.select(self._model.index(place, 0), self._model.index(place, len(Column) - 1))
        flags = QItemSelectionModel.SelectionFlag
        place = None if current is None else self._model.place(current)
        if place is not None:
            self.selectionModel().setCurrentIndex(self._model.index(place, Column.NAME), flags.NoUpdate)
        self.selectionModel().select(chosen, flags.ClearAndSelect)
        self.selection_changed.emit()

    def _selection_moved(self) -> None:
        self.selection_changed.emit()

    # Columns

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
        row = self.rowViewportPosition(self.currentIndex().row())
        if event.size().height() < row + self._theme.row <= event.oldSize().height():  # the details open over it
            self.scrollTo(self.currentIndex())

    def _fit(self) -> None:
        """Give each column its width. They change with the window alone, and in a small one where the last
        transfer ends or the first one begins: the name has the room of what says nothing meanwhile.
        """
        if self.columns.own_widths:
            self._hide(())
            return
        room = self.viewport().width() - GUTTER
        self.columns.fitting = True
        widths = needed(self._theme, room)
        chosen = [column for column in Column if self.columns.wanted(column)]
        idle = MOVING if self._idle and is_tight(room) else ()
        wanted = [column for column in chosen if column not in idle]
        widths[Column.NAME] += sum(widths[column] for column in idle if column in chosen)
        gone = yielding(wanted, widths, room)
        widths = shared_out(widths, [column for column in wanted if column not in gone], room)
        self._hide(gone, idle)
        for column, width in widths.items():
            self.setColumnWidth(column, width + (GUTTER if column == self._delegate.last else 0))
        self.columns.fitting = False

    def _counted(self, numbers_of: Mapping[Filter, int]) -> None:
        idle = not numbers_of[Filter.ACTIVE] and not numbers_of[Filter.WAITING]
        if idle != self._idle:
            self._idle = idle
            self._fit()

    def _hide(self, squeezed: Collection[Column], idle: Collection[Column] = ()) -> None:
        for column in Column:
            hidden = column in squeezed or column in idle or not self.columns.wanted(column)
            if self.isColumnHidden(column) != hidden:
                self.setColumnHidden(column, hidden)
        self.columns.show_missing(squeezed, idle)
        self._note_last()

    def _note_last(self) -> None:
        header = self.horizontalHeader()
        order = [header.logicalIndex(place) for place in range(header.count())]
        self._delegate.last = next((one for one in reversed(order) if not self.isColumnHidden(one)), -1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Rows go on to the edge, also where the columns that the person has made narrower end before it."""
        super().paintEvent(event)
        page, used = self.viewport().rect(), self.horizontalHeader().length() - self.horizontalHeader().offset()
        rest = QRect(used, 0, page.width() - used, page.height())
        if rest.width() <= 0 or not event.rect().intersects(QStyle.visualRect(self.layoutDirection(), page, rest)):
            return
        painter = QPainter(self.viewport())
        row = self.rowAt(0)
        while 0 <= row < self._model.rowCount() and self.rowViewportPosition(row) < page.height():
            area = QRect(used, self.rowViewportPosition(row), rest.width(), self.rowHeight(row))
            painting.ground(painter, self._theme, QStyle.visualRect(self.layoutDirection(), page, area),
                            selected=self.selectionModel().isRowSelected(row), hovered=row == self._delegate.hovered)
            row += 1
        painter.end()

    # Pointer, keys, menu, tool tips

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.indexAt(event.position().toPoint()).row())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        if self._delegate.hovered != row:
            self._delegate.hovered = row
            self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self.details_wanted.emit()
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        place = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            place = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())
        self.menu_wanted.emit(place)

    def tip(self, index: Index) -> str:
        """The tool tip of a cell: what may be cut there."""
        row: Row | None = index.data(SNAPSHOT)
        if row is None:
            return ""
        column = Column(index.column())
        if column is Column.NAME:
            return plain_tooltip(f"{printable(row.name)}\n{second_line(row)}")
        if column is Column.STATUS:
            parts = (printable(row.status.sentence), printable(row.status.advice))
            return plain_tooltip("\n".join(part for part in parts if part))
        if column is Column.RATE and row.rate:
            return numbers.bits(row.rate)
        return plain_tooltip(cell_text(row, column))
