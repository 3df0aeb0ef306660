"""One interface, two ways of reaching folders: both pass the same tests."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jetstream_server.files import opening
from jetstream_server.files.errors import UnsafePath, WriteFailed
from jetstream_server.files.foldercache import FolderCache
from jetstream_server.files.folders import Folder, open_root
from jetstream_server.files.opening import rename_no_replace


@pytest.fixture(params=[True, False], ids=["descriptors", "paths"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folder]:
    opened = open_root(tmp_path, by_descriptor=request.param)
    yield opened
    opened.close()


def test_files(folder: Folder, tmp_path: Path) -> None:
    fd = folder.create(b"a", 0o600)
    os.write(fd, b"12")
    folder.close_file(fd, b"a", 5_000_000_007, 0o640)
    info = folder.lstat(b"a")
    assert info is not None
    assert (info.st_size, info.st_mtime_ns, info.st_mode & 0o7777) == (2, 5_000_000_007, 0o640)
    with pytest.raises(FileExistsError):
        folder.create(b"a", 0o600)
    for write in (False, True):
        fd = folder.open(b"a", write=write)
        assert os.read(fd, 9) == b"12"
        os.close(fd)
    with pytest.raises(FileNotFoundError):
        folder.open(b"b", write=False)
    assert folder.lstat(b"b") is None
    assert folder.names() == [b"a"]
    folder.unlink(b"a")
    folder.unlink(b"a")
    assert folder.names() == []


def test_only_regular_files_are_opened(folder: Folder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "d").mkdir()
    (tmp_path / "file").write_bytes(b"")
    folder.symlink(b"file", b"link")
    assert folder.readlink(b"link") == b"file"
    for name in (b"fifo", b"d", b"link"):
        for write in (False, True):
            with pytest.raises(OSError, match=r"\w"):
                folder.open(name, write=write)


def test_renaming(folder: Folder, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name)
    folder.replace(b"a", b"b")
    assert (tmp_path / "b").read_text() == "a"
    assert not folder.rename_new(b"b", b"c")
    assert (tmp_path / "c").read_text() == "c"
    assert folder.rename_new(b"b", b"d")
    assert sorted(folder.names()) == [b"c", b"d"]
    (tmp_path / "dangling").symlink_to("nowhere")
    assert not folder.rename_new(b"d", b"dangling")
    with pytest.raises(FileNotFoundError):
        folder.rename_new(b"missing", b"new")


def test_renaming_without_the_system_call(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_rename_no_replace", None)
    test_renaming(folder, tmp_path)
    assert rename_no_replace(os.fsencode(tmp_path / "c"), os.fsencode(tmp_path / "e"))
    assert not rename_no_replace(os.fsencode(tmp_path / "d"), os.fsencode(tmp_path / "e"))


def test_renaming_where_links_are_not_possible(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "no hard links here")

    monkeypatch.setattr(opening, "_rename_no_replace", None)
    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    assert not folder.link(b"a", b"x")
    assert not folder.rename_new(b"a", b"b")
    assert folder.rename_new(b"a", b"c")


def test_linking(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    assert folder.link(b"a", b"c")
    assert (tmp_path / "c").stat().st_ino == (tmp_path / "a").stat().st_ino
    with pytest.raises(FileExistsError):
        folder.link(b"a", b"b")


def test_folders_in_folders(folder: Folder, tmp_path: Path) -> None:
    folder.mkdir(b"d", 0o700)
    folder.mkdir(b"d", 0o755)
    assert (tmp_path / "d").stat().st_mode & 0o777 == 0o700
    child = folder.child(b"d")
    os.close(child.create(b"f", 0o600))
    child.set_own(7_000_000_000, 0o555)
    child.sync()
    assert (tmp_path / "d").stat().st_mtime_ns == 7_000_000_000
    child.allow_owner()
    assert (tmp_path / "d").stat().st_mode & 0o777 == 0o755
    child.close()
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("d")
    (tmp_path / "out").symlink_to("/tmp")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in (b"file", b"link", b"out", b"dangling"):
        with pytest.raises(NotADirectoryError):
            folder.child(name)
    with pytest.raises(FileNotFoundError):
        folder.child(b"missing")


def test_unlocking(open_tmp: Path, ordinary_user: None) -> None:
    (open_tmp / "d").mkdir()
    (open_tmp / "d").chmod(0)
    root = open_root(open_tmp)
    with pytest.raises(PermissionError):
        root.child(b"d")
    root.unlock(b"d")
    root.child(b"d").close()
    root.close()
    assert (open_tmp / "d").stat().st_mode & 0o777 == 0o700


def cache_of(root: Folder, keep: int = 3, mode_of: Callable[[bytes], int | None] = {}.get) -> FolderCache:
    return FolderCache(root, mode_of, keep)


def test_the_cache_makes_and_keeps_folders(folder: Folder, tmp_path: Path) -> None:
    cache = cache_of(folder, mode_of={b"a": 0o500}.get)
    for path in (b"a/b/c", b"a/b/c", b"a/d", b"e", b""):
        cache.acquire(path)
        cache.release(path)
    assert (tmp_path / "a" / "b" / "c").is_dir()
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
    assert cache.take_made() == {b"", b"a", b"a/b"}
    assert cache.take_made() == set()
    with pytest.raises(FileNotFoundError):
        cache.acquire(b"a/missing/x", create=False)
    assert not (tmp_path / "a" / "missing").exists()
    cache.close()


def test_the_cache_keeps_what_is_in_use(tmp_path: Path) -> None:
    root = open_root(tmp_path)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    cache = cache_of(root, keep=2)
    used = {path: cache.acquire(path) for path in (b"a", b"b", b"c", b"d")}
    for path, opened in used.items():
        os.close(opened.create(b"f", 0o600))
        cache.release(path)
    for number in range(20):
        cache.acquire(b"x%d/y" % number)
        cache.release(b"x%d/y" % number)
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before + 4
    cache.close()
    root.close()


def test_what_lies_in_the_way(folder: Folder, tmp_path: Path) -> None:
    cache = cache_of(folder)
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("/tmp")
    with pytest.raises(WriteFailed, match="file is where a folder is needed") as caught:
        cache.acquire(b"file/x/y")
    assert caught.value.path == "file"
    with pytest.raises(UnsafePath) as unsafe:
        cache.acquire(b"link/x")
    assert unsafe.value.path == "link"
    cache.close()


def test_a_folder_swapped_for_a_link_leads_nowhere(tmp_path: Path) -> None:
    """The descriptor stays with the folder, whatever its name leads to by now."""
    root = open_root(tmp_path)
    cache = cache_of(root)
    opened = cache.acquire(b"d")
    (tmp_path / "outside").mkdir()
    (tmp_path / "d").rename(tmp_path / "moved")
    (tmp_path / "d").symlink_to("outside")
    os.close(opened.create(b"f", 0o600))
    assert (tmp_path / "moved" / "f").exists()
    assert list((tmp_path / "outside").iterdir()) == []
    cache.release(b"d")
    cache.close()
    root.close()
