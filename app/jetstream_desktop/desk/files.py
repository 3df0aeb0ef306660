"""The files and the events of the selected transfer, as the details pane asks for them."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QObject

from jetstream.entities import Event, Transfer
from jetstream.errors import NotFound
from jetstream_desktop.desk.context import Context
from jetstream_desktop.i18n import tr
from jetstream_desktop.models.lists import ValueTableModel
from jetstream_desktop.models.paged import PagedTableModel
from jetstream_desktop.services.poller import Entity
from jetstream_desktop.state import numbers
from jetstream_desktop.state.files import FileLine, FileQuery, found_wrong, left_out, undelivered
from jetstream_desktop.state.rows import Row
from jetstream_desktop.state.verifying import Verification
from jetstream_desktop.views.details import EVENTS

log = logging.getLogger("jetstream.desktop")

_ENOUGH: Final = 100
"""Found files that are shown before the rest is searched."""


class FilesDesk(QObject):
    """Joins the pages of files and of events to the node. *verified* knows what verifying a row has found."""

    def __init__(self, context: Context, files: PagedTableModel, events: ValueTableModel[object],
                 verified: Callable[[str], Verification | None]) -> None:
        super().__init__(context.window)
        self._c = context
        self._files = files
        self._events = events
        self._verified = verified
        self._task: asyncio.Task[Any] | None = None
        self._pane = context.window.details.files
        context.window.details.files_wanted.connect(self._wanted)
        context.window.details.events_wanted.connect(self._events_wanted)

    def _chosen(self) -> tuple[Row, Entity] | None:
        for row in self._c.window.selected_rows()[:1]:
            entity = self._c.poller.entities.get(row.key)
            if entity is not None:
                return row, entity
        return None

    # Files

    def _wanted(self, offset: int) -> None:
        if self._task is not None:
            self._task.cancel()  # what was wanted before is not wanted any more
        self._task = self._c.run(self._loaded(offset), "files", self._pane.show_note)

    async def _loaded(self, offset: int) -> None:
        try:
            await self._load(offset, self._pane.query)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("a list of files of no known form: %r", error)
            self._pane.show_note(tr("The node's answer cannot be used."))

    async def _load(self, offset: int, query: FileQuery) -> None:
        chosen = self._chosen()
        if chosen is None:
            return
        row, entity = chosen
        self._pane.show_note("")
        if query.problems:
            lines = [line for line in await self._problems(row, entity) if query.fits(line)]
            self._show(offset, lines, None, tr("No file has a problem that is known."))
            return
        found: list[FileLine] = []
        following: int | None = offset
        while following is not None and len(found) < _ENOUGH:
            page, after = await self._c.commands.files(entity, following)
            found += [line for line in page if query.fits(line)]
            following = after
            if not query.text:
                break
            if following is not None:
                self._pane.show_note(tr("Searching: {count} files so far…", count=numbers.count(following)))
        nothing = tr("No file fits “{text}”.", text=query.text.strip()) if query.text.strip() else (
            tr("There are no files.") if row.files == 0 else tr("The sender has not named its files yet."))
        self._show(offset, found, following, nothing)

    def _show(self, offset: int, lines: list[FileLine], following: int | None, nothing: str) -> None:
        self._files.add_page(offset, lines, following)
        self._pane.show_note("" if self._files.rowCount() else nothing)

    async def _problems(self, row: Row, entity: Entity) -> list[FileLine]:
        lines = found_wrong(self._verified(row.key))
        if entity.status == "error":
            lines += undelivered(await self._c.commands.events(row))
        if isinstance(entity, Transfer):
            try:
                lines += left_out(await self._c.session.client.send.get_manifest(entity.manifest_id))
            except NotFound:
                lines.append(FileLine("…", None, tr("what was left out is not known any more")))
        return lines

    # Events

    def _events_wanted(self) -> None:
        self._c.run(self._load_events(), "events", self._no_events)

    async def _load_events(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            events: list[Event] = await self._c.commands.events(chosen[0])
            now = self._chosen()
            if now is not None and now[0].key == chosen[0].key:
                self._events.replace(list(reversed(events)))

    def _no_events(self, words: str) -> None:
        self._events.replace(())
        if self._c.window.details.tabs.currentIndex() == EVENTS:
            self._c.say(words, "caution")
        else:
            log.info("events: %s", words)

