"""What an overwrite mode would do with an entry, told from what has its name now. Pure.

The rules are those of :mod:`~jetstream_server.files.placing`, :mod:`~jetstream_server.files.smallfiles` and
:mod:`~jetstream_server.files.parts`; a test holds both together.
"""

import errno
import os
import stat
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
from jetstream_server.files.errors import reason_of
from jetstream_server.files.paths import BACKUP_SUFFIX, PART_SUFFIX, numbered, with_suffix
from jetstream_server.files.placing import is_same

_SKIPS_LINKS: Final = frozenset({OVERWRITE_IN_PLACE_NEVER, OVERWRITE_IN_PLACE_SAME_SIZE})
_TAKES_THE_NAME: Final = frozenset({OVERWRITE_ALWAYS, OVERWRITE_BACKUP, OVERWRITE_IN_PLACE_ALWAYS})


class Foretold(NamedTuple):
    """What would become of an entry. *problem*: why it cannot be stored; *growth*: bytes more on the disk in the end;
    *beside*: another name that would be needed, too.
    """

    problem: str | None = None
    growth: int = 0
    beside: bytes | None = None


def file_foretold(mode: int, name: bytes, info: os.stat_result | None, size: int, mtime_ns: int) -> Foretold:
    """A file of *size* bytes that goes to *name*, where *info* is about what has the name now."""
    if info is None:
        return Foretold(growth=size)
    regular = stat.S_ISREG(info.st_mode)
    if stat.S_ISDIR(info.st_mode) and mode in _TAKES_THE_NAME:
        return Foretold(_words(errno.EISDIR))
    if mode == OVERWRITE_IN_PLACE_ALWAYS and not regular:
        return Foretold(_words(errno.ELOOP) if stat.S_ISLNK(info.st_mode) else "is not a regular file")
    there = info.st_size if regular else 0
    if mode in (OVERWRITE_ALWAYS, OVERWRITE_IN_PLACE_ALWAYS):
        return Foretold(growth=size - there)
    if mode == OVERWRITE_IN_PLACE_SAME_SIZE:
        return Foretold(growth=size - there if regular and there in (0, size) else 0)
    if mode == OVERWRITE_IN_PLACE_NEVER or is_same(info, size, mtime_ns):
        return Foretold()
    return Foretold(growth=size, beside=_other_name(mode, name))


def link_foretold(mode: int, info: os.stat_result | None) -> Foretold:
    """A symbolic link, where *info* is about what has its name now."""
    if info is not None and stat.S_ISDIR(info.st_mode) and mode not in _SKIPS_LINKS:
        return Foretold(_words(errno.EISDIR))
    return Foretold()


def _other_name(mode: int, name: bytes) -> bytes | None:
    """The first other name that a file, or what is there, would get."""
    if mode == OVERWRITE_KEEP_BOTH:
        return numbered(name, 2)
    if mode == OVERWRITE_NEVER:
        return with_suffix(name, PART_SUFFIX)
    return with_suffix(name, BACKUP_SUFFIX) if mode == OVERWRITE_BACKUP else None


def _words(number: int) -> str:
    return reason_of(OSError(number, os.strerror(number)))
