"""Scanning real trees."""

import os
import socket
from pathlib import Path

import pytest

from helpers.trees import BASE_TIME, Scanned, build, scanned
from jetstream.constants import SYMLINK_FOLLOW, SYMLINK_IGNORE, SYMLINK_PRESERVE
from jetstream_server.files.errors import ManifestFailed, ScanCancelled
from jetstream_server.files.pages import Kind, wire_form
from jetstream_server.files.pagestream import LocalPage
from jetstream_server.files.scan import scan

BY = pytest.mark.parametrize("by_descriptor", [True, False])


@BY
def test_a_tree(tmp_path: Path, by_descriptor: bool) -> None:
    source = build(tmp_path / "s", {"b": b"12", "a": {"z": b"", "y": b"123"}, "empty": {}, "c": {"d": {"e": b"1"}}})
    os.chmod(source / "b", 0o4751)
    found = scanned({"t": source}, by_descriptor=by_descriptor)
    assert found.targets() == ["t", "t/b", "t/a", "t/a/y", "t/a/z", "t/c", "t/c/d", "t/c/d/e", "t/empty"]
    layout = found.stored
    entries = {os.fsdecode(entry.target): entry for entry in map(layout.entry, range(layout.entries))}
    assert entries["t/b"].size == 2
    assert entries["t/b"].mode == 0o751
    assert entries["t/b"].mtime_ns == (source / "b").stat().st_mtime_ns == BASE_TIME
    assert entries["t/b"].source == os.fsencode(source / "b")
    assert entries["t/c/d/e"].source == os.fsencode(source / "c/d/e")
    assert entries["t/empty"].kind is Kind.DIRECTORY
    assert entries["t/empty"].empty
    assert not entries["t/c"].empty
    assert entries["t"].mtime_ns == source.stat().st_mtime_ns
    result = found.result
    assert (result.entries, result.files, result.size, result.skipped) == (9, 4, 6, 0)


def test_single_files_and_names_kept(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {"a.txt": b"x", "d": {"b": b"yy"}})
    found = scanned({"deep/down/other.txt": source / "a.txt", "d/": source / "a.txt", "e/": source / "d"})
    assert found.targets() == ["deep/down/other.txt", "d/a.txt", "e/d", "e/d/b"]
    entry = found.stored.entry(0)
    assert entry.source == os.fsencode(source / "a.txt")
    assert entry.size == 1


def test_the_digest_is_of_the_wire_form(tmp_path: Path) -> None:
    from blake3 import blake3

    source = build(tmp_path / "s", {f"{number:04}": b"x" for number in range(50)})
    one, two = scanned({"t": source}), scanned({"t": source})
    assert one.result.digest == two.result.digest == blake3(b"".join(map(wire_form, one.pages))).digest()
    moved = tmp_path / "elsewhere"
    source.rename(moved)
    assert scanned({"t": moved}).result.digest == one.result.digest
    assert scanned({"u": moved}).result.digest != one.result.digest


NAMES = [
    b"new\nline", b"\xff\xfe not utf-8", "e\u0301".encode(), "\u00e9".encode(), b"n" * 255, b" ", b"-rf", b"a\\x2db",
    b"'\"$`",
]  # fmt: skip


@BY
def test_names_byte_for_byte(tmp_path: Path, by_descriptor: bool) -> None:
    source = os.fsencode(tmp_path) + b"/s"
    os.mkdir(source)
    for name in NAMES:
        with open(os.path.join(source, name), "wb") as file:
            file.write(name)
    found = scanned({"t": os.fsdecode(source)}, by_descriptor=by_descriptor)
    layout = found.stored
    assert {layout.entry(number).components[-1] for number in range(1, layout.entries)} == set(NAMES)
    assert {layout.entry(n).source for n in range(1, layout.entries)} == {os.path.join(source, n) for n in NAMES}


def test_paths_of_4000_bytes(tmp_path: Path) -> None:
    make_deep(os.fsencode(tmp_path), 15)
    found = scanned({"t": tmp_path})
    last = found.stored.entry(found.stored.entries - 1)
    assert len(last.target) > 3700
    assert last.source is not None
    assert len(last.source) > 3700
    assert last.size == 4


def test_paths_that_the_system_cannot_name(tmp_path: Path) -> None:
    """The absolute path is longer than PATH_MAX, the target is not."""
    make_deep(os.fsencode(tmp_path) + b"/" + b"x" * 200, 15)
    make_deep(os.fsencode(tmp_path) + b"/" + b"x" * 200, 16)
    found = scanned({"t": tmp_path / ("x" * 200)})
    entries = [found.stored.entry(number) for number in range(found.stored.entries)]
    assert max(len(entry.source or b"") for entry in entries) > 4096


