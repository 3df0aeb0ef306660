"""A part of a manifest: the entries that somebody chose, as pages of their own. Pure.

The same choice of the same pages always makes the same pages, so that a download that was broken off can go on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jetstream_server.files.pages import Kind, Page
from jetstream_server.files.pagestream import LocalPage, PageStream


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen entries. *pages* are in stored form; *digest* is that of their wire forms."""

    pages: Sequence[bytes]
    files: int
    size: int
    entries: int
    digest: bytes


def choose(pages: Sequence[bytes], ranges: Sequence[tuple[int, int]], entries: int) -> Choice:
    """The *ranges* (first, count) of the *entries* in *pages* (stored form), in the same order.

    The folders above a chosen entry come along: they carry its folder's times and permissions.
    """
    wanted = np.zeros(entries, np.bool_)
    for first, count in ranges:
        wanted[first : first + count] = True
    folders = _folders_above(pages, wanted)
    made: list[LocalPage] = []
    stream = PageStream(made.extend)
    for first, page in _decoded(pages):
        for position in np.flatnonzero(_along(page, wanted[first : first + len(page)], folders)).tolist():
            _copy(page, position, stream)
    stream.finish()
    return Choice([page.data for page in made], stream.files, stream.size, stream.entries, stream.digest)


def _decoded(pages: Sequence[bytes]) -> Iterator[tuple[int, Page]]:
    first = 0
    for data in pages:
        page = Page.decode_stored(data)
        yield first, page
        first += len(page)


def _folders_above(pages: Sequence[bytes], wanted: NDArray[np.bool_]) -> set[bytes]:
    found: set[bytes] = set()
    for first, page in _decoded(pages):
        for number in np.unique(page.directory[wanted[first : first + len(page)]]).tolist():
            folder = page.directories[number]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition(b"/")[0]
    return found


def _along(page: Page, wanted: NDArray[np.bool_], folders: set[bytes]) -> NDArray[np.bool_]:
    along = wanted.copy()
    for position in np.flatnonzero(page.kinds == Kind.DIRECTORY).tolist():
        if page.target(position) in folders:
            along[position] = True
    return along


def _copy(page: Page, position: int, stream: PageStream) -> None:
    assert page.source_directory is not None
    assert page.source_names is not None
    name = page.names[position]
    stream.add(
        page.directories[int(page.directory[position])], name, Kind(int(page.kinds[position])),
        int(page.sizes[position]), int(page.mtimes[position]), int(page.modes[position]),
        source_folder=page.source_directories[int(page.source_directory[position])],
        source_name=page.source_names.get(position, name), empty=bool(page.empty[position]),
        link=page.links.get(position),
    )  # fmt: skip
