"""What unknown computers want to send: a card that asks, above the page; and the page with all of them."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QPushButton, QScrollArea, QSizePolicy, QWidget

from jetstream_desktop.i18n import tr, trn
from jetstream_desktop.state.offers import Ask
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.widgets import ElidedLabel, IconLabel, button, column, label, panel, row, set_role

_NARROW = 720
"""Below this width the answers stand under the words."""
_NARROWEST = 380
_ROOMY, _TIGHT = (14, 11, 12, 11), (14, 3, 4, 3)


class OfferCard(QFrame):
    """One offer: who, what, where to, and the three answers. Every signal carries the offer's id."""

    accepted = Signal(str)
    always_accepted = Signal(str)
    declined = Signal(str)
    folder_wanted = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._theme = theme
        self._id = ""
        self._title = ElidedLabel(role="strong")
        self._amount, self._room = label("", "field"), label("", "field")
        self._sender = ElidedLabel(role="dim-small")
        self._sender.setWhatsThis(tr("The name is what the sender says. The identity is proven."))
        self._folder = ElidedLabel(role="field")
        self._change = button(tr("Change…"), "link")
        self._change.setAccessibleName(tr("Change the folder for this transfer"))
        self.decline = button(tr("Decline"))
        self.always = button(tr("Accept always"), tip=tr("Also take everything that this computer sends from now on"))
        self.accept = button(tr("Accept"), "primary")
        for made, signal in ((self._change, self.folder_wanted), (self.decline, self.declined),
                             (self.always, self.always_accepted), (self.accept, self.accepted)):
            made.clicked.connect(lambda _checked=False, told=signal: told.emit(self._id))
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._compact = False
        self._more: tuple[QWidget, ...] = ()
        self._narrow = round(_NARROW * theme.scale)
        self._build()

    def _build(self) -> None:
        amounts, dot = row(spacing=8), label("·", "field")
        for widget in (self._amount, dot, self._room):
            amounts.addWidget(widget)
        self._more = (self._amount, dot, self._room, self._folder, self._change, self._sender, self.always)
        amounts.addStretch(1)
        self._folder.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        place = row(spacing=2)
        place.addWidget(self._folder)
        place.addWidget(self._change)
        place.addStretch(1)
        words = column(spacing=3)
        words.addWidget(self._title)
        words.addLayout(amounts)
        words.addLayout(place)
        words.addWidget(self._sender)
        answers = row(spacing=8)
        answers.addStretch(1)
        for answer in (self.decline, self.always, self.accept):
            answers.addWidget(answer)
        self._body.setSpacing(8)
        self._body.addLayout(words, 1)
        self._body.addLayout(answers)
        self._body.setAlignment(answers, Qt.AlignmentFlag.AlignBottom)
        line = self._line = row(margins=_ROOMY, spacing=12)
        self._bell = IconLabel(self._theme, "bell", "accent_ink", 20)
        line.addWidget(self._bell, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(self._body, 1)
        self.setLayout(line)

    def minimumSizeHint(self) -> QSize:
        return QSize(round(_NARROWEST * self._theme.scale), super().minimumSizeHint().height())

    def set_compact(self, compact: bool) -> None:
        """One line with yes and no, where the page below needs the room."""
        if compact == self._compact:
            return
        self._compact = compact
        for widget in self._more:
            widget.setVisible(not compact)
        self._line.setContentsMargins(*(_TIGHT if compact else _ROOMY))
        self._line.setAlignment(self._bell, Qt.AlignmentFlag.AlignVCenter if compact else Qt.AlignmentFlag.AlignTop)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        narrow = self.width() < self._narrow and not self._compact
        self._body.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    @property
    def offer_id(self) -> str:
        """The offer that is shown."""
        return self._id

    def show_ask(self, ask: Ask) -> None:
        """Show an offer, or what became of the one that is shown."""
        self._id = ask.id
        for shown, text in ((self._title, ask.title), (self._amount, ask.amount), (self._room, ask.room),
                            (self._folder, ask.folder), (self._sender, ask.sender)):
            if shown.text() != text:
                shown.setText(text)
        set_role(self._room, "field" if ask.fits else "bad")
        self.setAccessibleName(ask.title)
        self.setAccessibleDescription(ask.spoken)
        self.accept.setAccessibleDescription(ask.spoken)

    def announce(self) -> None:
        """Let a screen reader say it."""
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))


class OfferBar(QWidget):
    """Above the page while somebody waits: the oldest offer, and the way to the others."""

    others_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.card = OfferCard(theme)
        self._others: QPushButton = button("", "link")
        self._others.clicked.connect(self.others_wanted)
        self._compact = False
        self._asks: Sequence[Ask] = ()
        layout = column(margins=(12, 8, 12, 8), spacing=2)
        layout.addWidget(self.card)
        layout.addWidget(self._others, 0, Qt.AlignmentFlag.AlignRight)
        self.setLayout(layout)
        self.setAutoFillBackground(True)
        theme.changed.connect(self._colour)
        self._colour()
        self.hide()

    def show_asks(self, asks: Sequence[Ask]) -> None:
        """Show the first of the offers that wait; nothing if none does."""
        self._asks = asks
        self.setVisible(bool(asks))
        if not asks:
            return
        fresh = asks[0].id != self.card.offer_id
        self.card.show_ask(asks[0])
        more = len(asks) - 1
        self._others.setVisible(more > 0 and not self._compact)
        self._others.setText(trn("{count} more waits…", "{count} more wait…", more))
        if fresh:
            self.card.announce()

    def set_compact(self, compact: bool) -> None:
        """Take one line only, or as much as the words need."""
        if compact != self._compact:
            self._compact = compact
            self.card.set_compact(compact)
            self.show_asks(self._asks)

    def _colour(self) -> None:
        palette = self.palette()
        palette.setColor(self.backgroundRole(), self._theme.colour("wash"))
        self.setPalette(palette)


class OffersPage(QScrollArea):
    """All offers, one card each. Cards that stay are kept, so that the cursor does not jump."""

    all_declined = Signal()
    card_made = Signal(object)
    """A new :class:`OfferCard`, for its signals to be connected."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.cards: list[OfferCard] = []
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Waiting for your yes"))
        layout = column(margins=(20, 16, 20, 16), spacing=10)
        head = row()
        head.addWidget(label(tr("Waiting for your yes"), "title"), 1)
        self.decline_all = button(tr("Decline all"))
        self.decline_all.clicked.connect(self.all_declined)
        head.addWidget(self.decline_all)
        layout.addLayout(head)
        layout.addWidget(label(tr("Computers that are not known here want to send you files. Names are what they say "
                                  "of themselves; if in doubt, ask them for their identity."), "dim", wrap=True))
        self._list = column(spacing=10)
        layout.addLayout(self._list)
        layout.addStretch(1)
        self.setWidget(panel(layout, "ground"))

    def show_asks(self, asks: Sequence[Ask]) -> None:
        """Show these offers, oldest first."""
        self.decline_all.setVisible(len(asks) > 1)
        known = {card.offer_id: card for card in self.cards}
        for ask in asks:
            card = known.pop(ask.id, None)
            if card is None:
                card = OfferCard(self._theme)
                self.cards.append(card)
                self._list.addWidget(card)
                self.card_made.emit(card)
            card.show_ask(ask)
        for card in known.values():
            self.cards.remove(card)
            self._list.removeWidget(card)
            card.deleteLater()
