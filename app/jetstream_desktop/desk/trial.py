"""Runs a test of a destination and shows it while it goes on; the card that shows it may go at any moment."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from PySide6.QtCore import QObject

from jetstream.checks import Check
from jetstream.errors import InvalidParameters
from jetstream_desktop.desk.context import Context
from jetstream_desktop.i18n import tr


class ShowsFindings(Protocol):
    """A card that a test is shown on."""

    def show_findings(self, found: Sequence[Check], running: bool) -> None:
        """How far the test has come."""

    def show_problem(self, words: str) -> None:
        """Why it could not be done."""


class TrialDesk(QObject):
    """One test at a time: a new one, or the end of its card, ends the one before."""

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._c = context
        self._task: asyncio.Task[Any] | None = None
        self._card: ShowsFindings | None = None

    def start(self, card: ShowsFindings, known: str | None, values: Mapping[str, Any]) -> None:
        """Test the destination *known*, with *values* in place of its own, and show it on *card*."""
        self.stop()
        self._card = card
        card.show_findings((), True)
        self._task = self._c.run(self._run(known, values), "test a destination", self._problem)

    def leave(self, card: ShowsFindings) -> None:
        """*card* is gone; another one's test goes on."""
        if self._card is card:
            self.stop()

    def stop(self) -> None:
        """End the test that is going on."""
        self._card = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, known: str | None, values: Mapping[str, Any]) -> None:
        found: Sequence[Check] = ()
        try:
            async for found in self._c.commands.test_destination(known, values):
                if self._card is not None:
                    self._card.show_findings(found, True)
        except InvalidParameters as error:
            if error.facts.get("field") != "method":
                raise
            self._problem(tr("This node is too old to test destinations; update JetStream where it runs."))
            return
        if self._card is not None:
            self._card.show_findings(found, False)
        self._c.commands.look_again()

    def _problem(self, words: str) -> None:
        if self._card is not None:
            self._card.show_problem(words)
