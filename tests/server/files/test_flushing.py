"""Flushing while more is written."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jetstream_server.files import syncing
from jetstream_server.files.flushing import FILE_COST, Flusher
from jetstream_server.files.folders import HAVE_DIR_FD
from jetstream_server.files.layout import Layout
from jetstream_server.files.tree import ReceivingTree

MANY = [b"f%d" % number for number in range(syncing.FEW + 1)]

pytestmark = pytest.mark.skipif(not syncing.HAVE_SYNCFS, reason="this system cannot flush one file system")


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[ReceivingTree]:
    made = ReceivingTree(tmp_path, "", Layout.from_pages([]), 4, "uid", 4, HAVE_DIR_FD)
    made.open()
    yield made
    made.close()


class Disk:
    """Stands in for the system's call: counts, and can be slow or broken."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.flushed = threading.Semaphore(0)
        self.let = threading.Event()
        self.let.set()
        self.broken = False
        self.calls = 0
        monkeypatch.setattr(syncing, "_syncfs", self.syncfs)

    def syncfs(self, fd: int) -> None:
        self.let.wait()
        self.calls += 1
        self.flushed.release()
        if self.broken:
            raise OSError(5, "broken")


def test_it_flushes_early(tree: ReceivingTree, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    flusher = Flusher(tree, early_bytes=100 * FILE_COST)
    flusher.wrote([(b"", MANY)], 0, 50, 0)
    assert disk.calls == 0
    flusher.wrote([(b"", MANY)], 1, 50, 0)
    disk.flushed.acquire()
    for round in range(3):
        flusher.wrote([(b"", MANY)], 2 + round, 0, 100 * FILE_COST)
        disk.flushed.acquire()
    flusher.close()
    calls = disk.calls
    assert sorted(flusher.flush()) == [0, 1, 2, 3, 4]
    assert disk.calls == calls, "nothing is left to flush"
    assert flusher.flush() == []


def test_what_is_written_meanwhile_is_promised_later(tree: ReceivingTree, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    flusher = Flusher(tree, early_bytes=100 * FILE_COST)
    disk.let.clear()
    flusher.wrote([(b"", MANY)], 0, 100, 0)
    done: list[list[int]] = []
    thread = threading.Thread(target=lambda: done.append(flusher.flush()))
    thread.start()
    flusher.wrote([(b"", MANY)], 1, 1, 0)
    disk.let.set()
    thread.join()
    flusher.close()
    rest = flusher.flush()
    assert sorted(done[0] + rest) == [0, 1]
    assert 0 in done[0]


def test_an_early_error_is_told(tree: ReceivingTree, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    disk.broken = True
    flusher = Flusher(tree, early_bytes=FILE_COST)
    flusher.wrote([(b"", MANY)], 0, 1, 0)
    disk.flushed.acquire()
    flusher.close()
    disk.broken = False
    for _ in range(2):
        with pytest.raises(OSError, match="broken"):
            flusher.flush()


def test_few_files_wait(tree: ReceivingTree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A few files are flushed one by one when it is asked for, however large they are."""
    disk = Disk(monkeypatch)
    (tmp_path / "f").write_bytes(b"1")
    flusher = Flusher(tree, early_bytes=FILE_COST)
    flusher.wrote([(b"", [b"f"])], 0, 1, 1 << 30)
    assert flusher.flush() == [0]
    assert disk.calls == 0
    flusher.close()
