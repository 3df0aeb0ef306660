"""Compares the files of a complete transfer with the hashes that were made when they arrived. Reads only.

The hashes are of blocks. A file that is gone, or has another size or time than it came with, was touched since, and
its blocks cannot be compared; what else lies in them is *unsure*. A block that differs although all its files look
untouched is damage: its files are *damaged*, all of them where several small ones share it.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from blake3 import blake3

from jetstream_server.files.errors import ContentError, WriteFailed, reason_of
from jetstream_server.files.foldercache import FolderCache
from jetstream_server.files.folders import Folder, open_root
from jetstream_server.files.layout import Layout, Piece
from jetstream_server.files.paths import target_components
from jetstream_server.files.placing import find_final
from jetstream_server.files.rawio import read_at

KEPT_FOLDERS: Final = 64
REMEMBERED: Final = 4096
SAME_TIME_NS: Final = 2_000_000_000
"""Some file systems keep times no better than this."""


class Found(StrEnum):
    """What became of a file."""

    SAME = "same"
    MISSING = "missing"
    CHANGED = "changed"
    DAMAGED = "damaged"
    UNSURE = "unsure"


@dataclass
class Findings:
    """Targets of the files that are not as they came, by what became of them; each at its first block, but damage."""

    files: dict[Found, list[bytes]] = field(default_factory=dict)
    blocks: int = 0
    """Blocks whose content is as it came."""

    def add(self, found: Found, target: bytes) -> None:
        """Note a file."""
        self.files.setdefault(found, []).append(target)


class Recheck:
    """One look at the files of a transfer.

    :param root: the sandbox that it landed in; *destination_path* is below.
    :param mode: the overwrite mode, which says under which names files may have been placed.
    :raises WriteFailed: if the root cannot be opened.
    """

    def __init__(self, root: Path, destination_path: str, layout: Layout, mode: int) -> None:
        wanted = os.fsencode(destination_path)
        itself = all(part in (b"", b".") for part in wanted.split(b"/"))
        self._destination = b"" if itself else b"/".join(target_components(wanted))
        self._layout = layout
        self._mode = mode
        self._seen: dict[int, tuple[Found, bytes]] = {}
        try:
            self._root = open_root(root)
        except OSError as error:
            raise WriteFailed(os.fsencode(root), reason_of(error)) from error
        self._folders = FolderCache(self._root, lambda _path: None, KEPT_FOLDERS)

    def close(self) -> None:
        """Let go of the folders."""
        self._folders.close()
        self._root.close()

    def look(self, blocks: Iterable[int], hashes: Mapping[int, bytes]) -> Findings:
        """Compare *blocks*; those without a hash count as unsure. Blocking."""
        findings = Findings()
        buffer = memoryview(bytearray(self._layout.block_size))
        for block in blocks:
            self._look_at(block, hashes.get(block), buffer[: self._layout.block_length(block)], findings)
        return findings

    def _look_at(self, block: int, expected: bytes | None, buffer: memoryview, findings: Findings) -> None:
        pieces = self._layout.pieces(block)
        states = [self._read(piece, buffer) for piece in pieces]
        whole = all(state is Found.SAME for state in states)
        if whole and expected is not None and blake3(buffer).digest() == expected:
            findings.blocks += 1
            return
        for piece, state in zip(pieces, states, strict=True):
            if state is Found.SAME:
                state = Found.DAMAGED if whole and expected is not None else Found.UNSURE
            elif piece.offset_in_file:
                continue  # told at its first block
            findings.add(state, self._layout.entry(piece.entry).target)

    def _read(self, piece: Piece, buffer: memoryview) -> Found:
        """Fill in what a piece holds; what keeps it from being compared."""
        view = self._layout.entry(piece.entry)
        path = b"/".join([*filter(None, [self._destination]), *view.components[:-1]])
        try:
            folder = self._folders.acquire(path, create=False)
        except (OSError, ContentError):
            return Found.MISSING
        try:
            state, name = self._state(folder, piece.entry)
            if state is Found.SAME and not _fill(folder, name, piece, buffer):
                return Found.CHANGED
            return state
        except OSError:
            return Found.MISSING
        finally:
            self._folders.release(path)

    def _state(self, folder: Folder, entry: int) -> tuple[Found, bytes]:
        known = self._seen.get(entry)
        if known is None:
            view = self._layout.entry(entry)
            name = find_final(folder, self._mode, view.components[-1], view.size, view.mtime_ns)
            info = folder.lstat(name if name is not None else view.components[-1])
            if info is None:
                known = Found.MISSING, b""
            elif name is None or info.st_size != view.size or abs(info.st_mtime_ns - view.mtime_ns) > SAME_TIME_NS:
                known = Found.CHANGED, b""
            else:
                known = Found.SAME, name
            if len(self._seen) >= REMEMBERED:
                self._seen.clear()
            self._seen[entry] = known
        return known


def _fill(folder: Folder, name: bytes, piece: Piece, buffer: memoryview) -> bool:
    fd = folder.open(name, write=False)
    try:
        part = buffer[piece.offset_in_block : piece.offset_in_block + piece.length]
        return read_at(fd, part, piece.offset_in_file) == piece.length
    finally:
        os.close(fd)
