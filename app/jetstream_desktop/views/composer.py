"""The composer page: on the left what goes, on the right where to."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QWidget

from jetstream.entities import Destination
from jetstream_desktop.i18n import tr
from jetstream_desktop.models.basket import BasketModel
from jetstream_desktop.models.roles import KEY
from jetstream_desktop.state import counting
from jetstream_desktop.state.address import Choice
from jetstream_desktop.state.basket import Basket, Found, History, blocked, isolate
from jetstream_desktop.state.counting import Count, of_basket
from jetstream_desktop.state.nearby import Near
from jetstream_desktop.state.nodes import LOCAL, OpenNode
from jetstream_desktop.state.preview import NOTHING, Answer, Card, Question, card_of, question, remarks
from jetstream_desktop.state.text import base_name
from jetstream_desktop.views.composer_goods import ComposerGoods
from jetstream_desktop.views.composer_head import ComposerHead
from jetstream_desktop.views.composer_side import ComposerSide
from jetstream_desktop.views.composer_tree import BasketTree
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.undo_keys import UndoKeys
from jetstream_desktop.views.widgets import column, hairline, row


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
    asked = Signal(object)
    """The :class:`Question` that there is now, or ``None``; often the same as before."""
    test_wanted = Signal(object)
    """The saved destination whose test somebody wants to see."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._history = History()
        self._counted: Mapping[str, Count] = {}
        self._answer = NOTHING
        self._sharing = False
        self.model = BasketModel(self)
        self.model.wanted.connect(self.listing_wanted)
        self.model.renamed.connect(self.rename)
        self.tree = BasketTree(theme, self.model)
        self.tree.remove_wanted.connect(self.remove_selected)
        self.tree.more_wanted.connect(self._more)
        self._head = self._make_head()
        self.side = self._make_side()
        self._goods = ComposerGoods(theme, self.tree)
        self._goods.files_wanted.connect(self.files_wanted)
        self._goods.folder_wanted.connect(self.folder_wanted)
        self._goods.exclude_wanted.connect(self._exclude)
        self._goods.include_wanted.connect(self._include)
        body = row(spacing=0)
        body.addWidget(self._goods, 1)
        body.addWidget(hairline(vertical=True))
        body.addWidget(self.side)
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

    def _make_side(self) -> ComposerSide:
        side = ComposerSide(self._theme)
        for signal, slot in (
            (side.changed, self._show), (side.options.changed, self._options_changed),
            (side.send_wanted, self._send), (side.share_wanted, self._share),
            (side.paste_wanted, self.paste_wanted), (side.test_wanted, self.test_wanted),
        ):
            signal.connect(slot)
        self.search, self.list, self.folder, self.options = side.search, side.list, side.folder, side.options
        self.card, self.send, self.share = side.card, side.send, side.share
        return side

    def _options_changed(self) -> None:
        """What becomes of links decides what there is to send."""
        self.model.set_symlinks(self.options.values().symlinks)
        self.basket_changed.emit(self._history.now)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._show)
        self.side.setFixedWidth(round((330 if self.width() > 760 else 296) * self._theme.scale))

    # What others tell

    def show_node(self, node: OpenNode) -> None:
        """Whose files these are."""
        self._head.show_node(node)
        self._goods.show_node(node)
        self._show()

    @property
    def sharing(self) -> bool:
        """Whether what is put together is to be shared, rather than sent."""
        return self._sharing

    def set_sharing(self, sharing: bool) -> None:
        """What it is put together for: the title and the first button say so."""
        self._sharing = sharing
        self._head.show_sharing(sharing)
        self.side.set_sharing(sharing)
        self._show()

    def first_focus(self) -> QWidget:
        """What comes next for somebody at the keyboard."""
        if self._sharing:
            return self._goods.first_focus if self._history.now.empty else self.share
        return self.send if self.send.isEnabled() else self.search

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
        self.side.choose(destination_id)

    def _begin(self, destination_id: str | None) -> None:
        self._counted = {}
        self.set_sharing(False)
        self.side.start(destination_id)
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
        self._change(self._history.then(self._history.now.add(found, self._landing)))

    @property
    def _landing(self) -> str:
        chosen = self.tree.selected_targets()
        return chosen[0] if len(chosen) == 1 and chosen[0] in self._history.now.folders else ""

    # While something is dragged over it

    def point_at(self, place: QPoint) -> str:
        """Something is dragged over *place*: a folder made by hand that lies there is selected. Answers the name of
        the folder that a drop would go into, empty for none.
        """
        self.tree.point_at(self.tree.viewport().mapFrom(self, place), self._history.now.folders)
        return base_name(self._landing)

    def point_away(self) -> None:
        """It was dragged away."""
        self.tree.point_away()

    def drop_zone(self) -> QRect:
        """Where to say what a drop would do."""
        return self._goods.drop_zone().translated(self._goods.mapTo(self, QPoint()))

    def set_destinations(self, destinations: Sequence[Destination]) -> None:
        """The address book."""
        self.side.set_destinations(destinations)

    def set_near(self, near: Sequence[Near]) -> None:
        """Nodes nearby that are in no address book yet."""
        self.side.set_near(near)

    def set_here(self, here: Choice | None) -> None:
        """This computer, while the files are those of a node elsewhere."""
        self.side.set_here(here)

    @property
    def question(self) -> Question | None:
        """What the node should look at before it is sent."""
        return question(self._history.now, self.side.choice, self.side.chosen_options)

    def show_answer(self, answer: Answer) -> None:
        """What the node has found out about :attr:`question`."""
        self._answer = answer
        self.model.set_remarks(remarks(answer.preview, self.side.chosen_options))
        self._show_card()

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

    def _send(self) -> None:
        choice = self.side.choice
        if choice is not None and blocked(self._history.now) is None:
            self.send_wanted.emit(self._history.now, choice, self.side.chosen_options)

    def _share(self) -> None:
        reason = blocked(self._history.now)
        if reason is not None:
            self.problem.emit(reason)
            return
        self.share_wanted.emit(self._history.now, self.side.chosen_options)

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

    def _show(self, *_args: object) -> None:
        basket, choice = self._history.now, self.side.choice
        where = choice.title if choice is not None else None
        count = self._count()
        reason = blocked(basket)
        self._goods.show_empty(not basket.items and not basket.folders)
        self.side.label_send(
            tr("Send instead") if self._sharing and (where is None or not basket.items) else
            counting.send_label(count, where) if basket.items else tr("Choose what to send"))
        self.send.setEnabled(reason is None and choice is not None)
        self.share.setEnabled(reason is None)
        self._head.show_history(self._history)
        self.asked.emit(self.question)
        self._show_card()

    def _show_card(self) -> None:
        basket = self._history.now
        if not basket.items:
            self.side.show_card(Card())
            return
        self.side.show_card(card_of(self._count(), self.side.choice, self.side.chosen_options, blocked(basket),
                                    self._answer))

    def _count(self) -> Count:
        return of_basket(self._history.now, self._counted, self.side.chosen_options.symlinks)
