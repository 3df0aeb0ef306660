"""Pages of file mappings over pages of entries."""

import pytest

from jetstream_server.files.pagebuilder import PageBuilder
from jetstream_server.files.pages import Kind
from jetstream_server.listing import files_of


def made(counts: list[int]) -> list[bytes]:
    pages = []
    for page, count in enumerate(counts):
        builder = PageBuilder()
        builder.add(b"", b"folder%d" % page, Kind.DIRECTORY, 0, 0, 0o755, source_folder=b"/s")
        for number in range(count):
            builder.add(b"d", b"%d-%d" % (page, number), Kind.FILE, 1, 0, 0o644, source_folder=b"/s")
        pages.append(builder.take())
    return pages


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_every_file_once_whatever_the_page(limit: int) -> None:
    pages = made([3, 0, 4, 2])
    found = []
    offset: int | None = 0
    while offset is not None:
        files, offset = files_of(pages, offset, limit)
        assert len(files) <= limit
        found += files
    assert [file["destPath"] for file in found] == [
        f"d/{page}-{number}" for page, count in enumerate([3, 0, 4, 2]) for number in range(count)]
    assert [file["entry"] for file in found] == [1, 2, 3, 6, 7, 8, 9, 11, 12]


def test_beyond_the_end_and_nothing() -> None:
    assert files_of(made([2]), 9, 5) == ([], None)
    assert files_of([], 0, 5) == ([], None)
