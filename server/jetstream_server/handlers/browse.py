"""``server.ls…`` and its kin: looking at and changing the folders that a login may touch.

Paths go in and out as the login sees them; where they really are stays inside.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final, TypeVar

from jetstream.constants import FILETYPE_DIRECTORY, PERMISSION_MODIFY
from jetstream.errors import Conflict, InvalidParameters, JetStreamError, NotFound, PermissionDenied
from jetstream_server.access.gate import NodeGate
from jetstream_server.access.principal import Kind, Principal, require
from jetstream_server.access.sandbox import ROOT, Sandboxes
from jetstream_server.dispatch import Call, Handler
from jetstream_server.files import browse
from jetstream_server.files.errors import BrowseFailed, printable

AT_ONCE: Final = 4
"""Folder operations at the same time: they share their threads with transfers, which must not wait for them."""

T = TypeVar("T")


class BrowseHandlers:
    """The API's view of folders.

    :param files: threads for what looks at the disk.
    :param gate: knows where incoming transfers land.
    """

    def __init__(self, sandboxes: Sandboxes, files: Executor, gate: NodeGate) -> None:
        self._sandboxes = sandboxes
        self._files = files
        self._gate = gate
        self._slots = asyncio.Semaphore(AT_ONCE)

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {
            "server.lsRoots": self.roots,
            "server.ls": self.ls,
            "server.du": self.du,
            "server.mkdir": self.mkdir,
            "server.mv": self.mv,
            "server.rm": self.rm,
            "server.setReceivingFolder": self.set_receiving_folder,
        }

    async def roots(self, call: Call) -> list[dict[str, Any]]:
        """Where to begin: the login's own folders, or for whoever is not restricted the usual places."""
        roots = self._sandboxes.roots(call.login)
        if roots is not None:
            return _virtual(roots)
        places = [("/", Path(os.path.abspath(os.sep)))]
        if call.login.kind is Kind.OWNER:
            with contextlib.suppress(RuntimeError):  # a user without a home folder
                places.append(("Home", Path.home()))
            places.append(("Received", await self._gate.receiving_folder()))
        return [_folder(name, str(path)) for name, path in places]

    async def ls(self, call: Call, *, path: str, offset: int, limit: int) -> dict[str, Any]:
        """A page of the entries of a folder."""
        roots = self._sandboxes.roots(call.login)
        if roots is not None and ROOT not in roots and not path.strip("/"):
            found = _virtual(roots)
            return {"path": path, "entries": found[offset : offset + limit], "offset": offset, "total": len(found)}

        def work() -> tuple[list[dict[str, Any]], int]:
            folder = self._sandboxes.resolve(call.login, path)
            return browse.ls(folder, path, offset=offset, limit=limit)

        entries, total = await self._do(path, work)
        return {"path": path, "entries": entries, "offset": offset, "total": total}

    async def du(self, call: Call, *, path: str) -> dict[str, Any]:
        """What a path holds."""
        stop = threading.Event()

        def work() -> browse.Usage:
            return browse.du(self._sandboxes.resolve(call.login, path), cancelled=stop.is_set)

        try:
            usage = await self._do(path, work)
        finally:
            stop.set()
        return {"path": path, "size": usage.size, "files": usage.files, "folders": usage.folders,
                "unreadable": usage.unreadable}

    async def mkdir(self, call: Call, *, path: str) -> None:
        """Make a folder."""
        require(call.login, PERMISSION_MODIFY)
        await self._do(path, lambda: browse.mkdir(self._sandboxes.resolve(call.login, path)))

    async def mv(self, call: Call, *, source: str, target: str) -> None:
        """Move or rename; links are moved as links."""
        require(call.login, PERMISSION_MODIFY)

        def work() -> None:
            old = self._sandboxes.resolve(call.login, source, follow=False)
            new = self._sandboxes.resolve(call.login, target, follow=False)
            self._refuse_roots(call.login, old, source)
            self._refuse_roots(call.login, new, target)
            browse.mv(old, new)

        await self._do(source, work)

    async def rm(self, call: Call, *, path: str) -> None:
        """Remove; a link is removed, never what it leads to."""
        require(call.login, PERMISSION_MODIFY)

        def work() -> None:
            found = self._sandboxes.resolve(call.login, path, follow=False)
            self._refuse_roots(call.login, found, path)
            browse.rm(found)

        await self._do(path, work)

    async def set_receiving_folder(self, call: Call, *, path: str) -> None:
        """Choose where incoming transfers land."""

        def work() -> Path:
            folder = self._sandboxes.resolve(call.login, path)
            browse.mkdir(folder)
            if not os.access(folder, os.W_OK | os.X_OK):
                raise InvalidParameters(f"{printable(path)} cannot be written.", field="path")
            return folder

        await self._gate.set_receiving_folder(await self._do(path, work))

    def _refuse_roots(self, principal: Principal, found: Path, path: str) -> None:
        if found.name == "..":
            raise InvalidParameters(f"{printable(path)} names no file or folder.", field="path")
        roots = self._sandboxes.roots(principal)
        kept = [Path(os.sep)] if roots is None else list(roots.values())
        place = _real(found.parent) / found.name
        if any(_real(root).is_relative_to(place) or root == found for root in kept):
            raise PermissionDenied(f"{printable(path)} is a root folder; it stays.", path=path)

    async def _do(self, path: str, work: Callable[[], T]) -> T:
        """Runs *work* in a thread; what cannot be done is said of *path* as the caller knows it."""
        async with self._slots:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._files, work)
            except BrowseFailed as error:
                raise _translated(error, path) from error


def _translated(error: BrowseFailed, path: str) -> JetStreamError:
    sentence = f"{printable(path)}: {error.reason}."
    if isinstance(error.__cause__, FileNotFoundError) or "no such" in error.reason:
        return NotFound(sentence)
    if isinstance(error.__cause__, PermissionError):
        return PermissionDenied(sentence)
    return Conflict(sentence)


def _real(path: Path) -> Path:
    real = os.path.realpath(path)
    return Path(os.sep + real.lstrip(os.sep)) if os.sep == "/" else Path(real)  # POSIX lets two slashes stand in front


def _virtual(roots: Mapping[str, Path]) -> list[dict[str, Any]]:
    return [_folder(name or "/", f"/{name}") for name in sorted(roots)]


def _folder(name: str, path: str) -> dict[str, Any]:
    return {"name": name, "path": path, "type": FILETYPE_DIRECTORY, "size": 0, "modificationTime": None}
