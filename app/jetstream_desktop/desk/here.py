"""While a node elsewhere is shown: this computer among its destinations, tested from over there."""

import asyncio
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject

from jetstream.checks import Check
from jetstream.entities import ServerInfo
from jetstream_desktop.desk.context import Context
from jetstream_desktop.state.connection import Connected, Connection
from jetstream_desktop.state.here import Here, choice_of, here_from, known_as
from jetstream_desktop.state.nodes import OpenNode


class HereDesk(QObject):
    """Joins what both nodes say to the composer. The other node dials back when the composer is opened, not before."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._c = context
        self._own: ServerInfo | None = None
        self._here: Here | None = None
        self._found: Sequence[Check] | None = None
        self._test: asyncio.Task[Any] | None = None
        context.session.changed.connect(self._status)
        context.session.opened.connect(self._opened)
        context.poller.destinations_changed.connect(self._offer)
        context.window.pages.currentChanged.connect(self._page)

    def _status(self, status: Connection) -> None:
        if not isinstance(status, Connected):
            return
        if self._c.session.node.local:
            self._own = status.server
        elif (here := here_from(self._own, status.server)) != self._here:
            self._here = here
            self._page()

    def _opened(self, _node: OpenNode) -> None:
        self._here = self._found = None
        if self._test is not None:
            self._test.cancel()
        self._offer()

    def _page(self, _page: int = 0) -> None:
        shown = self._c.window.pages.currentWidget() is self._c.window.composer
        if shown and self._here is not None and (self._test is None or self._test.done()):
            self._test = self._c.run(self._tested(self._here), "test the way back", self._untested)
            self._offer()

    async def _tested(self, here: Here) -> None:
        async for found in self._c.commands.test_destination(None, here.fields):
            self._found = found
        self._test = None
        self._offer()

    def _untested(self, _words: str) -> None:
        """An account need not be allowed to test, and an older node cannot: it is offered all the same."""
        self._found = self._test = None
        self._offer()

    def _offer(self, _changed: object = None) -> None:
        if self._here is None:
            self._c.window.composer.set_here(None)
            return
        known = known_as(self._here, self._c.poller.destinations)
        running = self._test is not None and not self._test.done()
        self._c.window.composer.set_here(choice_of(self._here, known, self._found, running=running))
