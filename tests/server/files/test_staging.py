"""New folders appear when the files of their first row are whole, whatever happens meanwhile."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.receiving import ALL_MODES, Receiver
from helpers.trees import build, contents, scanned, snapshot
from jetstream.constants import OVERWRITE_ALWAYS, OVERWRITE_BACKUP, OVERWRITE_KEEP_BOTH, OVERWRITE_NEVER
from jetstream_server.files import opening
from jetstream_server.files.errors import DiskFull, UnsafePath, WriteFailed
from jetstream_server.files.foldercache import FolderCache
from jetstream_server.files.folders import HAVE_DIR_FD, DescriptorFolder, open_root
from jetstream_server.files.layout import Layout
from jetstream_server.files.pagebuilder import PageBuilder
from jetstream_server.files.pages import Kind, wire_form
from jetstream_server.files.staging import hider

pytestmark = pytest.mark.skipif(not HAVE_DIR_FD, reason="folders have no descriptors here")

SPEC = {"d": {f"f{number}": os.urandom(100 + number) for number in range(8)}}


@pytest.fixture(autouse=True, params=["kernel", "plain"])
def renaming(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the call that never replaces, and as on systems that have none."""
    if request.param == "plain":
        monkeypatch.setattr(opening, "_rename_no_replace", None)


@pytest.fixture
def receiver(tmp_path: Path) -> Receiver:
    return Receiver(scanned({"s": build(tmp_path / "s", SPEC)}), tmp_path / "t")


