"""The last steps of a tree: what has no bytes in the stream, and folders' own times and permissions. Also giving up."""

import stat
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import numpy as np

from jetstream.constants import OVERWRITE_IN_PLACE_NEVER, OVERWRITE_NEVER
from jetstream_server.files.errors import ContentError
from jetstream_server.files.folders import Folder
from jetstream_server.files.pages import Kind, Page
from jetstream_server.files.parts import How, Part
from jetstream_server.files.paths import PART_SUFFIX, link_stays_inside
from jetstream_server.files.placing import Outcome, Placed, find_final
from jetstream_server.files.smallfiles import SmallFiles
from jetstream_server.files.tree import ReceivingTree, join

_NOTHING = memoryview(b"")


@dataclass(frozen=True, slots=True)
class FinishReport:
    """What became of a tree. The lists hold the first 1,000 paths, below the root; the counts are exact."""

    files: int
    """Files that are there with their content, under whatever name."""
    failed: int
    """Files whose content the sender could not deliver."""
    kept: tuple[str, ...] = ()
    """New files that lie beside an existing one, which was left alone; under the name that they have."""
    kept_count: int = 0
    skipped: tuple[str, ...] = ()
    """Existing files that were left alone, and whose new content was dropped."""
    skipped_count: int = 0
    renamed: tuple[str, ...] = ()
    """New files that got another name to keep both; under the name that they have."""
    renamed_count: int = 0
    links_refused: tuple[str, ...] = ()
    """Symbolic links that would have led out of the receiving folder."""
    links_refused_count: int = 0


class Finisher:
    """Does it, for one tree.

    :param on_named: called with folder and name of everything that is made.
    :param on_folder: called with the path of every folder that is set up.
    """

    def __init__(
        self,
        tree: ReceivingTree,
        small: SmallFiles,
        on_named: Callable[[bytes, bytes], None],
        on_folder: Callable[[bytes], None],
    ) -> None:
        self._tree = tree
        self._small = small
        self._on_named = on_named
        self._on_folder = on_folder
        self._files = 0

    def finish(self, failed: Collection[int], resumed: bool) -> FinishReport:
        """Make what is missing; *resumed* says that an earlier session may have placed files.

        :raises ContentError: if something cannot be made.
        """
        folders: list[tuple[bytes, int, int]] = []
        recount = resumed and self._tree.mode == OVERWRITE_NEVER
        for first_entry, page in self._tree.layout.pages():
            self._files += page.file_count
            self._empty_files(first_entry, page, failed)
            self._links(first_entry, page)
            if recount:
                self._note_kept(first_entry, page)
            for position in np.flatnonzero(page.kinds == Kind.DIRECTORY).tolist():
                path = self._tree.folder(page.target(position))
                folders.append((path, int(page.mtimes[position]), int(page.modes[position])))
        # The deepest first: making a folder, or something in it, or setting it up, changes the time of the one above.
        folders.sort(key=lambda folder: folder[0].count(b"/"), reverse=True)
        for path, mtime_ns, mode in folders:
            with self._tree.problems(path), self._tree.using(path) as folder:
                folder.set_own(mtime_ns, mode)
            self._on_folder(path)
        return self._report(len(failed))

    def _report(self, failed: int) -> FinishReport:
        outcomes = self._tree.outcomes
        return FinishReport(
            files=self._files - failed - outcomes.skipped.count,
            failed=failed,
            kept=tuple(outcomes.kept.sample),
            kept_count=outcomes.kept.count,
            skipped=tuple(outcomes.skipped.sample),
            skipped_count=outcomes.skipped.count,
            renamed=tuple(outcomes.renamed.sample),
            renamed_count=outcomes.renamed.count,
            links_refused=tuple(outcomes.links_refused.sample),
            links_refused_count=outcomes.links_refused.count,
        )

    def _empty_files(self, first_entry: int, page: Page, failed: Collection[int]) -> None:
        for position in np.flatnonzero((page.kinds == Kind.FILE) & (page.sizes == 0)).tolist():
            if first_entry + position in failed or self._is_there(page, position):
                continue
            name, mtime_ns, mode = page.names[position], int(page.mtimes[position]), int(page.modes[position])
            part = self._tree.part_name(first_entry + position)
            exact = self._small.exact(page.modes[position : position + 1])[0]
            make = partial(self._small.write, name=name, part=part, data=_NOTHING, size=0, mtime_ns=mtime_ns, mode=mode,
                           exact=exact)
            self._make(page, position, first_entry + position, make)

    def _is_there(self, page: Page, position: int) -> bool:
        """Whether an earlier try has made an empty file; its folder may not be writable any more."""
        path = self._tree.folder(page.directories[int(page.directory[position])])
        with self._tree.problems(path), self._tree.using(path) as folder:
            info = folder.lstat(page.names[position])
        return (
            info is not None
            and stat.S_ISREG(info.st_mode)
            and (info.st_size, info.st_mtime_ns) == (0, int(page.mtimes[position]))
            and stat.S_IMODE(info.st_mode) == int(page.modes[position])
        )

    def _links(self, first_entry: int, page: Page) -> None:
        for position, link in page.links.items():
            name, path = page.names[position], self._tree.folder(page.directories[int(page.directory[position])])
            if not link_stays_inside(path.split(b"/") if path else (), link):
                self._tree.outcomes.refuse_link(first_entry + position, join(path, name), link)
                continue
            part = self._tree.part_name(first_entry + position)
            make = partial(self._small.symlink, name=name, part=part, link=link)
            self._make(page, position, first_entry + position, make)

    def _make(self, page: Page, position: int, entry: int, make: Callable[[Folder], Placed | None]) -> None:
        path = self._tree.folder(page.directories[int(page.directory[position])])
        name = page.names[position]
        with self._tree.problems(join(path, name)), self._tree.using(path) as folder:
            placed = make(folder)
        if placed is not None:
            self._tree.outcomes.add(entry, path, name, placed)
        if placed is None or placed.outcome is not Outcome.SKIPPED:
            self._on_named(path, placed.name if placed else name)

    def _note_kept(self, first_entry: int, page: Page) -> None:
        """Count files that an earlier session has put beside existing ones."""
        for position in np.flatnonzero(page.kinds == Kind.FILE).tolist():
            path, name = self._tree.folder(page.directories[int(page.directory[position])]), page.names[position]
            with self._tree.problems(join(path, name)), self._tree.using(path) as folder:
                size, mtime_ns = int(page.sizes[position]), int(page.mtimes[position])
                found = find_final(folder, OVERWRITE_NEVER, name, size, mtime_ns)
            if found is not None and found != name:
                self._tree.outcomes.keep(first_entry + position, join(path, found))


