"""Reading blocks of a manifest from the files of this machine, into the caller's buffer, without copies.

What is read counts only if the file is still the one of the manifest: after each piece its size and modification time
must be those of the manifest, and for a file of several blocks also its identity and change time those seen first. Such
a file that fails once is a gap from then on, so that nobody ever gets a mixture of old and new.
"""

import errno
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from jetstream_server.files.errors import reason_of
from jetstream_server.files.lane import Lane
from jetstream_server.files.layout import Layout, Run
from jetstream_server.files.pages import Page
from jetstream_server.files.rawio import SHARED_DESCRIPTORS, in_hole, read_at
from jetstream_server.files.sources import open_path

OPEN_FILES: Final = 32
"""Files of several blocks that are kept open while nobody reads them."""
_FLAGS: Final = (
    os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)  # fmt: skip
_OURS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR})
"""Errors that say something about this process or machine, not about a file."""


class Gap(NamedTuple):
    """An entry whose bytes in a block are not real."""

    entry: int
    reason: str


class BlockRead(NamedTuple):
    """What :meth:`BlockReader.read` has done."""

    length: int
    zero: bool
    """Whether the whole block is zero bytes, and no gaps; the buffer may then hold anything."""
    gaps: list[Gap]


class _Big:
    """A file of several blocks."""

    __slots__ = ("dense", "fd", "lock", "mtime_ns", "size", "users")

    def __init__(self, size: int, mtime_ns: int) -> None:
        self.fd = -1
        self.users = 0
        self.size = size
        self.mtime_ns = mtime_ns
        self.dense = False
        """Whether it had no holes when it was opened; if it gets one, it has changed."""
        self.lock = threading.Lock()


