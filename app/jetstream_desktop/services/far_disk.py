"""Looking at the disk of a node elsewhere, through the node: what is in a folder, how much it all is."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import QObject, Signal

from jetstream.constants import SYMLINK_FOLLOW
from jetstream.errors import JetStreamError
from jetstream_desktop.services.session import Session
from jetstream_desktop.state.basket import Basket, Found, Kind, excluding, join
from jetstream_desktop.state.counting import Count
from jetstream_desktop.state.remote_files import Entry, entries_from, in_order

PAGE = 5_000
MOST = 200_000
"""Entries of one folder that are shown."""
Spawn = Callable[[Coroutine[Any, Any, Any], str], "asyncio.Task[Any]"]


class FarDisk(QObject):
    """The counterpart of :class:`~jetstream_desktop.services.disk.Disk` for files that are not on this computer.

    :param spawn: starts background work.
    """

    counted = Signal(object)
    """Sums of folders by path."""

    def __init__(self, session: Session, spawn: Spawn, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._spawn = spawn
        self._counts: dict[str, Count] = {}
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._exclude: tuple[str, ...] = ()

    async def roots(self) -> list[Entry]:
        """Where to begin."""
        return entries_from(await self._session.client.server.ls_roots())

    async def entries(self, path: str) -> list[Entry]:
        """What is in a folder.

        :raises JetStreamError: if the node does not show it.
        """
        server = self._session.client.server
        found: list[Entry] = []
        offset, total = 0, 1
        while offset < min(total, MOST):
            page = await server.ls(path, offset=offset, limit=PAGE)
            found += entries_from(page.get("entries"))
            offset += PAGE
            total = page["total"] if type(page.get("total")) is int else 0
        return in_order(found)

    async def list_folder(self, path: str) -> list[Found]:
        """What is in a folder, for the composer's tree; one that cannot be read is empty."""
        try:
            return [entry.found for entry in await self.entries(path)]
        except JetStreamError:
            return []

    def count(self, basket: Basket, _symlinks: int = SYMLINK_FOLLOW) -> None:
        """Have the folders of *basket* counted; those that are no longer in it are not waited for.

        The node over there sums up without saying what is a link, so what becomes of links is not looked at.
        """
        if basket.exclude != self._exclude:
            self.forget()
            self._exclude = basket.exclude
        wanted = {item.source for item in basket.going() if item.found.kind is Kind.FOLDER}
        for path in set(self._running) - wanted:
            self._running.pop(path).cancel()
        for path in wanted - set(self._running) - set(self._counts):
            self._running[path] = self._spawn(self._count(path, basket.exclude), "count over there")

    def forget(self) -> None:
        """Stop counting and forget all sums."""
        for task in self._running.values():
            task.cancel()
        self._running.clear()
        self._counts = {}

    async def _count(self, path: str, exclude: tuple[str, ...]) -> None:
        try:
            count = await (self._walk(path, exclude) if exclude else self._sum(path))
        except JetStreamError:
            return  # it stays "counting"; the node counts by itself when it makes the manifest
        self._counts = {**self._counts, path: count}
        self.counted.emit(self._counts)

    async def _sum(self, path: str) -> Count:
        sums = await self._session.client.server.du(path)
        files, size, unreadable = (value if type(value) is int else 0
                                   for value in (sums.get(key) for key in ("files", "size", "unreadable")))
        return Count(files, size, True, unreadable)

    async def _walk(self, path: str, exclude: tuple[str, ...]) -> Count:
        """With names left out the node cannot sum up, so its folders are gone through from here."""
        files = size = unreadable = 0
        leaves_out = excluding(exclude)
        waiting = [(path, "")]
        while waiting:
            folder, below = waiting.pop()
            try:
                found = await self.entries(folder)
            except JetStreamError:
                unreadable += 1
                continue
            inside = below.encode("utf-8", "surrogateescape")
            kept = [entry for entry in found if not leaves_out.matches(inside, entry.name, folder=entry.folder)]
            waiting += [(entry.path, join(below, entry.name)) for entry in kept if entry.folder]
            files += sum(not entry.folder for entry in kept)
            size += sum(entry.size for entry in kept if not entry.folder)
        return Count(files, size, True, unreadable)
