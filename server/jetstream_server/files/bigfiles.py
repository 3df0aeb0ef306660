"""Writing files of several blocks: shared between threads, in any order, continued after a crash."""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from jetstream.constants import OVERWRITE_IN_PLACE_NEVER
from jetstream_server.files.folders import Folder
from jetstream_server.files.pages import Page
from jetstream_server.files.parts import How, OpenParts, Part, close_part, leave_comparison, open_part
from jetstream_server.files.placing import IN_PLACE_MODES, Outcome, Placed, find_final, place
from jetstream_server.files.rawio import SHARED_DESCRIPTORS, equals_at, write_at, write_zeros
from jetstream_server.files.syncing import start_writeback
from jetstream_server.files.tree import ReceivingTree

WRITEBACK_BYTES: Final = 16 << 20
"""After so many bytes of one file the disk is told to begin with them."""
_FLIP: Final = bytes.maketrans(b"\0\1", b"\1\0")


class BigFiles:
    """All files of several blocks of one tree. Thread-safe, as long as no two threads write the same block.

    :param have: 1 for each block that is there; kept up to date by the owner.
    :param on_named: called with folder, part name and final name when a file takes its final name.
    :param keep: descriptors to keep open while nobody uses them.
    """

    def __init__(
        self, tree: ReceivingTree, have: bytearray, on_named: Callable[[bytes, bytes, bytes], None], keep: int
    ) -> None:
        self._tree = tree
        self._have = have
        self._on_named = on_named
        self._lock = threading.Lock()
        self._parts: dict[int, Part] = {}
        self._done: set[int] = set()
        self._open = OpenParts(keep)
        self.failed: set[int] = set()
        """Entries that will not become whole in this session, small ones among them."""

    def write(
        self, page: Page, position: int, entry: int, block: int, offset: int, data: memoryview | None
    ) -> Part | None:
        """Store what *block* holds of a file; ``None`` are zero bytes. Returns what is to be flushed by its name.

        :raises ContentError, OSError: if that fails.
        """
        part = self._part(page, position, entry)
        if part is None:
            return None
        index = block - part.blocks.start
        if part.todo[index]:
            self._store(part, index, block, offset, data)
        if not part.left:
            self._complete(part)
        return None if part.how is How.SKIP or part.placed else part

    def _part(self, page: Page, position: int, entry: int) -> Part | None:
        with self._lock:
            if entry in self._done or entry in self.failed:
                return None
            part = self._parts.get(entry)
            if part is None:
                part = self._parts[entry] = self._new_part(page, position, entry)
            return part

    def _new_part(self, page: Page, position: int, entry: int) -> Part:
        first_byte, size = self._tree.layout.stream_range(entry)
        blocks = self._tree.layout.blocks_of(entry)
        return Part(
            entry,
            self._tree.folder(page.directories[int(page.directory[position])]),
            page.names[position],
            self._tree.part_name(entry),
            size,
            int(page.mtimes[position]),
            int(page.modes[position]),
            first_byte,
            self._tree.layout.block_size,
            self._have[blocks.start : blocks.stop].translate(_FLIP),
        )

    def _store(self, part: Part, index: int, block: int, offset: int, data: memoryview | None) -> None:
        with part.lock:
            self._ensure_open(part)
            if part.how is How.COMPARE:
                self._compare(part, block, offset, data)
            if part.how in (How.COMPARE, How.SKIP) or not SHARED_DESCRIPTORS:
                if part.how not in (How.COMPARE, How.SKIP):
                    _write(part, block, offset, data)
                part.todo[index] = 0
                part.left -= 1
                return
            part.users += 1
        self._open.note(part)
        stored = False
        try:
            with part.writing:
                _write(part, block, offset, data)
            if data is not None and self._writeback_due(part, len(data)):
                start_writeback(part.fd)
            stored = True
        finally:
            with part.lock:
                part.users -= 1
                if stored:
                    part.todo[index] = 0
                    part.left -= 1

    @staticmethod
    def _writeback_due(part: Part, length: int) -> bool:
        with part.lock:
            part.unflushed += length
            due = part.unflushed >= WRITEBACK_BYTES
            if due:
                part.unflushed = 0
            return due

    def _ensure_open(self, part: Part) -> None:
        if part.fd < 0 and part.how is not How.SKIP:
            with self._tree.using(part.folder) as folder:
                open_part(part, folder, self._tree.mode)

    def _compare(self, part: Part, block: int, offset: int, data: memoryview | None) -> None:
        content = memoryview(bytes(part.extent(block)[1])) if data is None else data
        if not equals_at(part.fd, content, offset):
            with self._tree.using(part.folder) as folder:
                leave_comparison(part, folder, self._tree.mode)

    def _complete(self, part: Part) -> None:
        """The last missing block is there: the file gets its size, time, permissions and name."""
        with part.lock:
            if part.placed or part.entry in self.failed:
                return
            self._ensure_open(part)
            if part.how is How.SKIP:
                placed = Placed(Outcome.SKIPPED, part.name)
            else:
                with self._tree.using(part.folder) as folder:
                    placed = _close_whole(part, folder, self._tree.mode)
            part.placed = True
        self._open.forget(part)
        self._tree.outcomes.add(part.entry, part.folder, part.name, placed)
        if placed.outcome is not Outcome.SKIPPED:
            self._on_named(part.folder, part.file_name, placed.name)
        with self._lock:
            self._done.add(part.entry)
            self._parts.pop(part.entry, None)

    def fail(self, entries: Iterable[int]) -> None:
        """These entries will not become whole in this session."""
        with self._lock:
            self.failed.update(entry for entry in entries if entry not in self._done)

    def adopt(self, blocks: Iterable[int]) -> set[int]:
        """Take over what an earlier session has left of *blocks*, which ``have`` lists already.

        Files that are whole get their name. Returns the blocks that are not there after all, because the file is
        neither under its part name nor under a final one; ``have`` does not list them any more.

        :raises ContentError, OSError: if a folder or file cannot be opened.
        """
        touched = self._touched(blocks)
        refused: set[int] = set()
        found: list[tuple[Part, How, bytes]] = []
        for page, position, entry in touched:
            part = self._new_part(page, position, entry)
            how, name = self._find(part)
            if how is How.UNDECIDED:
                refused.update(block for block, missing in zip(part.blocks, part.todo, strict=True) if not missing)
            else:
                found.append((part, how, name))
        for block in refused:
            self._have[block] = 0
        for part, how, name in found:
            part.todo[:] = self._have[part.blocks.start : part.blocks.stop].translate(_FLIP)
            part.left = part.todo.count(1)
            part.how, part.file_name = how, name
            with self._lock:
                self._parts[part.entry] = part
            if not part.left:
                self._complete(part)
        return refused

    def _touched(self, blocks: Iterable[int]) -> list[tuple[Page, int, int]]:
        """The files of several blocks of which *blocks* hold something."""
        result = []
        seen = -1
        beyond = 0
        for block in sorted(blocks):
            if block < beyond:
                continue  # it lies within a file that is known already
            for run in self._tree.layout.runs(block):
                for position, length in zip(run.positions, run.lengths, strict=True):
                    entry = run.first_entry + position
                    if length != int(run.page.sizes[position]) and entry > seen:
                        result.append((run.page, position, entry))
                        seen = entry
                        beyond = self._tree.layout.blocks_of(entry).stop - 1
        return result

    def _find(self, part: Part) -> tuple[How, bytes]:
        """Where an earlier session has left a file."""
        mode = self._tree.mode
        try:
            with self._tree.using(part.folder, create=False) as folder:
                if folder.lstat(part.part_name) is not None:
                    return How.PART, part.part_name
                name = find_final(folder, mode, part.name, part.size, part.mtime_ns)
        except FileNotFoundError:
            return How.UNDECIDED, part.part_name
        if name is None:
            return How.UNDECIDED, part.part_name
        if mode in IN_PLACE_MODES and mode != OVERWRITE_IN_PLACE_NEVER:
            return How.IN_PLACE, name
        return How.COMPARE, name

    def unfinished(self) -> list[Part]:
        """Files that are not whole."""
        with self._lock:
            return list(self._parts.values())

    def close(self) -> None:
        """Close all descriptors. Nobody may write any more."""
        self._open.close()
        for part in self.unfinished():
            close_part(part)


