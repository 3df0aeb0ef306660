"""Flushing. That data is on the disk cannot be seen; that the right calls are made for the right things can."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jetstream_server.files import syncing
from jetstream_server.files.foldercache import FolderCache
from jetstream_server.files.folders import open_root
from jetstream_server.files.syncing import FEW, Dirty, flush, start_writeback


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[FolderCache]:
    root = open_root(tmp_path)
    made = FolderCache(root, {}.get, 4)
    yield made
    made.close()
    root.close()


class Calls:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: list[int] = []
        self.systems = 0
        real = os.fsync

        def fsync(fd: int) -> None:
            self.files.append(fd)
            real(fd)

        def syncfs(fd: int) -> None:
            os.fstat(fd)
            self.systems += 1

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(syncing, "_syncfs", syncfs)


def test_few_files(cache: FolderCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch)
    cache.acquire(b"d")
    cache.release(b"d")
    (tmp_path / "d" / "f").write_bytes(b"1")
    (tmp_path / "g").write_bytes(b"1")
    dirty = Dirty()
    dirty.add(b"d", b"f")
    dirty.add(b"d", b"f")
    dirty.add(b"", b"g")
    flush(dirty, cache, cache.take_made())
    assert len(calls.files) == 4  # two files, their folders
    assert calls.systems == 0


def test_many_files(cache: FolderCache, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch)
    dirty = Dirty()
    for number in range(FEW + 1):
        dirty.add(b"d", b"%d" % number)
    assert dirty.many
    dirty.add(b"d", b"more")
    dirty.add_folder(b"e")
    assert not dirty.files
    flush(dirty, cache, ())
    assert (calls.files, calls.systems) == ([], 1)


def test_many_files_where_there_is_no_such_call(
    cache: FolderCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls(monkeypatch)
    monkeypatch.setattr(syncing, "_syncfs", None)
    dirty = Dirty()
    for number in range(FEW + 5):
        (tmp_path / str(number)).write_bytes(b"")
        dirty.add(b"", b"%d" % number)
    assert not dirty.many
    flush(dirty, cache, ())
    assert len(calls.files) == FEW + 6


def test_what_moved_is_flushed_wherever_it_is(cache: FolderCache, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(monkeypatch)
    dirty = Dirty()
    dirty.add(b"", b"gone")
    dirty.add(b"gone too", b"f")
    flush(dirty, cache, ())
    assert calls.systems == 1


def test_renamed(tmp_path: Path) -> None:
    dirty = Dirty()
    dirty.add(b"d", b"part")
    dirty.renamed(b"d", b"part", b"final")
    assert dirty.files == {(b"d", b"final")}


def test_errors_come_through(cache: FolderCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(syncing, "_syncfs", fail)
    dirty = Dirty()
    dirty.many = True
    with pytest.raises(OSError, match="Input/output"):
        flush(dirty, cache, ())


def test_the_real_calls(cache: FolderCache, tmp_path: Path) -> None:
    with open(tmp_path / "f", "wb") as file:
        file.write(bytes(1 << 20))
        file.flush()
        start_writeback(file.fileno())
    dirty = Dirty()
    dirty.many = True
    flush(dirty, cache, ())
    assert (tmp_path / "f").stat().st_size == 1 << 20
    if syncing.HAVE_SYNCFS:  # the call is the system's own: it tells a descriptor that is none
        with pytest.raises(OSError, match="Bad file descriptor"):
            syncing._syncfs(-1)  # type: ignore[misc]
