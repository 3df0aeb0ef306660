"""The page of the transfers: the table with the details below it, or what stands there while nothing is listed."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.models.transfers import TransferTableModel
from jetstream_desktop.state.filters import Filter, empty_words
from jetstream_desktop.state.rows import Row
from jetstream_desktop.views.details import Details
from jetstream_desktop.views.divider import Divider
from jetstream_desktop.views.invitation import Invitation
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.transfer_table import TransferTable
from jetstream_desktop.views.welcome import Welcome
from jetstream_desktop.views.widgets import column, panel

_LEAST = 96
"""The heading and a row with a piece of the next, in the lowest of windows."""
_ROWS = 2
"""So many rows are seen as a whole beside the details in any other."""


class TransfersPage(Divider):
    """Chooses between table, start page and "nothing here"; the details are there while something is selected."""

    filled = Signal()
    """There are rows to see where there were none."""
    selection_changed = Signal()
    all_wanted = Signal()

    def __init__(self, theme: Theme, model: TransferTableModel, details: Details, welcome: Welcome) -> None:
        super().__init__(tr("Height of the details"))
        self._model = model
        self._welcome = welcome
        self._welcome_forced = False
        self._awaited = False
        self._blank: QWidget = panel(column(), "pane")
        self._details_closed = False
        self.details = details
        self.table = TransferTable(theme, model)
        self.empty = Invitation(theme, "inbox")
        self.empty.offer([(tr("Show all transfers"), "link", self.all_wanted.emit)])
        self._area = QStackedWidget()
        for one in (self.table, welcome, self.empty, self._blank):
            self._area.addWidget(one)
        self._least = round(_LEAST * theme.scale)
        self._rows = self.table.horizontalHeader().height() + _ROWS * theme.row
        self.addWidget(self._area)
        self.addWidget(details)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 0)
        details.hide()
        self.table.selection_changed.connect(self._selected)
        self.table.details_wanted.connect(self._toggle_details)
        for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset, model.counted):
            signal.connect(self._arrange)
        welcome.back_wanted.connect(self._leave_welcome)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._share_height()
        super().resizeEvent(event)

    def _share_height(self) -> None:
        room = self.height() - self.handleWidth()
        self._area.setMinimumHeight(max(self._least, min(self._rows, room - self.details.least)))
        self.details.set_most(room - self._rows)

    def expect(self) -> None:
        """There were transfers last time: nothing is shown until :meth:`settle`, least of all the start page."""
        self._awaited = True
        self._arrange()

    def settle(self) -> None:
        """The node has told what it has, or cannot be asked."""
        if self._awaited:
            self._awaited = False
            self._arrange()

    def force_welcome(self, forced: bool) -> None:
        """The start page, also when there are transfers; or no longer."""
        self._welcome_forced = forced
        self._arrange()

    def _leave_welcome(self) -> None:
        self.force_welcome(False)
        self.filled.emit()

    def query(self, *, shelf: Filter | None = None, destination_id: str | None = None,
              search: str | None = None) -> None:
        """List another shelf, another destination (``None``: all) or what has these words in it; the order stays."""
        query = self._model.query
        self._model.show(shelf=query.shelf if shelf is None else shelf, destination_id=destination_id,
                         search=query.search if search is None else search, column=query.column,
                         descending=query.descending)
        self._arrange()

    def selected_rows(self) -> list[Row]:
        """Snapshots of the selected rows."""
        return [row for key in self.table.selected_keys() if (row := self._model.row(key)) is not None]

    def _arrange(self) -> None:
        if self._awaited and not self._model.rows and not self._welcome_forced:
            self._area.setCurrentWidget(self._blank)
            self.details.hide()
        elif not self._model.rows or self._welcome_forced:
            self._welcome.offer_back(bool(self._model.rows))
            self._area.setCurrentWidget(self._welcome)
            self.details.hide()
        elif self._model.rowCount() == 0:
            self.empty.say(*empty_words(self._model.query))
            self._area.setCurrentWidget(self.empty)
            self.details.hide()
        else:
            if not self._listing:
                self._area.setCurrentWidget(self.table)
                self.filled.emit()
            if self.table.selectionModel().hasSelection() and not self._details_closed:
                self.details.show()

    @property
    def _listing(self) -> bool:
        return self._area.currentWidget() is self.table

    def _selected(self) -> None:
        rows = self.selected_rows()
        if rows and not self._details_closed and self._listing:
            self.details.show()
        elif not rows:
            self.details.hide()
        self.selection_changed.emit()

    def _toggle_details(self) -> None:
        self._details_closed = self.details.isVisible()
        self.details.setVisible(not self._details_closed)