@BY
@pytest.mark.skipif(not os.path.exists("/proc/self/mounts"), reason="no /proc")
def test_files_that_are_made_while_they_are_read(tmp_path: Path, by_descriptor: bool) -> None:
    source = build(tmp_path / "s", {"a": b"", "b": b"1", "empty": b""})
    (source / "mtab").symlink_to("/proc/self/mounts")
    (source / "none").symlink_to("empty")
    for mapped in ({"t": source}, {"t": Path("/proc/version")}, {"t": Path("/proc/sys/kernel/random")}):
        with pytest.raises(ManifestFailed, match="has content but no size"):
            scanned(mapped, by_descriptor=by_descriptor)
    found = scanned({"t": source}, by_descriptor=by_descriptor, skip_unreadable=True)
    assert found.targets() == ["t", "t/a", "t/b", "t/empty", "t/none"]
    assert found.result.skipped_sample == (f"{source}/mtab: has content but no size: the system makes it while it is "
                                           f"read",)
    assert scanned({"t": source}, symlink_mode=SYMLINK_PRESERVE).result.entries == 6


def test_targets_that_are_too_long(tmp_path: Path) -> None:
    make_deep(os.fsencode(tmp_path), 18)
    with pytest.raises(ManifestFailed, match="4096"):
        scanned({"t": tmp_path})
    assert scanned({"t": tmp_path}, skip_unreadable=True).result.skipped == 1


def make_deep(top: bytes, levels: int) -> None:
    """Folders with names of 250 bytes in each other, and a file at the end."""
    os.makedirs(top, exist_ok=True)
    fd = os.open(top, os.O_RDONLY)
    for level in range(levels):
        name = bytes([97 + level % 26]) * 250
        if name not in map(os.fsencode, os.listdir(fd)):
            os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    file = os.open(b"file%d" % levels, os.O_WRONLY | os.O_CREAT, dir_fd=fd)
    os.write(file, b"deep")
    os.close(file)
    os.close(fd)


def links(tmp_path: Path) -> Path:
    return build(
        tmp_path / "s",
        {"f": b"1", "d": {"g": b"22"}, "to-f": "f", "to-d": "d", "d2": {"up": "../d", "loop": "..", "self": "."}},
    )


def test_links_followed(tmp_path: Path) -> None:
    found = scanned({"t": links(tmp_path)}, symlink_mode=SYMLINK_FOLLOW)
    assert found.targets() == [
        "t", "t/f", "t/to-f", "t/d", "t/d/g", "t/d2", "t/d2/up", "t/d2/up/g", "t/to-d", "t/to-d/g",
    ]  # fmt: skip
    assert found.result.skipped == 2
    assert all("leads back" in line for line in found.result.skipped_sample)


def test_links_ignored(tmp_path: Path) -> None:
    found = scanned({"t": links(tmp_path)}, symlink_mode=SYMLINK_IGNORE)
    assert found.targets() == ["t", "t/f", "t/d", "t/d/g", "t/d2"]
    assert found.stored.entry(4).empty


def test_links_preserved(tmp_path: Path) -> None:
    found = scanned({"t": links(tmp_path)}, symlink_mode=SYMLINK_PRESERVE)
    layout = found.stored
    kept = {
        os.fsdecode(entry.target): entry.link
        for entry in map(layout.entry, range(layout.entries))
        if entry.kind is Kind.SYMLINK
    }
    assert kept == {"t/to-f": b"f", "t/to-d": b"d", "t/d2/up": b"../d", "t/d2/loop": b"..", "t/d2/self": b"."}


def test_loops_over_other_places(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {"a": {"to-b": "../b"}, "b": {"to-a": "../a", "f": b"x"}})
    found = scanned({"t": source})
    assert "t/a/to-b/f" in found.targets()
    assert "t/b/to-a/to-b" not in found.targets()
    above = build(tmp_path / "u", {"v": {"w": {"up": "../.."}, "f": b"x"}})
    targets = scanned({"t": above / "v"}).targets()
    assert "t/w/up/v" not in targets
    assert "t/w/up" in targets


def test_links_that_lead_out_of_what_may_be_read(tmp_path: Path) -> None:
    build(tmp_path / "secret", {"key": b"k", "d": {"x": b"y"}})
    source = build(tmp_path / "s", {"f": b"1", "steal": "../secret/key", "steal-d": "../secret/d", "ok": "f"})
    found = scanned({"t": source}, may_read=lambda place: place.startswith(f"{source}/"))
    assert found.targets() == ["t", "t/f", "t/ok"]
    assert found.result.skipped == 2


def test_a_link_as_source(tmp_path: Path) -> None:
    source = links(tmp_path)
    assert scanned({"t": source / "to-d"}).targets() == ["t", "t/g"]
    assert scanned({"t": source / "to-f"}, symlink_mode=SYMLINK_IGNORE).targets() == ["t"]
    kept = scanned({"t": source / "to-d"}, symlink_mode=SYMLINK_PRESERVE)
    assert kept.stored.entry(0).link == b"d"


