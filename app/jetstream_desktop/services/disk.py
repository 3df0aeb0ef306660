"""Looking at this computer's disk for the composer: what was dropped, what is in a folder, how much it all is.

Everything runs in threads of one small executor; results come back as values. Nothing is opened, only listed.
"""

import asyncio
import os
import stat
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from PySide6.QtCore import QObject, Signal

from jetstream.constants import SYMLINK_FOLLOW
from jetstream.excluding import Exclude
from jetstream_desktop.state.basket import Basket, Found, Kind, excluding
from jetstream_desktop.state.counting import Count

_TELL_SECONDS = 0.1


def find(path: str) -> Found:
    """What *path* is. Never raises."""
    try:
        plain = os.lstat(path)
    except OSError as error:
        return Found(path, Kind.UNREADABLE if isinstance(error, PermissionError) else Kind.MISSING)
    link = stat.S_ISLNK(plain.st_mode)
    if link:
        try:
            plain = os.stat(path)
        except OSError:
            return Found(path, Kind.MISSING, link=True)
    if stat.S_ISDIR(plain.st_mode):
        readable = os.access(path, os.R_OK | os.X_OK)
        return Found(path, Kind.FOLDER if readable else Kind.UNREADABLE, link=link, closed=not readable)
    if stat.S_ISREG(plain.st_mode):
        readable = os.access(path, os.R_OK)
        return Found(path, Kind.FILE if readable else Kind.UNREADABLE, plain.st_size, link)
    return Found(path, Kind.SPECIAL, link=link)


def find_all(paths: Sequence[str]) -> list[Found]:
    """What each path is, made absolute, each once."""
    absolute = dict.fromkeys(os.path.abspath(os.path.expanduser(path)) for path in paths)
    return [find(path) for path in absolute]


def list_folder(path: str) -> list[Found]:
    """What is in a folder: folders first, then files, by name. A folder that cannot be read is empty."""
    result: list[Found] = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                result.append(_entry(entry))
    except OSError:
        return []
    return sorted(result, key=lambda found: (found.kind is not Kind.FOLDER and not found.closed, found.path))


def _entry(entry: "os.DirEntry[str]") -> Found:
    try:
        link = entry.is_symlink()
        if entry.is_dir():
            readable = os.access(entry.path, os.R_OK | os.X_OK)
            return Found(entry.path, Kind.FOLDER if readable else Kind.UNREADABLE, link=link, closed=not readable)
        info = entry.stat()
    except OSError as error:
        return Found(entry.path, Kind.UNREADABLE if isinstance(error, PermissionError) else Kind.MISSING)
    if stat.S_ISREG(info.st_mode):
        readable = os.access(entry.path, os.R_OK)
        return Found(entry.path, Kind.FILE if readable else Kind.UNREADABLE, info.st_size, link)
    return Found(entry.path, Kind.SPECIAL, link=link)


def count_folder(root: str, exclude: Sequence[str], tell: Callable[[dict[str, Count]], None],
                 cancelled: Callable[[], bool], symlinks: int = SYMLINK_FOLLOW) -> None:
    """Count everything below *root* that the node will find there, telling the sums of the folders on the way ten
    times a second, and at the end.

    :param exclude: patterns of what is left out.
    :param symlinks: what becomes of links, as the API has it.
    """
    walk = _Walk(root, excluding(tuple(exclude)), symlinks)
    due = time.monotonic() + _TELL_SECONDS
    while walk.step():
        if cancelled():
            return
        if time.monotonic() >= due:
            tell(walk.sums())
            due = time.monotonic() + _TELL_SECONDS
    tell(walk.sums())


