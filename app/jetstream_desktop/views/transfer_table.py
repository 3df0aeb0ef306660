"""The transfer table: a view with fixed sections, whose cells are painted from the snapshots of their rows."""

from collections.abc import Collection, Mapping

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
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
    QTableView,
    QWidget,
)

from jetstream_desktop.i18n import tr
from jetstream_desktop.models.roles import KEY
from jetstream_desktop.models.transfers import TransferTableModel
from jetstream_desktop.state.columns import MOVING, shared_out, yielding
from jetstream_desktop.state.filters import Column, Filter
from jetstream_desktop.views import painting
from jetstream_desktop.views.columns import Columns
from jetstream_desktop.views.scrolling import GUTTER, edge_bar
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.transfer_cells import TransferDelegate
from jetstream_desktop.views.widths import is_tight, needed


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

    # Pointer, keys, menu

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
