"""The composer page: on the left what goes, on the right where to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QWidget

from jetstream.entities import Destination
from jetstream_desktop.i18n import tr
from jetstream_desktop.models.basket import BasketModel
from jetstream_desktop.models.roles import KEY
from jetstream_desktop.state import counting
from jetstream_desktop.state.address import Choice, choices, fits, folder_of
from jetstream_desktop.state.basket import Basket, Found, History, blocked, isolate
from jetstream_desktop.state.counting import Count, of_basket
from jetstream_desktop.state.nearby import Near, fitting
from jetstream_desktop.state.nodes import LOCAL, OpenNode
from jetstream_desktop.state.options import Options
from jetstream_desktop.state.text import plain_tooltip
from jetstream_desktop.views.composer_goods import ComposerGoods
from jetstream_desktop.views.composer_head import ComposerHead
from jetstream_desktop.views.composer_options import OptionsBox
from jetstream_desktop.views.composer_tree import BasketTree
from jetstream_desktop.views.destination_list import ChoiceList
from jetstream_desktop.views.folder_field import FolderField
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.toolbar import SearchField
from jetstream_desktop.views.undo_keys import UndoKeys
from jetstream_desktop.views.widgets import button, column, hairline, label, panel, row, scrolled, set_role

_LEAST_LIST = 72
"""Height of the list of destinations: one of them can always be seen, or what it says while it is empty."""


class Composer(QWidget):
    """Builds a basket and says where it goes. It owns the history of the basket; services count, list and send."""

    closed = Signal()
    files_wanted = Signal()
    folder_wanted = Signal()
    paste_wanted = Signal()
    listing_wanted = Signal(str)
    basket_changed = Signal(object)
    send_wanted = Signal(object, object, object)
    """Basket, :class:`Choice` and :class:`Options`."""
    share_wanted = Signal(object, object)
    """Basket and :class:`Options`."""
    problem = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._history = History()
        self._counted: Mapping[str, Count] = {}
        self._destinations: Sequence[Destination] = ()
        self._near: Sequence[Near] = ()
        self._here: Choice | None = None
        self.model = BasketModel(self)
        self.model.wanted.connect(self.listing_wanted)
        self.model.renamed.connect(self.rename)
        self.tree = BasketTree(theme, self.model)
        self.tree.remove_wanted.connect(self.remove_selected)
        self.tree.more_wanted.connect(self._more)
        self._head = self._make_head()
        self._goods = ComposerGoods(theme, self.tree)
        self._goods.files_wanted.connect(self.files_wanted)
        self._goods.folder_wanted.connect(self.folder_wanted)
        self._goods.exclude_wanted.connect(self._exclude)
        self._goods.include_wanted.connect(self._include)
        body = row(spacing=0)
        body.addWidget(self._goods, 1)
        body.addWidget(hairline(vertical=True))
        body.addWidget(self._right())
        layout = column()
        layout.addWidget(self._head)
        layout.addLayout(body, 1)
        self.setLayout(layout)
        UndoKeys(self)
        for keys, slot in (("Ctrl+Z", self.undo), ("Ctrl+Shift+Z", self.redo), ("Ctrl+Y", self.redo),
                           (QKeySequence.StandardKey.Paste, self.paste_wanted)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.closed)
        self.show_node(LOCAL)

    # Building

    def _make_head(self) -> ComposerHead:
        head = ComposerHead(self._theme)
        for signal, slot in (
            (head.undo_wanted, self.undo), (head.redo_wanted, self.redo), (head.folder_made, self.make_folder),
            (head.files_wanted, self.files_wanted), (head.folder_wanted, self.folder_wanted),
            (head.paste_wanted, self.paste_wanted), (head.closed, self.closed),
        ):
            signal.connect(slot)
        return head

    def _right(self) -> QWidget:
        layout = column(margins=(16, 14, 16, 14), spacing=8)
        layout.addWidget(self._where(), 1)
        self._summary = self._summary_box()
        layout.addWidget(self._summary)
        self.send = button(tr("Choose where to send"), "primary")
        self.send.setMinimumHeight(36)
        self.send.clicked.connect(self._send)
        layout.addWidget(self.send)
        self.share = button(tr("Share by link instead"), theme=self._theme, icon="share")
        self.share.clicked.connect(self._share)
        layout.addWidget(self.share)
        self._side = panel(layout, "pane")
        return self._side

    def _where(self) -> QWidget:
        """The destination and how to send; scrolled where the window is very low."""
        layout = column(spacing=8)
        layout.addWidget(label(tr("Where to"), "section"))
        self.search = SearchField(self._theme, tr("Search or type an address"))
        self.search.takes_files = True
        self.search.files_pasted.connect(self.paste_wanted)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._settle)
        layout.addWidget(self.search)
        self.list = ChoiceList(self._theme)
        self.list.chosen.connect(self._show)
        self.search.moved.connect(self.list.step)
        self.list.setMinimumHeight(_LEAST_LIST)
        layout.addWidget(self.list, 1)
        layout.addWidget(label(tr("Folder there"), "dim"))
        self.folder = FolderField()
        layout.addWidget(self.folder)
        self.options = OptionsBox(self._theme)
        layout.addWidget(self.options)
        self._scroller = scrolled(panel(layout))
        self.options.unfolded.connect(self._show_options)
        self.options.changed.connect(self._options_changed)
        return self._scroller

    def _options_changed(self) -> None:
        """What becomes of links decides what there is to send."""
        self.model.set_symlinks(self.options.values().symlinks)
        self.basket_changed.emit(self._history.now)

    def _show_options(self) -> None:
        """In a low window they would unfold below what can be seen."""
        QTimer.singleShot(0, self, lambda: self._scroller.ensureWidgetVisible(self.options, 0, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._show)
        self._side.setFixedWidth(round((330 if self.width() > 760 else 296) * self._theme.scale))

    def _summary_box(self) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "inset")
        layout = column(margins=(12, 9, 12, 9), spacing=4)
        self._sum = label("", wrap=True)
        self._note = label("", "dim", wrap=True)
        layout.addWidget(self._sum)
        layout.addWidget(self._note)
        frame.setLayout(layout)
        return frame

    # What others tell

    def show_node(self, node: OpenNode) -> None:
        """Whose files these are."""
        self._head.show_node(node)
        self._goods.show_node(node)
        self._show()

    def start(self, destination_id: str | None = None) -> None:
        """Begin with an empty basket."""
        self._history = History()
        self._begin(destination_id)

    def start_anew(self, destination_id: str | None = None) -> None:
        """Begin with an empty basket; Undo brings the one that was left back."""
        self._history = self._history.then(Basket())
        self._begin(destination_id)

    def choose(self, destination_id: str) -> None:
        """Choose where to, and leave the basket as it is."""
        self.search.clear()
        self._refresh_choices(destination_id)
        self._show()

    def _begin(self, destination_id: str | None) -> None:
        self._counted = {}
        self.search.clear()
        self.options.label.clear()
        self._refresh_choices(destination_id)
        self._show_basket()

    @property
    def history(self) -> History:
        """The basket with its past and future."""
        return self._history

    @property
    def counted(self) -> Mapping[str, Count]:
        """What is known of folders, by source."""
        return self._counted

    def add(self, found: Sequence[Found]) -> None:
        """More paths, into the folder that is selected if one made by hand is."""
        chosen = self.tree.selected_targets()
        into = chosen[0] if len(chosen) == 1 and chosen[0] in self._history.now.folders else ""
        self._change(self._history.then(self._history.now.add(found, into)))

    def set_destinations(self, destinations: Sequence[Destination]) -> None:
        """The address book."""
        self._destinations = tuple(destinations)
        self._refresh_choices(None)

    def set_near(self, near: Sequence[Near]) -> None:
        """Nodes nearby that are in no address book yet."""
        if near != self._near:
            self._near = near
            self._refresh_choices(None)

    def set_here(self, here: Choice | None) -> None:
        """This computer, while the files are those of a node elsewhere."""
        if here != self._here:
            self._here = here
            self._refresh_choices(None)

    def set_listing(self, source: str, found: Sequence[Found]) -> None:
        """What is in a folder that was opened."""
        self.model.set_listing(source, found)

    def set_counts(self, counted: Mapping[str, Count]) -> None:
        """Sums of folders, as far as they are known."""
        self._counted = counted
        self.model.set_counts(counted)
        self._show()

    # What the person does

    def undo(self) -> None:
        """One step back."""
        self._change(self._history.undone())

    def redo(self) -> None:
        """One step forward again."""
        self._change(self._history.redone())

    def rename(self, target: str, new: str) -> None:
        """Give a row another target."""
        try:
            basket = isolate(self._history.now, target, self.model.listings())
            self._change(self._history.then(basket.rename(target, new)))
        except (ValueError, KeyError) as error:
            self.problem.emit(str(error))

    def remove_selected(self) -> None:
        """Take the selected rows out."""
        basket = self._history.now
        try:
            for target in self.tree.selected_targets():
                basket = isolate(basket, target, self.model.listings()).remove([target])
        except KeyError as error:
            self.problem.emit(str(error))
            return
        self._change(self._history.then(basket))

    def make_folder(self) -> None:
        """A new folder at the other side, to be named in place."""
        number, name = 2, tr("New folder")
        taken = {item.target for item in self._history.now.items} | set(self._history.now.folders)
        while name in taken:
            name = tr("New folder {n}", n=number)
            number += 1
        self._change(self._history.then(self._history.now.make_folder(name)))
        for place in range(self.model.rowCount()):
            index = self.model.index(place, 0)
            if index.data(KEY) == name:
                self.tree.setCurrentIndex(index)
                self.tree.edit(index)

    def _exclude(self, pattern: str) -> None:
        self._change(self._history.then(self._history.now.without(pattern)))

    def _include(self, pattern: str) -> None:
        self._change(self._history.then(self._history.now.with_again(pattern)))

    def _more(self, index: QModelIndex) -> None:
        self.model.show_more(index)

    def _filter(self, _text: str) -> None:
        self._refresh_choices(None)

    def _settle(self) -> None:
        """Enter in the search: the first that fits, if none is chosen, and on to the button."""
        if self.list.current() is None:
            self.list.step(1)
        if self.send.isEnabled():
            self.send.setFocus()

    def _send(self) -> None:
        choice = self.list.current()
        if choice is not None and blocked(self._history.now) is None:
            self.send_wanted.emit(self._history.now, choice, self._options())

    def _share(self) -> None:
        reason = blocked(self._history.now)
        if reason is not None:
            self.problem.emit(reason)
            return
        self.share_wanted.emit(self._history.now, self._options())

    def _options(self) -> Options:
        chosen = self.options.values()
        return replace(chosen, folder=self.folder.text().strip())

    # Showing

    def _change(self, history: History) -> None:
        if history is not self._history:
            self._history = history
            self._show_basket()

    def _show_basket(self) -> None:
        basket = self._history.now
        self.model.show(basket)
        self.model.set_counts(self._counted)
        self._goods.show_patterns(basket.exclude)
        self._show()
        self.basket_changed.emit(basket)

    def _refresh_choices(self, prefer: str | None) -> None:
        here = [self._here] if self._here is not None and fits(self._here, self.search.text()) else []
        others = [one for one in self._destinations if all(one != choice.destination for choice in here)]
        found = here + choices(others, self.search.text())
        near = [one.choice for one in fitting(self._near, self.search.text())]
        typed = found.pop() if found and found[-1].key == "new" else None
        found += near
        if typed is not None and all(one.address != typed.address for one in near):
            found.append(typed)
        if prefer is None and len(found) == 1 and self.search.text().strip():
            prefer = found[0].key
        self.list.show_choices(found, prefer)

    def _show(self, *_args: object) -> None:
        basket, choice = self._history.now, self.list.current()
        where = choice.title if choice is not None else None
        self.folder.follow(folder_of(choice.destination) if choice is not None else "")
        count = of_basket(basket, self._counted, self.options.values().symlinks)
        reason = blocked(basket)
        self._goods.show_empty(not basket.items and not basket.folders)
        self._summary.setVisible(bool(basket.items))
        self._sum.setText(counting.sentence(count, where))
        self._note.setText(counting.remark(count, reason, choice))
        self._note.setVisible(bool(self._note.text()))
        set_role(self._note, "bad" if reason is not None else "dim")
        self._label_send(counting.send_label(count, where) if basket.items else tr("Choose what to send"))
        self.send.setEnabled(reason is None and choice is not None)
        self.share.setEnabled(reason is None)
        self._head.show_history(self._history)

    def _label_send(self, words: str) -> None:
        """The button keeps its width; a long name is cut in the middle and whole in the tool tip."""
        font = QFont(self.send.font())
        font.setWeight(QFont.Weight.DemiBold)
        shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideMiddle, self.send.width() - 26)
        self.send.setText(shown.replace("&", "&&"))
        self.send.setAccessibleName(words)
        self.send.setToolTip(plain_tooltip(words) if shown != words else "")
