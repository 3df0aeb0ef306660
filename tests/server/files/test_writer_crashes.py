"""Writing trees on full disks, after crashes, and where permissions keep us out."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.receiving import ALL_MODES, BIG, NEW, Receiver, old_files, verified
from helpers.trees import build, contents, scanned, snapshot
from jetstream.constants import (
    BLOCK_SIZE,
    OVERWRITE_ALWAYS,
    OVERWRITE_BACKUP,
    OVERWRITE_IN_PLACE_ALWAYS,
    OVERWRITE_IN_PLACE_SAME_SIZE,
    OVERWRITE_KEEP_BOTH,
    OVERWRITE_NEVER,
    SYMLINK_PRESERVE,
)
from jetstream_server.files.errors import DiskFull, WriteFailed
from jetstream_server.files.layout import Layout
from jetstream_server.files.pagebuilder import PageBuilder
from jetstream_server.files.pages import Kind, wire_form
from jetstream_server.files.writer import TreeWriter


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount = tmp_path / "disk"
    mount.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,nr_inodes=200", "none", mount], capture_output=True)
    if done.returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield mount
    subprocess.run(["umount", mount], check=True)


@pytest.mark.parametrize("mode", ALL_MODES)
def test_a_full_disk(tmp_path: Path, small_disk: Path, mode: int) -> None:
    spec = {"a": {str(number): os.urandom(9000) for number in range(150)}, "big": os.urandom(BLOCK_SIZE + 70_000)}
    receiver = Receiver(scanned({"s": build(tmp_path / "s", spec)}), small_disk, mode)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(2 << 20))
    free: list[int | None] = []
    with receiver.open() as writer:
        for number in range(len(receiver.blocks)):
            while True:
                try:
                    receiver.write(writer, number)
                    break
                except DiskFull as error:
                    free.append(error.free_bytes)
                    ballast.unlink()
        writer.finish()
    assert len(free) == 1
    assert free[0] is not None
    assert free[0] < 200_000
    assert snapshot(small_disk / "s") == snapshot(tmp_path / "s")




@pytest.mark.parametrize("mode", ALL_MODES)
def test_a_part_file_goes_on(two: Callable[..., Receiver], mode: int, by_descriptor: bool) -> None:
    receiver = two(mode, by_descriptor=by_descriptor)
    with receiver.open() as writer:
        receiver.write(writer, 1)
        durable = writer.flush()
        receiver.write(writer, 0)
    with receiver.open() as writer:
        assert verified(receiver, writer, durable) == [1]
        assert writer.mark_have([1]) == []
        assert writer.missing == 2
        receiver.write(writer, 2, 0)
        report = writer.finish()
    assert contents(receiver.root) == NEW
    assert report.files == 2


@pytest.mark.parametrize("mode", ALL_MODES)
def test_a_part_with_all_blocks_is_completed(two: Callable[..., Receiver], mode: int, by_descriptor: bool) -> None:
    """The crash came between the last write and the rename."""
    receiver = two(mode, by_descriptor=by_descriptor)
    with receiver.open() as writer:
        receiver.write(writer, 0, 1)
        part = [path for path in receiver.root.iterdir() if path.name.endswith(".jetpart")]
        with open(part[0] if part else receiver.root / "big", "r+b") as file:
            file.seek(2 * BLOCK_SIZE)
            file.write(BIG[2 * BLOCK_SIZE :])
    (receiver.root / "small").write_bytes(NEW["small"])
    with receiver.open() as writer:
        assert verified(receiver, writer, [0, 1, 2]) == [0, 1, 2]
        assert writer.mark_have([0, 1, 2]) == []
        writer.finish()
    assert contents(receiver.root) == NEW
    assert (receiver.root / "big").stat().st_mtime_ns == receiver.layout.entry(0).mtime_ns


@pytest.mark.parametrize("mode", ALL_MODES)
def test_what_was_final_before_the_checkpoint(two: Callable[..., Receiver], mode: int, by_descriptor: bool) -> None:
    """The file got its name, but the checkpoint knows its first block alone: the rest is delivered again."""
    receiver = two(mode, by_descriptor=by_descriptor)
    old = old_files(receiver.root) if mode in (OVERWRITE_NEVER, OVERWRITE_BACKUP, OVERWRITE_KEEP_BOTH) else {}
    with receiver.open() as writer:
        receiver.write(writer)
    before = contents(receiver.root)
    with receiver.open() as writer:
        assert verified(receiver, writer, [0]) == [0]
        assert writer.mark_have([0]) == []
        receiver.write(writer, 2, 1)
        report = writer.finish()
    assert contents(receiver.root) == before
    assert set(NEW.values()) <= set(before.values())
    assert set(old.values()) <= set(before.values())
    assert report.files == 2
    assert report.kept_count == (2 if mode == OVERWRITE_NEVER else 0)


@pytest.mark.parametrize("mode", ALL_MODES)
def test_finding_nothing_of_what_was_promised(two: Callable[..., Receiver], mode: int, by_descriptor: bool) -> None:
    receiver = two(mode, by_descriptor=by_descriptor)
    with receiver.open() as writer:
        receiver.write(writer, 0, 1)
    for path in receiver.root.iterdir():
        path.unlink()
    with receiver.open() as writer:
        assert verified(receiver, writer, [0, 1]) == []
        assert writer.mark_have([0, 1]) == [0, 1]
        assert writer.missing == 3
        receiver.write(writer)
        writer.finish()
    assert contents(receiver.root) == NEW


@pytest.mark.parametrize("mode", [OVERWRITE_ALWAYS, OVERWRITE_BACKUP, OVERWRITE_KEEP_BOTH, OVERWRITE_NEVER])
def test_a_twin_that_is_not_ours(two: Callable[..., Receiver], mode: int, by_descriptor: bool) -> None:
    """The file under the final name has the right size, time and first block, but is another one."""
    receiver = two(mode, by_descriptor=by_descriptor)
    twin = BIG[:BLOCK_SIZE] + b"t" * (len(BIG) - BLOCK_SIZE)
    (receiver.root / "big").write_bytes(twin)
    os.utime(receiver.root / "big", ns=(1, receiver.layout.entry(0).mtime_ns))
    with receiver.open() as writer:
        assert verified(receiver, writer, [0, 1, 2]) == [0]
        assert writer.mark_have([0]) == []
        receiver.write(writer, 2, 1)
        writer.finish()
    found = contents(receiver.root)
    assert BIG in found.values()
    if mode != OVERWRITE_ALWAYS:
        assert twin in found.values()


def test_discard(two: Callable[..., Receiver], by_descriptor: bool) -> None:
    for mode in ALL_MODES:
        receiver = two(mode, by_descriptor=by_descriptor)
        with receiver.open() as writer:
            receiver.write(writer, 1)
            writer.discard()
        left = contents(receiver.root)
        if mode in (OVERWRITE_IN_PLACE_ALWAYS, OVERWRITE_IN_PLACE_SAME_SIZE):
            assert list(left) == ["big"]
            (receiver.root / "big").unlink()
        else:
            assert left == {}


def test_discard_leaves_others_alone(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {"d": {"big": BIG}})
    receiver = Receiver(scanned({"s": source}), tmp_path / "t")
    theirs = build(tmp_path / "t" / "s" / "d", {".00000000-1.jetpart": b"other transfer", "x.jetpart": b"kept"})
    with receiver.open() as writer:
        receiver.write(writer, 0)
        assert len(list(theirs.iterdir())) == 3
        writer.discard()
    assert len(list(theirs.iterdir())) == 2




@pytest.mark.parametrize("mode", ALL_MODES)
@pytest.mark.parametrize("folder_mode", [0o500, 0o300, 0o000])
def test_going_on_after_permissions_were_set(
    open_tmp: Path, ordinary_user: None, mode: int, folder_mode: int, by_descriptor: bool
) -> None:
    """The crash came in finish(): folders are read-only already, and some blocks are delivered again."""
    if not by_descriptor and folder_mode != 0o500:
        pytest.skip("without descriptors a folder that may not be read cannot be opened safely")
    source = build(open_tmp / "s", {"d": {"e": {"big": BIG, "empty": b"", "small": b"1"}, "l": "e"}})
    found = scanned({"d": source / "d"}, symlink_mode=SYMLINK_PRESERVE)
    expected = snapshot(source)
    blocks = Receiver(found, open_tmp / "t", mode, by_descriptor=by_descriptor)
    pages = [wire_form(page) for page in with_modes(found.pages, folder_mode)]
    blocks.layout = Layout.from_pages(pages)
    blocks.all()
    with blocks.open() as writer:
        writer.mark_have(verified(blocks, writer, [0, 1]))
        blocks.write(writer)
        report = writer.finish()
    assert report.renamed_count == report.kept_count == 0
    for folder in ("d", "d/e"):
        assert (open_tmp / "t" / folder).stat().st_mode & 0o777 == folder_mode
        (open_tmp / "t" / folder).chmod(0o755)
    assert set(snapshot(open_tmp / "t")) == set(expected)


def with_modes(pages: list[bytes], folder_mode: int) -> list[bytes]:
    """The same pages, with other permissions of all folders."""
    builder = PageBuilder()
    layout = Layout.from_pages(pages)
    for entry in map(layout.entry, range(layout.entries)):
        builder.add(
            b"/".join(entry.components[:-1]), entry.components[-1], entry.kind, entry.size, entry.mtime_ns,
            folder_mode if entry.kind is Kind.DIRECTORY else entry.mode, source_folder=b"/s", link=entry.link,
        )  # fmt: skip
    return [builder.take()]


def test_leftovers_of_files_that_failed_later(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {"a": b"1", "big": BIG})
    receiver = Receiver(scanned({"s": source}), tmp_path / "t")
    with receiver.open() as writer:
        receiver.write(writer, 1)
        left = list((tmp_path / "t" / "s").iterdir())
        assert len(left) == 1
    with receiver.open() as writer:
        for number, (data, _, _) in enumerate(receiver.blocks):
            writer.write(number, data, gaps=[2, 1] if number == 0 else [2])
        assert writer.finish().failed == 2
    assert list((tmp_path / "t" / "s").iterdir()) == []


def test_files_nobody_may_read_are_flushed(open_tmp: Path, ordinary_user: None) -> None:
    source = build(open_tmp / "s", {"f": b"1"})
    receiver = Receiver(scanned({"f": source / "f"}), open_tmp / "t")
    receiver.layout = Layout.from_pages(with_file_mode(0o200))
    receiver.all()
    assert (open_tmp / "t" / "f").stat().st_mode & 0o777 == 0o200


def with_file_mode(mode: int) -> list[bytes]:
    builder = PageBuilder()
    builder.add(b"", b"f", Kind.FILE, 1, 5, mode, source_folder=b"/s")
    return [wire_form(builder.take())]


def test_a_manifest_that_is_too_large(tmp_path: Path) -> None:
    builder = PageBuilder()
    builder.add(b"", b"f", Kind.FILE, 1 << 62, 5, 0o644, source_folder=b"/s")
    with pytest.raises(WriteFailed, match="larger"):
        TreeWriter(tmp_path, "", Layout.from_pages([wire_form(builder.take())]), 4, "u")