def between(monkeypatch: pytest.MonkeyPatch, files: int, action: Callable[[], object]) -> None:
    """Let *action* happen when so many files are written."""
    real, count = DescriptorFolder.write_new, 0

    def write_new(self: DescriptorFolder, *arguments: object) -> None:
        nonlocal count
        count += 1
        if count == files + 1:
            action()
        real(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(DescriptorFolder, "write_new", write_new)


def hidden(root: Path) -> list[Path]:
    return [path for path in root.rglob(".*") if path.is_dir()]


def test_nobody_sees_it_half(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    between(monkeypatch, 5, lambda: seen.append((receiver.root / "s" / "d").exists()))
    between(monkeypatch, 6, lambda: seen.append(bool(hidden(receiver.root))))
    receiver.all()
    assert seen == [False, True] or seen == [True, False]
    assert snapshot(receiver.root / "s") == snapshot(receiver.root.parent / "s")
    assert hidden(receiver.root) == []


def test_without_descriptors_there_is_no_such_thing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = scanned({"s": build(tmp_path / "s", SPEC)})
    receiver = Receiver(found, tmp_path / "t", by_descriptor=False)
    receiver.all()
    assert contents(receiver.root / "s") == contents(tmp_path / "s")


def killed(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A life that ends in the middle of the row, as if the process had been killed there."""

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    with monkeypatch.context() as patch, receiver.open() as writer:
        between(patch, 5, die)
        patch.setattr("jetstream_server.files.foldercache.FolderCache.settle", lambda self, staged: False)
        with pytest.raises(Killed):
            receiver.write(writer)
    assert len(hidden(receiver.root)) == 1
    assert not (receiver.root / "s" / "d").exists()


def test_a_crash_leaves_nothing_that_stays(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(receiver, monkeypatch)
    killed(receiver, monkeypatch)
    receiver.all()
    assert hidden(receiver.root) == []
    assert contents(receiver.root / "s") == contents(receiver.root.parent / "s")


def test_a_crash_before_somebody_else_makes_the_folder(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(receiver, monkeypatch)
    (receiver.root / "s" / "d").mkdir()
    receiver.all()
    assert hidden(receiver.root) == []
    assert contents(receiver.root / "s") == contents(receiver.root.parent / "s")


def test_discarding_after_a_crash(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(receiver, monkeypatch)
    with receiver.open() as writer:
        writer.discard()
    assert hidden(receiver.root) == []


@pytest.mark.parametrize("mode", ALL_MODES)
def test_somebody_makes_the_folder_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    receiver = Receiver(scanned({"s": build(tmp_path / "s", SPEC)}), tmp_path / "t", mode)
    theirs = {"d": {"f3": b"theirs", "g": b"only there"}}
    between(monkeypatch, 4, lambda: build(receiver.root / "s", theirs))
    report = receiver.all()
    found = contents(receiver.root / "s")
    assert hidden(receiver.root) == []
    assert found["d/g"] == b"only there"
    ours = SPEC["d"]["f3"]
    if mode == OVERWRITE_ALWAYS:
        assert found["d/f3"] == ours
    elif mode == OVERWRITE_BACKUP:
        assert (found["d/f3"], found["d/f3.jetbak"]) == (ours, b"theirs")
    elif mode == OVERWRITE_KEEP_BOTH:
        assert (found["d/f3"], found["d/f3 (2)"], report.renamed) == (b"theirs", ours, ("s/d/f3 (2)",))
    elif mode == OVERWRITE_NEVER:
        assert (found["d/f3"], found["d/f3.jetpart"]) == (b"theirs", ours)
    assert {name: found[f"d/{name}"] for name in SPEC["d"] if name != "f3"} == {
        name: content for name, content in SPEC["d"].items() if name != "f3"
    }


@pytest.mark.parametrize(
    ("make", "error"), [(lambda path: path.symlink_to("/tmp"), UnsafePath), (Path.touch, WriteFailed)]
)
def test_something_else_takes_the_name(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], error: type[Exception]
) -> None:
    between(monkeypatch, 4, lambda: make(receiver.root / "s" / "d"))
    with receiver.open() as writer, pytest.raises(error):
        receiver.write(writer)
    assert hidden(receiver.root) == []


def test_a_full_disk_keeps_what_is_whole(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    between(monkeypatch, 4, full)
    with receiver.open() as writer:
        with pytest.raises(DiskFull, match="s/d/f4"):
            receiver.write(writer)
        assert sorted(path.name for path in (receiver.root / "s" / "d").iterdir()) == ["f0", "f1", "f2", "f3"]
        receiver.write(writer)
        writer.finish()
    assert contents(receiver.root / "s") == contents(receiver.root.parent / "s")


def test_one_name_twice(tmp_path: Path) -> None:
    """As on a file system that takes two names for the same."""
    builder = PageBuilder()
    for content in (b"1", b"22", b"333"):
        builder.add(b"d", b"same", Kind.FILE, len(content), 5, 0o644, source_folder=b"/s")
    receiver = Receiver(scanned({"s": build(tmp_path / "s", {})}), tmp_path / "t", OVERWRITE_KEEP_BOTH)
    receiver.layout = Layout.from_pages([wire_form(builder.take())])
    with receiver.open() as writer:
        writer.write(0, memoryview(b"122333"))
        writer.finish()
    assert set(contents(tmp_path / "t").values()) == {b"1", b"22", b"333"}


def cache_of(root: Path) -> FolderCache:
    return FolderCache(open_root(root), {b"private": 0o500}.get, 4, hider(b".01234567-"))


def test_who_wants_the_folder_waits(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    staged = cache.stage(b"a/b")
    assert staged is not None
    assert not (tmp_path / "a" / "b").exists()
    found: list[bool] = []
    started = threading.Event()

    def want(path: bytes) -> None:
        started.set()
        cache.acquire(path)
        found.append((tmp_path / "a" / "b").is_dir())
        cache.release(path)

    threads = [threading.Thread(target=want, args=(path,)) for path in (b"a/b", b"a/b/c")]
    for thread in threads:
        thread.start()
    started.wait()
    assert cache.settle(staged)
    for thread in threads:
        thread.join()
    assert found == [True, True]
    assert cache.take_made() >= {b"", b"a"}
    assert cache.stage(b"a/b") is None
    assert cache.stage(b"") is None
    cache.close()


def test_what_must_not_be_open_is_not(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    staged = cache.stage(b"private")
    assert staged is not None
    assert cache.settle(staged)
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o700
    cache.close()


def test_two_caches_meet(tmp_path: Path) -> None:
    """Two transfers that write the same new folder have hidden names of their own."""
    one, other = cache_of(tmp_path), FolderCache(open_root(tmp_path), {}.get, 4, hider(b".76543210-"))
    first, second = one.stage(b"d"), other.stage(b"d")
    assert first is not None
    assert second is not None
    second.folder.write_new(b"f", memoryview(b"x"), 1, 5, 0o644, False)
    assert other.settle(second)
    assert not one.settle(first)
    assert os.listdir(tmp_path) == ["d"]
    assert os.listdir(tmp_path / "d") == ["f"]
    one.close()
    other.close()


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    cache = cache_of(tmp_path)
    name = hider(b".01234567-")(b"d")
    (tmp_path / os.fsdecode(name) / "folder").mkdir(parents=True)
    assert cache.stage(b"d") is None
    cache.acquire(b"d")
    cache.release(b"d")
    assert (tmp_path / os.fsdecode(name) / "folder").is_dir()
    cache.close()


def test_a_name_that_is_taken_in_the_last_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no call that never replaces, a folder with something in it, or a file, is in the way as well."""
    root = DescriptorFolder(os.open(tmp_path, os.O_RDONLY))
    monkeypatch.setattr(DescriptorFolder, "lstat", lambda *_: None)
    build(tmp_path, {"old": {"f": b"1"}, "full": {"g": b"2"}, "file": b"3"})
    assert not root.rename_folder(b"old", b"full")
    assert not root.rename_folder(b"old", b"file")
    assert root.rename_folder(b"old", b"new")
    assert contents(tmp_path) == {"new/f": b"1", "full/g": b"2", "file": b"3"}
    root.close()