class BlockReader:
    """Reads the blocks of *layout*, whose pages must be in stored form. Thread-safe.

    :param lane: shared with other readers and writers of the process, see :class:`Lane`.
    """

    def __init__(self, layout: Layout, *, lane: Lane | None = None) -> None:
        self._layout = layout
        self._lane = lane or Lane()
        self._lock = threading.Lock()
        self._big: OrderedDict[int, _Big] = OrderedDict()
        self._first_seen: dict[int, tuple[int, int, int]] = {}
        self._gaps: dict[int, str] = {}

    def __repr__(self) -> str:
        return f"<BlockReader of {self._layout.block_count} blocks, {len(self._gaps)} gaps>"

    def __enter__(self) -> "BlockReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def gaps(self) -> dict[int, str]:
        """All entries that were found changed, unreadable or gone, and why."""
        with self._lock:
            return dict(self._gaps)

    def close(self) -> None:
        """Close all descriptors. No thread may be reading any more."""
        with self._lock:
            for big in self._big.values():
                if big.fd >= 0:
                    os.close(big.fd)
            self._big.clear()

    def read(self, block: int, buffer: memoryview) -> BlockRead:
        """Read *block* into the beginning of *buffer*.

        Bytes of files that cannot be read as the manifest knows them are zero, and the files are reported as gaps.

        :raises IndexError: if there is no such block.
        :raises ValueError: if the buffer is too short.
        :raises OSError: if this machine has no descriptors or no memory left.
        """
        length = self._layout.block_length(block)
        if len(buffer) < length:
            raise ValueError(f"block {block} has {length} bytes, the buffer {len(buffer)}")
        gaps: list[Gap] = []
        runs = self._layout.runs(block)
        if len(runs) == 1 and len(runs[0].positions) == 1 and self._whole_hole(runs[0]):
            return BlockRead(length, True, gaps)
        for run in runs:
            self._read_run(run, buffer, gaps)
        return BlockRead(length, not gaps and _is_zero(buffer[:length]), gaps)

    def _read_run(self, run: Run, buffer: memoryview, gaps: list[Gap]) -> None:
        small: list[tuple[int, int]] = []
        for position, offset, length, at, size in zip(*run[2:], strict=True):
            if length == size:
                small.append((position, at))
            else:
                self._read_big(run, position, offset, buffer[at : at + length], gaps)
        if small:
            with self._lane.turn(len(small)):
                self._read_small(run, small, buffer, gaps)

    def _read_small(
        self, run: Run, small: Sequence[tuple[int, int]], buffer: memoryview, gaps: list[Gap]
    ) -> None:
        """Files that lie within the block: open, read, look, close, nothing else."""
        page = run.page
        start, stop = small[0][0], small[-1][0] + 1
        sizes = page.sizes[start:stop].tolist()
        mtimes = page.mtimes[start:stop].tolist()
        folders, numbers = _source_folders(page, start, stop)
        renamed = page.source_names or {}
        names = page.names
        for position, at in small:
            size = sizes[position - start]
            name = renamed.get(position, names[position]) if renamed else names[position]
            piece = buffer[at : at + size]
            reason: str | None
            try:
                fd = open_path(folders[numbers[position - start]] + name, _FLAGS)
                try:
                    # The system reads nothing from pipes and devices here: they are never what the manifest says.
                    done = os.readv(fd, [piece]) if _READV else read_at(fd, piece, 0)
                    if done != size:
                        done = read_at(fd, piece, 0)
                    info = os.fstat(fd)
                finally:
                    os.close(fd)
                if info.st_size == size == done and info.st_mtime_ns == mtimes[position - start]:
                    continue
                reason = _difference(info, size, mtimes[position - start])
            except OSError as error:
                reason = _gone(error)
            self._gap(run.first_entry + position, reason, piece, gaps)

    def _gap(self, entry: int, reason: str, piece: memoryview, gaps: list[Gap]) -> None:
        with self._lock:
            reason = self._gaps.setdefault(entry, reason)
        piece[:] = bytes(len(piece))
        gaps.append(Gap(entry, reason))

    def _read_big(self, run: Run, position: int, offset: int, piece: memoryview, gaps: list[Gap]) -> None:
        entry = run.first_entry + position
        reason = self._gaps.get(entry)
        if reason is None:
            try:
                big = self._acquire(entry, run.page, position)
                try:
                    reason = self._read_piece(big, entry, offset, piece)
                finally:
                    self._release(big)
            except OSError as error:
                reason = _gone(error)
        if reason is not None:
            self._gap(entry, reason, piece, gaps)

    def _read_piece(self, big: _Big, entry: int, offset: int, piece: memoryview) -> str | None:
        """Why the piece does not count, or ``None``."""
        if SHARED_DESCRIPTORS:
            done = read_at(big.fd, piece, offset)
        else:
            with big.lock:
                done = read_at(big.fd, piece, offset)
        reason = self._changed(big, entry)
        return reason or (None if done == len(piece) else "it became shorter")

    def _changed(self, big: _Big, entry: int) -> str | None:
        info = os.fstat(big.fd)
        if info.st_size != big.size or info.st_mtime_ns != big.mtime_ns or not stat.S_ISREG(info.st_mode):
            return _difference(info, big.size, big.mtime_ns)
        seen = (info.st_dev, info.st_ino, info.st_ctime_ns)
        with self._lock:
            first = self._first_seen.setdefault(entry, seen)
        return None if seen == first else "it changed while it was being sent"

    def _acquire(self, entry: int, page: Page, position: int) -> _Big:
        with self._lock:
            big = self._big.get(entry)
            if big is None:
                big = self._big[entry] = _Big(int(page.sizes[position]), int(page.mtimes[position]))
                self._shrink(big)
            else:
                self._big.move_to_end(entry)
            big.users += 1
        try:
            with big.lock:
                if big.fd < 0:
                    source = page.source(position)
                    if source is None:
                        raise FileNotFoundError(errno.ENOENT, "the page names no source")
                    big.fd = open_path(source, _FLAGS)
                    big.dense = _is_dense(os.fstat(big.fd))
        except BaseException:
            self._release(big)
            raise
        return big

    def _shrink(self, newest: _Big) -> None:
        excess = len(self._big) - OPEN_FILES
        if excess > 0:
            idle = [entry for entry, big in self._big.items() if not big.users and big is not newest]
            for entry in idle[:excess]:
                big = self._big.pop(entry)
                if big.fd >= 0:
                    os.close(big.fd)

    def _release(self, big: _Big) -> None:
        with self._lock:
            big.users -= 1

    def _whole_hole(self, run: Run) -> bool:
        """Whether a block, all of one file, lies in a hole of it: then there is nothing to read."""
        entry, position = run.first_entry + run.positions[0], run.positions[0]
        length, offset = run.lengths[0], run.offsets[0]
        known = self._big.get(entry)
        dense = known is not None and known.dense
        if dense or not SHARED_DESCRIPTORS or length == run.sizes[0] or entry in self._gaps:
            return False
        try:
            big = self._acquire(entry, run.page, position)
        except OSError:
            return False  # reading it will say why
        try:
            if big.dense or not in_hole(big.fd, offset, length):
                return False
            return self._changed(big, entry) is None
        except OSError:
            return False
        finally:
            self._release(big)


_READV: Final = hasattr(os, "readv")


def _source_folders(page: Page, start: int, stop: int) -> tuple[list[bytes], list[int]]:
    """Source folders with a slash at the end, and the number of each entry's."""
    if page.source_directory is None:
        return [b"\0"], [0] * (stop - start)
    folders = [folder if folder.endswith(b"/") else folder + b"/" for folder in page.source_directories]
    return folders, page.source_directory[start:stop].tolist()


def _is_dense(info: os.stat_result) -> bool:
    return not hasattr(info, "st_blocks") or info.st_blocks * 512 >= info.st_size


def _difference(info: os.stat_result, size: int, mtime_ns: int) -> str:
    if not stat.S_ISREG(info.st_mode):
        return "it is no file any more"
    if info.st_size != size:
        return f"its size changed from {size} to {info.st_size} bytes"
    if info.st_mtime_ns != mtime_ns:
        return "it was modified"
    return "it changed while it was being read"


def _gone(error: OSError) -> str:
    """What keeps a file from being read, for good.

    :raises OSError: *error*, if it says nothing about the file.
    """
    if error.errno in _OURS:
        raise error
    return "it is gone" if error.errno in (errno.ENOENT, errno.ENOTDIR) else reason_of(error)


def _is_zero(data: memoryview) -> bool:
    """Whether there is nothing but zero bytes. Looks at a few places first, which settles it for most data."""
    if data[0] or data[-1] or data[len(data) // 2]:
        return False
    return not np.frombuffer(data, np.uint8).any()
