"""Files of a node elsewhere: choosing what goes from there, and where it receives."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject

from jetstream_desktop.desk.context import Context
from jetstream_desktop.state.remote_files import Entry
from jetstream_desktop.views.browse import BrowseCard


class FarDesk(QObject):
    """Joins the card that looks at the other disk to the node."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._c = context
        self._card: BrowseCard | None = None
        self._chosen_files: Callable[[Sequence[Entry]], object] | None = None
        self._chosen_folder: Callable[[str], object] | None = None
        self._last: str | None = None
        context.session.opened.connect(self._opened)

    def _opened(self, _node: object) -> None:
        self._last = None

    def choose_files(self, chosen: Callable[[Sequence[Entry]], object]) -> None:
        """Ask for files and folders over there."""
        self._chosen_files, self._chosen_folder = chosen, None
        self._open(choose_folder=False)

    def choose_folder(self, chosen: Callable[[str], object]) -> None:
        """Ask for a folder over there."""
        self._chosen_files, self._chosen_folder = None, chosen
        self._open(choose_folder=True)

    def _open(self, *, choose_folder: bool) -> None:
        card = BrowseCard(self._c.theme, self._c.session.node.title, choose_folder=choose_folder)
        card.listing_wanted.connect(self._list)
        card.chosen.connect(self._chosen)
        card.destroyed.connect(partial(self._gone, card))
        self._card = card
        self._c.window.show_card(card)
        self._c.run(self._begin(), "list over there", self._problem)

    async def _begin(self) -> None:
        """Where the last choice was made, if there was one, else the roots."""
        card, last = self._card, self._last
        roots = await self._c.far.roots()
        if card is None or card is not self._card:
            return
        card.show_roots(roots)
        if last is not None:
            self._list(last)
        elif len(roots) == 1:
            self._list(roots[0].path)

    def _gone(self, card: BrowseCard) -> None:
        if self._card is card:  # another one may be open by now
            self._card = None

    def _list(self, path: str | None) -> None:
        self._c.run(self._listed(path), "list over there", self._problem)

    async def _listed(self, path: str | None) -> None:
        card = self._card
        if path is None:
            roots = await self._c.far.roots()
            if card is not None and card is self._card:
                card.show_roots(roots)
            return
        entries = await self._c.far.entries(path)
        if card is not None and card is self._card:
            card.show_listing(path, entries)

    def _problem(self, words: str) -> None:
        if self._card is not None:
            self._card.show_problem(words)
        else:
            self._c.say(words, "bad")

    def _chosen(self, value: object) -> None:
        files, folder = self._chosen_files, self._chosen_folder
        self._last = self._card.path if self._card is not None else None
        self._c.window.close_card()
        if files is not None and isinstance(value, list):
            files(value)
        elif folder is not None and isinstance(value, str):
            folder(value)