@pytest.mark.parametrize("what", ["missing", "dangling", "fifo", "socket", "loop"])
def test_what_cannot_be_sent(tmp_path: Path, what: str) -> None:
    source = build(tmp_path / "s", {"good": b"1", "dangling": "nowhere", "loop": "loop"})
    os.mkfifo(source / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(source / "socket"))
    for mapping in ({"t": source / what}, {"t": source}):
        with pytest.raises(ManifestFailed) as caught:
            scanned(mapping)
        assert str(source) in caught.value.path
    found = scanned({"t": source / what, "u": source}, skip_unreadable=True)
    assert found.targets() == ["u", "u/good"]
    assert found.result.skipped == 5


def test_permissions(open_tmp: Path, ordinary_user: None) -> None:
    source = build(open_tmp / "s", {"good": b"1", "locked": b"2", "folder": {"x": b"3"}})
    (source / "locked").chmod(0)
    (source / "folder").chmod(0)
    for name in ("locked", "folder"):
        with pytest.raises(ManifestFailed, match="ermission denied"):
            scanned({"t": source / name})
    found = scanned({"t": source}, skip_unreadable=True)
    assert found.targets() == ["t", "t/good"]
    assert found.result.skipped == 2
    (source / "locked").chmod(0o400)
    (source / "folder").chmod(0o700)
    assert scanned({"t": source}).result.files == 3


def test_duplicates(tmp_path: Path) -> None:
    one = build(tmp_path / "one", {"a": b"1", "d": {"x": b"1"}})
    two = build(tmp_path / "two", {"b": b"2", "d": {"y": b"2"}})
    merged = scanned({"t": one, "./t": two})
    assert sorted(merged.targets()) == ["t", "t/a", "t/b", "t/d", "t/d/x", "t/d/y"]
    inside = scanned({"t": one, "t/d/z": two})
    assert sorted(inside.targets()) == ["t", "t/a", "t/d", "t/d/x", "t/d/z", "t/d/z/b", "t/d/z/d", "t/d/z/d/y"]
    build(two, {"a": b"other"})
    for mapping in (
        {"t": one, "/t": two},
        {"t/d/x": two, "t": one},
        {"t": one, "t/d/x": two / "b"},
        {"t": one / "a", "t/u": two},
        {"t": one / "a", "./t": one / "a"},
    ):
        with pytest.raises(ManifestFailed, match="both"):
            scanned(mapping)


def test_part_files_and_unwritable_names(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {".0123abcd-7.jetpart": b"half", "a": b"1", "a.jetpart": b"2"})
    found = scanned({"t": source})
    assert found.targets() == ["t", "t/a", "t/a.jetpart"]
    assert found.result.skipped == 1
    build(source, {"..\\climb": b""})
    with pytest.raises(ManifestFailed):
        scanned({"t": source})
    assert scanned({"t": source}, skip_unreadable=True).result.skipped == 2


def test_exclude(tmp_path: Path) -> None:
    left_out = {"a.o": b"", "b": {"c.o": b"", "d": b""}, "cache": {"x": b""}}
    source = build(tmp_path / "s", {"keep": b"", "e": {"cache": b""}} | left_out)
    found = scanned({"t": source}, exclude=["*.o", "cache/", "b/d"])
    assert found.targets() == ["t", "t/keep", "t/b", "t/e", "t/e/cache"]
    assert found.stored.entry(2).empty


def test_stopping(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {str(number): {"f": b""} for number in range(20)})
    asked = 0

    def enough() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    with pytest.raises(ScanCancelled):
        scanned({"t": source}, cancelled=enough)
    assert asked == 6


def test_progress_and_batches(tmp_path: Path) -> None:
    source = tmp_path / "s"
    for folder in range(3):
        (source / str(folder)).mkdir(parents=True)
        for number in range(3000):
            os.close(os.open(source / str(folder) / f"{number:05}", os.O_WRONLY | os.O_CREAT))
    reports: list[tuple[int, int]] = []
    batches: list[list[LocalPage]] = []
    result = scan({"t": str(source)}, on_pages=batches.append, on_progress=lambda f, s: reports.append((f, s)))
    assert reports == sorted(reports)
    assert reports[-1] == (9000, 0)
    assert len(reports) >= 6
    pages = [page for batch in batches for page in batch]
    assert [page.number for page in pages] == list(range(len(pages)))
    assert pages[1].first_entry == 4096
    found = Scanned(result, [page.data for page in pages])
    assert found.targets() == ["t"] + [
        path for folder in range(3) for path in [f"t/{folder}", *(f"t/{folder}/{number:05}" for number in range(3000))]
    ]
