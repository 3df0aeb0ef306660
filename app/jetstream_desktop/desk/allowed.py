"""Letting other computers in, and out again."""

from functools import partial

from PySide6.QtCore import QObject

from jetstream_desktop.desk.context import Context
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.allowed import allowed_from
from jetstream_desktop.state.connection import Connected
from jetstream_desktop.views.allowed import AllowedCard


class AllowedDesk(QObject):
    """Joins the card of those who may send here to the node."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._c = context
        self._card: AllowedCard | None = None
        context.window.actions_.allowed.triggered.connect(self.open)

    def open(self) -> None:
        """Open the card."""
        status = self._c.session.status
        if not isinstance(status, Connected):
            self._c.say(tr("The node is not running yet."), "caution")
            return
        server = status.server
        card = AllowedCard(self._c.theme, server.fingerprint, strangers_ask=not server.only_authorized_clients_allowed)
        card.asking_allowed.connect(self._ask)
        card.add_wanted.connect(self._add)
        card.remove_wanted.connect(self._remove)
        card.copy_wanted.connect(self._c.copy)
        card.destroyed.connect(partial(self._gone, card))
        self._card = card
        self._c.window.show_card(card)
        self._c.run(self._load(), "who may send", self._problem)

    def _gone(self, card: AllowedCard) -> None:
        if self._card is card:  # another one may be open by now
            self._card = None

    def _add(self, fingerprint: str, name: str) -> None:
        self._c.run(self._added(fingerprint, name), "let in", self._problem)

    def _remove(self, fingerprint: str) -> None:
        self._c.run(self._removed(fingerprint), "let out", self._problem)

    def _ask(self, allowed: bool) -> None:
        self._c.run(self._c.commands.let_strangers_ask(allowed), "who may ask", partial(self._not_changed, not allowed))

    def _not_changed(self, before: bool, words: str) -> None:
        if self._card is not None:
            self._card.show_asking(before)
        self._problem(words)

    async def _added(self, fingerprint: str, name: str) -> None:
        await self._c.commands.let_in(fingerprint, name)
        await self._load()

    async def _removed(self, fingerprint: str) -> None:
        await self._c.commands.let_out(fingerprint)
        await self._load()

    async def _load(self) -> None:
        found = await self._c.commands.allowed()
        if self._card is not None:
            self._card.show_allowed([allowed_from(one) for one in found])

    def _problem(self, words: str) -> None:
        if self._card is not None:
            self._card.show_problem(words)
        else:
            self._c.say(words, "bad")
