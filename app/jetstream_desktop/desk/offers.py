"""The person's yes or no to what unknown computers want to send."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer

from jetstream.entities import Offer
from jetstream_desktop.desk.context import Context
from jetstream_desktop.desk.far import FarDesk
from jetstream_desktop.i18n import tr, trn
from jetstream_desktop.models.sidebar import OFFERS_KEY, Entry, EntryKind, SidebarModel
from jetstream_desktop.state.offers import Ask, announcement, in_words, label_of, name_of
from jetstream_desktop.views.dialogs import choose_folder
from jetstream_desktop.views.offers import OfferCard, OffersPage

UNDO = "undo-decline"
UNDO_MS = 6000


class OffersDesk(QObject):
    """Joins the cards that ask to the node.

    A *no* is told to the node when it can no longer be undone: until then the sender simply goes on waiting.

    :param notify: shows a notification: title and text.
    """

    def __init__(self, context: Context, page: OffersPage, sidebar: SidebarModel, far: FarDesk,
                 notify: Callable[[str, str], None]) -> None:
        super().__init__(context.window)
        self._c = context
        self.page = page
        self._sidebar = sidebar
        self._far = far
        self._notify = notify
        self._offers: dict[str, Offer] = {}
        self._folders: dict[str, str] = {}
        self._answered: set[str] = set()
        self._node = context.session.node
        self._declined: list[Offer] = []
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(UNDO_MS)
        self._later.timeout.connect(self._settle)
        self._join(context.window.offers.card)
        page.card_made.connect(self._join)
        page.all_declined.connect(self._decline_all)
        context.poller.offers_changed.connect(self._changed)
        context.session.opened.connect(self._opened)
        context.window.entry_chosen.connect(self._entry)
        context.window.offers.others_wanted.connect(self.open)
        context.window.banner.pressed.connect(self._pressed)
        context.window.pages.currentChanged.connect(self._page_shown)

    def _join(self, card: OfferCard) -> None:
        card.accepted.connect(partial(self._accept, always=False))
        card.always_accepted.connect(partial(self._accept, always=True))
        card.declined.connect(self._decline)
        card.folder_wanted.connect(self._choose_folder)

    def _opened(self, _node: object) -> None:
        """Another node: what was decided belongs to the one before."""
        self._later.stop()
        self._declined = []
        self._folders, self._answered = {}, set()

    # What waits

    def _changed(self, offers: Sequence[Offer]) -> None:
        fresh = tuple(offer for offer in offers if offer.id not in self._offers)
        self._tell_gone({offer.id for offer in offers})
        self._offers = {offer.id: offer for offer in offers}
        self._answered &= set(self._offers)
        self._folders = {id: folder for id, folder in self._folders.items() if id in self._offers}
        self._show()
        if fresh and not self._c.window.isActiveWindow():
            self._c.window.ask_for_attention()
            if self._c.settings.now.notify:
                self._notify(*announcement(fresh))

    def _tell_gone(self, left: set[str]) -> None:
        """A card does not go without a word: the sender gave up or paused, or somebody has decided elsewhere."""
        node, self._node = self._node, self._c.session.node
        if node != self._node:
            return  # the offers of another node are not gone, only not shown
        for offer in self._offers.values():
            if offer.id not in left and offer.id not in self._answered:
                self._c.say(tr("“{what}” from {name} is not offered any more.", what=label_of(offer),
                               name=name_of(offer)))

    def asks(self) -> list[Ask]:
        """The offers that wait for an answer, in words, oldest first."""
        waiting = [offer for offer in self._offers.values() if offer.id not in self._answered]
        return [in_words(offer, self._folders.get(offer.id), self._c.home)
                for offer in sorted(waiting, key=lambda offer: offer.request_time or 0)]

    def _show(self) -> None:
        asks, window = self.asks(), self._c.window
        self._sidebar.set_offers(len(asks))
        here = window.pages.currentWidget() is self.page
        self.page.show_asks(asks)
        window.offers.show_asks([] if here else asks)
        if here and not asks:
            window.show_all()

    def _page_shown(self, _number: int) -> None:
        self._show()

    def _entry(self, entry: Entry) -> None:
        if entry.kind is EntryKind.OFFERS:
            self.open()

    def open(self) -> None:
        """The page with all of them."""
        self._c.window.show_page(self.page)
        self._c.window.sidebar.list.choose(OFFERS_KEY)
        if self.page.cards:
            self.page.cards[0].accept.setFocus()

    # Answers

    def _choose_folder(self, id: str) -> None:
        chosen = partial(self._folder_chosen, id)
        if self._c.session.node.local:
            choose_folder(self._c.window, tr("Choose the folder for this transfer"), lambda paths: chosen(paths[0]))
        else:
            self._far.choose_folder(chosen)

    def _folder_chosen(self, id: str, folder: str) -> None:
        if id in self._offers:
            self._folders[id] = folder
            self._show()

    def _accept(self, id: str, *, always: bool) -> None:
        offer = self._offers.get(id)
        if offer is None:
            return
        self._answered.add(id)
        self._show()
        self._c.run(self._accepted(offer, always), "accept", partial(self._failed, id))

    async def _accepted(self, offer: Offer, always: bool) -> None:
        await self._c.commands.accept(offer.id, self._folders.get(offer.id), always=always)
        what, name = label_of(offer), name_of(offer)
        words = (tr("Accepted. {name} may send here from now on.", name=name) if always
                 else tr("Accepted. “{what}” starts within seconds.", what=what))
        self._c.say(words, "good")

    def _failed(self, id: str, words: str) -> None:
        self._answered.discard(id)
        self._show()
        self._c.say(words, "bad")

    def _decline(self, id: str) -> None:
        offer = self._offers.get(id)
        if offer is not None:
            self._decline_offers([offer], tr("Declined “{what}” from {name}.", what=label_of(offer),
                                             name=name_of(offer)))

    def _decline_all(self) -> None:
        offers = [offer for offer in self._offers.values() if offer.id not in self._answered]
        self._decline_offers(offers, trn("Declined {count} offer.", "Declined {count} offers.", len(offers)))

    def _decline_offers(self, offers: Sequence[Offer], words: str) -> None:
        self._settle()
        self._declined = list(offers)
        self._answered |= {offer.id for offer in offers}
        self._later.start()
        self._show()
        self._c.say(words, "info", tr("Undo"), UNDO)

    def _pressed(self, key: str) -> None:
        if key == UNDO and self._declined:
            self._later.stop()
            self._answered -= {offer.id for offer in self._declined}
            self._declined = []
            self._c.window.banner.done(UNDO)
            self._show()

    def _settle(self) -> None:
        """The time for undoing is over."""
        if self._declined:
            self._c.window.banner.done(UNDO)
        self._told()

    def _told(self) -> list[asyncio.Task[None]]:
        self._later.stop()
        offers, self._declined = self._declined, []
        return [self._c.run(self._c.commands.decline(offer.id), "decline", partial(self._failed, offer.id))
                for offer in offers]

    async def finish(self) -> None:
        """The window is left: what was declined is told to the node now."""
        await asyncio.gather(*self._told())
