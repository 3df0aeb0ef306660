"""Writing trees: names, times, permissions, overwrite modes, what lies in the way, what a crash leaves."""

import os
import random
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.trees import Scanned, all_blocks, build, contents, scanned, snapshot
from jetstream.constants import (
    BLOCK_SIZE,
    OVERWRITE_ALWAYS,
    OVERWRITE_BACKUP,
    OVERWRITE_IN_PLACE_ALWAYS,
    OVERWRITE_IN_PLACE_NEVER,
    OVERWRITE_IN_PLACE_SAME_SIZE,
    OVERWRITE_KEEP_BOTH,
    OVERWRITE_NEVER,
    SYMLINK_PRESERVE,
)
from jetstream_server.files.errors import DiskFull, UnsafePath, WriteFailed
from jetstream_server.files.layout import Layout
from jetstream_server.files.pages import Kind, PageBuilder, wire_form
from jetstream_server.files.writer import TreeWriter

ALL_MODES = range(7)
IN_PLACE = (OVERWRITE_IN_PLACE_NEVER, OVERWRITE_IN_PLACE_ALWAYS, OVERWRITE_IN_PLACE_SAME_SIZE)
BIG = random.Random(1).randbytes(2 * BLOCK_SIZE + 54321)
NEW = {"big": BIG, "small": b"new small"}

BY = pytest.mark.parametrize("by_descriptor", [True, False])


