"""Removing rows: at once from the table, for good some seconds later, so that it can be taken back meanwhile."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer

from jetstream_desktop.desk.context import Context, words_of
from jetstream_desktop.i18n import tr, trn
from jetstream_desktop.models.transfers import TransferTableModel
from jetstream_desktop.services.commands import PAUSE, REMOVE, RESUME
from jetstream_desktop.state.nodes import OpenNode
from jetstream_desktop.state.rows import Group, Row
from jetstream_desktop.views.banner import OFFER_MS

UNDO: Final = "undo removing"


class RemoveDesk(QObject):
    """Joins *Remove* to the node. What still runs is paused until it is removed for good; who leaves the window, or
    removes more, does not want the last back any more. On a node that is not shown any more nothing is removed.
    """

    def __init__(self, context: Context, table: TransferTableModel) -> None:
        super().__init__(context.window)
        self._c = context
        self._table = table
        self._taken: dict[str, Row] = {}
        self._paused: list[Row] = []
        self._chosen: str | None = None
        """The row that was selected when it was taken out, if no other was."""
        self._pausing: asyncio.Task[Any] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(OFFER_MS)
        self._timer.timeout.connect(self._settle)
        context.window.actions_.remove.triggered.connect(self._remove)
        context.window.actions_.remove_done.triggered.connect(self._remove_done)
        context.window.banner.pressed.connect(self._pressed)
        context.session.opened.connect(self._opened)

    def _remove(self) -> None:
        self.remove(self._c.window.selected_rows())

    def _remove_done(self) -> None:
        self.remove([row for row in self._table.rows.values() if row.group is Group.DONE])

    def remove(self, rows: Sequence[Row]) -> None:
        """Take *rows* out of the table, with a way back for some seconds."""
        if not rows:
            return
        self._settle()
        self._taken = {row.key: row for row in rows}
        view = self._c.window.table
        chosen = view.selected_keys()
        self._chosen = chosen[0] if chosen and self._taken.keys() >= set(chosen) else None
        beside = view.key_beside(self._taken) if self._chosen is not None else None
        self._table.withhold(self._taken)
        if beside is not None:
            view.select_key(beside)
        self._paused = [row for row in rows if row.can_pause]
        if self._paused:
            self._pausing = self._c.run(self._c.commands.act(PAUSE, self._paused), "pause what is removed")
        self._c.say(trn("Removed one transfer.", "Removed {count} transfers.", len(rows)), "info", tr("Undo"), UNDO)
        self._timer.start()

    def _settle(self) -> "asyncio.Task[Any] | None":
        rows, self._taken, self._paused = list(self._taken.values()), {}, []
        self._timer.stop()
        self._c.window.banner.done(UNDO)
        return self._c.run(self._removed(rows), "remove") if rows else None

    async def _removed(self, rows: Sequence[Row]) -> None:
        problems = await self._c.commands.act(REMOVE, rows)
        if problems:
            self._table.release([row.key for row in rows])
            self._c.say(words_of(problems[0]), "bad")

    def _pressed(self, key: str) -> None:
        if key == UNDO and self._taken:
            rows, paused, self._taken, self._paused = self._taken, self._paused, {}, []
            self._timer.stop()
            self._table.release(rows)
            if self._chosen is not None:
                self._c.window.table.select_key(self._chosen)
            self._c.window.banner.done(UNDO)
            if paused:
                self._c.run(self._back(paused), "take back")

    async def _back(self, paused: Sequence[Row]) -> None:
        if self._pausing is not None:
            await asyncio.wait({self._pausing})
        await self._c.commands.act(RESUME, paused)

    def _opened(self, _node: OpenNode) -> None:
        self._timer.stop()
        self._taken, self._paused = {}, []

    async def finish(self) -> None:
        """The window is left: what was removed is removed now."""
        task = self._settle()
        if task is not None:
            await asyncio.wait({task})
