"""Folders for the API."""

import errno
import os
from pathlib import Path

import pytest

from helpers.trees import build, snapshot
from jetstream.constants import FILETYPE_DIRECTORY, FILETYPE_REGULAR_FILE
from jetstream_server.files import browse
from jetstream_server.files.browse import Usage, du, ls, mkdir, mv, rm
from jetstream_server.files.errors import BrowseFailed


def test_ls(tmp_path: Path) -> None:
    build(tmp_path, {"b": b"123", "a": {"x": b""}, "to-a": "a", "gone": "nowhere", "\udcff": b""})
    os.mkfifo(tmp_path / "pipe")
    entries, total = ls(tmp_path, "/shown/")
    assert total == 6
    assert [entry["name"] for entry in entries] == ["a", "b", "gone", "pipe", "to-a", "\udcff"]
    by_name = {entry["name"]: entry for entry in entries}
    assert by_name["b"] == {
        "name": "b",
        "path": "/shown/b",
        "type": FILETYPE_REGULAR_FILE,
        "size": 3,
        "modificationTime": (tmp_path / "b").stat().st_mtime_ns // 1000,
    }
    folders = {entry["name"] for entry in entries if entry["type"] == FILETYPE_DIRECTORY}
    assert folders == {"a", "to-a"}
    page, total = ls(tmp_path, "/", offset=1, limit=2)
    assert ([entry["path"] for entry in page], total) == (["/b", "/gone"], 6)


@pytest.mark.parametrize("name", ["missing", "file"])
def test_ls_of_what_is_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BrowseFailed) as caught:
        ls(tmp_path / name, "/")
    assert caught.value.path == str(tmp_path / name)


def test_du(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {"a": {"b": {"c": b"12345"}, "d": b"1"}, "e": b"22", "out": "/usr"})
    assert du(source) == Usage(size=8, files=4, folders=2, unreadable=0)
    assert du(source / "e") == Usage(2, 1, 0, 0)
    assert du(source / "out") == Usage(0, 1, 0, 0)
    assert du(source, cancelled=lambda: True) == Usage(0, 0, 0, 0)
    with pytest.raises(BrowseFailed):
        du(tmp_path / "missing")


def test_mkdir(tmp_path: Path) -> None:
    mkdir(tmp_path / "a" / "b")
    mkdir(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file", tmp_path / "file" / "x"):
        with pytest.raises(BrowseFailed):
            mkdir(path)


def test_mv(tmp_path: Path) -> None:
    build(tmp_path, {"a": {"x": b"1"}, "b": b"2", "link": "a"})
    mv(tmp_path / "a", tmp_path / "c")
    mv(tmp_path / "b", tmp_path / "c" / "y")
    mv(tmp_path / "link", tmp_path / "c" / "link")
    assert {path.name for path in (tmp_path / "c").iterdir()} == {"x", "y", "link"}
    assert (tmp_path / "c" / "link").is_symlink()
    for source, target in (("c/x", "c/y"), ("missing", "new"), ("c", "c/inside"), ("c", "c"), ("c/x", "nowhere/x")):
        with pytest.raises(BrowseFailed):
            mv(tmp_path / source, tmp_path / target)
    assert (tmp_path / "c" / "y").read_bytes() == b"2"


def test_mv_to_another_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = build(tmp_path / "s", {"a": {"x": b"1", "l": "x"}, "f": b"22"})
    before = snapshot(source)
    real = browse.rename_no_replace

    def across(old: bytes, new: bytes) -> bool:
        if os.path.basename(old).endswith(b".moving"):
            return real(old, new)
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(browse, "rename_no_replace", across)
    mv(source, tmp_path / "t")
    assert snapshot(tmp_path / "t") == before
    assert not source.exists()
    mv(tmp_path / "t" / "f", tmp_path / "g")
    assert (tmp_path / "g").read_bytes() == b"22"
    with pytest.raises(BrowseFailed, match="exists"):
        mv(tmp_path / "t", tmp_path / "g")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g", "t"]


def test_rm(tmp_path: Path) -> None:
    outside = build(tmp_path / "outside", {"keep": b"k", "d": {"keep": b"k"}})
    build(tmp_path / "x", {"a": {"b": {"c": b"1"}, "l": "../../outside/d", "e": {}}, "f": b"2", "to": "../outside"})
    before = snapshot(outside)
    rm(tmp_path / "x" / "to")
    rm(tmp_path / "x" / "f")
    rm(tmp_path / "x")
    assert snapshot(outside) == before
    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
    with pytest.raises(BrowseFailed, match="no such"):
        rm(tmp_path / "x")
    with pytest.raises(BrowseFailed, match="file system"):
        rm(Path("/"))


def test_rm_of_a_very_deep_tree(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2500):
        os.mkdir("d" * 20, dir_fd=fd)
        below = os.open("d" * 20, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    os.close(fd)
    assert du(tmp_path).folders == 2500
    rm(tmp_path / ("d" * 20))
    assert list(tmp_path.iterdir()) == []


def test_rm_without_permission(open_tmp: Path, ordinary_user: None) -> None:
    build(open_tmp / "x", {"d": {"f": b"1"}})
    (open_tmp / "x" / "d").chmod(0o500)
    with pytest.raises(BrowseFailed, match="ermission"):
        rm(open_tmp / "x")
    (open_tmp / "x" / "d").chmod(0o700)
    rm(open_tmp / "x")
