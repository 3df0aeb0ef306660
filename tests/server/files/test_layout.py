"""The stream: every byte of every file lies at exactly one place."""

import tracemalloc
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream.constants import BLOCK_SIZE
from jetstream_server.files.layout import Layout
from jetstream_server.files.pagebuilder import PageBuilder
from jetstream_server.files.pages import Kind, wire_form

SIZES = st.one_of(
    st.integers(0, 3), st.integers(0, 5000), st.integers(BLOCK_SIZE - 2, BLOCK_SIZE + 2), st.integers(0, 5 * BLOCK_SIZE)
)


def pages_of(sizes: list[int], per_page: int = 4096) -> list[bytes]:
    pages = []
    builder = PageBuilder()
    for number, size in enumerate(sizes):
        if size < 0:
            builder.add(b"", b"d%d" % number, Kind.DIRECTORY, 0, 0, 0o755, source_folder=b"/s")
        else:
            builder.add(b"d", b"f%d" % number, Kind.FILE, size, number, 0o644, source_folder=b"/s")
        if len(builder) >= per_page:
            pages.append(builder.take())
    if len(builder):
        pages.append(builder.take())
    return pages


@given(st.lists(st.one_of(SIZES, st.just(-1)), max_size=40), st.integers(1, 9))
def test_pieces_cover_the_stream_once(sizes: list[int], per_page: int) -> None:
    layout = Layout.from_pages(pages_of(sizes, per_page))
    files = [max(size, 0) for size in sizes]
    assert layout.entries == len(sizes)
    assert layout.total_bytes == sum(files)
    assert layout.block_count == -(-sum(files) // BLOCK_SIZE)
    seen = [0] * len(sizes)
    previous = -1
    for block in range(layout.block_count):
        at = 0
        assert layout.first_entry(block) == layout.pieces(block)[0].entry
        for piece in layout.pieces(block):
            assert piece.offset_in_block == at
            assert piece.offset_in_file == seen[piece.entry]
            assert piece.length > 0
            assert piece.entry >= previous
            assert block in layout.blocks_of(piece.entry)
            seen[piece.entry] += piece.length
            at += piece.length
            previous = piece.entry
        assert at == layout.block_length(block)
    assert seen == files
    first = 0
    for entry, size in enumerate(files):
        assert layout.entry(entry).size == size
        blocks = layout.blocks_of(entry)
        if size:
            assert (blocks.start, blocks.stop - 1) == (first // BLOCK_SIZE, (first + size - 1) // BLOCK_SIZE)
            assert layout.stream_range(entry) == (first, size)
        else:
            assert len(blocks) == 0
        first += size


@given(st.lists(SIZES, min_size=1, max_size=12), st.integers(1, 5), st.randoms(use_true_random=False))
def test_what_was_asked_before_changes_no_answer(sizes: list[int], per_page: int, random: Random) -> None:
    pages = pages_of(sizes, per_page)
    asked = Layout.from_pages(pages)
    blocks = [random.randrange(asked.block_count) for _ in range(30)] if asked.block_count else []
    for block in blocks:
        runs = asked.runs(block)
        fresh = Layout.from_pages(pages).runs(block)
        assert [run[1:] for run in runs] == [run[1:] for run in fresh]
        assert [run.page.names for run in runs] == [run.page.names for run in fresh]
        for run in runs:
            assert run.sizes == [sizes[run.first_entry + position] for position in run.positions]


def test_entries() -> None:
    builder = PageBuilder()
    builder.add(b"", b"d", Kind.DIRECTORY, 0, 7, 0o700, source_folder=b"/s", source_name=b"other", empty=True)
    builder.add(b"d", b"f", Kind.FILE, 9, 8, 0o640, source_folder=b"/s/other")
    builder.add(b"d", b"l", Kind.SYMLINK, 0, 9, 0o777, source_folder=b"/s/other", link=b"f")
    stored = builder.take()
    layout = Layout.from_pages([stored])
    folder, file, link = (layout.entry(number) for number in range(3))
    assert (folder.target, folder.kind, folder.empty, folder.source) == (b"d", Kind.DIRECTORY, True, b"/s/other")
    assert (file.components, file.size, file.mtime_ns, file.mode) == ((b"d", b"f"), 9, 8, 0o640)
    assert file.source == b"/s/other/f"
    assert (link.kind, link.link) == (Kind.SYMLINK, b"f")
    assert Layout.from_pages([wire_form(stored)]).entry(1).source is None


def test_nothing() -> None:
    layout = Layout.from_pages([])
    assert (layout.entries, layout.total_bytes, layout.block_count) == (0, 0, 0)
    with pytest.raises(IndexError):
        layout.pieces(0)
    with pytest.raises(IndexError):
        layout.entry(0)
    with pytest.raises(IndexError):
        layout.block_length(0)


def test_pages_are_loaded_when_needed() -> None:
    pages = pages_of([BLOCK_SIZE] * 300, per_page=10)
    starts = [(number * 10, number * 10 * BLOCK_SIZE) for number in range(30)]
    loaded: list[int] = []

    def load(number: int) -> bytes:
        loaded.append(number)
        return pages[number]

    layout = Layout(starts, load)
    assert loaded == [29]
    assert layout.total_bytes == 300 * BLOCK_SIZE
    assert layout.pieces(155)[0].entry == 155
    assert loaded == [29, 15]
    for block in range(300):
        layout.pieces(block)
    assert len(loaded) < 40


def test_memory_of_many_entries() -> None:
    builder = PageBuilder()
    tracemalloc.start()
    try:
        pages = []
        count = 100_000
        names = [b"file%07d.dat" % number for number in range(count)]
        done = 0
        while done < count:
            part = names[done : done + 4096]
            folder = b"f/%d" % (done // 100)
            sizes, times, modes = ([value] * len(part) for value in (4096, 10**18, 0o644))
            done += builder.add_files(folder, b"/s/" + folder, part, sizes, times, modes)
            pages.append(builder.take())
        del names
        layout = Layout.from_pages(pages)
        for block in range(0, layout.block_count, 7):
            layout.pieces(block)
        used, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert layout.entries == count
    # Of the decoded pages only a fixed number stays; the rest is the pages' own bytes.
    assert used - 16 * 600_000 < 60 * count
