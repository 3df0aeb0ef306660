"""What is written but not on the disk yet, and getting it there: when it is asked for, and early.

The disk has little to do while small files are made, and much at the end: a hundred thousand of them take it most of a
second. So a thread of its own flushes already while more is written, never more than half of the time. Measured with
100,000 files of 4 KiB: the last flush takes 0.1 instead of 0.75 s, and the whole work a fifth less.
"""

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Final

from jetstream_server.files.syncing import HAVE_SYNCFS, Dirty, flush
from jetstream_server.files.tree import ReceivingTree

EARLY_BYTES: Final = 64 << 20
"""Unflushed bytes of small files after which flushing begins."""
FILE_COST: Final = 16 << 10
"""Bytes that take the disk as long as one more file does."""

Names = tuple[bytes, Sequence[bytes]]
"""A folder, and names in it."""


class Flusher:
    """Collects what is to be flushed, and flushes it. Thread-safe.

    :param early_bytes: see :data:`EARLY_BYTES`.
    """

    def __init__(self, tree: ReceivingTree, early_bytes: int = EARLY_BYTES) -> None:
        self._tree = tree
        self._early_bytes = early_bytes
        self._state = threading.Condition()
        self._dirty = Dirty()
        self._written: list[int] = []
        self._durable: list[int] = []
        self._flushing = threading.Lock()
        self._lost: OSError | None = None
        self._waiting_bytes = 0
        self._thread: threading.Thread | None = None
        self._idle = False
        self._closed = False

    def __repr__(self) -> str:
        return f"<Flusher {len(self._written)} blocks to flush>"

    def wrote(self, names: Iterable[Names], block: int | None, small_files: int, small_bytes: int) -> None:
        """Files were written.

        :param block: the block that is whole by that.
        :param small_files: how many of them lie within one block; the bytes of others go to the disk as they come.
        """
        with self._state:
            for folder, inside in names:
                self._dirty.add_all(folder, inside)
            if block is not None:
                self._written.append(block)
            self._waiting_bytes += small_files * FILE_COST + small_bytes
            if self._waiting_bytes < self._early_bytes or not HAVE_SYNCFS or not self._dirty.many or self._closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._flush_early, name="flush", daemon=True)
                self._thread.start()
            elif self._idle:
                self._idle = False
                self._state.notify_all()

    def named(self, folder: bytes, old: bytes, new: bytes) -> None:
        """A file has got its name."""
        with self._state:
            self._dirty.renamed(folder, old, new)

    def add(self, folder: bytes, name: bytes) -> None:
        """Something was made."""
        with self._state:
            self._dirty.add(folder, name)

    def add_folder(self, path: bytes) -> None:
        """A folder was set up."""
        with self._state:
            self._dirty.add_folder(path)

    def flush(self) -> list[int]:
        """Wait until what was noted before the call is on the disk; the blocks that no earlier call has returned.

        :raises OSError: if the disk refuses, now or earlier. It stays refused: nobody knows what was lost.
        """
        with self._flushing:
            self._flush()
            with self._state:
                durable, self._durable = self._durable, []
            return durable

    def _flush(self) -> None:
        if self._lost is not None:
            raise self._lost
        with self._state:
            blocks, self._written = self._written, []
            dirty, self._dirty = self._dirty, Dirty()
            self._waiting_bytes = 0
        try:
            flush(dirty, self._tree.folders, self._tree.folders.take_made())
        except OSError as error:
            self._lost = error
            raise
        with self._state:
            self._durable += blocks

    def _flush_early(self) -> None:
        while True:
            with self._state:
                while not self._closed and self._waiting_bytes < self._early_bytes:
                    self._idle = True
                    self._state.wait()
                if self._closed:
                    return
            began = time.perf_counter()
            with self._flushing:
                if self._lost is not None:
                    return
                try:
                    self._flush()
                except OSError:
                    return  # it is kept, and whoever asks to flush hears of it
            took = time.perf_counter() - began
            with self._state:
                self._state.wait_for(lambda: self._closed, took)

    def close(self) -> None:
        """Stop flushing. Nothing may be written any more."""
        with self._state:
            self._closed = True
            self._state.notify_all()
        if self._thread is not None:
            self._thread.join()
