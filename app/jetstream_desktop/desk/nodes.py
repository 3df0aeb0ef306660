"""Which node the window shows: opening one elsewhere, its identity, the stop sign, the way back."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QPoint

from jetstream.errors import JetStreamError, ServerIdentityChanged
from jetstream_desktop.desk.context import Context
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.services.remote_node import RemoteNode, look, pin
from jetstream_desktop.services.vault import Vault, VaultProblem
from jetstream_desktop.state.address import Address
from jetstream_desktop.state.connection import Connected, Connection, IdentityChanged, LoginRefused
from jetstream_desktop.state.nearby import Near
from jetstream_desktop.state.nodes import LOCAL, OpenNode, forgotten, remembered
from jetstream_desktop.views.dialogs import choose
from jetstream_desktop.views.node_card import NodeCard
from jetstream_desktop.views.stop_page import StopPage

LOG_IN = "log in"


class NodesDesk(QObject):
    """Joins the card, the stop sign and the switch in the status line to the session."""

    def __init__(self, context: Context, vault: Vault) -> None:
        super().__init__(context.window)
        self._c = context
        self._vault = vault
        self._card: NodeCard | None = None
        self._near: Sequence[Near] = ()
        self._wanted = LOCAL
        self._password = ""
        self._keep = False
        self._trying: asyncio.Task[Any] | None = None
        self._changed_node = LOCAL
        self._changed_to = ""
        window = context.window
        window.actions_.connect_node.triggered.connect(self.open_card)
        window.actions_.this_computer.triggered.connect(self.go_home)
        window.status.node_pressed.connect(self._menu)
        window.status.home_pressed.connect(self.go_home)
        window.banner.pressed.connect(self._pressed)
        context.session.changed.connect(self._status)
        context.session.opened.connect(self._opened)
        window.show_node(LOCAL)

    # Switching

    def go_home(self) -> None:
        """Show the node of this computer."""
        self._c.window.leave_stop()
        if not self._c.session.node.local:
            self._c.session.open(LOCAL)

    def _opened(self, node: OpenNode) -> None:
        self._c.window.leave_stop()
        self._c.window.banner.clear()
        self._c.window.show_node(node)
        self._c.window.show_all()

    def _menu(self, place: QPoint) -> None:
        here = self._c.session.node
        entries = [(node.title if node.local else f"{node.title}  ({node.line})", node, node.same_place(here))
                   for node in (LOCAL, *self._c.settings.now.nodes)]
        choose(self._c.window, place, entries, self._c.window.actions_.connect_node, self._chosen)

    def _chosen(self, action: object) -> None:
        data = getattr(action, "data", None)
        node = data() if callable(data) else None
        if isinstance(node, OpenNode):
            self.open(node)

    def open(self, node: OpenNode) -> None:
        """Show *node*, with the password that the keyring has for it; without one the card asks for it."""
        if node.local:
            self.go_home()
        elif not node.same_place(self._c.session.node) or not isinstance(self._c.session.status, Connected):
            self._c.run(self._open(node), "open a node")

    async def _open(self, node: OpenNode) -> None:
        password = await self._vault.get(node) if node.user else ""
        if password is None:
            self.open_card(node)
            return
        self._wanted, self._password, self._keep = node, password, False
        if self._card is None:
            self._c.say(tr("Connecting to {other}", other=node.title))
        await self._guarded(self._enter(), node)

    # The card

    def open_card(self, node: OpenNode | bool | None = None) -> None:
        """Ask which node, starting with what is known of *node*."""
        if self._card is None or self._card is not self._c.window.card:
            card = NodeCard(self._c.theme, self._c.settings.now.nodes, at_home=self._c.session.node.local)
            card.connect_wanted.connect(self._connect)
            card.trusted.connect(self._trusted)
            card.open_wanted.connect(self.open)
            card.forget_wanted.connect(self._forget)
            card.home_wanted.connect(self.go_home)
            card.closed.connect(self._given_up)
            card.destroyed.connect(partial(self._gone, card))
            card.near.show_near(self._near)
            self._card = card
            self._c.window.show_card(card)
            self._c.run(self._show_keyring(), "keyring")
        if isinstance(node, OpenNode) and not node.local:
            self._card.fill(node)

    def _given_up(self) -> None:
        if self._trying is not None:
            self._trying.cancel()

    def set_near(self, near: Sequence[Near]) -> None:
        """Nodes nearby that are not shown already."""
        self._near = near
        if self._card is not None:
            self._card.near.show_near(near)

    def _gone(self, card: NodeCard) -> None:
        if self._card is card:  # another one may be open by now
            self._card = None

    async def _show_keyring(self) -> None:
        available = await self._vault.available()
        if self._card is not None:
            self._card.show_keyring(available)

    def _forget(self, node: OpenNode) -> None:
        self._c.settings.change(nodes=forgotten(self._c.settings.now.nodes, node))
        if self._card is not None:
            self._card.show_recent(self._c.settings.now.nodes)
        self._c.run(self._forgotten(node), "forget a node")

    async def _forgotten(self, node: OpenNode) -> None:
        try:
            await self._vault.forget(node)
        except VaultProblem as error:
            if await self._vault.available():
                self._c.say(str(error), "caution")

    def _connect(self, address: Address, user: str, password: str, keep: bool) -> None:
        fresh = OpenNode(address.host, address.port, user)
        known = (node for node in self._c.settings.now.nodes if node.same_place(fresh))
        self._wanted = next(known, fresh)
        self._password, self._keep = password, keep
        if self._card is not None:
            self._card.show_busy(tr("Connecting…"))
        self._trying = self._c.run(self._guarded(self._look(), self._wanted), "look at a node")

    async def _look(self) -> None:
        wanted = self._wanted
        seen = await look(wanted.address)
        self._wanted = replace(wanted, fingerprint=seen.fingerprint, name=seen.name)
        if seen.known:
            await self._enter()
        elif self._card is not None:
            self._card.show_identity(wanted.address, seen.name, seen.version, seen.fingerprint)

    def _trusted(self) -> None:
        if self._card is not None:
            self._card.show_busy(tr("Connecting…"))
        self._trying = self._c.run(self._guarded(self._pinned(), self._wanted), "trust a node")

    async def _pinned(self) -> None:
        pin(self._wanted.address, self._wanted.fingerprint)
        await self._enter()

    async def _enter(self) -> None:
        remote = RemoteNode(self._wanted, self._password)
        node = self._wanted
        client = await remote.reach(self._quiet)
        self._c.settings.change(nodes=remembered(self._c.settings.now.nodes, node))
        self._c.session.open(node, remote.reach, client)
        if self._keep and node.user:
            await self._kept(node)

    def _quiet(self, _step: str) -> None:
        """The card and the bar say already that it is being tried."""

    async def _kept(self, node: OpenNode) -> None:
        try:
            await self._vault.keep(node, self._password)
        except VaultProblem as error:
            self._c.say(tr("The password was not kept; it will be asked for. {reason}", reason=error), "caution")

    async def _guarded(self, work: Coroutine[Any, Any, None], node: OpenNode) -> None:
        try:
            await work
        except ServerIdentityChanged as error:
            self._stop(node, str(error.facts.get("expected", "")), str(error.facts.get("presented", "")))
        except JetStreamError as error:
            self.open_card(node)
            if self._card is not None:
                self._card.show_problem(say(str(error)))

    # What the session tells

    def _status(self, status: Connection) -> None:
        if isinstance(status, IdentityChanged):
            self._stop(self._c.session.node, status.expected, status.presented)
        elif isinstance(status, LoginRefused):
            self._c.window.banner.show_line(status.reason, "bad", tr("Log in again…"), LOG_IN, stays=True)
        else:
            self._c.window.banner.done(LOG_IN)
        if isinstance(status, Connected):
            self._named(status.server.server_name)

    def _named(self, name: str) -> None:
        """A node may have been given another name since it was open last."""
        node = self._c.session.node
        if not node.local and node.name != name:
            self._c.session.call(name)
            self._c.window.show_node(self._c.session.node)
            self._c.settings.change(nodes=remembered(self._c.settings.now.nodes, self._c.session.node))

    def _pressed(self, key: str) -> None:
        if key == LOG_IN:
            self.open_card(self._c.session.node)

    # The stop sign

    def _stop(self, node: OpenNode, expected: str, presented: str) -> None:
        self._changed_node, self._changed_to = node, presented
        if self._card is not None:
            self._c.window.close_card()
        page = StopPage(self._c.theme, node.title, expected, presented, local=node.local)
        page.home_wanted.connect(self.go_home)
        page.again_wanted.connect(self._again)
        page.trust_wanted.connect(self._trust_new)
        self._c.window.show_stop(page)

    def _again(self) -> None:
        self._c.window.leave_stop()
        self._c.session.retry_now()

    def _trust_new(self) -> None:
        node = replace(self._changed_node, fingerprint=self._changed_to)
        try:
            pin(node.address, node.fingerprint)
        except JetStreamError as error:
            self._c.say(say(str(error)), "bad")
            return
        self._c.settings.change(nodes=tuple(
            node if other.same_place(node) else other for other in self._c.settings.now.nodes))
        self.go_home()
        self.open_card(node)
