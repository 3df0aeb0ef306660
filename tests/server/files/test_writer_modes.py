"""Writing trees where something is there already, in every overwrite mode, and what lies in the way."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.receiving import ALL_MODES, BIG, IN_PLACE, NEW, Receiver, old_files
from helpers.trees import build, contents, scanned, snapshot
from jetstream.constants import (
    BLOCK_SIZE,
    OVERWRITE_ALWAYS,
    OVERWRITE_BACKUP,
    OVERWRITE_IN_PLACE_ALWAYS,
    OVERWRITE_IN_PLACE_NEVER,
    OVERWRITE_IN_PLACE_SAME_SIZE,
    OVERWRITE_KEEP_BOTH,
    OVERWRITE_NEVER,
)
from jetstream_server.files.errors import TargetBusy, UnsafePath, WriteFailed


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


@pytest.mark.skipif(os.name == "nt", reason="needs locks that go with the descriptor")
@pytest.mark.parametrize("mode", [OVERWRITE_IN_PLACE_ALWAYS, OVERWRITE_IN_PLACE_SAME_SIZE])
def test_one_at_a_time_writes_into_a_file(
    two: Callable[..., Receiver], tmp_path: Path, mode: int, by_descriptor: bool
) -> None:
    first = two(mode, by_descriptor=by_descriptor)
    other = scanned({name: build(tmp_path / "other", {name: b"o" * len(NEW[name])}) / name for name in NEW})
    second = Receiver(other, first.root, mode, by_descriptor=by_descriptor)
    with first.open() as writer, second.open() as late:
        first.write(writer, 0)
        with pytest.raises(TargetBusy, match="big: another transfer or program is writing into it"):
            second.write(late)
        first.write(writer)
        assert (first.root / "big").read_bytes() == BIG  # whole, and nobody's any more
        second.write(late)
    assert (first.root / "big").read_bytes() == b"o" * len(BIG)


@pytest.mark.skipif(os.name == "nt", reason="needs locks that go with the descriptor")
def test_a_small_file_waits_for_a_large_one_of_its_name(tmp_path: Path) -> None:
    large = Receiver(scanned({"f": build(tmp_path / "s", {"f": BIG}) / "f"}), tmp_path / "t", OVERWRITE_IN_PLACE_ALWAYS)
    little = scanned({"f": build(tmp_path / "o", {"f": b"o"}) / "f"})
    small = Receiver(little, tmp_path / "t", OVERWRITE_IN_PLACE_ALWAYS)
    with large.open() as writer:
        large.write(writer, 0)
        with pytest.raises(TargetBusy):
            small.all()
        large.write(writer)
    assert contents(tmp_path / "t") == {"f": BIG}
    small.all()
    assert contents(tmp_path / "t") == {"f": b"o"}


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
