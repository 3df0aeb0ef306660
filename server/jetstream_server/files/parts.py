"""Files of several blocks on their way: which of their blocks are there, and the descriptor that all threads share."""

import errno
import os
import stat
import threading
from collections import OrderedDict
from enum import Enum

from jetstream.constants import (
    OVERWRITE_IN_PLACE_ALWAYS,
    OVERWRITE_IN_PLACE_NEVER,
    OVERWRITE_IN_PLACE_SAME_SIZE,
)
from jetstream_server.files.errors import WriteFailed
from jetstream_server.files.folders import Folder
from jetstream_server.files.opening import hold
from jetstream_server.files.rawio import copy_range


class How(Enum):
    """Where the bytes of a file go."""

    UNDECIDED = "undecided"
    PART = "part"
    """Into a part file that takes the final name when it is whole."""
    IN_PLACE = "in place"
    """Into the file that has the final name."""
    COMPARE = "compare"
    """Nowhere: the file has been there since before a crash, and what arrives is compared with it."""
    SKIP = "skip"
    """Nowhere: the target must not be touched."""


class Part:
    """One such file. *lock* guards everything that changes; the bytes are written outside of it."""

    __slots__ = (
        "block_size", "blocks", "entry", "fd", "file_name", "first_byte", "folder", "fresh", "how", "left", "lock",
        "mode", "mtime_ns", "name", "part_name", "placed", "size", "todo", "unflushed", "users",
        "writing",
    )  # fmt: skip

    def __init__(
        self, entry: int, folder: bytes, name: bytes, part_name: bytes, size: int, mtime_ns: int, mode: int,
        first_byte: int, block_size: int, todo: bytearray,
    ) -> None:  # fmt: skip
        self.entry = entry
        self.folder = folder
        self.name = name
        self.part_name = part_name
        self.size = size
        self.mtime_ns = mtime_ns
        self.mode = mode
        self.first_byte = first_byte
        """Where it begins in the stream."""
        self.block_size = block_size
        self.blocks = range(first_byte // block_size, first_byte // block_size + len(todo))
        self.todo = todo
        """1 for each block of the file that is missing."""
        self.left = todo.count(1)
        self.lock = threading.Lock()
        self.writing = threading.Lock()
        """Held while bytes are written: the system lets one thread at a time write to a file anyway, and those that
        wait there keep a core busy with it."""
        self.how = How.UNDECIDED
        self.file_name = part_name
        """Name in the folder that *fd* belongs to."""
        self.fd = -1
        self.users = 0
        self.unflushed = 0
        """Bytes written since the disk was last told to begin with them."""
        self.fresh = False
        """Whether we made the file, so that what was never written is a hole."""
        self.placed = False

    def __repr__(self) -> str:
        return f"<Part {self.entry} {self.how.value}, {self.left} of {len(self.blocks)} blocks missing>"

    @property
    def target(self) -> bytes:
        """Path of the final name."""
        return self.folder + b"/" + self.name if self.folder else self.name

    def extent(self, block: int) -> tuple[int, int]:
        """Offset and length of what *block* holds of the file."""
        start = max(block * self.block_size, self.first_byte)
        end = min((block + 1) * self.block_size, self.first_byte + self.size)
        return start - self.first_byte, end - start


def open_part(part: Part, folder: Folder, mode: int) -> None:
    """Open the file that the bytes of *part* go to, by the overwrite *mode*; ``part.lock`` is held.

    The file has its full size from the start, so that zero blocks need not be written, and so that in the mode that
    looks at sizes a file of ours is known again after a crash.

    :raises OSError: if it cannot be opened.
    :raises WriteFailed: if what was written before has disappeared.
    """
    _choose_and_open(part, folder, mode)
    if part.how in (How.PART, How.IN_PLACE) and os.fstat(part.fd).st_size != part.size:
        os.ftruncate(part.fd, part.size)


def _choose_and_open(part: Part, folder: Folder, mode: int) -> None:
    if part.how is How.COMPARE:
        part.fd = folder.open(part.file_name, write=False)
    elif part.how is not How.UNDECIDED:
        try:
            fd = folder.open(part.file_name, write=True)
        except FileNotFoundError as error:
            raise WriteFailed(part.target, "the file disappeared while it was being written") from error
        part.fd = hold(fd, part.file_name) if part.how is How.IN_PLACE else fd
    elif mode == OVERWRITE_IN_PLACE_ALWAYS:
        _open_in_place(part, folder)
    elif mode == OVERWRITE_IN_PLACE_SAME_SIZE:
        info = folder.lstat(part.name)
        if info is not None and not (stat.S_ISREG(info.st_mode) and info.st_size in (0, part.size)):
            part.how = How.SKIP
            return
        _open_in_place(part, folder)
    elif mode == OVERWRITE_IN_PLACE_NEVER:
        _open_new_in_place(part, folder)
    else:
        _open_part_file(part, folder)


def _open_part_file(part: Part, folder: Folder) -> None:
    part.file_name = part.part_name
    try:
        part.fd = folder.create(part.part_name, 0o600)
        part.fresh = True
    except FileExistsError:
        part.fd = folder.open(part.part_name, write=True)
        part.fresh = False
    part.how = How.PART


def _open_in_place(part: Part, folder: Folder) -> None:
    part.file_name = part.name
    try:
        part.fd = hold(folder.create(part.name, 0o600), part.name)
        part.fresh = True
    except FileExistsError:
        part.fresh = False
        try:
            part.fd = hold(folder.open(part.name, write=True), part.name)
        except PermissionError:
            # Perhaps ours from before a crash, whole and read-only by now.
            part.fd = folder.open(part.name, write=False)
            part.how = How.COMPARE
            return
    part.how = How.IN_PLACE


def _open_new_in_place(part: Part, folder: Folder) -> None:
    """The part file and the final name are two names of one file until it is whole: so it is known to be ours."""
    _open_part_file(part, folder)
    try:
        folder.link(part.part_name, part.name)
        return
    except FileExistsError:
        theirs, ours = folder.lstat(part.name), os.fstat(part.fd)
        if theirs is not None and (theirs.st_ino, theirs.st_dev) == (ours.st_ino, ours.st_dev):
            return
    os.close(part.fd)
    part.fd = -1
    folder.unlink(part.part_name)
    part.file_name = part.name
    if theirs is not None and stat.S_ISREG(theirs.st_mode) and theirs.st_size == part.size:
        part.fd = folder.open(part.name, write=False)
        part.how = How.COMPARE
    else:
        part.how = How.SKIP


def leave_comparison(part: Part, folder: Folder, mode: int) -> None:
    """What arrived differs from the file that is there: write a part file after all; ``part.lock`` is held.

    The blocks that were found right are copied from it.

    :raises OSError: if that fails; a file that may not be touched is no error but makes the part one to skip.
    """
    if mode == OVERWRITE_IN_PLACE_NEVER:
        os.close(part.fd)
        part.fd = -1
        part.how = How.SKIP
        return
    if mode in (OVERWRITE_IN_PLACE_ALWAYS, OVERWRITE_IN_PLACE_SAME_SIZE):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), part.name)
    source, compared = part.fd, part.file_name
    part.fd = -1
    try:
        folder.unlink(part.part_name)
        _open_part_file(part, folder)
        os.ftruncate(part.fd, part.size)
        for block, missing in zip(part.blocks, part.todo, strict=True):
            if not missing and not copy_range(source, part.fd, *part.extent(block)):
                raise WriteFailed(part.target, "the file changed while it was being compared")
    except BaseException:
        part.how = How.COMPARE
        part.file_name = compared
        if part.fd >= 0:
            os.close(part.fd)
        part.fd = -1
        folder.unlink(part.part_name)
        raise
    finally:
        os.close(source)


class OpenParts:
    """Bounds how many parts have an open descriptor. Thread-safe."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._open: OrderedDict[int, Part] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, part: Part) -> None:
        """*part* is in use; others that are not may be closed."""
        with self._lock:
            self._open[part.entry] = part
            self._open.move_to_end(part.entry)
            if len(self._open) <= self._keep:
                return
            idle = [other for other in self._open.values() if not other.users and other is not part]
            for other in idle[: len(self._open) - self._keep]:
                if other.lock.acquire(blocking=False):
                    try:
                        if not other.users:
                            close_part(other)
                            del self._open[other.entry]
                    finally:
                        other.lock.release()

    def forget(self, part: Part) -> None:
        """*part* is closed."""
        with self._lock:
            self._open.pop(part.entry, None)

    def close(self) -> None:
        """Close all. Nobody may use them any more."""
        with self._lock:
            for part in self._open.values():
                close_part(part)
            self._open.clear()


def close_part(part: Part) -> None:
    """Close the descriptor, if there is one."""
    if part.fd >= 0:
        fd, part.fd = part.fd, -1
        os.close(fd)