def _write(part: Part, block: int, offset: int, data: memoryview | None) -> None:
    if data is not None:
        write_at(part.fd, data, offset)
    elif not part.fresh:
        write_zeros(part.fd, offset, part.extent(block)[1])


def _close_whole(part: Part, folder: Folder, mode: int) -> Placed:
    fd, part.fd = part.fd, -1
    if part.how is How.COMPARE:
        with suppress(PermissionError):  # somebody else's file of the same content is as good as ours
            folder.close_file(fd, part.file_name, part.mtime_ns, part.mode)
        kept = mode not in IN_PLACE_MODES and part.file_name != part.name
        return Placed(Outcome.KEPT if kept and part.file_name.endswith(b".jetpart") else Outcome.PLACED, part.file_name)
    folder.close_file(fd, part.file_name, part.mtime_ns, part.mode)
    if part.how is How.IN_PLACE:
        return Placed(Outcome.PLACED, part.name)
    if mode == OVERWRITE_IN_PLACE_NEVER:
        ours, theirs = folder.lstat(part.part_name), folder.lstat(part.name)
        if ours is not None and theirs is not None and ours.st_ino == theirs.st_ino and ours.st_dev == theirs.st_dev:
            folder.unlink(part.part_name)
            return Placed(Outcome.PLACED, part.name)
    return place(folder, mode, part.part_name, part.name)
