"""Writing trees: names, times, permissions, links, gaps, threads."""

import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.receiving import ALL_MODES, BIG, NEW, Receiver
from helpers.trees import build, contents, scanned, snapshot
from jetstream.constants import (
    BLOCK_SIZE,
    OVERWRITE_ALWAYS,
    OVERWRITE_IN_PLACE_ALWAYS,
    OVERWRITE_IN_PLACE_NEVER,
    OVERWRITE_IN_PLACE_SAME_SIZE,
    OVERWRITE_KEEP_BOTH,
    SYMLINK_PRESERVE,
)
from jetstream_server.files.errors import UnsafePath, WriteFailed
from jetstream_server.files.layout import Layout
from jetstream_server.files.pagebuilder import PageBuilder
from jetstream_server.files.pages import Kind, wire_form
from jetstream_server.files.writer import TreeWriter

TREE = {
    "a": {"b": {"c": b"deep"}, "empty file": b"", "x" * 255: b"long name"},
    "big": BIG,
    "empty folder": {},
    "nothing\n\udcff": b"odd name",
    "exact": b"e" * BLOCK_SIZE,
    "zeros": bytes(BLOCK_SIZE + 5),
}


@pytest.mark.parametrize("mode", ALL_MODES)
def test_a_whole_tree_in_every_mode(tmp_path: Path, mode: int, by_descriptor: bool) -> None:
    source = build(tmp_path / "source", TREE)
    (source / "a" / "b" / "c").chmod(0o751)
    (source / "a" / "empty file").chmod(0o444)
    (source / "big").chmod(0o400)
    (source / "a" / "b").chmod(0o500)
    os.utime(source / "a", ns=(1, 1_234_567_890_123_456_789))
    receiver = Receiver(scanned({"s": source}), tmp_path / "target", mode, by_descriptor=by_descriptor)
    order = list(range(len(receiver.blocks)))
    random.Random(mode).shuffle(order)
    with receiver.open() as writer:
        receiver.write(writer, *order)
        assert writer.missing == 0
        assert sorted(writer.flush()) == sorted(order)
        assert writer.flush() == []
        report = writer.finish()
    assert snapshot(tmp_path / "target" / "s") == snapshot(source)
    assert (tmp_path / "target" / "s").stat().st_mtime_ns == source.stat().st_mtime_ns
    assert report.files == 7
    assert (report.failed, report.kept_count, report.skipped_count, report.renamed_count) == (0, 0, 0, 0)
    # Once more, over itself: nothing is in the way of itself, and no mode makes a second copy.
    again = Receiver(scanned({"s": source}), tmp_path / "target", mode, by_descriptor=by_descriptor).all()
    assert snapshot(tmp_path / "target" / "s") == snapshot(source)
    assert again.kept_count == again.renamed_count == 0


def test_a_destination_path(tmp_path: Path, by_descriptor: bool) -> None:
    layout = scanned({"f": build(tmp_path / "s", {"f": b"1"}) / "f"})
    (tmp_path / "root").mkdir()
    writer = TreeWriter(tmp_path / "root", "/a/./b", layout.wire, 4, "u", by_descriptor=by_descriptor)
    with writer:
        writer.prepare()
        writer.write(0, memoryview(b"1"))
        writer.finish()
    assert contents(tmp_path / "root") == {"a/b/f": b"1"}


@pytest.mark.parametrize("path", ["..", "a/../..", "C:/", "\0"])
def test_unsafe_destination_paths(tmp_path: Path, path: str) -> None:
    with pytest.raises(UnsafePath):
        TreeWriter(tmp_path, path, Layout.from_pages([]), 4, "u")


def test_a_missing_root(tmp_path: Path, by_descriptor: bool) -> None:
    writer = TreeWriter(tmp_path / "missing", "", Layout.from_pages([]), 4, "u", by_descriptor=by_descriptor)
    with pytest.raises(WriteFailed):
        writer.prepare()


def test_nothing_appears_before_it_is_whole(two: Callable[..., Receiver], by_descriptor: bool) -> None:
    receiver = two(OVERWRITE_ALWAYS, by_descriptor=by_descriptor)
    (receiver.root / "big").write_bytes(b"old")
    with receiver.open() as writer:
        receiver.write(writer, 1, 0)
        assert (receiver.root / "big").read_bytes() == b"old"
        assert not (receiver.root / "small").exists()
        receiver.write(writer, 2)
        assert contents(receiver.root) == NEW


def test_duplicates_are_harmless(two: Callable[..., Receiver], by_descriptor: bool) -> None:
    receiver = two(OVERWRITE_KEEP_BOTH, by_descriptor=by_descriptor)
    with receiver.open() as writer:
        receiver.write(writer, 0, 0, 2, 1, 2, 1, 0)
        assert sorted(writer.flush()) == [0, 1, 2]
        writer.finish()
        receiver.write(writer, 2, 0)
    assert contents(receiver.root) == NEW


