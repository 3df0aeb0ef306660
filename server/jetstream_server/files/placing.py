"""What happens to a file that is already there: how a whole file takes its final name, in each overwrite mode.

None of this needs a journal, although a file may be delivered again after a crash: whoever finds, under a name that the
mode would use, a file with exactly the content that was to be placed, is done. So a second copy " (3)" of the same
content is never made, and our own file never becomes the "old" file that goes to the backup.
"""

import errno
import os
import stat
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

from jetstream.constants import (
    OVERWRITE_ALWAYS,
    OVERWRITE_BACKUP,
    OVERWRITE_IN_PLACE_ALWAYS,
    OVERWRITE_IN_PLACE_NEVER,
    OVERWRITE_IN_PLACE_SAME_SIZE,
    OVERWRITE_KEEP_BOTH,
    OVERWRITE_NEVER,
)
from jetstream_server.files.folders import Folder
from jetstream_server.files.paths import BACKUP_SUFFIX, PART_SUFFIX, numbered, with_suffix
from jetstream_server.files.rawio import same_content

IN_PLACE_MODES: Final = frozenset({OVERWRITE_IN_PLACE_NEVER, OVERWRITE_IN_PLACE_ALWAYS, OVERWRITE_IN_PLACE_SAME_SIZE})
MODES: Final = IN_PLACE_MODES | {OVERWRITE_NEVER, OVERWRITE_ALWAYS, OVERWRITE_BACKUP, OVERWRITE_KEEP_BOTH}
MOST_NAMES: Final = 10_000


class Outcome(Enum):
    """What became of a file."""

    PLACED = "placed"
    KEPT = "kept"
    """It lies beside, because the target exists and must not be touched."""
    SKIPPED = "skipped"
    """It was dropped, because the target exists and must not be touched."""


class Placed(NamedTuple):
    """The outcome, and the name that the file has now."""

    outcome: Outcome
    name: bytes


def final_names(mode: int, name: bytes) -> Iterator[bytes]:
    """Names that *mode* may give a file, in the order in which they are tried."""
    yield name
    if mode == OVERWRITE_KEEP_BOTH:
        for number in range(2, MOST_NAMES):
            yield numbered(name, number)
    elif mode == OVERWRITE_NEVER:
        yield with_suffix(name, PART_SUFFIX)
        for number in range(2, MOST_NAMES):
            yield with_suffix(numbered(name, number), PART_SUFFIX)


def find_final(folder: Folder, mode: int, name: bytes, size: int, mtime_ns: int) -> bytes | None:
    """The name under which an earlier session has probably placed the file; its content is not looked at.

    In the in-place modes the file may still be incomplete.
    """
    by_size = None
    for candidate in final_names(mode, name):
        info = folder.lstat(candidate)
        if info is None:
            break
        if not stat.S_ISREG(info.st_mode):
            continue
        if mode in IN_PLACE_MODES or is_same(info, size, mtime_ns):
            return candidate
        if info.st_size == size and by_size is None:
            by_size = candidate
    return by_size


def is_same(info: os.stat_result, size: int, mtime_ns: int) -> bool:
    """Whether what is there looks like the file: a regular one of this size and time. Its content is not looked at."""
    return stat.S_ISREG(info.st_mode) and info.st_size == size and info.st_mtime_ns == mtime_ns


def place(folder: Folder, mode: int, part: bytes, name: bytes) -> Placed:
    """Give the whole file *part* its final name. Raises ``OSError``; *part* is still there then.

    In the in-place modes this is for new files alone.
    """
    if mode == OVERWRITE_ALWAYS:
        folder.replace(part, name)
        return Placed(Outcome.PLACED, name)
    for number, candidate in enumerate(final_names(mode, name)):
        if folder.rename_new(part, candidate):
            return Placed(Outcome.KEPT if number and mode == OVERWRITE_NEVER else Outcome.PLACED, candidate)
        if identical(folder, part, candidate):
            if mode == OVERWRITE_BACKUP:
                folder.replace(part, candidate)
            else:
                folder.unlink(part)
            return Placed(Outcome.KEPT if number and mode == OVERWRITE_NEVER else Outcome.PLACED, candidate)
        if mode == OVERWRITE_BACKUP:
            back_up(folder, candidate)
            folder.replace(part, candidate)
            return Placed(Outcome.PLACED, candidate)
    if mode in IN_PLACE_MODES:
        folder.unlink(part)
        return Placed(Outcome.SKIPPED, name)
    raise OSError(errno.EEXIST, "too many files of this name", name)


def back_up(folder: Folder, name: bytes) -> None:
    """Move what has *name* to ``name.jetbak``; an older backup moves on to ``name.2.jetbak`` and so on."""
    info = folder.lstat(name)
    if info is not None and stat.S_ISDIR(info.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    backup = with_suffix(name, BACKUP_SUFFIX)
    if folder.lstat(backup) is not None:
        for number in range(2, MOST_NAMES):
            if folder.rename_new(backup, with_suffix(name, b".%d" % number + BACKUP_SUFFIX)):
                break
        else:
            raise OSError(errno.EEXIST, "too many backups", backup)
    folder.replace(name, backup)


def identical(folder: Folder, one: bytes, other: bytes) -> bool:
    """Whether two names are regular files of the same content."""
    first, second = folder.lstat(one), folder.lstat(other)
    if first is None or second is None or first.st_size != second.st_size:
        return False
    if not (stat.S_ISREG(first.st_mode) and stat.S_ISREG(second.st_mode)):
        return False
    try:
        first_fd = folder.open(one, write=False)
        try:
            second_fd = folder.open(other, write=False)
            try:
                return same_content(first_fd, second_fd)
            finally:
                os.close(second_fd)
        finally:
            os.close(first_fd)
    except PermissionError:
        return False  # what we may not read is not ours
