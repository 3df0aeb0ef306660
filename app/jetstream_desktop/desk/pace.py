"""How fast the node may be: the limit of the lowest line, and the slow hours of the settings."""

import logging
from datetime import datetime

from PySide6.QtCore import QObject, QTimer

from jetstream_desktop.desk.context import Context
from jetstream_desktop.settings import Settings
from jetstream_desktop.state.connection import Connected, Connection, Failed
from jetstream_desktop.state.nodes import OpenNode
from jetstream_desktop.views.limit_card import LimitCard

log = logging.getLogger("jetstream.desktop")

_MINUTE_MS = 60_000


class PaceDesk(QObject):
    """Joins limits to the node. The slow hours are those of this computer; between them counts what was chosen last."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._c = context
        self._applied: int | None = None
        self._ruled = False
        self.minute = QTimer(self)
        self.minute.setInterval(_MINUTE_MS)
        self.minute.timeout.connect(self.apply)
        self.minute.timeout.connect(self.look_again)
        self.minute.start()
        context.window.status.limit_chosen.connect(self._chosen)
        context.window.status.other_limit_wanted.connect(self._ask)
        context.session.changed.connect(self._status)
        context.session.opened.connect(self._opened)

    def look_again(self) -> None:
        """Limits and free space change without this window, too: the lowest line says what is true now."""
        if isinstance(self._c.session.status, Connected):
            self._c.run(self._c.session.refresh(), "look at the node", self._quiet)

    def settings_changed(self, before: Settings) -> None:
        """The settings are not those of *before* any more."""
        now = self._c.settings.now
        if now.week.enabled and not before.week.enabled and not self._ruled and self._here:
            self._c.settings.change(usual_kbps=self._limit())
        self.apply()

    def apply(self) -> None:
        """Limit the node of this computer by the clock. A limit that an earlier run left there is replaced, too."""
        now = self._c.settings.now
        if not self._here or not (now.week.enabled or self._ruled):
            return
        wanted = now.week.limit(datetime.now(), now.usual_kbps)
        if not self._ruled or wanted != self._applied:
            self._applied = wanted
            self._c.run(self._c.commands.limit(wanted), "slow hours")
        self._ruled = now.week.enabled

    @property
    def _here(self) -> bool:
        return self._c.session.node.local and isinstance(self._c.session.status, Connected)

    def _limit(self) -> int:
        status = self._c.session.status
        return (status.server.bandwidth_limits.outgoing or 0) if isinstance(status, Connected) else 0

    def _ask(self) -> None:
        card = LimitCard(self._c.theme, self._limit())
        card.chosen.connect(self._chosen)
        self._c.window.show_card(card)

    def _chosen(self, kbps: int) -> None:
        if self._here:
            self._c.settings.change(usual_kbps=kbps)
        self._c.run(self._c.commands.limit(kbps), "limit")

    def _status(self, status: Connection) -> None:
        if isinstance(status, Failed):
            self._ruled = False
        elif isinstance(status, Connected):
            self.apply()

    def _opened(self, _node: OpenNode) -> None:
        """Another node: limits by the clock are those of this computer's, and start anew with it."""
        self._ruled = False

    def _quiet(self, words: str) -> None:
        log.info("the node was not asked again: %s", words)
