"""Pausing everything: until the person says so, or until a time, also over the next starts."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from jetstream_desktop.desk.context import Context
from jetstream_desktop.desk.rows import RowDesk
from jetstream_desktop.i18n import tr
from jetstream_desktop.models.transfers import TransferTableModel
from jetstream_desktop.services.commands import PAUSE, RESUME
from jetstream_desktop.state.nodes import LOCAL, OpenNode
from jetstream_desktop.state.rows import Row
from jetstream_desktop.state.sharing import DAY, moment, seconds_until_morning
from jetstream_desktop.views.actions import UNTIL_TOMORROW

_LONGEST: Final = 2 * DAY
"""Nothing is paused longer than until tomorrow; what the settings say beyond that is damaged."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Keys of the rows that are paused until a time in µs UTC."""

    keys: frozenset[str]
    until: int


Place = tuple[str, int, str]


class PauseDesk(QObject):
    """Joins *Pause all* and *Resume all* to the node that is shown. What is paused until later is remembered by its
    keys, so that rows that were paused otherwise stay as they are; the clock of the wall decides, whatever slept
    meanwhile. That of this computer's node is kept in the settings.
    """

    def __init__(self, context: Context, rows: RowDesk, table: TransferTableModel) -> None:
        super().__init__(context.window)
        self._c = context
        self._rows = rows
        self._table = table
        self._pauses: dict[Place, Pause] = {}
        now = context.settings.now
        if now.paused and 0 < now.paused_until < context.clock() + _LONGEST:
            self._pauses[_place(LOCAL)] = Pause(frozenset(now.paused.split()), now.paused_until)
        actions = context.window.actions_
        actions.pause_all.triggered.connect(self._pause_all)
        actions.resume_all.triggered.connect(self._resume_all)
        for action in actions.pauses:
            action.triggered.connect(self._pause_for)
        context.poller.polled.connect(self._look)
        context.session.opened.connect(self._show)
        self._show()

    @property
    def now(self) -> Pause | None:
        """What is paused for a while on the node that is shown."""
        return self._pauses.get(_place(self._c.session.node))

    def _pause_all(self) -> None:
        self._remember(None)
        self._rows.act(PAUSE, self._everything_running())

    def _pause_for(self) -> None:
        action, rows = self.sender(), self._everything_running()
        if not isinstance(action, QAction):
            return
        if not rows:
            self._c.say(tr("Nothing is running that could be paused."))
            return
        now = self._c.clock()
        seconds = seconds_until_morning(now) if action.data() == UNTIL_TOMORROW else action.data() * 60
        until = now + seconds * 1_000_000
        before = self.now.keys if self.now is not None else frozenset()  # these wait for the new time, too
        self._remember(Pause(before | {row.key for row in rows}, until))
        self._rows.act(PAUSE, rows)
        self._c.say(tr("Paused until {when}.", when=moment(until)))

    def _resume_all(self) -> None:
        self._remember(None)
        self._rows.act(RESUME, self._paused())

    def _everything_running(self) -> list[Row]:
        return [row for row in self._c.poller.rows.values() if row.can_pause]

    def _paused(self) -> list[Row]:
        """Of what the table has: what was just removed, and only waits to be taken back, must not go on."""
        return [row for row in self._table.rows.values() if row.can_resume]

    def _look(self) -> None:
        """The time may be over: go on."""
        pause = self.now
        if pause is not None and self._c.clock() >= pause.until:
            self._remember(None)
            self._rows.act(RESUME, [row for row in self._paused() if row.key in pause.keys])

    def _remember(self, pause: Pause | None) -> None:
        node = self._c.session.node
        self._pauses.pop(_place(node), None)
        if pause is not None:
            self._pauses[_place(node)] = pause
        if node.local:
            keys, until = ("", 0) if pause is None else (" ".join(sorted(pause.keys)), pause.until)
            self._c.settings.change(paused=keys, paused_until=until)
        self._show()

    def _show(self) -> None:
        """Where going on at once is offered, it stands until when it would wait otherwise."""
        self._c.window.actions_.resume_all.setText(
            tr("Resume all") if self.now is None else
            tr("Resume all (paused until {when})", when=moment(self.now.until)))


def _place(node: OpenNode) -> Place:
    return node.host.lower(), node.port, node.user
