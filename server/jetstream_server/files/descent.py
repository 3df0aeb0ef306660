"""Opens folders below a root one after another, to look at them: none is made, and no link is followed."""

import errno
from collections.abc import Sequence
from typing import Final, NamedTuple

from jetstream_server.files.errors import ContentError, reason_of
from jetstream_server.files.folders import Folder

KEEP_OPEN: Final = 32
"""Folders on the way that stay open for the next question."""
_NAME_PROBLEMS: Final = frozenset({errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL})


class Place(NamedTuple):
    """A folder, or where it would be made: *folder* is then the nearest one above that is there."""

    folder: Folder
    there: bool
    problem: str | None = None
    """Why nothing can be stored there."""


class Descent:
    """Goes down from *root*, which stays the caller's.

    :param there: whether *root* is the root itself, not the nearest folder above it that is there.
    """

    def __init__(self, root: Folder, *, there: bool = True) -> None:
        self._root = root
        self._there = there
        self._way: list[tuple[bytes, Folder]] = []
        self._beyond: Folder | None = None
        self._longest: dict[int, int] = {}

    def reach(self, path: bytes) -> Place:
        """The folder at *path* below the root (``b""``: the root). It is open until the next question."""
        parts = path.split(b"/") if path else []
        if not self._there:
            return self._missing(self._root, parts)
        here = self._turn_back(parts)
        for depth in range(len(self._way), len(parts)):
            name = parts[depth]
            try:
                child = here.child(name)
            except FileNotFoundError:
                return self._missing(here, parts[depth:])
            except NotADirectoryError:
                return Place(here, False, _in_the_way(here, name))
            except OSError as error:
                return Place(here, False, reason_of(error))
            except ContentError as error:
                return Place(here, False, error.reason)
            here = self._go_on(name, child)
        return Place(here, True)

    def name_problem(self, folder: Folder, name: bytes) -> str | None:
        """Why the file system of *folder* cannot keep *name*, or ``None``: the system is asked.

        A name of as many plain letters is tried first: where that one is kept, shorter ones need no question.
        """
        length = len(name)
        if length <= self._longest.get(folder.device, 0):
            return None
        if _asked(folder, b"x" * length) is None:
            self._longest[folder.device] = length
            return None
        return _asked(folder, name)

    def close(self) -> None:
        """Close what is open, but for the root."""
        self._turn_back(())

    def _turn_back(self, parts: Sequence[bytes]) -> Folder:
        """The last folder of the way so far that is on the way along *parts*."""
        if self._beyond is not None:
            self._beyond.close()
            self._beyond = None
        common = 0
        while common < min(len(parts), len(self._way)) and self._way[common][0] == parts[common]:
            common += 1
        while len(self._way) > common:
            self._way.pop()[1].close()
        return self._way[-1][1] if self._way else self._root

    def _go_on(self, name: bytes, child: Folder) -> Folder:
        if self._beyond is not None:
            self._beyond.close()
            self._beyond = child
        elif len(self._way) < KEEP_OPEN:
            self._way.append((name, child))
        else:
            self._beyond = child
        return child

    def _missing(self, above: Folder, names: Sequence[bytes]) -> Place:
        problem = next((found for name in names if (found := self.name_problem(above, name))), None)
        if problem is None and not above.takes_names():
            problem = NO_NAMES
        return Place(above, False, problem)


NO_NAMES: Final = "this node may not write to the folder"


def _in_the_way(folder: Folder, name: bytes) -> str:
    info = folder.lstat(name)
    if info is not None and info.st_mode & 0o170000 == 0o120000:
        return "is a link, and links are not followed"
    return "a file is where a folder is needed"


def _asked(folder: Folder, name: bytes) -> str | None:
    try:
        folder.lstat(name)
    except OSError as error:
        return reason_of(error) if error.errno in _NAME_PROBLEMS else None
    except ContentError as error:
        return error.reason
    return None