def test_wrong_calls(two: Callable[..., Receiver]) -> None:
    receiver = two(OVERWRITE_ALWAYS)
    with receiver.open() as writer:
        with pytest.raises(ValueError, match="bytes"):
            writer.write(0, memoryview(b"short"))
        with pytest.raises(IndexError):
            writer.write(3, memoryview(b""))
        with pytest.raises(ValueError, match="gap"):
            writer.write(0, receiver.blocks[0][0], gaps=[1])
        with pytest.raises(ValueError, match="missing"):
            writer.finish()
    with pytest.raises(ValueError, match="mode"):
        TreeWriter(receiver.root, "", receiver.layout, 7, "u")




@pytest.mark.parametrize("mode", ALL_MODES)
def test_symbolic_links(tmp_path: Path, mode: int, by_descriptor: bool) -> None:
    source = build(
        tmp_path / "s", {"d": {"f": b"1", "up": "../d/f", "out": "../../../etc", "abs": "/etc"}, "l": "d", "gone": "x"}
    )
    found = scanned({"s": source}, symlink_mode=SYMLINK_PRESERVE)
    receiver = Receiver(found, tmp_path / "t", mode, by_descriptor=by_descriptor)
    report = receiver.all()
    links = {path: what[1] for path, what in snapshot(tmp_path / "t").items() if what[0] == "link"}
    assert links == {b"s/d/up": b"../d/f", b"s/l": b"d", b"s/gone": b"x"}
    assert report.links_refused_count == 2
    assert set(report.links_refused) == {"s/d/out -> ../../../etc", "s/d/abs -> /etc"}
    again = receiver.all()
    assert (again.renamed_count, again.kept_count) == (0, 0)
    assert len(snapshot(tmp_path / "t")) == 6


@pytest.mark.parametrize("mode", ALL_MODES)
def test_links_obey_the_mode(tmp_path: Path, mode: int) -> None:
    source = build(tmp_path / "s", {"l": "new"})
    receiver = Receiver(scanned({"l": source / "l"}, symlink_mode=SYMLINK_PRESERVE), tmp_path / "t", mode)
    (tmp_path / "t" / "l").write_bytes(b"old")
    report = receiver.all()
    found = {path: what[1] for path, what in snapshot(tmp_path / "t").items()}
    if mode in (OVERWRITE_ALWAYS, OVERWRITE_IN_PLACE_ALWAYS):
        assert found == {b"l": b"new"}
    elif mode in (OVERWRITE_IN_PLACE_NEVER, OVERWRITE_IN_PLACE_SAME_SIZE):
        assert found == {b"l": b"old"}
        assert report.skipped == ("l",)
    else:
        assert sorted(found.values()) == [b"new", b"old"]




@pytest.mark.parametrize("mode", ALL_MODES)
def test_gaps(tmp_path: Path, mode: int, by_descriptor: bool) -> None:
    source = build(tmp_path / "s", {"a": b"1" * 10, "b": BIG, "c": b"2" * 10, "d": b"", "e": b"3"})
    receiver = Receiver(scanned({"s": source}), tmp_path / "t", mode, by_descriptor=by_descriptor)
    entries = {os.fsdecode(receiver.layout.entry(n).target): n for n in range(receiver.layout.entries)}
    data = [block[0] for block in receiver.blocks]
    with receiver.open() as writer:
        writer.write(0, data[0], gaps=[entries["s/a"]])
        writer.write(2, data[2], gaps=[entries["s/b"], entries["s/c"]])
        writer.write(1, data[1])
        assert writer.missing == 0
        assert writer.flush() == [1]
        report = writer.finish()
    assert contents(tmp_path / "t") == {"s/d": b"", "s/e": b"3"}
    assert (report.files, report.failed) == (2, 3)


def test_a_file_that_arrived_whole_has_not_failed(two: Callable[..., Receiver]) -> None:
    receiver = two(OVERWRITE_ALWAYS)
    with receiver.open() as writer:
        receiver.write(writer)
        report = writer.finish([0])
    assert report.failed == 0
    assert contents(receiver.root) == NEW




def test_holes_stay_holes(tmp_path: Path) -> None:
    source = tmp_path / "s"
    source.mkdir()
    with open(source / "sparse", "wb") as file:
        file.truncate(64 * BLOCK_SIZE)
        file.seek(70 * BLOCK_SIZE)
        file.write(b"end")
    receiver = Receiver(scanned({"s": source}), tmp_path / "t")
    receiver.all()
    copy = tmp_path / "t" / "s" / "sparse"
    assert copy.read_bytes() == (source / "sparse").read_bytes()
    assert copy.stat().st_blocks * 512 < 4 * BLOCK_SIZE


