"""Has the node look at what the composer would send, once that has stayed the same for a moment."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer

from jetstream.entities import Preview
from jetstream.errors import InvalidParameters
from jetstream_desktop.desk.context import Context
from jetstream_desktop.state.connection import Connected, Connection
from jetstream_desktop.state.preview import NOTHING, Answer, Question

SETTLE_MS: Final = 700
"""A person who types or clicks is done after so long."""


class PreflightDesk(QObject):
    """One look at a time, and only while the composer is open; another question ends the look before.

    It never stands in the way: whoever sends at once sends, and a node that is too old to look is not asked again.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._c = context
        self._view = context.window.composer
        self._question: Question | None = None
        self._preview: Preview | None = None
        self._task: asyncio.Task[Any] | None = None
        self._too_old = False
        self.settled = QTimer(self)
        self.settled.setSingleShot(True)
        self.settled.setInterval(SETTLE_MS)
        self.settled.timeout.connect(self._look)
        self._view.asked.connect(self._asked)
        context.window.pages.currentChanged.connect(self._page)
        context.session.changed.connect(self._status)

    @property
    def _open(self) -> bool:
        return self._c.window.pages.currentWidget() is self._view

    def _page(self, _page: int) -> None:
        """Whoever comes back is told what is true now."""
        self._ask(self._view.question if self._open else None)

    def _status(self, status: Connection) -> None:
        self._too_old = False
        self._ask(None)
        if isinstance(status, Connected) and self._open:
            self._ask(self._view.question)

    def _asked(self, question: Question | None) -> None:
        if self._open:
            self._ask(question)

    def _ask(self, question: Question | None) -> None:
        if self._too_old or not isinstance(self._c.session.status, Connected):
            question = None
        if question == self._question:
            return
        kept = self._still_true(question)
        self._stop()
        self._question, self._preview = question, kept
        if question is None:
            self._view.show_answer(NOTHING)
            return
        self._view.show_answer(Answer(kept, running=True))
        self.settled.start()

    def _still_true(self, question: Question | None) -> Preview | None:
        """What the answer before says of another overwrite mode: all but how much room it takes."""
        if question is None or self._question is None or self._preview is None or not self._preview.complete:
            return None
        same = replace(self._question, overwrite=question.overwrite) == question
        return replace(self._preview, needed_space=None) if same else None

    def _stop(self) -> None:
        self.settled.stop()
        if self._task is not None:
            self._task.cancel()

    def _look(self) -> None:
        if self._question is not None:
            self._task = self._c.run(self._looked(self._question, self._task), "look before sending", self._problem)

    async def _looked(self, question: Question, before: "asyncio.Task[Any] | None") -> None:
        if before is not None:
            await asyncio.wait({before})
        try:
            async with contextlib.aclosing(self._c.commands.look(question)) as found:
                async for self._preview in found:
                    self._view.show_answer(Answer(self._preview, running=True))
        except InvalidParameters as error:
            if error.facts.get("field") != "method":
                raise
            self._too_old = True
            self._question = None
            self._view.show_answer(NOTHING)
            return
        self._view.show_answer(Answer(self._preview))

    def _problem(self, words: str) -> None:
        self._view.show_answer(Answer(problem=words))
