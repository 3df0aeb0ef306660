"""The files of a transfer: paged, searched, or only those with a problem."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from jetstream_desktop.i18n import tr
from jetstream_desktop.models.paged import PagedTableModel
from jetstream_desktop.state.files import FileQuery
from jetstream_desktop.views.listing import plain_table
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.toolbar import SearchField
from jetstream_desktop.views.widgets import button, column, label, leave_room, row

SIZE, PROBLEM = 1, 2
_PAUSE_MS = 200


class FilesPane(QWidget):
    """The model asks for pages; :attr:`query` says of what."""

    def __init__(self, theme: Theme, model: PagedTableModel) -> None:
        super().__init__()
        self._model = model
        self.search = SearchField(theme, tr("Filter files by name"))
        self.problems = button(tr("Only problems"), "chip")
        self.problems.setCheckable(True)
        leave_room(self.problems)
        self.problems.setToolTip(tr("Files that were left out, not delivered, or found damaged"))
        self.table = plain_table(theme, model, tr("Files"), 0)
        self.table.setColumnWidth(SIZE, 110)
        self.table.setColumnWidth(PROBLEM, 340)
        self.table.setColumnHidden(PROBLEM, True)
        self._note = label("", "dim", wrap=True)
        self._note.setContentsMargins(16, 0, 16, 0)
        self._note.hide()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.restart)
        self.search.textChanged.connect(self._typed)
        self.search.left.connect(self.table.setFocus)
        self.problems.toggled.connect(self._toggled)
        head = row(margins=(16, 0, 16, 0), spacing=8)
        self.search.setMaximumWidth(300)
        head.addWidget(self.search, 1)
        head.addWidget(self.problems)
        head.addStretch(1)
        layout = column(margins=(0, 8, 0, 0), spacing=6)
        layout.addLayout(head)
        layout.addWidget(self._note)
        layout.addWidget(self.table, 1)
        self.setLayout(layout)

    @property
    def query(self) -> FileQuery:
        """Which files are wanted."""
        return FileQuery(self.search.text(), self.problems.isChecked())

    @property
    def note(self) -> str:
        """What is said where there is nothing to list."""
        return self._note.text()

    def show_note(self, words: str) -> None:
        """Why there is nothing, or how far searching has come."""
        self._note.setText(words)
        self._note.setVisible(bool(words))

    def clear(self) -> None:
        """Another transfer."""
        self._pause.stop()
        self.show_note("")
        self._model.clear()

    def restart(self) -> None:
        """List from the beginning."""
        self._pause.stop()
        self._model.restart()

    def _typed(self) -> None:
        self._pause.start()

    def _toggled(self, problems: bool) -> None:
        self.table.setColumnHidden(PROBLEM, not problems)
        self.table.setColumnHidden(SIZE, problems)
        self.restart()