@pytest.mark.parametrize("mode", [OVERWRITE_ALWAYS, OVERWRITE_IN_PLACE_ALWAYS])
def test_zeros_over_something_else(tmp_path: Path, mode: int, by_descriptor: bool) -> None:
    source = build(tmp_path / "s", {"z": bytes(3 * BLOCK_SIZE), "small": bytes(7)})
    receiver = Receiver(scanned({"s": source}), tmp_path / "t", mode, by_descriptor=by_descriptor)
    with receiver.open() as writer:
        receiver.write(writer, 1)
    for path in (tmp_path / "t" / "s").iterdir():
        path.write_bytes(b"garbage" * BLOCK_SIZE)
    build(tmp_path / "t" / "s", {"small": b"longer than seven"})
    receiver.all()
    assert contents(tmp_path / "t") == {"s/z": bytes(3 * BLOCK_SIZE), "s/small": bytes(7)}


@pytest.mark.parametrize("mode", ALL_MODES)
def test_many_threads(tmp_path: Path, mode: int, by_descriptor: bool) -> None:
    rng = random.Random(mode)
    spec = {
        f"d{folder}": {f"f{number}": rng.randbytes(rng.choice([0, 10, 5000, 400_000])) for number in range(12)}
        for folder in range(6)
    } | {f"big{number}": rng.randbytes(rng.randrange(BLOCK_SIZE, 3 * BLOCK_SIZE)) for number in range(5)}
    source = build(tmp_path / "s", spec)
    receiver = Receiver(scanned({"s": source}), tmp_path / "t", mode, by_descriptor=by_descriptor)
    order = list(range(len(receiver.blocks))) * 2
    rng.shuffle(order)
    errors: list[BaseException] = []
    flushed: list[int] = []
    with receiver.open() as writer:

        def work(numbers: list[int]) -> None:
            try:
                receiver.write(writer, *numbers)
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(order[number::8],)) for number in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            flushed += writer.flush()
        for thread in threads:
            thread.join()
        assert not errors
        flushed += writer.flush()
        assert sorted(flushed) == list(range(len(receiver.blocks)))
        writer.finish()
    assert snapshot(tmp_path / "t" / "s") == snapshot(source)


def test_more_open_files_than_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = PageBuilder()
    for number in range(80):
        builder.add(b"d%d" % number, b"f", Kind.FILE, 2 * BLOCK_SIZE, 5, 0o644, source_folder=b"/s")
    builder.add(b"", b"last", Kind.FILE, 5, 5, 0o644, source_folder=b"/s")
    layout = Layout.from_pages([wire_form(builder.take())])
    data = memoryview(os.urandom(BLOCK_SIZE))
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    writer = TreeWriter(tmp_path, "", layout, OVERWRITE_ALWAYS, "u")
    writer.prepare()
    for block in [*range(0, 160, 2), *range(159, 0, -2)]:
        writer.write(block, data[: layout.block_length(block)])
    writer.write(160, data[:5])
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before + 64 + 64 + 2
    writer.finish()
    writer.close()
    if before:
        assert len(os.listdir("/proc/self/fd")) == before
    assert all((tmp_path / f"d{number}" / "f").read_bytes() == bytes(data) * 2 for number in range(80))


def test_a_part_file_that_disappears(two: Callable[..., Receiver], by_descriptor: bool) -> None:
    receiver = two(OVERWRITE_ALWAYS, by_descriptor=by_descriptor)
    with receiver.open() as writer:
        receiver.write(writer, 0)
        next(receiver.root.glob(".*.jetpart")).unlink()
        with pytest.raises(WriteFailed) as caught:
            receiver.write(writer, 1, 2)
        assert caught.value.path == "big"
    assert not (receiver.root / "big").exists()


def test_times_out_of_the_ordinary(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {"old": b"1", "new": b"2"})
    os.utime(source / "old", ns=(0, -86_400_000_000_001))
    os.utime(source / "new", ns=(0, 4_000_000_000_000_000_007))
    Receiver(scanned({"s": source}), tmp_path / "t").all()
    for name in ("old", "new"):
        assert (tmp_path / "t" / "s" / name).stat().st_mtime_ns == (source / name).stat().st_mtime_ns


def test_a_manifest_without_blocks(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {"a": {}, "b": b""})
    receiver = Receiver(scanned({"s": source}), tmp_path / "t")
    assert receiver.blocks == []
    receiver.all()
    assert snapshot(tmp_path / "t" / "s") == snapshot(source)
