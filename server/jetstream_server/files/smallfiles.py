"""Writing files that lie within one block, in as few system calls as the overwrite mode allows."""

import errno
import os
import stat
from typing import Final

import numpy as np

from jetstream.constants import (
    OVERWRITE_ALWAYS,
    OVERWRITE_IN_PLACE_ALWAYS,
    OVERWRITE_IN_PLACE_NEVER,
    OVERWRITE_IN_PLACE_SAME_SIZE,
)
from jetstream_server.files.folders import DescriptorFolder, Folder
from jetstream_server.files.opening import NOT_UNNAMED, UNNAMED, hold
from jetstream_server.files.pages import Numbers
from jetstream_server.files.placing import Outcome, Placed, final_names, place
from jetstream_server.files.rawio import equals_at, write_at

_DIRECT: Final = frozenset({OVERWRITE_IN_PLACE_ALWAYS, OVERWRITE_IN_PLACE_SAME_SIZE})


class SmallFiles:
    """Writes whole files. Thread-safe.

    :param mode: overwrite mode.
    :param umask: permission bits that the system takes from new files; 0o777 if that is not known.
    """

    def __init__(self, mode: int, umask: int) -> None:
        self._mode = mode
        self._umask = umask
        self._direct = mode in _DIRECT
        self._replaces = mode == OVERWRITE_ALWAYS
        self._unnamed = bool(UNNAMED) and not self._direct

    def write(
        self, folder: Folder, name: bytes, part: bytes, data: memoryview | None, size: int, mtime_ns: int, mode: int,
        exact: bool,
    ) -> Placed | None:
        """One file, with *part* as its name until it is whole; ``None`` if it simply has its final name.

        :param data: the content; ``None`` for *size* zero bytes.
        :param exact: see :meth:`exact`.
        :raises OSError: if that fails; no part file is left then.
        """
        if self._direct:
            return self._in_place(folder, name, data, size, mtime_ns, mode)
        try:
            folder.write_new(part, data, size, mtime_ns, mode, exact)
        except FileExistsError:  # left by a crash
            folder.unlink(part)
            folder.write_new(part, data, size, mtime_ns, mode, exact)
        try:
            if self._replaces:
                folder.replace(part, name)
                return None
            return place(folder, self._mode, part, name)
        except BaseException:
            folder.unlink(part)
            raise

    def write_free(
        self, folder: Folder, name: bytes, data: memoryview | None, size: int, mtime_ns: int, mode: int, exact: bool
    ) -> bool:
        """One file, if nothing has its name and the system can make files that have none before they are whole; whether
        it is there now. Cheaper than :meth:`write` by a quarter; in a folder where names are taken, it only costs.

        :raises OSError: if that fails; nothing is left of it then.
        """
        if not self._unnamed or not isinstance(folder, DescriptorFolder):
            return False
        try:
            return folder.write_unnamed(name, data, size, mtime_ns, mode, exact)
        except OSError as error:
            if error.errno not in NOT_UNNAMED:
                raise
            self._unnamed = False
            return False

    def exact(self, modes: Numbers) -> list[bool]:
        """Whether the system takes some of these permissions from new files, so that they have to be set."""
        return [bool(mode) for mode in (modes & np.uint32(self._umask)).tolist()]

    def _in_place(
        self, folder: Folder, name: bytes, data: memoryview | None, size: int, mtime_ns: int, mode: int
    ) -> Placed | None:
        if self._mode == OVERWRITE_IN_PLACE_SAME_SIZE:
            info = folder.lstat(name)
            if info is not None and not (stat.S_ISREG(info.st_mode) and info.st_size in (0, size)):
                return Placed(Outcome.SKIPPED, name)
        try:
            fd = hold(folder.create(name, 0o600), name)
        except FileExistsError:
            try:
                fd = hold(folder.open(name, write=True), name)
            except PermissionError:
                if not self._is_there(folder, name, data, size):
                    raise
                return None
        try:
            content = memoryview(bytes(size)) if data is None else data
            write_at(fd, content, 0)
            os.ftruncate(fd, size)
        except BaseException:
            os.close(fd)
            raise
        folder.close_file(fd, name, mtime_ns, mode)
        return None

    @staticmethod
    def _is_there(folder: Folder, name: bytes, data: memoryview | None, size: int) -> bool:
        """Whether a file that may not be written to is ours, from before a crash."""
        fd = folder.open(name, write=False)
        try:
            content = memoryview(bytes(size)) if data is None else data
            return os.fstat(fd).st_size == size and equals_at(fd, content, 0)
        finally:
            os.close(fd)

    def symlink(self, folder: Folder, name: bytes, part: bytes, link: bytes) -> Placed | None:
        """One symbolic link; its target has been found safe. Results and errors as of :meth:`write`."""
        info = folder.lstat(name)
        for candidate in final_names(self._mode, name):
            there = folder.lstat(candidate)
            if there is None:
                break
            if stat.S_ISLNK(there.st_mode) and folder.readlink(candidate) == link:
                return None
        if info is not None and self._mode in (OVERWRITE_IN_PLACE_NEVER, OVERWRITE_IN_PLACE_SAME_SIZE):
            return Placed(Outcome.SKIPPED, name)
        if info is not None and stat.S_ISDIR(info.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        folder.unlink(part)
        folder.symlink(link, part)
        try:
            if info is None or self._replaces or self._direct:
                folder.replace(part, name)
                return None
            return place(folder, self._mode, part, name)
        except BaseException:
            folder.unlink(part)
            raise


def current_umask() -> int:
    """Permission bits that this process takes from new files; 0o777 where it cannot be known without changing it."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("Umask:"):
                    return int(line.split()[1], 8)
    except (OSError, ValueError):
        return 0o777
    return 0o777
