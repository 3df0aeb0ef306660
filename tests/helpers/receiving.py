"""A receiving tree for tests: writes what a scan has found, over several lives of a process."""

import random
from pathlib import Path
from typing import Any

from helpers.trees import Scanned, all_blocks
from jetstream.constants import (
    BLOCK_SIZE,
    OVERWRITE_ALWAYS,
    OVERWRITE_IN_PLACE_ALWAYS,
    OVERWRITE_IN_PLACE_NEVER,
    OVERWRITE_IN_PLACE_SAME_SIZE,
)
from jetstream_server.files.writer import TreeWriter

ALL_MODES = range(7)
IN_PLACE = (OVERWRITE_IN_PLACE_NEVER, OVERWRITE_IN_PLACE_ALWAYS, OVERWRITE_IN_PLACE_SAME_SIZE)
BIG = random.Random(1).randbytes(2 * BLOCK_SIZE + 54321)
NEW = {"big": BIG, "small": b"new small"}


class Receiver:
    """Writes what a source tree holds to a folder; each call of :meth:`open` is a new life of the process."""

    def __init__(self, found: Scanned, root: Path, mode: int = OVERWRITE_ALWAYS, **options: Any) -> None:
        self.layout = found.wire
        self.blocks = all_blocks(found.stored)
        self.root = root
        self.mode = mode
        self.options = options
        root.mkdir(exist_ok=True)

    def open(self) -> TreeWriter:
        writer = TreeWriter(self.root, "", self.layout, self.mode, "uid", **self.options)
        writer.prepare()
        return writer

    def write(self, writer: TreeWriter, *numbers: int) -> None:
        for number in numbers or range(len(self.blocks)):
            data, zero, gaps = self.blocks[number]
            writer.write(number, data, zero=zero, gaps=gaps)

    def all(self) -> Any:
        with self.open() as writer:
            self.write(writer)
            return writer.finish()


def old_files(root: Path, *, same_size: bool = False) -> dict[str, bytes]:
    """Put other files where the new ones belong."""
    old = {name: (b"o" * len(content) if same_size else b"older " + name.encode()) for name, content in NEW.items()}
    for name, content in old.items():
        (root / name).write_bytes(content)
    return old


def verified(receiver: Receiver, writer: TreeWriter, candidates: list[int]) -> list[int]:
    """Those of *candidates* that are there with the right content."""
    good = []
    for block in candidates:
        buffer = memoryview(bytearray(receiver.layout.block_length(block)))
        if writer.read_back(block, buffer) and buffer == receiver.blocks[block][0]:
            good.append(block)
    return good
