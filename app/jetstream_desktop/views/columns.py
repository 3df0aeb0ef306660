"""The columns of the table: chosen, moved and sorted at the header with the mouse, and in menus with the keyboard."""

from collections.abc import Collection

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QTableView, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.models.transfers import NUMERIC, TransferTableModel, titles
from jetstream_desktop.state.columns import Arrangement
from jetstream_desktop.state.filters import Column

_NATURAL = -1


class Columns(QObject):
    """Belongs to one table. *own_widths* says that the person has set widths, so that the table sets none."""

    chosen = Signal()
    """Another column is shown, or one less."""

    def __init__(self, table: QTableView, model: TransferTableModel) -> None:
        super().__init__(table)
        self._table = table
        self._model = model
        self.own_widths = False
        self.fitting = True
        """The table sets widths itself now."""
        self.choices = [self._choice(column, title) for column, title in titles().items()]
        self.reset = QAction(tr("Columns as at first"), self)
        self.reset.triggered.connect(self._as_at_first)
        group = QActionGroup(self)
        self.sorts = [self._sort_action(group, _NATURAL, tr("What moves on top"))]
        self.sorts += [self._sort_action(group, int(column), title) for column, title in titles().items()]
        header = table.horizontalHeader()
        header.setSectionsMovable(True)
        header.setSectionsClickable(True)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._menu)
        header.sectionClicked.connect(self._clicked)
        header.sectionResized.connect(self._resized)
        self.restore(Arrangement())

    def wanted(self, column: Column) -> bool:
        """Whether the person wants to see *column*; in little room it may be hidden all the same."""
        return any(action.isChecked() for action in self.choices if action.data() == column)

    def _choice(self, column: Column, title: str) -> QAction:
        action = QAction(title, self)
        action.setCheckable(True)
        action.setData(int(column))
        action.setEnabled(column is not Column.NAME)
        action.toggled.connect(self._toggled)
        return action

    def _sort_action(self, group: QActionGroup, column: int, title: str) -> QAction:
        action = QAction(title, self)
        action.setCheckable(True)
        action.setData(column)
        action.triggered.connect(self._sort_chosen)
        group.addAction(action)
        return action

    def menus(self, parent: QWidget) -> list[QMenu]:
        """What the header offers, for a menu that the keyboard reaches."""
        columns, sort = QMenu(tr("Columns"), parent), QMenu(tr("Sort by"), parent)
        self._fill(columns)
        columns.aboutToShow.connect(self._offer_reset)
        sort.addActions(self.sorts)
        return [columns, sort]

    def _fill(self, menu: QMenu) -> None:
        menu.addActions(self.choices)
        menu.addSeparator()
        menu.addAction(self.reset)

    def _offer_reset(self) -> None:
        self.reset.setEnabled(self.arrangement() != self._first)

    @property
    def _first(self) -> Arrangement:
        """The first arrangement, in the order of now: that is another choice."""
        return Arrangement(sort=self._model.query.column, descending=self._model.query.descending)

    def _as_at_first(self) -> None:
        self.restore(self._first)
        self.chosen.emit()

    def show_missing(self, missing: Collection[Column], idle: Collection[Column]) -> None:
        """Say in the menus which columns are chosen and yet not there, as the window is too narrow or nothing moves."""
        for action in self.choices:
            title = text = titles()[Column(action.data())]
            if action.data() in missing:
                text = tr("{column} (in a wider window)", column=title)
            elif action.data() in idle:
                text = tr("{column} (while something moves)", column=title)
            if action.text() != text:
                action.setText(text)

    # What the person does

    def _menu(self, place: QPoint) -> None:
        menu = QMenu(self._table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._fill(menu)
        self._offer_reset()
        menu.popup(self._table.horizontalHeader().mapToGlobal(place))

    def _toggled(self, shown: bool) -> None:
        action = self.sender()
        if isinstance(action, QAction) and not self.fitting:
            self._table.setColumnHidden(action.data(), not shown)
            self.chosen.emit()

    def _resized(self, _section: int, old: int, new: int) -> None:
        if not self.fitting and old and new:  # hiding and showing changes a width, too
            self.own_widths = True

    def _clicked(self, section: int) -> None:
        """Ascending, descending, and then as it was; numbers begin with the largest."""
        query, column = self._model.query, Column(section)
        if query.column is not column:
            self.sort(column, descending=column in NUMERIC)
        elif query.descending == (column in NUMERIC):
            self.sort(column, descending=not query.descending)
        else:
            self.sort(None)

    def _sort_chosen(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            if action.data() == _NATURAL:
                self.sort(None)
            else:
                self._clicked(action.data())

    def sort(self, column: Column | None, *, descending: bool = False) -> None:
        """Sort by a column, ``None`` for the natural order."""
        header = self._table.horizontalHeader()
        header.setSortIndicatorShown(column is not None)
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        if column is not None:
            header.setSortIndicator(column, order)
        self._model.sort(_NATURAL if column is None else column, order)
        for action in self.sorts:
            action.setChecked(action.data() == (_NATURAL if column is None else column))

    # Between starts

    def arrangement(self) -> Arrangement:
        """How it stands now."""
        header, query = self._table.horizontalHeader(), self._model.query
        order = tuple(Column(header.logicalIndex(place)) for place in range(header.count()))
        shown = frozenset(column for column in Column if self.wanted(column))
        widths = tuple((column, self._table.columnWidth(column)) for column in Column if column in shown)
        return Arrangement(order, shown, widths if self.own_widths else (), query.column, query.descending)

    def restore(self, wanted: Arrangement) -> None:
        """Stand as an earlier :meth:`arrangement`."""
        header = self._table.horizontalHeader()
        self.fitting = True
        for place, column in enumerate(wanted.order):
            header.moveSection(header.visualIndex(column), place)
        for action in self.choices:
            action.setChecked(action.data() in wanted.shown)
            self._table.setColumnHidden(action.data(), action.data() not in wanted.shown)
        for column, width in wanted.widths:
            self._table.setColumnWidth(column, width)
        self.own_widths = bool(wanted.widths)
        self.fitting = False
        self.sort(wanted.sort, descending=wanted.descending)
