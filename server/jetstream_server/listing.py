"""The documented File Mappings of a manifest's pages: what people and programs see of its entries. Pure."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jetstream_server.files.pages import Kind, Page


def listed(page: Page) -> NDArray[np.bool_]:
    """Which entries have a mapping: all but folders that are not empty."""
    found: NDArray[np.bool_] = np.logical_or(page.kinds != Kind.DIRECTORY, page.empty)
    return found


def listed_counts(pages: Sequence[bytes]) -> list[int]:
    """How many mappings each of the *pages* has."""
    return [int(listed(Page.decode_stored(data)).sum()) for data in pages]


def file_mappings(page: Page, wanted: slice) -> list[dict[str, Any]]:
    """The documented File Mappings of a page, of those the *wanted* ones."""
    return [_file_mapping(page, int(position)) for position in np.flatnonzero(listed(page))[wanted]]


def shared_files(page: Page, first_entry: int, wanted: slice) -> list[dict[str, Any]]:
    """The same for a page of another node's manifest: without sources, with the number of each entry."""
    result = []
    for position in np.flatnonzero(listed(page))[wanted].tolist():
        mapping = _file_mapping(page, position)
        del mapping["srcPath"]
        result.append({"entry": first_entry + position, **mapping})
    return result


def files_of(pages: Sequence[bytes], offset: int, limit: int) -> tuple[list[dict[str, Any]], int | None]:
    """Mappings from number *offset* on of all *pages* together, and the offset of the next; ``None`` after the last."""
    result: list[dict[str, Any]] = []
    first_entry = first = 0
    for data in pages:
        page = Page.decode_stored(data)
        count = int(listed(page).sum())
        if first + count > offset and len(result) < limit:
            result += shared_files(page, first_entry, slice(max(0, offset - first), offset - first + limit))
        first_entry, first = first_entry + len(page), first + count
    following = offset + len(result)
    return result, following if following < first and result else None


def _file_mapping(page: Page, position: int) -> dict[str, Any]:
    kind = page.kinds[position]
    source = page.source(position)
    return {
        "srcPath": os.fsdecode(source) if source is not None else "",
        "destPath": os.fsdecode(page.target(position)),
        "fileSize": int(page.sizes[position]) if kind == Kind.FILE else 0,
        "isEmptyDir": bool(kind == Kind.DIRECTORY),
        "isSymlink": bool(kind == Kind.SYMLINK),
        "executable": bool(kind == Kind.FILE and int(page.modes[position]) & 0o111),
        "modificationTime": int(page.mtimes[position]) // 1000,
    }
