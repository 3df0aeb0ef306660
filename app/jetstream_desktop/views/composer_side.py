"""The right side of the composer: where to, how, what it would meet there, and the buttons that do it."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QWidget

from jetstream.entities import Destination
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.address import Choice, choices, fits, folder_of, is_itself
from jetstream_desktop.state.nearby import Near, fitting, invitation
from jetstream_desktop.state.options import Options
from jetstream_desktop.state.preview import Card
from jetstream_desktop.state.text import plain_tooltip
from jetstream_desktop.views.composer_options import OptionsBox
from jetstream_desktop.views.destination_list import ChoiceList
from jetstream_desktop.views.fold_line import FoldLine
from jetstream_desktop.views.folder_field import FolderField
from jetstream_desktop.views.preflight import Preflight
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.toolbar import SearchField
from jetstream_desktop.views.widgets import button, column, dress, label, panel, scrolled

_LEAST_LIST = 72
"""Height of the list of destinations: one of them can always be seen, or what it says while it is empty."""
_MARGINS = (16, 14, 16, 14)
_SPACING = 8
_ROWS = 6
"""Where a card of so many rows has no room it is folded to one line. How many it has at the moment does not count: it
would fold and unfold by itself.
"""


class ComposerSide(QWidget):
    """Says what is chosen. What goes is none of its business."""

    changed = Signal()
    """Another destination, folder or option."""
    send_wanted = Signal()
    share_wanted = Signal()
    paste_wanted = Signal()
    test_wanted = Signal(object)
    """The saved destination whose test somebody wants to see."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._destinations: Sequence[Destination] = ()
        self._near: Sequence[Near] = ()
        self._here: Choice | None = None
        self._own = ""
        self._card = Card()
        self._sharing = False
        self.setProperty("role", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = column(margins=_MARGINS, spacing=_SPACING)
        layout.addWidget(self._where(), 1)
        self.fold = FoldLine(theme)
        self.fold.toggled.connect(self._unfold)
        self.fold.hide()
        layout.addWidget(self.fold)
        self.send = button(tr("Choose where to send"))
        self.send.clicked.connect(self.send_wanted)
        self.share = button("", theme=theme, icon="share")
        self.share.clicked.connect(self.share_wanted)
        self._buttons = column(spacing=_SPACING)
        layout.addLayout(self._buttons)
        self.setLayout(layout)
        self._arrange_buttons()

    def _where(self) -> QWidget:
        """The destination, how to send, and the card; scrolled where the window is low."""
        self.search = SearchField(self._theme, tr("Search or type an address"))
        self.search.takes_files = True
        self.search.files_pasted.connect(self.paste_wanted)
        self.search.textChanged.connect(self.refresh)
        self.search.returnPressed.connect(self._settle)
        self.list = ChoiceList(self._theme)
        self.list.show_hint(invitation())
        self.list.chosen.connect(self._chosen)
        self.search.moved.connect(self.list.step)
        self.list.setMinimumHeight(_LEAST_LIST)
        self.folder = FolderField()
        self.folder.textChanged.connect(self.changed)
        self.options = OptionsBox(self._theme)
        self.options.changed.connect(self.changed)
        self.options.unfolded.connect(self._show_options)
        self.card = Preflight(self._theme)
        self.card.details_wanted.connect(self._test)
        self.card.hide()
        self._others: tuple[QWidget, ...] = (
            label(tr("Where to"), "section"), self.search, self.list, label(tr("Folder there"), "dim"), self.folder,
            self.options)
        layout = column(spacing=_SPACING)
        for part in (*self._others, self.card):
            layout.addWidget(part)
        layout.setStretchFactor(self.list, 1)
        self._scroller = scrolled(panel(layout))
        return self._scroller

    # What others tell

    def start(self, destination_id: str | None) -> None:
        """For a fresh basket."""
        self.search.clear()
        self.options.label.clear()
        self.fold.setChecked(False)
        self.card.begin()
        self.refresh(prefer=destination_id)

    def set_sharing(self, sharing: bool) -> None:
        """Which of the two buttons is the first."""
        if sharing != self._sharing:
            self._sharing = sharing
            self._arrange_buttons()

    def _arrange_buttons(self) -> None:
        first, second = (self.share, self.send) if self._sharing else (self.send, self.share)
        self.share.setText(tr("Share by link") if self._sharing else tr("Share by link instead"))
        for part, role, height in ((first, "primary", 36), (second, "", 0)):
            self._buttons.removeWidget(part)
            self._buttons.addWidget(part)
            part.setMinimumHeight(height)
            dress(part, role)
        QWidget.setTabOrder(first, second)

    def choose(self, destination_id: str) -> None:
        """Another destination, whatever is searched for."""
        self.search.clear()
        self.refresh(prefer=destination_id)

    def set_destinations(self, destinations: Sequence[Destination]) -> None:
        """The address book."""
        self._destinations = tuple(destinations)
        self.refresh()

    def set_near(self, near: Sequence[Near]) -> None:
        """Nodes nearby that are in no address book yet."""
        if near != self._near:
            self._near = near
            self.refresh()

    def set_here(self, here: Choice | None) -> None:
        """This computer, while the files are those of a node elsewhere."""
        if here != self._here:
            self._here = here
            self.refresh()

    def set_own(self, fingerprint: str) -> None:
        """Which node it is that sends: to itself is what people mean last."""
        if fingerprint != self._own:
            self._own = fingerprint
            self.refresh()

    def _to_itself(self, choice: Choice | None) -> bool:
        return choice is not None and choice.destination is not None and is_itself(choice.destination, self._own)

    def refresh(self, _text: str = "", prefer: str | None = None) -> None:
        """Offer what fits the search; choose *prefer*, or what was chosen before."""
        here = [self._here] if self._here is not None and fits(self._here, self.search.text()) else []
        others = [one for one in self._destinations if all(one != choice.destination for choice in here)]
        known = choices(others, self.search.text())
        own = [one for one in known if self._to_itself(one)]
        found = here + [one for one in known if one not in own]
        near = [one.choice for one in fitting(self._near, self.search.text())]
        typed = found.pop() if found and found[-1].key == "new" else None
        found += near
        if typed is not None and all(one.address != typed.address for one in near):
            found.append(typed)
        found += own
        if prefer is None and len(found) == 1 and self.search.text().strip():
            prefer = found[0].key
        self.list.show_choices(found, prefer)

    # What is chosen

    @property
    def choice(self) -> Choice | None:
        """Where to."""
        return self.list.current()

    @property
    def chosen_options(self) -> Options:
        """How."""
        return replace(self.options.values(), folder=self.folder.text().strip())

    def _chosen(self, choice: Choice | None) -> None:
        self.folder.follow(folder_of(choice.destination) if choice is not None else "")
        self.changed.emit()

    def _settle(self) -> None:
        """Enter in the search: the first that fits, if none is chosen, and on to the button."""
        if self._sharing and not self.search.text().strip():
            self.share.setFocus()
            return
        first = self.list.first()
        if self.list.current() is None and (self.search.text().strip() or not self._to_itself(first)):
            self.list.step(1)
        if self.send.isEnabled():
            self.send.setFocus()

    def _test(self) -> None:
        if self.choice is not None and self.choice.destination is not None:
            self.test_wanted.emit(self.choice.destination)

    # Showing

    def show_card(self, card: Card) -> None:
        """What it would meet there."""
        self._card = card
        testable = self.choice is not None and self.choice.destination is not None
        self.card.show_card(card, testable=testable)
        words, tone = card.line
        self.fold.say(words, tr("Before it is sent: {words}", words=words), tone)
        self._arrange()

    def label_send(self, words: str) -> None:
        """The button keeps its width; a long name is cut in the middle and whole in the tool tip."""
        font = QFont(self.send.font())
        font.setWeight(QFont.Weight.DemiBold)
        shown = QFontMetrics(font).elidedText(words, Qt.TextElideMode.ElideMiddle, self.send.width() - 26)
        self.send.setText(shown.replace("&", "&&"))
        self.send.setAccessibleName(words)
        self.send.setToolTip(plain_tooltip(words) if shown != words else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Where there is no room for the card it is folded to one line, and unfolds below the options."""
        something = bool(self._card.rows or self._card.note)
        low = self._room() < self._needed()
        self.fold.setVisible(low and something)
        self.card.setVisible(something and (not low or self.fold.isChecked()))
        self.card.setFocusPolicy(Qt.FocusPolicy.StrongFocus if low else Qt.FocusPolicy.NoFocus)

    def _room(self) -> int:
        """Height that there is for all but the buttons."""
        buttons = self.send.sizeHint().height() + self.share.sizeHint().height() + 2 * _SPACING
        return self.height() - _MARGINS[1] - _MARGINS[3] - buttons

    def _needed(self) -> int:
        """Height of all but the buttons, with a card of usual size."""
        heights = [max(part.minimumSizeHint().height(), part.minimumHeight()) for part in self._others]
        return sum(heights) + len(heights) * _SPACING + self.card.height_of(_ROWS)

    def _unfold(self, _open: bool) -> None:
        self._arrange()
        if self.card.isVisible():
            self._reveal(self.card)

    def _show_options(self) -> None:
        """In a low window they would unfold below what can be seen."""
        self._arrange()
        self._reveal(self.options)

    def _reveal(self, part: QWidget) -> None:
        QTimer.singleShot(0, self, lambda: self._scroll_to(part))

    def _scroll_to(self, part: QWidget) -> None:
        """To its beginning, if all of it cannot be seen at once."""
        if part.height() > self._scroller.viewport().height():
            self._scroller.verticalScrollBar().setValue(part.y())
        else:
            self._scroller.ensureWidgetVisible(part, 0, 0)
