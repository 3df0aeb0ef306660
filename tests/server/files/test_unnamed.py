"""Small files in folders of this session have no name before they are whole, where the system has such files."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from helpers.receiving import ALL_MODES, IN_PLACE, Receiver
from helpers.trees import build, contents, scanned, snapshot
from jetstream.constants import OVERWRITE_ALWAYS, OVERWRITE_BACKUP, OVERWRITE_KEEP_BOTH, OVERWRITE_NEVER
from jetstream_server.files import folders, opening
from jetstream_server.files.errors import DiskFull
from jetstream_server.files.foldercache import FolderCache
from jetstream_server.files.folders import HAVE_DIR_FD, DescriptorFolder
from jetstream_server.files.opening import UNNAMED

pytestmark = pytest.mark.skipif(not (HAVE_DIR_FD and UNNAMED), reason="this system has no files without names")

SPEC = {f"f{number}": os.urandom(100 + number) for number in range(8)}


@pytest.fixture(autouse=True)
def later_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows are as the later ones of their folder."""
    monkeypatch.setattr(FolderCache, "stage", lambda self, path: None)


def make(tmp_path: Path, mode: int = OVERWRITE_ALWAYS) -> Receiver:
    return Receiver(scanned({"s": build(tmp_path / "s", SPEC)}), tmp_path / "t", mode)


def meanwhile(monkeypatch: pytest.MonkeyPatch, folder: Path, theirs: dict[str, bytes]) -> None:
    """Somebody puts files into the folder as soon as it is there."""
    real = DescriptorFolder.write_unnamed

    def write(self: DescriptorFolder, *arguments: Any) -> bool:
        if not any(folder.iterdir()):
            build(folder, theirs)
        return real(self, *arguments)

    monkeypatch.setattr(DescriptorFolder, "write_unnamed", write)


@pytest.mark.parametrize("mode", ALL_MODES)
def test_nobody_sees_them_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    seen: list[list[str]] = []
    real = folders.link_unnamed

    def link(fd: int, folder: int, name: bytes) -> bool:
        assert os.fstat(fd).st_nlink == 0
        seen.append(os.listdir(folder))
        return real(fd, folder, name)

    monkeypatch.setattr(folders, "link_unnamed", link)
    receiver = make(tmp_path, mode)
    report = receiver.all()
    assert report.files == len(SPEC)
    assert snapshot(receiver.root / "s") == snapshot(tmp_path / "s")
    if mode not in IN_PLACE[1:]:
        assert [len(names) for names in seen] == list(range(len(SPEC)))


@pytest.mark.parametrize("answer", [errno.ENOENT, None])
def test_by_way_of_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: int | None) -> None:
    """Kernels before 6.10 let only the superuser name a file by its descriptor; other C libraries lack the call."""
    monkeypatch.setattr(opening, "_link_by_descriptor", None if answer is None else lambda *_: answer)
    receiver = make(tmp_path, OVERWRITE_KEEP_BOTH)
    meanwhile(monkeypatch, receiver.root / "s", {"f5": b"theirs"})
    receiver.all()
    found = contents(receiver.root / "s")
    assert found == SPEC | {"f5": b"theirs", "f5 (2)": SPEC["f5"]}


def test_an_ordinary_user_may(open_tmp: Path, ordinary_user: None) -> None:
    receiver = make(open_tmp)
    receiver.all()
    assert contents(receiver.root / "s") == SPEC


@pytest.mark.parametrize("mode", ALL_MODES)
@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EISDIR, errno.EPERM])
def test_file_systems_without_such_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, number: int
) -> None:
    tries = 0

    def refuse(*_: object) -> bool:
        nonlocal tries
        tries += 1
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(DescriptorFolder, "write_unnamed", refuse)
    receiver = make(tmp_path, mode)
    receiver.all()
    assert snapshot(receiver.root / "s") == snapshot(tmp_path / "s")
    assert tries <= 1


@pytest.mark.parametrize("mode", [OVERWRITE_ALWAYS, OVERWRITE_NEVER, OVERWRITE_BACKUP, OVERWRITE_KEEP_BOTH])
def test_names_that_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    receiver = make(tmp_path, mode)
    meanwhile(monkeypatch, receiver.root / "s", {"f3": b"theirs", "f6": SPEC["f6"]})
    report = receiver.all()
    found = contents(receiver.root / "s")
    expected = dict(SPEC)
    if mode == OVERWRITE_NEVER:
        expected |= {"f3": b"theirs", "f3.jetpart": SPEC["f3"]}
    elif mode == OVERWRITE_BACKUP:
        expected["f3.jetbak"] = b"theirs"
    elif mode == OVERWRITE_KEEP_BOTH:
        expected |= {"f3": b"theirs", "f3 (2)": SPEC["f3"]}
    assert found == expected
    assert report.kept_count + report.renamed_count == (mode in (OVERWRITE_NEVER, OVERWRITE_KEEP_BOTH))


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, fails = folders.link_unnamed, True

    def link(fd: int, folder: int, name: bytes) -> bool:
        if name == b"f4" and fails:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(fd, folder, name)

    monkeypatch.setattr(folders, "link_unnamed", link)
    receiver = make(tmp_path)
    with receiver.open() as writer:
        with pytest.raises(DiskFull, match="s/f4"):
            receiver.write(writer)
        assert sorted(os.listdir(receiver.root / "s")) == ["f0", "f1", "f2", "f3"]
        fails = False
        receiver.write(writer)
        writer.finish()
    assert contents(receiver.root / "s") == SPEC


def test_who_watches_a_folder_sees_them_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that was there may be watched: there files are renamed, which watching programs wait for."""
    renamed: list[bytes] = []
    real = DescriptorFolder.replace

    def replace(self: DescriptorFolder, old: bytes, new: bytes) -> None:
        renamed.append(new)
        real(self, old, new)

    monkeypatch.setattr(DescriptorFolder, "replace", replace)
    receiver = make(tmp_path)
    (receiver.root / "s").mkdir()
    receiver.all()
    assert sorted(os.fsdecode(name) for name in renamed) == sorted(SPEC)
    assert contents(receiver.root / "s") == SPEC
