"""Turns blocks into a tree of files: in any order, from many threads, again after any crash.

A file is written beside its final name, as ``.<8 hex>-<number>.jetpart``, and renamed when it is whole; the in-place
modes write to the final name. Everything is opened relative to open folders, and no link is followed below the root.

A life::

    writer = TreeWriter(...)
    writer.prepare()
    # after a crash, for each block of the checkpoint: read_back, compare the hash, collect; then
    missing_after_all = writer.mark_have(verified)
    writer.write(block, data)            # from up to 16 threads; meanwhile, from another one:
    durable = writer.flush()             # goes into the checkpoint
    report = writer.finish(failed)       # or discard()
    writer.close()
"""

import threading
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from jetstream_server.files.bigfiles import BigFiles
from jetstream_server.files.errors import WriteFailed
from jetstream_server.files.finishing import Finisher, FinishReport, discard, remove_failed
from jetstream_server.files.flushing import Flusher, Names
from jetstream_server.files.folders import HAVE_DIR_FD
from jetstream_server.files.lane import Lane
from jetstream_server.files.layout import Layout, Run
from jetstream_server.files.readback import read_back
from jetstream_server.files.rows import RowWriter
from jetstream_server.files.smallfiles import SmallFiles
from jetstream_server.files.tree import ReceivingTree, join

KEEP_OPEN: Final = 64
MOST_BLOCKS: Final = 1 << 34
"""There is a byte in memory for each; zero pages that are never touched cost nothing."""


