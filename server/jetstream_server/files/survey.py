"""What is there already of what might be sent: a page of names, looked at below a folder. Nothing is opened or changed.

Names are judged as a transfer judges them: the page is checked when it is decoded, no link below the root is followed,
the file system is asked whether it keeps a name, and the overwrite mode says what it would do.
"""

import os
import shutil
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from jetstream_server.files.descent import NO_NAMES, Descent, Place
from jetstream_server.files.errors import ContentError, reason_of
from jetstream_server.files.folders import HAVE_DIR_FD, Folder, open_root
from jetstream_server.files.foretelling import Foretold, file_foretold, link_foretold
from jetstream_server.files.landing import free_space
from jetstream_server.files.pages import Kind, Page
from jetstream_server.files.paths import below_root
from jetstream_server.files.placing import IN_PLACE_MODES, is_same
from jetstream_server.files.tree import join

_FILE: Final = int(Kind.FILE)
_DIRECTORY: Final = int(Kind.DIRECTORY)
STRIDE: Final = 256
"""Entries looked at between two questions whether to stop."""


@dataclass(slots=True)
class Surveyed:
    """What was found of the first *looked* entries. Samples are positions in the page; sizes are bytes."""

    looked: int = 0
    present: int = 0
    unchanged: int = 0
    present_size: int = 0
    needed: int = 0
    changed_sample: list[int] = field(default_factory=list)
    unchanged_sample: list[int] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    refused_total: int = 0
    free: int | None = None


def survey(
    root: Path, destination_path: str, page: Page, mode: int, *, stop: Callable[[], bool] = lambda: False,
    present_sample: int = 20, refused_sample: int = 100, by_descriptor: bool = HAVE_DIR_FD,
) -> Surveyed:
    """Look at the targets of *page* below *destination_path* in *root*, which need not exist. Blocks.

    :param mode: one of the ``OVERWRITE_`` constants.
    :param stop: asked now and then.
    :param present_sample: positions of changed and of unchanged files to name at most, as *refused_sample* of refused
        ones.
    :raises UnsafePath: if *destination_path* must not be written.
    :raises OSError: if not even the way to *root* can be looked at.
    """
    below = below_root(destination_path)
    nearest = next((here for here in (root, *root.parents) if os.path.isdir(here)), root)
    with closing(open_root(nearest, by_descriptor=by_descriptor)) as top, \
            closing(Descent(top, there=nearest == root)) as descent:
        looker = _Looker(page, mode, below, descent, present_sample, refused_sample)
        looker.found.free = _free(descent.reach(below).folder, nearest)
        looker.look(stop)
        return looker.found


class _Looker:
    def __init__(
        self, page: Page, mode: int, below: bytes, descent: Descent, present_sample: int, refused_sample: int
    ) -> None:
        self.found = Surveyed()
        self._page = page
        self._kinds: list[int] = page.kinds.tolist()
        self._sizes: list[int] = page.sizes.tolist()
        self._mtimes: list[int] = page.mtimes.tolist()
        self._mode = mode
        self._below = below
        self._descent = descent
        self._present_sample = present_sample
        self._refused_sample = refused_sample

    def look(self, stop: Callable[[], bool]) -> None:
        """Look at the entries in order, as many as there are until *stop* says so."""
        directories = self._page.directory.tolist()
        before, place, takes = -1, None, True
        for position, directory in enumerate(directories):
            if (position % STRIDE == 0 or directory != before) and stop():
                return
            if directory != before or place is None:
                place = self._descent.reach(self._path(self._page.directories[directory]))
                takes = not place.there or place.folder.takes_names()
                before = directory
            if self._kinds[position] == _DIRECTORY:
                problem = self._descent.reach(self._path(self._page.target(position))).problem
                place = None
            else:
                problem = place.problem or self._problem(position, place, takes)
            if problem is not None:
                self._refuse(position, problem)
            self.found.looked = position + 1

    def _path(self, target: bytes) -> bytes:
        return join(self._below, target) if target else self._below

    def _problem(self, position: int, place: Place, takes: bool) -> str | None:
        """What is in the way of a file or a link; what is there of it is counted."""
        name, file = self._page.names[position], self._kinds[position] == _FILE
        try:
            info = place.folder.lstat(name) if place.there else None
        except OSError as error:
            return reason_of(error)
        except ContentError as error:
            return error.reason
        told = (file_foretold(self._mode, name, info, self._sizes[position], self._mtimes[position]) if file
                else link_foretold(self._mode, info))
        problem = told.problem or self._name_problem(place, name, info, told)
        if problem is None and not takes and not (info is not None and self._mode in IN_PLACE_MODES):
            problem = NO_NAMES
        if problem is None and file:
            self._count(position, info, told)
        return problem

    def _name_problem(self, place: Place, name: bytes, info: os.stat_result | None, told: Foretold) -> str | None:
        if told.beside is not None:
            return self._descent.name_problem(place.folder, told.beside)
        return None if place.there or info is not None else self._descent.name_problem(place.folder, name)

    def _count(self, position: int, info: os.stat_result | None, told: Foretold) -> None:
        found = self.found
        found.needed += told.growth
        if info is None:
            return
        found.present += 1
        found.present_size += info.st_size if stat.S_ISREG(info.st_mode) else 0
        same = is_same(info, self._sizes[position], self._mtimes[position])
        found.unchanged += same
        sample = found.unchanged_sample if same else found.changed_sample
        if len(sample) < self._present_sample:
            sample.append(position)

    def _refuse(self, position: int, problem: str) -> None:
        self.found.refused_total += 1
        if len(self.found.refused) < self._refused_sample:
            self.found.refused.append((position, problem))


def _free(folder: Folder, nearest: Path) -> int | None:
    descriptor = folder.descriptor()
    if descriptor is None:
        return free_space(nearest)
    try:
        return shutil.disk_usage(descriptor).free
    except OSError:
        return None
