"""A model of a receiving tree: random files, random orders, threads, crashes at any moment, in every overwrite mode.

Blocks are tiny here, so that files of all kinds of sizes meet their borders.
"""

import os
import random
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from jetstream.constants import (
    OVERWRITE_ALWAYS,
    OVERWRITE_BACKUP,
    OVERWRITE_IN_PLACE_ALWAYS,
    OVERWRITE_IN_PLACE_NEVER,
    OVERWRITE_IN_PLACE_SAME_SIZE,
    OVERWRITE_KEEP_BOTH,
    OVERWRITE_NEVER,
)
from jetstream_server.files.layout import Layout
from jetstream_server.files.pagebuilder import PageBuilder
from jetstream_server.files.pages import Kind, wire_form
from jetstream_server.files.writer import TreeWriter

BLOCK = 16
OLD_TIME = 1_500_000_000_000_000_000
NEW_TIME = 1_600_000_000_000_000_001
IN_PLACE = {OVERWRITE_IN_PLACE_ALWAYS, OVERWRITE_IN_PLACE_NEVER, OVERWRITE_IN_PLACE_SAME_SIZE}
SAFE_FOR_OLD = {OVERWRITE_IN_PLACE_NEVER, OVERWRITE_NEVER, OVERWRITE_BACKUP, OVERWRITE_KEEP_BOTH}


@dataclass(frozen=True)
class File:
    path: str
    content: bytes
    old: bytes | None
    """What lies there before."""
    mode: int


def files_of(seed: int) -> list[File]:
    rng = random.Random(seed)
    files = []
    for number in range(rng.randrange(1, 10)):
        size = rng.choice([0, 1, 5, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, rng.randrange(6 * BLOCK)])
        content = bytes(size) if rng.random() < 0.2 else rng.randbytes(size)
        if size > 2 * BLOCK and rng.random() < 0.3:
            content = content[:BLOCK] + bytes(BLOCK) + content[2 * BLOCK :]
        old = rng.choice([None, None, None, content, rng.randbytes(size), b"", rng.randbytes(7), rng.randbytes(70)])
        folder = rng.choice(["", "a/", "a/b/", "c/"])
        files.append(File(f"{folder}f{number}.x", content, old, rng.choice([0o644, 0o400, 0o755, 0o666])))
    return files


