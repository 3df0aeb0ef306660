"""How much of a transfer is there, in files; and what became of it, in a sentence. Pure."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from jetstream.constants import BLOCK_SIZE
from jetstream_server.files.errors import printable
from jetstream_server.files.finishing import FinishReport
from jetstream_server.files.layout import Layout
from jetstream_server.link.blockmap import Range

NAMED: Final = 3
LISTED: Final = 1000


def blocks_of_file_ends(layout: Layout) -> NDArray[np.int64]:
    """For each file that is not empty the block that holds its last byte, in order."""
    first_byte = 0
    found: list[NDArray[np.int64]] = []
    for _, page in layout.pages():
        ends = page.stream_ends
        found.append((ends[np.diff(ends, prepend=0) > 0] - 1 + first_byte) // BLOCK_SIZE)
        first_byte += page.total_bytes
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


class FileCount:
    """How many files are there, judged by their last blocks: exact when all is there, close to it on the way."""

    def __init__(self, layout: Layout) -> None:
        self._ends = blocks_of_file_ends(layout)
        self.files = 0

    def arrived(self, ranges: Iterable[Range]) -> None:
        """These blocks are there now; each is told once."""
        for first, count in ranges:
            self.files += int(np.searchsorted(self._ends, first + count) - np.searchsorted(self._ends, first))


def report_sentence(report: FinishReport) -> str:
    """What a person should know of a finished transfer beyond that it is complete; empty if nothing."""
    parts = [
        _part(report.kept, report.kept_count, "kept beside an existing one"),
        _part(report.skipped, report.skipped_count, "left as it was"),
        _part(report.renamed, report.renamed_count, "renamed to keep both"),
        _part(report.links_refused, report.links_refused_count, "not made because the link leads out of the folder"),
    ]
    return " ".join(part for part in parts if part)


def failures(layout: Layout | None, entries: Sequence[int], reasons: Mapping[int, str]) -> tuple[tuple[str, str], ...]:
    """Target and reason of entries that were not delivered, the first :data:`LISTED` of them."""
    if layout is None:
        return ()
    known = [entry for entry in sorted(entries)[:LISTED] if entry < layout.entries]
    return tuple((printable(os.fsdecode(layout.entry(entry).target)), reasons.get(entry, "could not be read as listed"))
                 for entry in known)


def _part(paths: tuple[str, ...], count: int, what: str) -> str:
    if not count:
        return ""
    names = ", ".join(paths[:NAMED])
    if count > NAMED:
        return f"{names} and {count - NAMED} more: {what}."
    return f"{names}: {what}."
