"""What all parts of writing a tree share: its folders, the overwrite mode, part names, and what was special."""

import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from jetstream_server.files.errors import (
    DISK_FULL_ERRORS,
    ContentError,
    DiskFull,
    TargetBusy,
    WriteFailed,
    reason_of,
)
from jetstream_server.files.foldercache import FolderCache
from jetstream_server.files.folders import Folder, open_root
from jetstream_server.files.layout import Layout
from jetstream_server.files.pages import Kind
from jetstream_server.files.paths import PART_SUFFIX, below_root
from jetstream_server.files.placing import MODES, Outcome, Placed
from jetstream_server.files.smallfiles import current_umask
from jetstream_server.files.staging import hider

SAMPLE: Final = 1000
"""Paths that a report lists at most."""


class Listed:
    """A count of paths and the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self.sample: list[str] = []

    def add(self, path: bytes, remark: str = "") -> None:
        """One more."""
        self.count += 1
        if len(self.sample) < SAMPLE:
            self.sample.append(os.fsdecode(path) + remark)


class Outcomes:
    """What did not simply take its final name; each entry counts once, however often it is written. Thread-safe."""

    def __init__(self, entries: int) -> None:
        self._lock = threading.Lock()
        self._seen = bytearray(entries)
        self.kept = Listed()
        self.skipped = Listed()
        self.renamed = Listed()
        self.links_refused = Listed()

    def add(self, entry: int, folder: bytes, name: bytes, placed: Placed) -> None:
        """A file that was to be *name* in *folder* has been placed."""
        if placed.outcome is Outcome.KEPT:
            self._note(entry, self.kept, join(folder, placed.name))
        elif placed.outcome is Outcome.SKIPPED:
            self._note(entry, self.skipped, join(folder, name))
        elif placed.name != name:
            self._note(entry, self.renamed, join(folder, placed.name))

    def refuse_link(self, entry: int, path: bytes, link: bytes) -> None:
        """A symbolic link would have led out."""
        self._note(entry, self.links_refused, path, f" -> {os.fsdecode(link)}")

    def keep(self, entry: int, path: bytes) -> None:
        """A file of an earlier session lies beside an existing one."""
        self._note(entry, self.kept, path)

    def _note(self, entry: int, where: Listed, path: bytes, remark: str = "") -> None:
        with self._lock:
            if not self._seen[entry]:
                self._seen[entry] = 1
                where.add(path, remark)


class ReceivingTree:
    """The place that a manifest is written to.

    :param root: the sandbox; nothing outside of it is ever touched.
    :param destination_path: folder below it, ``""`` for itself; made when needed.
    :param uid: identifies the transfer among all that this node has ever received.
    :param keep: folders to keep open while nobody uses them.
    :param by_descriptor: see :func:`jetstream_server.files.folders.open_root`.
    :raises UnsafePath: if *destination_path* must not be written.
    :raises ValueError: if there is no such overwrite mode.
    """

    def __init__(
        self, root: Path, destination_path: str, layout: Layout, mode: int, uid: str, keep: int, by_descriptor: bool
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"no overwrite mode {mode}")
        self.destination = below_root(destination_path)
        self.root = root
        self.layout = layout
        self.mode = mode
        self.umask = current_umask()
        self.outcomes = Outcomes(layout.entries)
        self.part_prefix = b".%b-" % hashlib.blake2s(uid.encode("utf-8", "surrogateescape")).hexdigest()[:8].encode()
        self.hidden_name = hider(self.part_prefix)
        self._keep = keep
        self._by_descriptor = by_descriptor
        self._root_folder: Folder | None = None
        self._folders: FolderCache | None = None
        self._private: dict[bytes, int] = {}

    def open(self) -> None:
        """Open the root and make the destination folder.

        :raises WriteFailed: if the root is missing or the destination cannot be made.
        :raises UnsafePath: if a link is on the way to the destination.
        """
        try:
            self._root_folder = open_root(self.root, by_descriptor=self._by_descriptor)
        except OSError as error:
            raise WriteFailed(os.fsencode(self.root), reason_of(error)) from error
        self._private = self._private_folders()
        self._folders = FolderCache(self._root_folder, self._private.get, self._keep, self.hidden_name)
        with self.problems(self.destination or b"."):
            self._folders.acquire(self.destination)
            self._folders.release(self.destination)

    def _private_folders(self) -> dict[bytes, int]:
        """Permissions of those folders of the manifest that are not to be as open as new folders usually are."""
        usual = 0o777 & ~self.umask
        private = {}
        for _, page in self.layout.pages():
            closed = (page.kinds == Kind.DIRECTORY) & ((page.modes & usual) != usual)
            for position in np.flatnonzero(closed).tolist():
                private[self.folder(page.target(position))] = int(page.modes[position])
        return private

    @property
    def folders(self) -> FolderCache:
        """Its folders, by path below the root.

        :raises ValueError: if the tree is not open.
        """
        if self._folders is None:
            raise ValueError("the tree is not open: prepare() comes first, close() last")
        return self._folders

    def folder(self, target_folder: bytes) -> bytes:
        """Path below the root of a folder of the manifest."""
        return join(self.destination, target_folder) if target_folder else self.destination

    def part_name(self, entry: int) -> bytes:
        """Name of the part file of an entry."""
        return b"%b%x%b" % (self.part_prefix, entry, PART_SUFFIX)

    @contextmanager
    def using(self, path: bytes, *, create: bool = True) -> Iterator[Folder]:
        """The folder at *path* below the root, open. Raises as :meth:`FolderCache.acquire`."""
        folder = self.folders.acquire(path, create=create)
        try:
            yield folder
        finally:
            self.folders.release(path)

    def problem(self, path: bytes, error: OSError) -> ContentError:
        """What *error* at *path* means."""
        if error.errno in DISK_FULL_ERRORS:
            return DiskFull(path, self.free_bytes())
        if isinstance(error, BlockingIOError):
            return TargetBusy(path)
        return WriteFailed(path, reason_of(error))

    @contextmanager
    def problems(self, path: bytes) -> Iterator[None]:
        """Turns ``OSError`` into what it means for *path*."""
        try:
            yield
        except OSError as error:
            raise self.problem(path, error) from error

    def free_bytes(self) -> int | None:
        """Bytes that may still be written, ``None`` where that cannot be known."""
        try:
            return shutil.disk_usage(self.root).free
        except OSError:
            return None

    def close(self) -> None:
        """Close all folders."""
        if self._folders is not None:
            self._folders.close()
            self._folders = None
        if self._root_folder is not None:
            self._root_folder.close()
            self._root_folder = None


def join(folder: bytes, name: bytes) -> bytes:
    """*name* in *folder*, which may be the top (``b""``)."""
    return folder + b"/" + name if folder else name