class Receiving(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.writer: TreeWriter | None = None
        self.pool = ThreadPoolExecutor(4)

    def teardown(self) -> None:
        if self.writer is not None:
            self.complete()
            self.writer.close()
        self.pool.shutdown()
        shutil.rmtree(self.root)

    # -- the world ----------------------------------------------------------------------------------------------------

    @initialize(
        seed=st.integers(0, 1 << 32), mode=st.integers(0, 6), by_descriptor=st.booleans(), per_page=st.integers(1, 9)
    )
    def begin(self, seed: int, mode: int, by_descriptor: bool, per_page: int) -> None:
        self.files = files_of(seed)
        self.mode = mode
        self.by_descriptor = by_descriptor
        builder = PageBuilder()
        pages = []
        for file in self.files:
            folder, _, name = file.path.rpartition("/")
            builder.add(
                folder.encode(), name.encode(), Kind.FILE, len(file.content), NEW_TIME, file.mode, source_folder=b"/s"
            )
            if len(builder) >= per_page:
                pages.append(wire_form(builder.take()))
        if len(builder):
            pages.append(wire_form(builder.take()))
        self.layout = Layout.from_pages(pages, block_size=BLOCK)
        self.stream = b"".join(file.content for file in self.files)
        for file in self.files:
            if file.old is not None:
                path = self.root / file.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.old)
                os.utime(path, ns=(OLD_TIME, OLD_TIME))
        self.durable: set[int] = set()
        self.open()

    def open(self) -> None:
        self.writer = TreeWriter(
            self.root, "", self.layout, self.mode, "the transfer", keep_open=2, by_descriptor=self.by_descriptor
        )
        self.writer.prepare()
        self.written: set[int] = set()
        self.flushed: set[int] = set()

    def data(self, block: int) -> bytes:
        return self.stream[block * BLOCK : (block + 1) * BLOCK]

    def write(self, block: int) -> None:
        assert self.writer is not None
        data = self.data(block)
        zero = not any(data)
        self.writer.write(block, memoryview(b"" if zero else data), zero=zero)

    # -- what happens -------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.layout.block_count)
    @rule(choice=st.randoms(use_true_random=False), count=st.integers(1, 4))
    def write_some(self, choice: random.Random, count: int) -> None:
        for _ in range(count):
            block = choice.randrange(self.layout.block_count)
            self.write(block)
            self.written.add(block)

    @precondition(lambda self: self.layout.block_count)
    @rule(choice=st.randoms(use_true_random=False))
    def write_in_threads(self, choice: random.Random) -> None:
        blocks = [choice.randrange(self.layout.block_count) for _ in range(6)]
        list(self.pool.map(self.write, blocks))
        self.written.update(blocks)

    @rule()
    def flush(self) -> None:
        assert self.writer is not None
        fresh = set(self.writer.flush())
        assert fresh <= self.written
        assert not fresh & self.flushed, "a block is promised once"
        self.flushed |= fresh
        self.durable |= fresh

    @rule(choice=st.randoms(use_true_random=False))
    def crash(self, choice: random.Random) -> None:
        """The process dies; the next one believes what the checkpoint says and can be verified, and some more."""
        assert self.writer is not None
        self.writer.close()
        promised = set(self.durable)
        lucky = {block for block in self.written if choice.random() < 0.3}
        self.open()
        assert self.writer is not None
        good = set()
        for block in sorted(promised | lucky):
            buffer = memoryview(bytearray(self.layout.block_length(block)))
            if self.writer.read_back(block, buffer) and buffer == self.data(block):
                good.add(block)
        if self.mode not in (OVERWRITE_IN_PLACE_NEVER, OVERWRITE_IN_PLACE_SAME_SIZE):
            assert promised <= good
        good -= set(self.writer.mark_have(good))
        if self.mode not in (OVERWRITE_IN_PLACE_NEVER, OVERWRITE_IN_PLACE_SAME_SIZE):
            assert promised <= good
        self.durable = good
        self.written = set(good)
        assert self.writer.missing == self.layout.block_count - len(good)

    @rule()
    def complete(self) -> None:
        """Everything arrives. It may go on afterwards, as if the word of it had been lost."""
        assert self.writer is not None
        for block in range(self.layout.block_count):
            self.write(block)
            self.written.add(block)
        report = self.writer.finish()
        assert report.failed == 0
        self.check_end(report)

    # -- what must hold -----------------------------------------------------------------------------------------------

    def found(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }

    @invariant()
    def only_whole_files_have_names(self) -> None:
        if self.writer is None or self.mode in IN_PLACE:
            return
        good = {content for file in self.files for content in (file.content, file.old)}
        for path, content in self.found().items():
            assert content in good, path

    @invariant()
    def nothing_old_is_lost(self) -> None:
        if self.writer is None or self.mode not in SAFE_FOR_OLD:
            return
        found = self.found()
        for file in self.files:
            if file.old is not None:
                stem = file.path.removesuffix(".x")
                assert any(path.startswith(stem) and content == file.old for path, content in found.items()), file

    def check_end(self, report: Any) -> None:
        assert not list(self.root.rglob(".*"))
        expected: dict[str, bytes] = {}
        skipped = 0
        for file in self.files:
            skipped += self.expect(file, expected)
        assert self.found() == expected
        assert report.skipped_count == skipped
        assert report.files == len(self.files) - skipped
        for file in self.files:
            path = self.root / file.path
            if file.old is None:
                assert path.stat().st_mtime_ns == NEW_TIME
                assert path.stat().st_mode & 0o777 == file.mode

    def expect(self, file: File, expected: dict[str, bytes]) -> int:
        """What has to be there of one file; whether it was skipped."""
        old, new = file.old, file.content
        if old is None or old == new or self.mode in (OVERWRITE_ALWAYS, OVERWRITE_IN_PLACE_ALWAYS):
            expected[file.path] = new
            return 0
        if self.mode == OVERWRITE_BACKUP:
            expected[file.path] = new
            expected[f"{file.path}.jetbak"] = old
            return 0
        if self.mode == OVERWRITE_IN_PLACE_SAME_SIZE and len(old) in (0, len(new)):
            expected[file.path] = new
            return 0
        expected[file.path] = old
        if self.mode == OVERWRITE_NEVER:
            expected[f"{file.path}.jetpart"] = new
        elif self.mode == OVERWRITE_KEEP_BOTH:
            expected[file.path.replace(".x", " (2).x")] = new
        else:
            return 1
        return 0


TestReceiving = Receiving.TestCase
TestReceiving.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
