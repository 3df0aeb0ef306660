"""Verifying: what has arrived is compared with the hashes made then, one after another, with a way to stop."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QObject

from jetstream.entities import ReceiveTransfer
from jetstream.errors import JetStreamError
from jetstream_desktop.desk.context import Context
from jetstream_desktop.i18n import tr
from jetstream_desktop.state import numbers
from jetstream_desktop.state.changes import Changes
from jetstream_desktop.state.rows import Row
from jetstream_desktop.state.verifying import Verification

STOP: Final = "verify: stop"
COPY: Final = "verify: copy"


class VerifyDesk(QObject):
    """Joins the action to the node."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._c = context
        self._task: asyncio.Task[Any] | None = None
        self._report = ""
        self._found: dict[str, Verification] = {}
        context.window.actions_.verify.triggered.connect(self._verify)
        context.window.banner.pressed.connect(self._pressed)
        context.poller.changed.connect(self._forget)

    def _verify(self) -> None:
        rows = [row for row in self._c.window.selected_rows() if self._arrived(row)]
        if not rows:
            self._c.say(tr("Only what has arrived here completely can be verified."))
            return
        if self._task is not None:
            self._task.cancel()
        self._task = self._c.run(self._verified(rows), "verify")

    def _arrived(self, row: Row) -> bool:
        entity = self._c.poller.entities.get(row.key)
        return isinstance(entity, ReceiveTransfer) and entity.status == "complete"

    async def _verified(self, rows: Sequence[Row]) -> None:
        found = []
        for row in rows:
            found.append(await self._one(row))
        wrong = [one for one in found if not one.well]
        self._report = "\n".join(one.report() for one in wrong)
        if wrong:
            self._c.say(" ".join(one.sentence() for one in wrong), wrong[0].tone, tr("Copy the list"), COPY)
        elif len(found) == 1:
            self._c.say(found[0].sentence(), "good")
        else:
            self._c.say(tr("All {n} are as they arrived: every byte was read and compared.", n=len(found)), "good")

    async def _one(self, row: Row) -> Verification:
        verification = Verification(row.name)
        while verification.offset is not None:
            self._c.window.banner.show_line(tr("Verifying “{name}”…", name=verification.name), "info", tr("Stop"), STOP,
                                            aside=numbers.percent(verification.share))
            answer = await self._c.commands.verify(row, verification.offset)
            try:
                verification.add(answer)
            except (KeyError, TypeError, ValueError) as error:
                raise JetStreamError(tr("The node's answer cannot be used.")) from error
        self._found[row.key] = verification
        return verification

    def found(self, key: str) -> Verification | None:
        """What verifying the row has found, if that was done."""
        return self._found.get(key)

    def _forget(self, changes: Changes) -> None:
        for key in changes.removed:
            self._found.pop(key, None)

    def _pressed(self, key: str) -> None:
        if key == STOP and self._task is not None:
            self._task.cancel()
            self._task = None
            self._c.say(tr("Verifying was stopped."))
        elif key == COPY:
            self._c.copy(self._report, tr("List"))
