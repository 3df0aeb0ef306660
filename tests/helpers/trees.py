"""Trees of files to send, and what a tree looks like."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jetstream_server.files.layout import Layout
from jetstream_server.files.pages import wire_form
from jetstream_server.files.pagestream import LocalPage
from jetstream_server.files.reader import BlockReader
from jetstream_server.files.scan import ScanResult, scan

BASE_TIME = 1_700_000_000_123_456_789


def build(root: Path, spec: Mapping[str, Any]) -> Path:
    """Make a tree: bytes are files, mappings folders, strings links. Times differ from now and from each other."""
    root.mkdir(parents=True, exist_ok=True)
    for number, (name, what) in enumerate(spec.items()):
        path = root / name
        if isinstance(what, Mapping):
            build(path, what)
        elif isinstance(what, str):
            path.symlink_to(what)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(what)
            os.utime(path, ns=(BASE_TIME, BASE_TIME + number * 1_000_003))
    os.utime(root, ns=(BASE_TIME, BASE_TIME - 77))
    return root


def snapshot(root: Path, *, times: bool = True) -> dict[bytes, tuple[Any, ...]]:
    """Everything below *root*: kind, content or link, permissions and modification time."""
    result: dict[bytes, tuple[Any, ...]] = {}
    top = os.fsencode(root)
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            when = info.st_mtime_ns if times else 0
            mode = stat.S_IMODE(info.st_mode)
            if stat.S_ISLNK(info.st_mode):
                found: tuple[Any, ...] = ("link", os.readlink(path))
            elif stat.S_ISDIR(info.st_mode):
                found = ("folder", mode, when)
            else:
                with open(path, "rb") as file:
                    found = ("file", file.read(), mode, when)
            result[path[len(top) + 1 :]] = found
    return result


def contents(root: Path) -> dict[str, bytes]:
    """Paths and contents of the files below *root*."""
    return {os.fsdecode(path): found[1] for path, found in snapshot(root).items() if found[0] == "file"}


@dataclass
class Scanned:
    """A scan, from both sides."""

    result: ScanResult
    pages: list[bytes]

    @property
    def stored(self) -> Layout:
        """As the sender knows it."""
        return Layout.from_pages(self.pages)

    @property
    def wire(self) -> Layout:
        """As the receiver knows it."""
        return Layout.from_pages([wire_form(page) for page in self.pages])

    def targets(self) -> list[str]:
        """All targets in order."""
        layout = self.stored
        return [os.fsdecode(layout.entry(number).target) for number in range(layout.entries)]


def scanned(mappings: Mapping[str, Any], **options: Any) -> Scanned:
    """Scan now, here."""
    pages: list[LocalPage] = []
    result = scan({target: str(source) for target, source in mappings.items()}, on_pages=pages.extend, **options)
    return Scanned(result, [page.data for page in pages])


def all_blocks(layout: Layout) -> list[tuple[memoryview, bool, list[int]]]:
    """Every block of a manifest, read: data, whether it is zero, entries with gaps."""
    blocks = []
    with BlockReader(layout) as reader:
        for block in range(layout.block_count):
            buffer = memoryview(bytearray(layout.block_length(block)))
            read = reader.read(block, buffer)
            blocks.append((buffer, read.zero, [gap.entry for gap in read.gaps]))
    return blocks