@pytest.fixture(params=[True, False], ids=["descriptors", "paths"])
def by_descriptor(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


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


@pytest.fixture
def two(tmp_path: Path) -> Callable[..., Receiver]:
    """A receiver of one big and one small file, mapped to the top of the receiving folder."""
    source = build(tmp_path / "source", NEW)

    def make(mode: int, **options: Any) -> Receiver:
        return Receiver(scanned({name: source / name for name in NEW}), tmp_path / "target", mode, **options)

    return make


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


# -- modes: what is there already ------------------------------------------------------------------------------------


def old_files(root: Path, *, same_size: bool = False) -> dict[str, bytes]:
    old = {name: (b"o" * len(content) if same_size else b"older " + name.encode()) for name, content in NEW.items()}
    for name, content in old.items():
        (root / name).write_bytes(content)
    return old


@pytest.mark.parametrize("mode", [OVERWRITE_ALWAYS, OVERWRITE_IN_PLACE_ALWAYS])
def test_always(two: Callable[..., Receiver], mode: int, by_descriptor: bool) -> None:
    receiver = two(mode, by_descriptor=by_descriptor)
    old_files(receiver.root)
    (receiver.root / "big").write_bytes(b"x" * (len(BIG) + 999))
    inode = (receiver.root / "big").stat().st_ino
    report = receiver.all()
    assert contents(receiver.root) == NEW
    assert report.files == 2
    assert ((receiver.root / "big").stat().st_ino == inode) is (mode == OVERWRITE_IN_PLACE_ALWAYS)


def test_never(two: Callable[..., Receiver], by_descriptor: bool) -> None:
    receiver = two(OVERWRITE_NEVER, by_descriptor=by_descriptor)
    old = old_files(receiver.root)
    report = receiver.all()
    assert contents(receiver.root) == old | {f"{name}.jetpart": content for name, content in NEW.items()}
    assert sorted(report.kept) == ["big.jetpart", "small.jetpart"]
    assert report.kept_count == 2
    assert receiver.all().kept_count == 2
    assert len(contents(receiver.root)) == 4


def test_backup(two: Callable[..., Receiver], by_descriptor: bool) -> None:
    receiver = two(OVERWRITE_BACKUP, by_descriptor=by_descriptor)
    old = old_files(receiver.root)
    receiver.all()
    expected = NEW | {f"{name}.jetbak": content for name, content in old.items()}
    assert contents(receiver.root) == expected
    receiver.all()
    assert contents(receiver.root) == expected
    (receiver.root / "small").write_bytes(b"newer")
    receiver.all()
    assert contents(receiver.root) == expected | {"small.jetbak": b"newer", "small.2.jetbak": b"older small"}


def test_keep_both(two: Callable[..., Receiver], by_descriptor: bool) -> None:
    receiver = two(OVERWRITE_KEEP_BOTH, by_descriptor=by_descriptor)
    old = old_files(receiver.root)
    (receiver.root / "small (2)").write_bytes(b"also there")
    report = receiver.all()
    expected = old | {"small (2)": b"also there", "small (3)": NEW["small"], "big (2)": BIG}
    assert contents(receiver.root) == expected
    assert sorted(report.renamed) == ["big (2)", "small (3)"]
    receiver.all()
    assert contents(receiver.root) == expected


def test_in_place_never(two: Callable[..., Receiver], by_descriptor: bool) -> None:
    receiver = two(OVERWRITE_IN_PLACE_NEVER, by_descriptor=by_descriptor)
    old = old_files(receiver.root, same_size=True)
    report = receiver.all()
    assert contents(receiver.root) == old
    assert sorted(report.skipped) == ["big", "small"]
    assert report.files == 0


def test_in_place_same_size(two: Callable[..., Receiver], by_descriptor: bool) -> None:
    receiver = two(OVERWRITE_IN_PLACE_SAME_SIZE, by_descriptor=by_descriptor)
    old = old_files(receiver.root)
    assert sorted(receiver.all().skipped) == ["big", "small"]
    assert contents(receiver.root) == old
    old_files(receiver.root, same_size=True)
    assert receiver.all().skipped_count == 0
    assert contents(receiver.root) == NEW
    for name in NEW:
        (receiver.root / name).write_bytes(b"")
    receiver.all()
    assert contents(receiver.root) == NEW


@pytest.mark.parametrize("mode", IN_PLACE)
def test_in_place_is_in_place_from_the_start(two: Callable[..., Receiver], mode: int, by_descriptor: bool) -> None:
    receiver = two(mode, by_descriptor=by_descriptor)
    with receiver.open() as writer:
        receiver.write(writer, 0)
        assert (receiver.root / "big").read_bytes()[:BLOCK_SIZE] == BIG[:BLOCK_SIZE]


@pytest.mark.parametrize("mode", ALL_MODES)
def test_empty_files_obey_the_mode(tmp_path: Path, mode: int) -> None:
    receiver = Receiver(scanned({"f": build(tmp_path / "s", {"f": b""}) / "f"}), tmp_path / "t", mode)
    (tmp_path / "t" / "f").write_bytes(b"old")
    receiver.all()
    found = contents(tmp_path / "t")
    if mode in (OVERWRITE_ALWAYS, OVERWRITE_IN_PLACE_ALWAYS):
        assert found == {"f": b""}
    elif mode in (OVERWRITE_IN_PLACE_NEVER, OVERWRITE_IN_PLACE_SAME_SIZE):
        assert found == {"f": b"old"}
    else:
        assert len(found) == 2
        assert set(found.values()) == {b"", b"old"}


# -- what lies in the way --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ALL_MODES)
@pytest.mark.parametrize("name", ["big", "small"])
def test_a_folder_where_a_file_should_be(
    two: Callable[..., Receiver], mode: int, name: str, by_descriptor: bool
) -> None:
    receiver = two(mode, by_descriptor=by_descriptor)
    build(receiver.root / name, {"precious": b"p"})
    paths = []
    try:
        receiver.all()
    except WriteFailed as error:
        paths.append(error.path)
    assert paths in ([], [name])
    assert (receiver.root / name / "precious").read_bytes() == b"p"


@pytest.mark.parametrize("mode", ALL_MODES)
def test_a_file_where_a_folder_should_be(tmp_path: Path, mode: int, by_descriptor: bool) -> None:
    source = build(tmp_path / "s", {"d": {"e": {"f": b"1"}}})
    receiver = Receiver(scanned({"d": source / "d"}), tmp_path / "t", mode, by_descriptor=by_descriptor)
    (tmp_path / "t" / "d").write_bytes(b"file")
    with pytest.raises(WriteFailed, match="folder is needed") as caught:
        receiver.all()
    assert caught.value.path == "d"
    assert (tmp_path / "t" / "d").read_bytes() == b"file"


@pytest.mark.parametrize("mode", ALL_MODES)
@pytest.mark.parametrize("where", ["x", "x/y"])
def test_links_are_not_followed_out(tmp_path: Path, mode: int, where: str, by_descriptor: bool) -> None:
    outside = build(tmp_path / "outside", {"keep": b"k", "y": {}})
    source = build(tmp_path / "s", {"x": {"y": {"keep": b"evil"}, "big": BIG}})
    receiver = Receiver(scanned({"x": source / "x"}), tmp_path / "t", mode, by_descriptor=by_descriptor)
    (tmp_path / "t" / where).parent.mkdir(exist_ok=True)
    (tmp_path / "t" / where).symlink_to(outside)
    before = snapshot(outside)
    with pytest.raises(UnsafePath):
        receiver.all()
    assert snapshot(outside) == before


@pytest.mark.parametrize("mode", ALL_MODES)
def test_links_in_place_of_files_are_not_written_through(
    two: Callable[..., Receiver], tmp_path: Path, mode: int, by_descriptor: bool
) -> None:
    receiver = two(mode, by_descriptor=by_descriptor)
    victims = build(tmp_path / "outside", {"big": b"v" * len(BIG), "small": b"v" * len(NEW["small"]), "part": b"p"})
    for name in NEW:
        (receiver.root / name).symlink_to(victims / name)
    before = snapshot(victims)
    paths = []
    try:
        receiver.all()
    except WriteFailed as error:
        paths.append(error.path)
    assert set(paths) <= set(NEW)
    assert snapshot(victims) == before


def test_a_part_name_that_is_a_link(two: Callable[..., Receiver], tmp_path: Path, by_descriptor: bool) -> None:
    receiver = two(OVERWRITE_ALWAYS, by_descriptor=by_descriptor)
    victim = tmp_path / "victim"
    victim.write_bytes(b"v")
    with receiver.open() as writer:
        receiver.write(writer, 0)
        part = next(receiver.root.glob(".*.jetpart"))
    part.unlink()
    part.symlink_to(victim)
    with receiver.open() as writer, pytest.raises(WriteFailed):
        receiver.write(writer)
    assert victim.read_bytes() == b"v"


def test_a_pipe_in_the_way_does_not_hang(two: Callable[..., Receiver]) -> None:
    receiver = two(OVERWRITE_IN_PLACE_ALWAYS)
    for name in NEW:
        os.mkfifo(receiver.root / name)
    with pytest.raises(WriteFailed):
        receiver.all()


def test_read_only_leftovers(open_tmp: Path, ordinary_user: None) -> None:
    """A file that arrived in place and is read-only by now may be delivered again after a crash."""
    source = build(open_tmp / "source", NEW)
    for name in NEW:
        (source / name).chmod(0o400)
    receiver = Receiver(scanned({name: source / name for name in NEW}), open_tmp / "t", OVERWRITE_IN_PLACE_ALWAYS)
    receiver.all()
    receiver.all()
    assert contents(open_tmp / "t") == NEW
    (open_tmp / "t" / "small").chmod(0o600)
    (open_tmp / "t" / "small").write_bytes(b"other")
    (open_tmp / "t" / "small").chmod(0o400)
    with pytest.raises(WriteFailed, match="ermission denied"):
        receiver.all()


def test_a_folder_that_may_not_be_written(open_tmp: Path, ordinary_user: None) -> None:
    source = build(open_tmp / "s", {"d": {"f": b"1"}})
    receiver = Receiver(scanned({"d": source / "d"}), open_tmp / "t")
    (open_tmp / "t" / "d").mkdir()
    (open_tmp / "t" / "d").chmod(0o500)
    with pytest.raises(WriteFailed, match="ermission denied") as caught:
        receiver.all()
    assert caught.value.path == "d/f"


def test_private_folders_are_private_from_the_start(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {"d": {"f": b"1"}})
    (source / "d").chmod(0o700)
    receiver = Receiver(scanned({"d": source / "d"}), tmp_path / "t")
    with receiver.open() as writer:
        receiver.write(writer)
        assert (tmp_path / "t" / "d").stat().st_mode & 0o777 == 0o700


# -- links ------------------------------------------------------------------------------------------------------------


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


# -- gaps -------------------------------------------------------------------------------------------------------------


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


# -- full disk --------------------------------------------------------------------------------------------------------


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


# -- crashes ----------------------------------------------------------------------------------------------------------


def verified(receiver: Receiver, writer: TreeWriter, candidates: list[int]) -> list[int]:
    good = []
    for block in candidates:
        buffer = memoryview(bytearray(receiver.layout.block_length(block)))
        if writer.read_back(block, buffer) and buffer == receiver.blocks[block][0]:
            good.append(block)
    return good


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


# -- zero blocks, threads, descriptors --------------------------------------------------------------------------------


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


# -- permissions that keep us out -------------------------------------------------------------------------------------


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