class TreeWriter:
    """Writes one manifest below a folder.

    :param root: the sandbox. It must exist; the way to it may lead over links, nothing below it may.
    :param destination_path: folder below *root*, ``""`` for itself.
    :param layout: the manifest.
    :param overwrite_mode: one of the ``OVERWRITE_`` constants.
    :param transfer_uid: names the part files, so it must be unique among all that this node receives, whoever sends:
        a uid that a sender chose has to be joined with what that sender is known by.
    :param lane: shared with other writers and readers of the process, see :class:`Lane`.
    :param keep_open: folders, and files of several blocks, to keep open while nobody uses them.
    :param by_descriptor: see :func:`jetstream_server.files.folders.open_root`.
    :raises UnsafePath: if *destination_path* is.
    :raises WriteFailed: if the manifest is larger than 16 PiB.
    """

    def __init__(
        self,
        root: Path,
        destination_path: str,
        layout: Layout,
        overwrite_mode: int,
        transfer_uid: str,
        *,
        lane: Lane | None = None,
        keep_open: int = KEEP_OPEN,
        by_descriptor: bool = HAVE_DIR_FD,
    ) -> None:
        tree = ReceivingTree(
            root, destination_path, layout, overwrite_mode, transfer_uid, keep_open, by_descriptor
        )
        self._tree = tree
        self._layout = layout
        self._lane = lane or Lane()
        if layout.block_count > MOST_BLOCKS:
            raise WriteFailed(destination_path or ".", "the manifest is larger than this node can take")
        self._have = bytearray(layout.block_count)
        self._small = SmallFiles(overwrite_mode, tree.umask)
        self._flusher = Flusher(tree)
        self._big = BigFiles(tree, self._have, self._flusher.named, keep_open)
        self._rows = RowWriter(tree, self._small, self._big.failed)
        self._state = threading.Condition()
        self._under_way: set[int] = set()
        self._resumed = False

    def __repr__(self) -> str:
        return f"<TreeWriter {self._have.count(1)} of {len(self._have)} blocks>"

    def __enter__(self) -> "TreeWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def prepare(self) -> None:
        """Open the root and make the destination folder; other folders are made when a file needs them.

        :raises UnsafePath: if a link is on the way to the destination.
        :raises WriteFailed: if the root is missing or the destination cannot be made.
        """
        self._tree.open()

    def close(self) -> None:
        """Close all descriptors; nothing is removed. No thread may be writing any more."""
        self._flusher.close()
        self._big.close()
        self._tree.close()

    @property
    def missing(self) -> int:
        """Blocks that are not there yet."""
        return self._have.count(0)

    def write(
        self, block: int, data: memoryview, *, zero: bool = False, gaps: Collection[int] = ()
    ) -> None:
        """Store a block; when this returns, other processes see it. A block that is there already does nothing.

        Files whose last piece it brings get their final names.

        :param data: its bytes; not looked at if *zero*.
        :param zero: the block is zero bytes from end to end; holes are left where possible.
        :param gaps: entries whose bytes in this block are not real. They do not become whole in this session.
        :raises DiskFull: if there is no room; the block may be written again later.
        :raises WriteFailed: if the system refuses; names the path.
        :raises UnsafePath: if a link lies where a folder is needed.
        :raises ValueError: if the length is wrong or a gap lies outside of the block.
        :raises IndexError: if there is no such block.
        """
        runs = self._layout.runs(block)
        if not zero and len(data) != self._layout.block_length(block):
            raise ValueError(f"block {block} has {self._layout.block_length(block)} bytes, not {len(data)}")
        if gaps:
            _check_gaps(runs, gaps)
            self._big.fail(gaps)
        if not self._claim(block):
            return
        work = _Work()
        stored = False
        try:
            for run in runs:
                self._write_run(run, block, None if zero else data, work)
            stored = True
        finally:
            self._settle(block, work, stored=stored, whole=not gaps)

    def _claim(self, block: int) -> bool:
        """Whether the block is to be written, by this thread alone; waits while another one writes it."""
        with self._state:
            while block in self._under_way:
                self._state.wait()
            if self._have[block]:
                return False
            self._under_way.add(block)
            return True

    def _settle(self, block: int, work: "_Work", *, stored: bool, whole: bool) -> None:
        promised = block if stored and whole else None
        self._flusher.wrote(work.names, promised, work.small_files, work.small_bytes)
        with self._state:
            self._under_way.discard(block)
            if stored:
                self._have[block] = 1
            self._state.notify_all()

    def _write_run(self, run: Run, block: int, data: memoryview | None, work: "_Work") -> None:
        small: list[tuple[int, int]] = []
        small_bytes = 0
        big: list[tuple[int, int, int, int]] = []
        for position, offset, length, at, size in zip(*run[2:], strict=True):
            if length == size:
                small.append((position, at))
                small_bytes += size
            else:
                big.append((position, offset, length, at))
        if small:  # first, because a row is written faster where no large file has made its folder yet
            with self._lane.turn(len(small)):
                self._rows.write(run, small, data, work.names)
            work.small_files += len(small)
            work.small_bytes += small_bytes
        for position, offset, length, at in big:
            self._write_big(run, position, block, offset, None if data is None else data[at : at + length], work)

    def _write_big(
        self, run: Run, position: int, block: int, offset: int, content: memoryview | None, work: "_Work"
    ) -> None:
        page = run.page
        try:
            part = self._big.write(page, position, run.first_entry + position, block, offset, content)
        except OSError as error:
            folder = self._tree.folder(page.directories[int(page.directory[position])])
            raise self._tree.problem(join(folder, page.names[position]), error) from error
        if part is not None:
            work.names.append((part.folder, (part.file_name,)))

    def flush(self) -> list[int]:
        """Put on the disk what was written before the call; other threads may go on writing.

        Returns the blocks that became durable, data and names, and that no earlier call has returned. A block with gaps
        is never among them: after a restart it is to be asked for again.

        :raises WriteFailed: if the disk refuses. What was not returned must be taken as lost: the session is over,
            and every later call fails as well.
        """
        try:
            return self._flusher.flush()
        except OSError as error:
            raise self._tree.problem(self._tree.destination or b".", error) from error

    def read_back(self, block: int, buffer: memoryview) -> bool:
        """Fill *buffer* with what is on the disk of *block*; ``False`` if something is missing.

        For verifying a checkpoint after a crash, before :meth:`mark_have`; the caller compares the content's hash.
        """
        return read_back(self._tree, block, buffer)

    def mark_have(self, blocks: Iterable[int]) -> list[int]:
        """Say, before the first write, which blocks an earlier session has stored, as :meth:`read_back` has shown.

        Files that are whole by that get their final names. Returns those blocks that are missing after all, because a
        file they belong to has disappeared: they have to be sent again.

        :raises ContentError: if a file cannot be opened or named.
        """
        blocks = list(blocks)
        for block in blocks:
            self._have[block] = 1
        self._resumed = self._resumed or bool(blocks)
        with self._tree.problems(self._tree.destination or b"."):
            return sorted(self._big.adopt(blocks))

    def finish(self, failed_entries: Collection[int] = ()) -> FinishReport:
        """All blocks are there: make empty files, folders and links, set the folders' times and permissions, flush.

        May be repeated after a crash.

        :param failed_entries: files that the sender could not deliver; what there is of them is removed. A file of
            several blocks that has arrived whole nevertheless counts as delivered.
        :raises ValueError: if blocks are missing.
        :raises ContentError: if something cannot be made.
        """
        if self.missing:
            raise ValueError(f"{self.missing} blocks are missing")
        self._big.fail(failed_entries)
        failed = self._big.failed
        unfinished = self._big.unfinished()
        lost = next((part for part in unfinished if part.entry not in failed), None)
        if lost is not None:
            raise WriteFailed(lost.target, "is not whole although all blocks are there")
        self._big.close()
        remove_failed(self._tree, failed, unfinished)
        finisher = Finisher(self._tree, self._small, self._flusher.add, self._flusher.add_folder)
        report = finisher.finish(failed, self._resumed)
        self.flush()
        return report

    def discard(self) -> None:
        """Remove all part files of this transfer; files that have their final names stay.

        :raises ContentError: if that fails.
        """
        self._big.close()
        try:
            discard(self._tree)
        except OSError as error:
            raise self._tree.problem(self._tree.destination or b".", error) from error


class _Work:
    """What writing one block has done so far."""

    __slots__ = ("names", "small_bytes", "small_files")

    def __init__(self) -> None:
        self.names: list[Names] = []
        self.small_files = 0
        self.small_bytes = 0


def _check_gaps(runs: Sequence[Run], gaps: Collection[int]) -> None:
    entries = {run.first_entry + position for run in runs for position in run.positions}
    if not entries.issuperset(gaps):
        raise ValueError("a gap lies outside of the block")

