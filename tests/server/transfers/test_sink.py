"""Received blocks: hashed, written, remembered, held while the disk is full; and checked when they are met again."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from blake3 import blake3

from helpers.nodes import until
from helpers.trees import Scanned, build, scanned
from jetstream.constants import BLOCK_SIZE
from jetstream_server.files.errors import DiskFull
from jetstream_server.files.writer import TreeWriter
from jetstream_server.link.errors import PeerViolation
from jetstream_server.records import StoredBlocks
from jetstream_server.transfers import sink as sink_module
from jetstream_server.transfers.sink import ReceiveSink, verify_stored

CONTENT = bytes(range(256)) * (BLOCK_SIZE // 256) * 2 + b"end"


@pytest.fixture
def tree(tmp_path: Path) -> Scanned:
    return scanned({"file": build(tmp_path / "s", {"file": CONTENT}) / "file"})


class Heard:
    """What the sink calls back."""

    def __init__(self) -> None:
        self.all_here = threading.Event()
        self.held: list[str] = []

    def sink(self, writer: TreeWriter, tree: Scanned, have: Sequence[tuple[int, int]] = ()) -> ReceiveSink:
        return ReceiveSink(writer, tree.wire, have, self.all_here.set, self.held.append)


def writer_of(folder: Path, tree: Scanned) -> TreeWriter:
    folder.mkdir(exist_ok=True)
    writer = TreeWriter(folder, "", tree.wire, 4, "name")
    writer.prepare()
    return writer


def piece(block: int) -> memoryview:
    return memoryview(CONTENT[block * BLOCK_SIZE : (block + 1) * BLOCK_SIZE])


def test_blocks_are_reported_once_and_hashed_for_the_checkpoint(tree: Scanned, tmp_path: Path) -> None:
    heard = Heard()
    with writer_of(tmp_path / "r", tree) as writer:
        sink = heard.sink(writer, tree, [(1, 1)])
        writer.mark_have([])
        assert [sink.block_length(n) for n in range(3)] == [BLOCK_SIZE, BLOCK_SIZE, 3]
        sink.store(2, piece(2), zero=False, gaps=[])
        assert not heard.all_here.is_set()
        sink.store(0, piece(0), zero=False, gaps=[])
        assert heard.all_here.is_set()
        assert sorted(sink.take_fresh()) == [0, 2]
        assert sink.take_fresh() == []
        runs = sink.hashes_of(writer.flush())
        assert {run.first: run.hashes for run in runs} == {
            0: blake3(piece(0)).digest(), 2: blake3(piece(2)).digest()
        }
        assert sink.hashes_of([0, 1, 2]) == []


def test_blocks_with_gaps_are_never_promised(tree: Scanned, tmp_path: Path) -> None:
    with writer_of(tmp_path / "r", tree) as writer:
        sink = Heard().sink(writer, tree)
        sink.store(0, piece(0), zero=False, gaps=[0])
        assert sink.gap_entries == {0}
        assert sink.hashes_of([0]) == []


def test_a_block_that_is_none_ends_the_session(tree: Scanned, tmp_path: Path) -> None:
    with writer_of(tmp_path / "r", tree) as writer:
        sink = Heard().sink(writer, tree)
        for block in (-1, 3, 1 << 62):
            with pytest.raises(PeerViolation, match="not part"):
                sink.block_length(block)


class FullWriter:
    """A disk with no room until a test makes some."""

    def __init__(self) -> None:
        self.room = threading.Event()
        self.tried = 0

    def write(self, block: int, data: memoryview, *, zero: bool, gaps: Sequence[int]) -> None:
        self.tried += 1
        if not self.room.is_set():
            raise DiskFull("/disk", 0)


def in_thread(work: Callable[[], None]) -> tuple[threading.Thread, list[BaseException]]:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


async def test_a_full_disk_holds_and_room_releases(tree: Scanned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "LOOK_AGAIN_SECONDS", 0.01)
    heard, full = Heard(), FullWriter()
    sink = heard.sink(full, tree)  # type: ignore[arg-type]
    threads = [in_thread(lambda n=n: sink.store(n, piece(n), zero=False, gaps=[])) for n in (0, 1)]  # type: ignore[misc]

    async def tried() -> int:
        return full.tried

    await until(tried, lambda now: now > 5, 10)
    assert len(heard.held) == 1
    assert "full" in heard.held[0]
    assert sink.take_fresh() == []
    full.room.set()
    for thread, errors in threads:
        thread.join(10)
        assert errors == []
    assert heard.held[1:] == [""]
    assert sorted(sink.take_fresh()) == [0, 1]


async def test_a_stop_lets_go_of_who_waits_for_room(tree: Scanned) -> None:
    full = FullWriter()
    sink = Heard().sink(full, tree)  # type: ignore[arg-type]
    thread, errors = in_thread(lambda: sink.store(0, piece(0), zero=False, gaps=[]))

    async def tried() -> int:
        return full.tried

    await until(tried, bool, 10)
    sink.stop()
    thread.join(10)
    assert [type(error) for error in errors] == [ConnectionAbortedError]


def test_stored_blocks_are_believed_only_when_they_are_right(tree: Scanned, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    with writer_of(folder, tree) as writer:
        sink = Heard().sink(writer, tree)
        for block in (0, 1):
            sink.store(block, piece(block), zero=False, gaps=[])
        stored = sink.hashes_of(writer.flush())
    foreign = StoredBlocks(first=9, hashes=bytes(32))
    with writer_of(folder, tree) as writer:
        assert verify_stored(writer, tree.wire, [*stored, foreign], threading.Event()) == {0, 1}
        stop = threading.Event()
        stop.set()
        assert verify_stored(writer, tree.wire, stored, stop) == set()
    (part,) = folder.iterdir()
    with part.open("r+b") as file:
        file.seek(10)
        file.write(b"damage")
    with writer_of(folder, tree) as writer:
        assert verify_stored(writer, tree.wire, stored, threading.Event()) == {1}
    part.unlink()
    with writer_of(folder, tree) as writer:
        assert verify_stored(writer, tree.wire, stored, threading.Event()) == set()
