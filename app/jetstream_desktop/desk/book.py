"""The address book: adding, changing, testing, removing with undo."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QGuiApplication

from jetstream.entities import Destination
from jetstream.errors import JetStreamError
from jetstream_desktop.desk.bookfile import BookFileDesk
from jetstream_desktop.desk.compose import ComposeDesk
from jetstream_desktop.desk.context import Context
from jetstream_desktop.desk.trial import TrialDesk
from jetstream_desktop.i18n import tr
from jetstream_desktop.models.sidebar import Entry
from jetstream_desktop.state.address import recent_first, title_of
from jetstream_desktop.state.book import connect_link, group_names, pasted
from jetstream_desktop.state.nearby import Near
from jetstream_desktop.state.text import printable
from jetstream_desktop.views.destination_editor import DestinationCard
from jetstream_desktop.views.destinations_page import DestinationsPage
from jetstream_desktop.views.dialogs import popup
from jetstream_desktop.views.test_card import TestCard

UNDO = "undo-remove-destination"
_NAMED = 3


class BookDesk(QObject):
    """Joins the page and the card of destinations to the node."""

    def __init__(self, context: Context, page: DestinationsPage, compose: ComposeDesk) -> None:
        super().__init__(context.window)
        self._c = context
        self.page = page
        self._compose = compose
        self._trial = TrialDesk(context, self)
        self._card: DestinationCard | None = None
        self._removed: list[str] = []
        self._files = BookFileDesk(context, self)
        self._near: Sequence[Near] = ()
        self._menu_for = ""
        page.edit_wanted.connect(self.edit)
        page.duplicate_wanted.connect(self._duplicate)
        page.link_wanted.connect(self._copy_link)
        page.paste_wanted.connect(self._paste)
        page.import_wanted.connect(self._files.ask_import)
        page.export_wanted.connect(self._files.ask_export)
        page.set_folded(context.settings.now.closed_groups.splitlines())
        page.folded.connect(self._folded)
        page.remove_wanted.connect(self._remove)
        page.test_wanted.connect(self.test)
        page.near_wanted.connect(self._add_near)
        page.send_wanted.connect(compose.open)
        context.poller.destinations_changed.connect(self._changed)
        context.window.sidebar.list.menu_wanted.connect(self._menu)
        context.window.banner.pressed.connect(self._pressed)
        context.session.opened.connect(self._opened)

    def set_near(self, near: Sequence[Near]) -> None:
        """Nodes nearby that are not in the address book."""
        self._near = near
        self.page.near.show_near(near)
        if self._card is not None:
            self._card.near.show_near(near)

    def _add_near(self, near: Near) -> None:
        self.edit(None)
        if self._card is not None:
            self._card.fill(near)

    def _opened(self, _node: object) -> None:
        self._removed = []  # they belong to the other node's address book
        self._files.forget()

    def _changed(self, destinations: Sequence[Destination]) -> None:
        self.page.show_destinations(destinations)

    def edit(self, destination: Destination | None) -> None:
        """Open the card for a destination, or for a new one."""
        card = DestinationCard(self._c.theme, destination, group_names(self._c.poller.destinations))
        card.saved.connect(self._save)
        card.test_wanted.connect(partial(self._trial.start, card))
        card.remove_wanted.connect(self._remove_id)
        card.destroyed.connect(partial(self._gone, card))
        card.near.show_near(self._near)
        self._card = card
        self._c.window.show_card(card)

    def _gone(self, card: DestinationCard) -> None:
        if self._card is card:  # another one may be open by now
            self._card = None
        self._trial.leave(card)

    def new(self, text: str = "") -> None:
        """Open the card for a new destination at an address or of a ``jetstream:`` link."""
        self.edit(None)
        if self._card is not None:
            self._card.paste(text)

    def _paste(self) -> None:
        text = QGuiApplication.clipboard().text()
        if pasted(text) is None:
            self._c.say(tr("There is neither an address nor a jetstream: link in the clipboard."), "caution")
        else:
            self.new(text)

    def _copy_link(self, destination: Destination) -> None:
        try:
            link = connect_link(destination)
        except JetStreamError as error:
            self._c.say(str(error), "bad")
        else:
            self._c.copy(link, tr("Link"))

    def _folded(self, groups: Sequence[str]) -> None:
        self._c.settings.change(closed_groups="\n".join(groups))

    def _duplicate(self, destination: Destination) -> None:
        copy = replace(destination, name=tr("{name} (copy)", name=title_of(destination)))
        self.edit(copy)
        if self._card is not None:
            self._card.as_new()

    def _save(self, known: str | None, values: dict[str, Any]) -> None:
        self._c.run(self._saved(known, values), "save a destination", self._problem)

    async def _saved(self, known: str | None, values: dict[str, Any]) -> None:
        made = await self._c.commands.save_destination(known, values)
        self._c.window.close_card()
        self.page.tree.choose([made.id])

    def _problem(self, words: str) -> None:
        if self._card is not None:
            self._card.show_problem(words)
        else:
            self._c.say(words, "bad")

    def test(self, destination: Destination) -> None:
        """Test a saved destination, layer by layer."""
        card = TestCard(self._c.theme, destination)
        again = partial(self._trial.start, card, destination.id, {})
        card.again_wanted.connect(again)
        card.edit_wanted.connect(self.edit)
        card.copy_wanted.connect(self._c.copy)
        card.destroyed.connect(partial(self._trial.leave, card))
        self._c.window.show_card(card)
        again()

    def _remove_id(self, destination_id: str) -> None:
        self._c.window.close_card()
        self._remove([d for d in self._c.poller.destinations if d.id == destination_id])

    def _remove(self, destinations: Sequence[object]) -> None:
        self._c.run(self._gone_for_good([d for d in destinations if isinstance(d, Destination)]), "remove")

    async def _gone_for_good(self, destinations: Sequence[Destination]) -> None:
        await self._c.commands.remove_destinations([d.id for d in destinations])
        self._removed = [d.id for d in destinations]
        names = ", ".join(printable(title_of(d)) for d in destinations[:_NAMED])
        if len(destinations) > _NAMED:
            names += tr(" and {count} more", count=len(destinations) - _NAMED)
        self._c.say(tr("Removed {names}.", names=names), "info", tr("Undo"), UNDO)

    def _pressed(self, key: str) -> None:
        if key == UNDO:
            self._c.window.banner.close_line()
            removed, self._removed = self._removed, []
            self._c.run(self._c.commands.restore_destinations(removed), "undo")
            self.page.tree.choose(removed)

    def _menu(self, entry: Entry, place: QPoint) -> None:
        self._menu_for = entry.key
        popup(self._c.window, place, ((tr("Send…"), self._menu_send), (tr("Test"), self._menu_test),
                                      (tr("Edit…"), self._menu_edit),
                                      (tr("Remove"), self._menu_remove)))

    def _menu_send(self) -> None:
        self._compose.open(self._menu_for)

    def _menu_one(self) -> Destination | None:
        return next((d for d in self._c.poller.destinations if d.id == self._menu_for), None)

    def _menu_edit(self) -> None:
        destination = self._menu_one()
        if destination is not None:
            self.edit(destination)

    def _menu_test(self) -> None:
        destination = self._menu_one()
        if destination is not None:
            self.test(destination)

    def _menu_remove(self) -> None:
        self._remove([d for d in self._c.poller.destinations if d.id == self._menu_for])

    def recent(self) -> list[Destination]:
        """The address book, used last first."""
        return recent_first(self._c.poller.destinations)
