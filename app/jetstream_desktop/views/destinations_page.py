"""The page of the address book."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton, QToolButton

from jetstream.entities import Destination
from jetstream_desktop.i18n import tr
from jetstream_desktop.models.book import BookModel
from jetstream_desktop.state.book import shelves
from jetstream_desktop.views.book_tree import BookTree
from jetstream_desktop.views.near_button import NearButton
from jetstream_desktop.views.tables import ListPage
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.toolbar import SearchField
from jetstream_desktop.views.widgets import icon_button


class DestinationsPage(ListPage):
    """Groups with their destinations, a search, and what can be done with them."""

    edit_wanted = Signal(object)
    """The destination, or ``None`` for a new one."""
    duplicate_wanted = Signal(object)
    test_wanted = Signal(object)
    remove_wanted = Signal(object)
    """A list of destinations."""
    send_wanted = Signal(str)
    near_wanted = Signal(object)
    """A node nearby, to be added."""
    link_wanted = Signal(object)
    """The destination whose link is to be copied."""
    paste_wanted = Signal()
    import_wanted = Signal()
    export_wanted = Signal(object)
    """Destinations for a file."""
    folded = Signal(object)
    """The groups that are folded, after the person changed it."""

    def __init__(self, theme: Theme) -> None:
        self.model = BookModel()
        self.tree = BookTree(theme, self.model)
        self._one_needed: list[QPushButton] = []
        super().__init__(theme, tr("Destinations"), self.tree, "book", ("", ""))
        self._invited = self.invitation.offer([
            (tr("Add a destination…"), "primary", self._add),
            (tr("Import from a file…"), "", self.import_wanted.emit)])
        self.model.setParent(self)
        self._all: Sequence[Destination] = ()
        self.search: QLineEdit = SearchField(theme, tr("Search destinations"))
        self.search.setMaximumWidth(220)
        self.search.setMinimumWidth(90)
        self.search.textChanged.connect(self._filter)
        self.buttons.addWidget(self.search)
        self.add_button(tr("Send…"), "up", self._send, needs_row=False)
        self.add_button(tr("Test"), "bolt", self._test, needs_row=False)
        self.add_button(tr("Edit…"), "edit", self._edit, needs_row=False)
        self._one_needed = [made for made, _ in self._texts]
        self.add_button(tr("Remove"), "trash", self._remove)
        self.near = NearButton(theme)
        self.near.chosen.connect(self.near_wanted)
        self.buttons.addWidget(self.near)
        self.more = icon_button(theme, "more", tr("More about destinations"), "dim")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(self._more_menu())
        self.buttons.addWidget(self.more)
        self.add_button(tr("Add…"), "plus", self._add, role="primary", needs_row=False)
        self.tree.opened.connect(self.edit_wanted)
        self.tree.remove_wanted.connect(self._remove)
        self.tree.menu_wanted.connect(self._menu)
        self.tree.folded.connect(self._folded)
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self.tree)
        paste.setContext(Qt.ShortcutContext.WidgetShortcut)
        paste.activated.connect(self.paste_wanted)
        self._selected()

    def show_destinations(self, destinations: Sequence[Destination]) -> None:
        """The address book."""
        self._all = destinations
        self._filter()

    def set_folded(self, groups: Iterable[str]) -> None:
        """Groups that are folded from the start."""
        self.tree.closed = set(groups)

    def chosen(self) -> list[Destination]:
        """The selected destinations."""
        return self.tree.chosen()

    def _filter(self) -> None:
        text = self.search.text()
        self.model.show_shelves(shelves(self._all, text))
        searched = bool(self._all and text.strip())
        if searched:
            self.invitation.say(tr("Nothing fits “{text}”", text=text.strip()))
        else:
            self.invitation.say(tr("No destinations yet"), tr(
                "Add one, paste a link with Ctrl+V, or drop files and type an address: it is remembered here."))
        for made in self._invited:
            made.setVisible(not searched)
        self.refresh()

    def _selected(self) -> None:
        chosen = self.tree.chosen()
        for made in self._needs_row:
            made.setEnabled(bool(chosen))
        for made in self._one_needed:
            made.setEnabled(len(chosen) == 1)

    def _more_menu(self) -> QMenu:
        menu = QMenu(self)
        for text, slot in ((tr("Paste a link or an address"), self.paste_wanted.emit),
                           (tr("Import from a file…"), self.import_wanted.emit),
                           (tr("Export to a file…"), self._export)):
            menu.addAction(text).triggered.connect(slot)
        return menu

    def _menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        one = len(self.chosen()) == 1
        for text, slot, needs_one in (
                (tr("Send…"), self._send, True), (tr("Test"), self._test, True), (tr("Edit…"), self._edit, True),
                (tr("Duplicate"), self._duplicate, True), (tr("Copy link"), self._link, True),
                (tr("Export to a file…"), self._export_chosen, False), (tr("Remove"), self._remove, False)):
            action = menu.addAction(text)
            action.setEnabled(one or not needs_one)
            action.triggered.connect(slot)
        menu.popup(place)

    def _one(self) -> Destination | None:
        chosen = self.chosen()
        return chosen[0] if len(chosen) == 1 else None

    def _send(self) -> None:
        one = self._one()
        if one is not None:
            self.send_wanted.emit(one.id)

    def _edit(self) -> None:
        one = self._one()
        if one is not None:
            self.edit_wanted.emit(one)

    def _test(self) -> None:
        one = self._one()
        if one is not None:
            self.test_wanted.emit(one)

    def _duplicate(self) -> None:
        one = self._one()
        if one is not None:
            self.duplicate_wanted.emit(one)

    def _link(self) -> None:
        one = self._one()
        if one is not None:
            self.link_wanted.emit(one)

    def _remove(self) -> None:
        chosen = self.chosen()
        if chosen:
            self.remove_wanted.emit(chosen)

    def _export(self) -> None:
        self.export_wanted.emit(list(self._all))

    def _export_chosen(self) -> None:
        self.export_wanted.emit(self.chosen())

    def _add(self) -> None:
        self.edit_wanted.emit(None)

    def _folded(self) -> None:
        self.folded.emit(sorted(self.tree.closed))
