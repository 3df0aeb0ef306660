"""The pages in the middle of the window, one at a time, and a card over them."""

from PySide6.QtWidgets import QStackedWidget, QWidget

from jetstream_desktop.views.cards import Card
from jetstream_desktop.views.drop import leave_drops_to_the_window


class Pages(QStackedWidget):
    """Pages stay; a card is made anew each time, and is gone with the first page that is shown after it.

    :param sections: while they have the keyboard, they keep it: somebody walks through them.
    """

    def __init__(self, sections: QWidget) -> None:
        super().__init__()
        self._sections = sections
        self._card: Card | None = None
        self._below: QWidget | None = None

    def add_page(self, page: QWidget) -> None:
        """A page that :meth:`show_page` can show."""
        self.addWidget(page)
        leave_drops_to_the_window(page)

    def turn_to(self, page: QWidget) -> None:
        """Show a page, and leave the keyboard where it is."""
        self._turn(page, None)

    def show_page(self, page: QWidget, focus: QWidget | None = None) -> None:
        """Show a page. The keyboard goes to *focus* in it, or to the page itself."""
        self.turn_to(page)
        if not self._sections.hasFocus():
            (focus or page).setFocus()

    def show_card(self, card: Card) -> None:
        """A card over what is shown."""
        if self._card is None:
            self._below = self.currentWidget()
        leave_drops_to_the_window(card)
        self.addWidget(card)
        self._turn(card, card)
        focus = card.first_focus()
        if focus is not None:
            focus.setFocus()

    @property
    def card(self) -> Card | None:
        """The card that is open."""
        return self._card

    @property
    def below(self) -> QWidget | None:
        """The page that closing the card goes back to, while one is open."""
        return self._below if self._card is not None else None

    def put_below(self, page: QWidget) -> None:
        """Closing the open card goes to *page*: what it covered is done with."""
        self._below = page

    def _turn(self, page: QWidget, card: Card | None) -> None:
        old, self._card = self._card, card
        self.setCurrentWidget(page)
        if old is not None:  # not before, or the stack would show whichever page is next to it
            self.removeWidget(old)
            old.deleteLater()