def remove_failed(tree: ReceivingTree, failed: Collection[int], parts: Collection[Part]) -> None:
    """Remove what there is of files that will not become whole, unless they were somebody's before.

    :param parts: those of them that this session has begun to write; of others an earlier one may have left something.
    """
    ours = {part.entry for part in parts if part.how is How.IN_PLACE and part.fresh}
    for entry in failed:
        page, position = tree.layout.locate(entry)
        path, name = tree.folder(page.directories[int(page.directory[position])]), page.names[position]
        with tree.problems(join(path, name)):
            try:
                with tree.using(path, create=False) as folder:
                    _remove_part(tree, folder, tree.part_name(entry), name)
                    if entry in ours:
                        folder.unlink(name)
            except FileNotFoundError:
                continue


def _remove_part(tree: ReceivingTree, folder: Folder, part_name: bytes, name: bytes) -> None:
    if tree.mode == OVERWRITE_IN_PLACE_NEVER:
        ours, theirs = folder.lstat(part_name), folder.lstat(name)
        if ours is not None and theirs is not None and (ours.st_ino, ours.st_dev) == (theirs.st_ino, theirs.st_dev):
            folder.unlink(name)
    folder.unlink(part_name)


def discard(tree: ReceivingTree) -> None:
    """Remove every part file of this transfer.

    :raises ContentError: if a folder cannot be read or a file not removed.
    """
    seen: set[bytes] = set()
    for _, page in tree.layout.pages():
        for path in map(tree.folder, page.directories):
            if path not in seen:
                seen.add(path)
                _discard_in(tree, path)
                with tree.problems(path):
                    tree.folders.unstage(path)


def _discard_in(tree: ReceivingTree, path: bytes) -> None:
    try:
        with tree.problems(path), tree.using(path, create=False) as folder:
            for name in folder.names():
                if name.startswith(tree.part_prefix) and name.endswith(PART_SUFFIX):
                    with suppress(ValueError, IndexError):  # not a name that we give
                        _remove_part(tree, folder, name, _final_name(tree, name))
    except ContentError as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            raise


def _final_name(tree: ReceivingTree, part_name: bytes) -> bytes:
    """The name that the file with this part name was to get."""
    number = int(part_name[len(tree.part_prefix) : -len(PART_SUFFIX)], 16)
    page, position = tree.layout.locate(number)
    return page.names[position]


