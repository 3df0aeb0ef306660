"""Rows of the table: pause, resume, retry, remove, limits; and what the details pane shows of the selected one."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from jetstream.entities import Transfer
from jetstream.errors import JetStreamError
from jetstream_desktop.desk.context import Context, words_of
from jetstream_desktop.desk.opening import show_folder
from jetstream_desktop.i18n import tr
from jetstream_desktop.services.commands import CANCEL, PAUSE, RESUME
from jetstream_desktop.state.changes import Changes
from jetstream_desktop.state.code import recipe_of
from jetstream_desktop.state.connection import Connected
from jetstream_desktop.state.details import Selected, dropped_path
from jetstream_desktop.state.history import SpeedHistory
from jetstream_desktop.state.nodes import OpenNode
from jetstream_desktop.state.rows import Row

log = logging.getLogger("jetstream.desktop")


class RowDesk(QObject):
    """Joins the actions on rows and the details pane to the node."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.window)
        self._c = context
        self._known_sources: dict[str, tuple[str, ...]] = {}
        self._listed: dict[str, tuple[int | None, int]] = {}
        """How many files the manifest of an outgoing row has, and how much was left out."""
        actions = context.window.actions_
        for action, slot in (
            (actions.pause, self._pause), (actions.resume, self._resume), (actions.retry, self._retry),
            (actions.cancel, self._cancel), (actions.show_in_folder, self._show_in_folder),
        ):
            action.triggered.connect(slot)
        for action in actions.limits:
            action.triggered.connect(self._limit)
        for action in actions.priorities:
            action.triggered.connect(self._priority)
        for action in actions.policies:
            action.triggered.connect(self._policy)
        context.window.selection_changed.connect(self.show_details)
        context.poller.polled.connect(self.show_details)
        context.poller.changed.connect(self._forget)
        context.session.opened.connect(self._opened)
        reason = context.window.details.reason
        reason.retry_wanted.connect(actions.retry.trigger)
        reason.resume_wanted.connect(actions.resume.trigger)
        reason.copy_wanted.connect(actions.copy_error.trigger)
        reason.identity_wanted.connect(self._copy_identity)
        context.window.details.csv_wanted.connect(self._csv)

    # Actions

    def act(self, what: str, rows: Sequence[Row]) -> None:
        """Pause, resume, cancel or remove rows; what cannot be done is said."""
        if rows:
            self._c.run(self._acted(what, rows), what)

    async def _acted(self, what: str, rows: Sequence[Row]) -> None:
        problems = await self._c.commands.act(what, rows)
        if problems:
            first = words_of(problems[0])
            self._c.say(first if len(problems) == 1 else
                        tr("{n} of {all} could not be done: {first}", n=len(problems), all=len(rows), first=first),
                        "bad")

    def _selected(self, wanted: Callable[[Row], bool]) -> list[Row]:
        return [row for row in self._c.window.selected_rows() if wanted(row)]

    def _pause(self) -> None:
        self.act(PAUSE, self._selected(_can_pause))

    def _resume(self) -> None:
        self.act(RESUME, self._selected(_can_resume))

    def _retry(self) -> None:
        self.act(RESUME, self._selected(_can_retry))

    def _cancel(self) -> None:
        self.act(CANCEL, self._selected(_can_cancel))

    def _opened(self, _node: OpenNode) -> None:
        """Another node: its rows have the same keys but are others."""
        self._known_sources.clear()
        self._listed.clear()

    def _limit(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._c.run(self._c.commands.adjust(self._c.window.selected_rows(), limit=action.data() or 0), "limit")

    def _priority(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._c.run(self._c.commands.adjust(self._c.window.selected_rows(), priority=action.data()), "priority")

    def _policy(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._c.run(self._c.commands.adjust(self._c.window.selected_rows(), policy=action.data()), "rate policy")

    # Copies and folders

    def _show_in_folder(self) -> None:
        rows = self._c.window.selected_rows()
        if rows:
            self._c.run(self._open_folder(rows[0]), "show in folder")

    async def _open_folder(self, row: Row) -> None:
        folder = Path(row.path)
        if not row.incoming:
            sources = await self._sources(row)
            if not sources:
                self._c.say(tr("It is not known any more where these files came from."), "caution")
                return
            folder = Path(sources[0])
        show_folder(self._c, folder)

    async def _sources(self, row: Row) -> list[str]:
        entity = self._c.poller.entities.get(row.key)
        if not isinstance(entity, Transfer):
            return []
        client = self._c.session.client
        try:
            manifest = await client.send.get_manifest(entity.manifest_id)
            self._listed[row.key] = (manifest.total_files, manifest.skipped)
            recipe = recipe_of(manifest)
            if recipe is not None:
                return list(recipe.mappings.values())
            page = await client.send.get_manifest_files(entity.manifest_id, limit=1)
            return [dropped_path(str(entry["srcPath"]), str(entry["destPath"])) for entry in page["fileMappings"]
                    if entry.get("srcPath")]
        except (JetStreamError, KeyError, TypeError, AttributeError) as error:  # also an answer of no known form
            log.info("where the files of %s came from: %r", row.key, error)
            return []

    def _copy_identity(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._c.copy(chosen.own, tr("Identity"))

    # Details

    def show_details(self) -> None:
        """Show the first selected row in the pane."""
        chosen = self._chosen()
        self._c.poller.watched = chosen.row.key if chosen is not None else None
        if chosen is not None and not chosen.row.incoming and chosen.row.key not in self._known_sources:
            self._known_sources[chosen.row.key] = ()
            self._c.run(self._learn_sources(chosen.row), "sources", self._quiet)
        history = self._c.poller.histories.get(chosen.row.key, SpeedHistory()) if chosen else SpeedHistory()
        self._c.window.details.show_transfer(chosen, history, self._c.clock())

    def _forget(self, changes: Changes) -> None:
        for key in changes.removed:
            self._known_sources.pop(key, None)
            self._listed.pop(key, None)

    async def _learn_sources(self, row: Row) -> None:
        found = tuple(await self._sources(row))
        if row.key in self._known_sources:  # it may be gone by now
            self._known_sources[row.key] = found

    def _quiet(self, words: str) -> None:
        log.info("details: %s", words)

    def _chosen(self) -> Selected | None:
        for row in self._c.window.selected_rows()[:1]:
            entity = self._c.poller.entities.get(row.key)
            if entity is not None:
                where = next((d for d in self._c.poller.destinations if d.id == row.destination_id), None)
                status, (listed, left_out) = self._c.session.status, self._listed.get(row.key, (None, 0))
                own = status.server.fingerprint if isinstance(status, Connected) else ""
                return Selected(row, entity, where, sources=self._known_sources.get(row.key, ()), own=own,
                                listed=listed, left_out=left_out,
                                node=self._c.session.node)
        return None

    def _csv(self) -> None:
        chosen = self._chosen()
        if chosen is None:
            return
        history = self._c.poller.histories.get(chosen.row.key)
        if history is None:
            self._c.say(tr("No speed was recorded here"), "caution")
        else:
            self._c.copy(history.csv(), tr("Speed"))


def _can_pause(row: Row) -> bool:
    return row.can_pause


def _can_resume(row: Row) -> bool:
    return row.can_resume


def _can_retry(row: Row) -> bool:
    return row.can_retry


def _can_cancel(row: Row) -> bool:
    return row.can_cancel
