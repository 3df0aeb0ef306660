"""Nodes nearby, offered where an address is asked for."""

import asyncio
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject

from jetstream.entities import Destination
from jetstream_desktop.desk.book import BookDesk
from jetstream_desktop.desk.context import Context
from jetstream_desktop.desk.get import GetDesk
from jetstream_desktop.desk.nodes import NodesDesk
from jetstream_desktop.services.nearby import Nearby
from jetstream_desktop.state.connection import Connected, Connection
from jetstream_desktop.state.nearby import Near, offered, words_while_empty


class NearbyDesk(QObject):
    """Joins what is announced to the composer, the address book, the card that fetches and the one that opens a node.

    What is near is near *this* computer: while a node elsewhere is shown, nothing is offered to send to or fetch from.
    """

    def __init__(self, context: Context, nearby: Nearby, book: BookDesk, nodes: NodesDesk, get: GetDesk) -> None:
        super().__init__(context.window)
        self._c = context
        self._book = book
        self._nodes = nodes
        self._get = get
        self._found: tuple[Near, ...] = ()
        self._own = frozenset[str]()
        self._nearby = nearby
        self._listening: asyncio.Task[Any] | None = None
        self._allowed = False
        nearby.changed.connect(self._heard)
        context.session.changed.connect(self._status)
        context.session.opened.connect(self._offer)
        context.poller.destinations_changed.connect(self._offer)

    def allow(self, allowed: bool) -> None:
        """Whether to listen at all; it begins when the window has its node."""
        self._allowed = allowed
        if not allowed and self._listening is not None:
            self._listening.cancel()
            self._listening = None
        self._begin()
        self._offer()

    def _begin(self) -> None:
        if self._allowed and self._own and self._listening is None:
            self._listening = self._c.tasks.spawn(self._nearby.run(), "nodes nearby")

    def _heard(self, found: Sequence[Near]) -> None:
        self._found = tuple(found)
        self._offer()

    def _status(self, status: Connection) -> None:
        if isinstance(status, Connected) and self._c.session.node.local:
            self._own = frozenset({status.server.fingerprint})
            self._offer()
            self._begin()

    def _offer(self, _changed: object = None) -> None:
        # Until its own identity is known this computer could be offered to itself.
        found = self._found if self._own else ()
        session = self._c.session
        destinations: Sequence[Destination] = self._c.poller.destinations
        to_send = offered(found, destinations, self._own) if session.node.local else ()
        composer = self._c.window.composer
        composer.list.show_hint(words_while_empty(allowed=self._allowed, local=session.node.local))
        composer.set_near(to_send)
        self._book.set_near(to_send)
        self._get.set_near(offered(found, (), self._own) if session.node.local else ())
        self._nodes.set_near(offered(found, (), self._own | {session.node.fingerprint}))
