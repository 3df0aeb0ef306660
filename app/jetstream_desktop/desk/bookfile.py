"""Taking an address book in from a file, giving one out to a file, and taking an import back."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject

from jetstream.entities import Destination
from jetstream.errors import JetStreamError
from jetstream_desktop.desk.context import Context
from jetstream_desktop.i18n import say, tr, trn
from jetstream_desktop.services import bookfile as files
from jetstream_desktop.state import bookfile
from jetstream_desktop.state.text import base_name, printable
from jetstream_desktop.views.dialogs import choose_files, save_file

UNDO_IMPORT = "undo-import-destinations"
SUFFIX = "json"


class BookFileDesk(QObject):
    """Import and export."""

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._c = context
        self._made: list[str] = []
        self._before: list[tuple[str, dict[str, Any]]] = []
        self._out: Sequence[Destination] = ()
        context.window.banner.pressed.connect(self._pressed)

    def forget(self) -> None:
        """Another node's address book is shown: there is nothing to take back any more."""
        self._made, self._before = [], []

    def ask_import(self) -> None:
        """Ask for a file and take it in."""
        choose_files(self._c.window, tr("Choose an address book"), self._chosen)

    def _chosen(self, paths: Sequence[str]) -> None:
        for path in paths[:1]:
            self.take(path)

    def take(self, path: str) -> None:
        """Take in the file at *path*."""
        self._c.run(self._take(path), "import destinations")

    async def _take(self, path: str) -> None:
        try:
            entries = bookfile.read(await files.load(path))
        except bookfile.BookFileError as error:
            self._c.say(str(error), "bad")
            return
        except OSError as error:
            self._c.say(tr("{name} cannot be read: {error}.", name=printable(base_name(path)),
                           error=say(error.strerror or str(error))), "bad")
            return
        plan = bookfile.merge(self._c.poller.destinations, entries)
        words, tone = plan.words, "good"
        try:
            await self._carry_out(plan)
        except JetStreamError as error:
            words, tone = tr("The import stopped halfway: {error}", error=say(str(error))), "bad"
        undo = tr("Undo") if self._made or self._before else ""
        self._c.say(words, tone, undo, UNDO_IMPORT)

    async def _carry_out(self, plan: bookfile.Plan) -> None:
        self.forget()
        for values in plan.added:
            made = await self._c.commands.save_destination(None, values)
            self._made.append(made.id)
        for there, changes in plan.changed:
            await self._c.commands.save_destination(there.id, changes)
            self._before.append((there.id, bookfile.before(there, changes)))

    def _pressed(self, key: str) -> None:
        if key == UNDO_IMPORT:
            self._c.window.banner.close_line()
            self._c.run(self._take_back(), "undo an import")

    async def _take_back(self) -> None:
        made, before = self._made, self._before
        self.forget()
        await self._c.commands.remove_destinations(made)
        for known, values in before:
            await self._c.commands.save_destination(known, values)

    def ask_export(self, destinations: Sequence[Destination]) -> None:
        """Ask where to, and write *destinations* there."""
        if not destinations:
            self._c.say(tr("There are no destinations to export."), "caution")
            return
        self._out = list(destinations)
        dialog = save_file(self._c.window, tr("Export destinations"), SUFFIX, self._give)
        dialog.selectFile(tr("destinations") + f".{SUFFIX}")

    def _give(self, path: str) -> None:
        self._c.run(self.give(path, self._out), "export destinations")

    async def give(self, path: str, destinations: Sequence[Destination]) -> None:
        """Write *destinations* to the file at *path*."""
        name = printable(base_name(path))
        try:
            await files.save(path, bookfile.write(destinations))
        except OSError as error:
            why = say(error.strerror or str(error))
            self._c.say(tr("{name} cannot be written: {error}.", name=name, error=why), "bad")
            return
        self._c.say(trn("{count} destination is in {name}. Passwords are not in it.",
                        "{count} destinations are in {name}. Passwords are not in it.", len(destinations), name=name),
                    "good")
