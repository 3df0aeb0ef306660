"""Rows of small files: those of a block that lie in one folder. Their path decides how fast small files are.

A row that opens a new folder is written there under the files' own names before the folder appears, see
:mod:`~jetstream_server.files.staging`. Later files of a folder that this session has made have no name before they are
whole, where the system has such files. Elsewhere, from the first name on that is taken, and in folders that were there,
each file is written beside and renamed: programs that watch a folder for what arrives wait for a file that is closed or
renamed, and of one that had no name they see neither.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from jetstream_server.files.flushing import Names
from jetstream_server.files.layout import Run
from jetstream_server.files.placing import Outcome
from jetstream_server.files.smallfiles import SmallFiles
from jetstream_server.files.staging import Staged
from jetstream_server.files.tree import ReceivingTree, join

STAGED_FROM: Final = 2
"""Files from which on a folder of its own name is cheaper than a name for each."""


class Row(NamedTuple):
    """Files of one folder, as columns."""

    entries: Sequence[int]
    names: Sequence[bytes]
    contents: Sequence[memoryview | None]
    """``None``: as many zero bytes as the file has."""
    sizes: Sequence[int]
    mtimes_ns: Sequence[int]
    modes: Sequence[int]
    exact: Sequence[bool]
    """Whether the system takes some of the permissions from new files, so that they have to be set."""

    def part(self, start: int, stop: int | None = None) -> "Row":
        """Some of its files."""
        here = slice(start, stop)
        return Row(self.entries[here], self.names[here], self.contents[here], self.sizes[here], self.mtimes_ns[here],
                   self.modes[here], self.exact[here])


class RowWriter:
    """Writes rows. Thread-safe.

    :param failed: entries that are not to be written; the caller adds to it.
    """

    def __init__(self, tree: ReceivingTree, small: SmallFiles, failed: Collection[int]) -> None:
        self._tree = tree
        self._small = small
        self._failed = failed

    def write(
        self, run: Run, small: Sequence[tuple[int, int]], data: memoryview | None, written: list[Names]
    ) -> None:
        """Write files of *run*.

        :param small: position in the page and place in the block of each.
        :param data: the block; ``None`` if it is zero bytes.
        :param written: gets what was written, also when something fails.
        :raises ContentError: if the system refuses.
        """
        if self._failed:
            small = [(position, at) for position, at in small if run.first_entry + position not in self._failed]
        for target_folder, row in self._rows(run, small, data):
            path = self._tree.folder(target_folder)
            staged = None
            if len(row.names) >= STAGED_FROM:
                with self._tree.problems(path):
                    staged = self._tree.folders.stage(path)
            if staged is not None:
                row = self._write_staged(staged, row, written)
            if row.names:
                self._write_beside(path, row, written)

    def _rows(
        self, run: Run, small: Sequence[tuple[int, int]], data: memoryview | None
    ) -> Iterator[tuple[bytes, Row]]:
        if not small:
            return
        page = run.page
        positions = [position for position, _ in small]
        sizes = page.sizes[positions].tolist()
        modes = page.modes[positions]
        contents: list[memoryview | None] = [None] * len(small)
        if data is not None:
            contents = [data[at : at + size] for (_, at), size in zip(small, sizes, strict=True)]
        whole = Row(
            [run.first_entry + position for position in positions],
            [page.names[position] for position in positions],
            contents,
            sizes,
            page.mtimes[positions].tolist(),
            modes.tolist(),
            self._small.exact(modes),
        )
        folders = page.directory[positions]
        starts = [0, *(np.flatnonzero(folders[1:] != folders[:-1]) + 1).tolist(), len(small)]
        for start, stop in pairwise(starts):
            yield page.directories[int(folders[start])], whole.part(start, stop)

    def _write_staged(self, staged: Staged, row: Row, written: list[Names]) -> Row:
        """Fill the new folder and let it appear. Returns what is to be written in the folder that is there then."""
        write = staged.folder.write_new
        left = row
        done = 0
        name = b""
        try:
            for name, content, size, mtime_ns, mode, exact in zip(*row[1:], strict=True):
                write(name, content, size, mtime_ns, mode, exact)
                done += 1
        except FileExistsError:
            pass  # the file system takes two names for the same: what that means, the overwrite mode says
        except OSError as error:
            raise self._tree.problem(join(staged.path, name), error) from error
        finally:
            with self._tree.problems(staged.path):
                if self._tree.folders.settle(staged):
                    left = row.part(done)
                    written.append((staged.path, row.names[:done]))
        return left

    def _write_beside(self, path: bytes, row: Row, written: list[Names]) -> None:
        tree, write, part_name = self._tree, self._small.write, self._tree.part_name
        write_free = self._small.write_free
        there: list[bytes] = []
        name = b""
        try:
            with tree.using(path) as folder:
                free = folder.fresh
                for entry, name, content, size, mtime_ns, mode, exact in zip(*row, strict=True):
                    free = free and write_free(folder, name, content, size, mtime_ns, mode, exact)
                    if free:
                        there.append(name)
                        continue
                    placed = write(folder, name, part_name(entry), content, size, mtime_ns, mode, exact)
                    if placed is None:
                        there.append(name)
                        continue
                    tree.outcomes.add(entry, path, name, placed)
                    if placed.outcome is not Outcome.SKIPPED:
                        there.append(placed.name)
        except OSError as error:
            raise tree.problem(join(path, name) if name else path, error) from error
        finally:
            written.append((path, there))
