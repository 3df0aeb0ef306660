"""Where received blocks go: hashed, written, remembered until a checkpoint covers them. Called from carrier threads."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from blake3 import blake3

from jetstream_server.files.errors import DiskFull
from jetstream_server.files.layout import Layout
from jetstream_server.files.writer import TreeWriter
from jetstream_server.link.blockmap import BlockMap, Range, as_ranges
from jetstream_server.link.errors import PeerViolation
from jetstream_server.records import StoredBlocks

LOOK_AGAIN_SECONDS: Final = 2.0
HASH_BYTES: Final = 32


class ReceiveSink:
    """Keeps blocks.

    When the disk is full the threads wait here until there is room, so the sender stops by itself and nothing is lost.

    :param have: blocks that are there already.
    :param on_all_here: called from a carrier's thread when the last missing block is written.
    :param on_held: called from a carrier's thread with a sentence when the disk is full, with '' when it is no longer.
    """

    def __init__(
        self,
        writer: TreeWriter,
        layout: Layout,
        have: Iterable[Range],
        on_all_here: Callable[[], None],
        on_held: Callable[[str], None],
    ) -> None:
        self._writer = writer
        self._layout = layout
        self._arrived = BlockMap(layout.block_count)
        for first, count in have:
            self._arrived.add_range(first, count)
        self._on_all_here = on_all_here
        self._on_held = on_held
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._fresh: list[int] = []
        self._hashes: dict[int, bytes] = {}
        self._held = 0
        self.gap_entries: set[int] = set()

    def block_length(self, block: int) -> int:
        """See :class:`~jetstream_server.link.carrier.BlockSink`. A block that is none ends the session: whoever has
        its key sent it.
        """
        if not 0 <= block < self._layout.block_count:
            raise PeerViolation("The other node sent a block that is not part of the transfer.")
        return self._layout.block_length(block)

    def store(self, block: int, data: memoryview, *, zero: bool, gaps: Sequence[int]) -> None:
        """See :class:`~jetstream_server.link.carrier.BlockSink`."""
        digest = blake3(bytes(self.block_length(block)) if zero else data).digest()
        while True:
            try:
                self._writer.write(block, data, zero=zero, gaps=gaps)
                break
            except DiskFull as error:
                self._hold(str(error))
                if self._stopped.wait(LOOK_AGAIN_SECONDS):
                    raise ConnectionAbortedError("stopped while the disk was full") from error
        self._release()
        with self._lock:
            self._fresh.append(block)
            if gaps:
                self.gap_entries.update(gaps)
            else:
                self._hashes[block] = digest
            last = self._arrived.add(block) and self._arrived.full
        if last:
            self._on_all_here()

    def _hold(self, message: str) -> None:
        with self._lock:
            first, self._held = not self._held, 1
        if first:
            self._on_held(message)

    def _release(self) -> None:
        if self._held:
            with self._lock:
                was, self._held = self._held, 0
            if was:
                self._on_held("")

    def take_fresh(self) -> list[int]:
        """Blocks written since the last call: what the next report to the sender says."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
        return fresh

    def hashes_of(self, durable: Iterable[int]) -> list[StoredBlocks]:
        """The hashes of blocks that are on the disk now, for the checkpoint; they are handed out once."""
        with self._lock:
            found = {block: self._hashes.pop(block) for block in durable if block in self._hashes}
        return _in_runs(found)

    def stop(self) -> None:
        """Let threads go that wait for disk space."""
        self._stopped.set()


def verify_stored(
    writer: TreeWriter, layout: Layout, stored: Sequence[StoredBlocks], stop: threading.Event
) -> set[int]:
    """The blocks of a checkpoint whose content on the disk still has the promised hash. Blocking."""
    buffer = memoryview(bytearray(max((layout.block_length(0) if layout.block_count else 0), 1)))
    good: set[int] = set()
    for run in stored:
        for offset in range(run.count):
            if stop.is_set():
                return good
            block = run.first + offset
            expected = run.hashes[offset * HASH_BYTES : (offset + 1) * HASH_BYTES]
            if block >= layout.block_count:
                continue
            length = layout.block_length(block)
            if writer.read_back(block, buffer) and blake3(buffer[:length]).digest() == expected:
                good.add(block)
    return good


def still_good(stored: Sequence[StoredBlocks], good: set[int]) -> list[StoredBlocks]:
    """What of a checkpoint remains if only the *good* blocks are there."""
    hashes = {
        run.first + offset: run.hashes[offset * HASH_BYTES : (offset + 1) * HASH_BYTES]
        for run in stored
        for offset in range(run.count)
        if run.first + offset in good
    }
    return _in_runs(hashes)


def _in_runs(hashes: Mapping[int, bytes]) -> list[StoredBlocks]:
    return [
        StoredBlocks(first=first, hashes=b"".join(hashes[block] for block in range(first, first + count)))
        for first, count in as_ranges(hashes)
    ]