class _Walk:
    """Goes through a tree without recursion, one folder a step, by the rules of the node's scan: a link back into a
    folder that holds it is not followed.
    """

    def __init__(self, root: str, exclude: Exclude, symlinks: int) -> None:
        self._root = root
        self._exclude = exclude
        self._symlinks = symlinks
        self._todo: list[tuple[str, tuple[str, ...]]] = [(root, (root,))]
        self._sums: dict[str, list[int]] = {root: [0, 0, 0]}
        self._open: dict[str, int] = {root: 1}
        self._changed: set[str] = set()
        self._done: set[str] = set()

    def step(self) -> bool:
        if not self._todo:
            return False
        path, above = self._todo.pop()
        files = size = unreadable = 0
        below = os.fsencode(path[len(self._root) :].replace(os.sep, "/").strip("/"))
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    found = self._one(entry, above, below)
                    if found is None:
                        unreadable += 1
                    elif found >= 0:
                        files += 1
                        size += found
        except OSError:
            unreadable += 1
        self._add(above, files, size, unreadable)
        for folder in above:
            self._open[folder] -= 1
            if not self._open[folder]:
                self._done.add(folder)
        return True

    def _one(self, entry: "os.DirEntry[str]", above: tuple[str, ...], below: bytes) -> int | None:
        """The size of a file, -1 for what is no file but goes or is left out on purpose, ``None`` for what cannot be
        sent.
        """
        try:
            link = entry.is_symlink()
            if link and self._symlinks != SYMLINK_FOLLOW:
                return -1
            folder = entry.is_dir()
            if self._exclude.active and self._exclude.matches(below, entry.name, folder=folder):
                return -1
            if folder:
                if link and any(os.path.samestat(entry.stat(), os.stat(one)) for one in above):
                    return None
                self._sums[entry.path] = [0, 0, 0]
                self._open[entry.path] = 0
                for one in (*above, entry.path):
                    self._open[one] += 1
                self._todo.append((entry.path, (*above, entry.path)))
                return -1
            info = entry.stat()
        except OSError:
            return None
        return info.st_size if stat.S_ISREG(info.st_mode) else None

    def _add(self, above: tuple[str, ...], files: int, size: int, unreadable: int) -> None:
        for folder in above:
            sums = self._sums[folder]
            sums[0] += files
            sums[1] += size
            sums[2] += unreadable
        self._changed.update(above)

    def sums(self) -> dict[str, Count]:
        """The folders that changed since the last call."""
        result = {}
        for folder in self._changed:
            files, size, unreadable = self._sums[folder]
            result[folder] = Count(files, size, folder in self._done, unreadable)
        self._changed.clear()
        return result


class Disk(QObject):
    """Runs the above in threads. ``counted`` carries the sums of folders by path, whenever they grow."""

    counted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="disk")
        self._counts: dict[str, Count] = {}
        self._running: dict[str, threading.Event] = {}
        self._rules: tuple[tuple[str, ...], int] = ((), SYMLINK_FOLLOW)

    async def find(self, paths: Sequence[str]) -> list[Found]:
        """What was dropped."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, find_all, list(paths))

    async def list_folder(self, path: str) -> list[Found]:
        """What is in a folder."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, list_folder, path)

    def count(self, basket: Basket, symlinks: int = SYMLINK_FOLLOW) -> None:
        """Count the folders of *basket*; stop counting those that are no longer in it."""
        if (basket.exclude, symlinks) != self._rules:
            self.forget()
            self._rules = (basket.exclude, symlinks)
        wanted = {item.source for item in basket.going() if item.found.kind is Kind.FOLDER}
        for path in set(self._running) - wanted:
            self._running.pop(path).set()
        for path in wanted - set(self._running):
            known = self._counts.get(path)
            if known is None or not known.complete:
                self._start(path)

    def forget(self) -> None:
        """Stop counting and forget all sums."""
        for cancelled in self._running.values():
            cancelled.set()
        self._running.clear()
        self._counts = {}

    def _start(self, path: str) -> None:
        cancelled = threading.Event()
        self._running[path] = cancelled
        loop = asyncio.get_running_loop()

        def tell(sums: dict[str, Count]) -> None:
            loop.call_soon_threadsafe(self._told, cancelled, sums)

        exclude, symlinks = self._rules
        work = loop.run_in_executor(self._threads, count_folder, path, exclude, tell, cancelled.is_set, symlinks)
        work.add_done_callback(self._ended)

    def _told(self, cancelled: threading.Event, sums: dict[str, Count]) -> None:
        if not cancelled.is_set():
            self._counts |= sums
            self.counted.emit(self._counts)

    def _ended(self, work: "asyncio.Future[None]") -> None:
        if not work.cancelled():
            work.result()

    def close(self) -> None:
        """Stop counting; do not wait for a disk that does not answer."""
        self.forget()
        self._threads.shutdown(wait=False, cancel_futures=True)
