"""Where each entry's bytes lie in the stream of a manifest. Pure, but for the function that loads a page.

The stream is every regular file end to end, in manifest order, cut into blocks of ``BLOCK_SIZE``. Pages are kept as
bytes by whoever owns them and decoded when needed; only a few decoded ones stay in memory.
"""

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from jetstream.constants import BLOCK_SIZE
from jetstream_server.files.errors import DamagedPage
from jetstream_server.files.pages import DEFAULT_LIMITS, Kind, Page

DECODED_PAGES = 32
"""Decoded pages kept, about half a mebibyte each: each takes a millisecond to decode, and every pass wants them."""


class Piece(NamedTuple):
    """A stretch of one file within one block."""

    entry: int
    offset_in_file: int
    length: int
    offset_in_block: int


_new_piece: Callable[[tuple[int, int, int, int]], Piece] = partial(tuple.__new__, Piece)
"""A piece from a row of columns; a third of the time that a call of the class takes."""


class Run(NamedTuple):
    """The pieces of a block that lie in one page, as columns; *positions* count within the page."""

    page: Page
    first_entry: int
    positions: list[int]
    offsets: list[int]
    lengths: list[int]
    at: list[int]
    """Where each piece lies in the block."""
    sizes: list[int]
    """Whole size of the file that each piece is of."""


class _Wide(NamedTuple):
    """A file of several blocks, and where it lies in the stream."""

    begin: int
    end: int
    page: Page
    first_entry: int
    position: int


class EntryView(NamedTuple):
    """One entry, whole."""

    number: int
    components: tuple[bytes, ...]
    """The target's names."""
    kind: Kind
    size: int
    mtime_ns: int
    mode: int
    empty: bool
    link: bytes | None
    source: bytes | None
    """Absolute path on the sending node, ``None`` on the receiving one."""

    @property
    def target(self) -> bytes:
        """The target path."""
        return b"/".join(self.components)


