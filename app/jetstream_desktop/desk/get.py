"""Getting: what a link gives is listed, and what was chosen of it is fetched."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from jetstream.errors import AuthenticationFailed
from jetstream_desktop.desk.context import Context
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.connection import Connected, Connection
from jetstream_desktop.state.nearby import Near
from jetstream_desktop.state.rows import key_of
from jetstream_desktop.views.get import GetCard

log = logging.getLogger("jetstream.desktop")

Entries = list[tuple[int, int]]


class GetDesk(QObject):
    """Joins the card for getting to the node."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._c = context
        self._card: GetCard | None = None
        self._near: Sequence[Near] = ()
        self._looking: asyncio.Task[Any] | None = None
        self._asked: tuple[str, str | None] | None = None
        """What to list as soon as there is a connection."""
        context.window.actions_.get.triggered.connect(self.get)
        context.session.changed.connect(self._status)

    def get(self, link: str = "") -> None:
        """Open the card that fetches with a token or a link."""
        status = self._c.session.status
        folder = status.server.receiving_folder if isinstance(status, Connected) else None
        card = GetCard(self._c.theme, folder, self._c.home)
        if not self._c.session.node.local:
            card.title.setText(tr("Get files onto {node}", node=self._c.session.node.title))
        card.look_wanted.connect(self._look)
        card.get_wanted.connect(self._fetch)
        card.destroyed.connect(partial(self._gone, card))
        card.near.show_near(self._near)
        self._card = card
        self._c.window.show_card(card)
        if isinstance(link, str) and link:
            card.take(link)
        else:
            card.offer_clipboard()

    def set_near(self, near: Sequence[Near]) -> None:
        """Nodes nearby, from which something can be fetched."""
        self._near = near
        if self._card is not None:
            self._card.near.show_near(near)

    def _status(self, status: Connection) -> None:
        if isinstance(status, Connected) and self._card is not None:
            self._card.show_folder(status.server.receiving_folder)
            if self._asked is not None:
                self._look(*self._asked)

    def _gone(self, card: GetCard) -> None:
        if self._card is card:  # another one may be open by now
            self._card = None
            self._stop_looking()

    def _stop_looking(self) -> None:
        self._asked = None
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _look(self, link: str, password: str | None) -> None:
        self._stop_looking()
        if not isinstance(self._c.session.status, Connected):
            self._asked = link, password
        elif self._card is not None:
            self._looking = self._c.run(self._listed(self._card, link, password), "look", self._problem)

    async def _listed(self, card: GetCard, link: str, password: str | None) -> None:
        try:
            await self._all_pages(card, link, password)
        except AuthenticationFailed as error:
            if password is not None:
                raise
            log.info("the list of a link needs a login: %s", error)
            card.ask_password(tr("The token is wrong or used up, or it has a password: type it and press Enter."))
        except (KeyError, TypeError, ValueError) as error:  # a list of no known form
            log.warning("the list of a link cannot be used: %r", error)
            self._problem(tr("The list that the node gave cannot be shown. You can still get everything."))

    async def _all_pages(self, card: GetCard, link: str, password: str | None) -> None:
        page = await self._c.commands.preview(link, password, 0)
        card.show_listing(page)
        while page["nextOffset"] is not None:
            page = await self._c.commands.preview(link, password, page["nextOffset"])
            card.add_files(page["files"], last=page["nextOffset"] is None)

    def _fetch(self, link: str, password: str | None, folder: str, entries: Entries | None) -> None:
        self._stop_looking()
        self._c.run(self._fetched(link, password, folder, entries), "get", self._problem)

    async def _fetched(self, link: str, password: str | None, folder: str, entries: Entries | None) -> None:
        made = await self._c.commands.get(link, password, folder, entries)
        self._c.window.show_all()
        await self._c.poller.poll()
        self._c.window.table.select_key(key_of(made))

    def _problem(self, words: str) -> None:
        if self._card is not None:
            self._card.show_problem(words)
        else:
            self._c.say(words, "bad")
