"""The card that looks at the disk of a node elsewhere: files to send from there, or a folder to receive in."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from jetstream_desktop.i18n import tr, trn
from jetstream_desktop.models.lists import ValueTableModel
from jetstream_desktop.models.roles import SNAPSHOT, Index
from jetstream_desktop.state import numbers
from jetstream_desktop.state.remote_files import Entry, folder_above
from jetstream_desktop.state.sharing import moment
from jetstream_desktop.state.text import printable
from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.listing import plain_table
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import button, icon_button, label, row


class NameDelegate(QStyledItemDelegate):
    """A name with the icon of a folder or a file before it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        entry = index.data(SNAPSHOT)
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
        option.decorationSize = QSize(17, 17)
        option.icon = self._theme.icon("folder" if isinstance(entry, Entry) and entry.folder else "file", "dim", 17)


class BrowseCard(Card):
    """A list of one folder. Enter or a double click opens a folder, Backspace goes up.

    :param choose_folder: whether one folder is wanted instead of things to send.
    """

    listing_wanted = Signal(object)
    """The path of a folder, ``None`` for the roots."""
    chosen = Signal(object)
    """A list of :class:`Entry`; with *choose_folder* the path of the folder that is open."""

    def __init__(self, theme: Theme, node: str, *, choose_folder: bool = False) -> None:
        title = (tr("Folder for received files on {node}", node=node) if choose_folder else
                 tr("Files on {node}", node=node))
        super().__init__(theme, title, 820, tall=True)
        self._choose_folder = choose_folder
        self._path: str | None = None
        self._roots: Sequence[Entry] = ()
        self.model: ValueTableModel[object] = ValueTableModel(
            (tr("Name"), tr("Size"), tr("Changed")), _cell, lambda e: e.path if isinstance(e, Entry) else "",
            figures=(1,))
        self._up = icon_button(theme, "up", tr("Folder above"))
        self._up.clicked.connect(self.go_up)
        self._where = QLineEdit()
        self._where.setAccessibleName(tr("Folder that is shown"))
        self._where.setPlaceholderText(tr("Where to begin"))
        self._where.returnPressed.connect(self._typed)
        line = row()
        line.addWidget(self._up)
        line.addWidget(self._where, 1)
        self.body.addLayout(line)
        self.table = plain_table(theme, self.model, title, 0)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection if choose_folder
                                    else QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setItemDelegateForColumn(0, NameDelegate(theme, self.table))
        self.table.verticalHeader().setDefaultSectionSize(30)
        self.table.horizontalHeader().setFixedHeight(32)
        self.table.setColumnWidth(1, 100)
        self.table.setColumnWidth(2, 150)
        self.table.setMinimumHeight(180)
        self.table.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.table.doubleClicked.connect(self._opened)
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self.model.modelReset.connect(self._selected)
        self.body.addWidget(self.table, 1)
        self.problem = label("", "bad", wrap=True)
        self.problem.hide()
        self.body.addWidget(self.problem)
        foot = row()
        self._sum = label("", "dim")
        foot.addWidget(self._sum)
        foot.addStretch(1)
        cancel = button(tr("Cancel"))
        cancel.clicked.connect(self.closed)
        self.done = button(tr("Use this folder") if choose_folder else tr("Add"), "primary")
        self.done.clicked.connect(self._done)
        foot.addWidget(cancel)
        foot.addWidget(self.done)
        self.body.addLayout(foot)
        for keys, slot in ((Qt.Key.Key_Return, self._enter), (Qt.Key.Key_Enter, self._enter),
                           (Qt.Key.Key_Backspace, self.go_up)):
            shortcut = QShortcut(QKeySequence(keys), self.table)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(slot)
        self._selected()

    def first_focus(self) -> QWidget:
        return self.table

    @property
    def path(self) -> str | None:
        """The folder that is shown, ``None`` for the roots."""
        return self._path

    def show_roots(self, roots: Sequence[Entry]) -> None:
        """Where one can begin."""
        self._roots = roots
        self._show(None, "", roots)

    def show_listing(self, path: str, entries: Sequence[Entry]) -> None:
        """What is in a folder."""
        self._show(path, printable(path), [e for e in entries if e.folder or not self._choose_folder])

    def show_problem(self, words: str) -> None:
        """Why a folder cannot be shown."""
        self.problem.setText(printable(words))
        self.problem.show()

    def _show(self, path: str | None, title: str, entries: Sequence[Entry]) -> None:
        self._path = path
        self._where.setText(title)
        self.problem.hide()
        self._up.setEnabled(path is not None)
        self.model.replace(list(entries))
        self.table.clearSelection()
        if entries:
            self.table.setCurrentIndex(self.model.index(0, 0))
            self.table.clearSelection()
        self.table.scrollToTop()
        self._selected()

    def _typed(self) -> None:
        typed = self._where.text().strip()
        self.listing_wanted.emit(typed or None)
        self.table.setFocus()

    def go_up(self) -> None:
        """The folder above, or the roots."""
        if self._path is not None:
            self.listing_wanted.emit(folder_above(self._path, self._roots))

    def selected(self) -> list[Entry]:
        """The lines that are selected."""
        return [index.data(SNAPSHOT) for index in self.table.selectionModel().selectedRows()]

    def _opened(self) -> None:
        entry = self.table.currentIndex().data(SNAPSHOT)
        if isinstance(entry, Entry) and entry.folder:
            self.listing_wanted.emit(entry.path)
        elif isinstance(entry, Entry) and not self._choose_folder:
            self.chosen.emit([entry])

    def _enter(self) -> None:
        if len(self.selected()) > 1:
            self._done()
        else:
            self._opened()

    def _selected(self) -> None:
        count = len(self.selected())
        self._sum.setText("" if self._choose_folder else
                          trn("{count} selected", "{count} selected", count) if count else
                          tr("A double click opens a folder; or type its path above"))
        self.done.setEnabled(self._path is not None if self._choose_folder else count > 0)

    def _done(self) -> None:
        self.chosen.emit(self._path if self._choose_folder else self.selected())


def _cell(value: object, place: int) -> str:
    if not isinstance(value, Entry):
        return ""
    if place == 0:
        return printable(value.name)
    if place == 1:
        return "" if value.folder else numbers.size(value.size)
    return moment(value.changed) if value.changed else ""