class Layout:
    """Entries, pieces and blocks of one manifest. Thread-safe.

    :param page_starts: number of the first entry and offset in the stream of the first byte, for each page in order.
    :param load_page: the bytes of a page by number, stored or wire form. Called from any thread that asks for a block
        or an entry; the answer must never change.
    :param block_size: bytes in a block; both nodes must agree.
    :param decoded: the first pages, where they are decoded already.
    """

    def __init__(
        self,
        page_starts: Sequence[tuple[int, int]],
        load_page: Callable[[int], bytes],
        *,
        block_size: int = BLOCK_SIZE,
        decoded: Sequence[Page] = (),
    ) -> None:
        self.block_size = block_size
        self._load = load_page
        self._first_entries = [entry for entry, _ in page_starts]
        self._first_bytes = [byte for _, byte in page_starts]
        self._decoded: OrderedDict[int, Page] = OrderedDict(enumerate(decoded))
        self._lock = threading.Lock()
        self._wide: _Wide | None = None
        self.entries = 0
        """How many entries there are."""
        self.total_bytes = 0
        """Length of the stream."""
        if page_starts:
            last = self.page(len(page_starts) - 1)
            self.entries = self._first_entries[-1] + len(last)
            self.total_bytes = self._first_bytes[-1] + last.total_bytes
        self.block_count = -(-self.total_bytes // block_size)

    @classmethod
    def from_pages(cls, pages: Sequence[bytes], *, block_size: int = BLOCK_SIZE) -> "Layout":
        """The layout of *pages*, stored or wire form, all in memory.

        :raises DamagedPage: if a page is malformed or all files together are too large.
        """
        starts: list[tuple[int, int]] = []
        decoded: list[Page] = []
        entry = byte = 0
        for data in pages:
            page = Page.decode_stored(data)
            if len(decoded) < DECODED_PAGES:
                decoded.append(page)
            starts.append((entry, byte))
            entry += len(page)
            byte += page.total_bytes
        if byte > DEFAULT_LIMITS.total:
            raise DamagedPage("sizes", f"more than {DEFAULT_LIMITS.total} bytes")
        return cls(starts, pages.__getitem__, block_size=block_size, decoded=decoded)

    def __repr__(self) -> str:
        return f"<Layout {self.entries} entries, {self.block_count} blocks>"

    def page(self, number: int) -> Page:
        """A decoded page."""
        with self._lock:
            page = self._decoded.get(number)
            if page is not None:
                self._decoded.move_to_end(number)
                return page
        page = Page.decode_stored(self._load(number))
        with self._lock:
            self._decoded[number] = page
            if len(self._decoded) > DECODED_PAGES:
                self._decoded.popitem(last=False)
        return page

    def pages(self) -> Iterator[tuple[int, Page]]:
        """All pages in order, each with the number of its first entry."""
        for number, first_entry in enumerate(self._first_entries):
            yield first_entry, self.page(number)

    def block_length(self, block: int) -> int:
        """Bytes in *block*: all are equally long but the last."""
        self._check(block)
        return min(self.block_size, self.total_bytes - block * self.block_size)

    def _check(self, block: int) -> None:
        if not 0 <= block < self.block_count:
            raise IndexError(f"block {block} of {self.block_count}")

    def first_entry(self, block: int) -> int:
        """Number of the entry whose bytes *block* begins with."""
        self._check(block)
        start = block * self.block_size
        number = bisect_right(self._first_bytes, start) - 1
        page = self.page(number)
        at = int(np.searchsorted(page.stream_ends, start - self._first_bytes[number], side="right"))
        return self._first_entries[number] + int(page.in_stream[at])

    def runs(self, block: int) -> list[Run]:
        """What *block* consists of, page by page."""
        self._check(block)
        start = block * self.block_size
        end = min(start + self.block_size, self.total_bytes)
        wide = self._wide
        if wide is not None and wide.begin <= start and end <= wide.end:
            # Most blocks of a large file: ten calls of numpy each would be a tenth of the processor's time for it.
            place, size = start - wide.begin, wide.end - wide.begin
            return [Run(wide.page, wide.first_entry, [wide.position], [place], [end - start], [0], [size])]
        runs = self._runs(start, end)
        if len(runs) == 1 and len(runs[0].positions) == 1 and runs[0].sizes[0] > end - start:
            run = runs[0]
            begin = start - run.offsets[0]
            self._wide = _Wide(begin, begin + run.sizes[0], run.page, run.first_entry, run.positions[0])
        return runs

    def _runs(self, start: int, end: int) -> list[Run]:
        number = bisect_right(self._first_bytes, start) - 1
        runs = []
        while number < len(self._first_bytes) and self._first_bytes[number] < end:
            run = _run(self.page(number), self._first_entries[number], start - self._first_bytes[number], end - start)
            if run is not None:
                runs.append(run)
            number += 1
        return runs

    def pieces(self, block: int) -> list[Piece]:
        """What *block* consists of, in order and without gaps."""
        pieces: list[Piece] = []
        for run in self.runs(block):
            entries = [run.first_entry + position for position in run.positions]
            pieces += map(_new_piece, zip(entries, run.offsets, run.lengths, run.at, strict=True))
        return pieces

    def locate(self, entry: int) -> tuple[Page, int]:
        """The page of an entry and its position there."""
        if not 0 <= entry < self.entries:
            raise IndexError(f"entry {entry} of {self.entries}")
        number = bisect_right(self._first_entries, entry) - 1
        return self.page(number), entry - self._first_entries[number]

    def entry(self, entry: int) -> EntryView:
        """Everything about one entry."""
        page, position = self.locate(entry)
        return EntryView(
            number=entry,
            components=tuple(page.target(position).split(b"/")),
            kind=Kind(int(page.kinds[position])),
            size=int(page.sizes[position]),
            mtime_ns=int(page.mtimes[position]),
            mode=int(page.modes[position]),
            empty=bool(page.empty[position]),
            link=page.links.get(position),
            source=page.source(position),
        )

    def stream_range(self, entry: int) -> tuple[int, int]:
        """Where the bytes of an entry begin in the stream, and how many they are; ``(0, 0)`` if it has none."""
        page, position = self.locate(entry)
        at = int(np.searchsorted(page.in_stream, position))
        if at >= len(page.in_stream) or int(page.in_stream[at]) != position:
            return 0, 0
        number = bisect_right(self._first_entries, entry) - 1
        size = int(page.sizes[position])
        return self._first_bytes[number] + int(page.stream_ends[at]) - size, size

    def blocks_of(self, entry: int) -> range:
        """The blocks that hold bytes of an entry; empty for what has no content."""
        first, size = self.stream_range(entry)
        return range(first // self.block_size, -(-(first + size) // self.block_size)) if size else range(0)


def _run(page: Page, first_entry: int, start: int, length: int) -> Run | None:
    """The pieces of *page* within *length* bytes from *start* on; both count from the page's first byte."""
    ends = page.stream_ends
    low = int(np.searchsorted(ends, start, side="right"))
    high = int(np.searchsorted(ends, start + length, side="left")) + 1
    positions = page.in_stream[low:high]
    if not len(positions):
        return None
    ends = ends[low:high]
    sizes = page.sizes[positions]
    begins = ends - sizes
    cut = np.maximum(begins, start)
    return Run(
        page,
        first_entry,
        positions.tolist(),
        (cut - begins).tolist(),
        (np.minimum(ends, start + length) - cut).tolist(),
        (cut - start).tolist(),
        sizes.tolist(),
    )
