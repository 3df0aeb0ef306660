import contextlib
import os
import sys
import tempfile

import pytest

from app.helpers.waiting import until
from jetstream.constants import SYMLINK_FOLLOW, SYMLINK_IGNORE, SYMLINK_PRESERVE
from jetstream_desktop.services.disk import Disk, count_folder, find, find_all, list_folder
from jetstream_desktop.state.basket import Basket, Kind
from jetstream_desktop.state.counting import Count
from jetstream_server.files.scan import scan


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "reel"
    (root / "in" / "deep").mkdir(parents=True)
    (root / "a.txt").write_bytes(b"12345")
    (root / "in" / "b.tmp").write_bytes(b"123")
    (root / "in" / "deep" / "c.txt").write_bytes(b"1")
    os.symlink("a.txt", root / "link")
    os.symlink("nowhere", root / "broken")
    os.symlink(root, root / "in" / "loop")
    os.mkfifo(root / "pipe")
    return root


def counted(root, exclude=(), symlinks=SYMLINK_FOLLOW):
    found = {}
    count_folder(str(root), exclude, found.update, lambda: False, symlinks)
    return found


def test_find(folder):
    assert find(str(folder)).kind is Kind.FOLDER
    assert (find(str(folder / "a.txt")).kind, find(str(folder / "a.txt")).size) == (Kind.FILE, 5)
    assert find(str(folder / "link")).link
    assert find(str(folder / "broken")).kind is Kind.MISSING
    assert find(str(folder / "nothing")).kind is Kind.MISSING
    assert find(str(folder / "pipe")).kind is Kind.SPECIAL
    assert len(find_all([str(folder), str(folder) + "/", str(folder / "in" / "..")])) == 1


def test_names_that_are_no_text(tmp_path):
    raw = os.fsencode(tmp_path) + b"/caf\xe9\n<b>"
    with open(raw, "wb") as file:
        file.write(b"x")
    assert find(os.fsdecode(raw)).kind is Kind.FILE
    assert len(list_folder(str(tmp_path))) == 1


def test_listing(folder):
    found = list_folder(str(folder))
    assert [os.path.basename(f.path) for f in found] == ["in", "a.txt", "broken", "link", "pipe"]
    assert list_folder(str(folder / "nothing")) == []


def test_counting_and_loops(folder):
    found = counted(folder)
    assert found[str(folder)].complete
    assert found[str(folder / "in" / "deep")] == Count(1, 1, True)
    assert found[str(folder)].files >= 4
    assert found[str(folder)].unreadable >= 2


@pytest.mark.parametrize("symlinks", [SYMLINK_FOLLOW, SYMLINK_IGNORE, SYMLINK_PRESERVE])
@pytest.mark.parametrize("exclude", [(), ("*.tmp", "deep/"), ("in/deep/*",), ("**/c.txt", "/a.txt"), ("in",)])
def test_what_is_counted_is_what_the_node_finds(folder, symlinks, exclude):
    os.symlink("in", folder / "again")
    os.symlink(".", folder / "itself")
    (folder / "in" / "\udce9.tmp").write_bytes(b"12")
    found = counted(folder, exclude, symlinks)[str(folder)]
    scanned = scan({"x": str(folder)}, symlink_mode=symlinks, exclude=exclude, skip_unreadable=True,
                   on_pages=lambda pages: None)
    assert (found.files, found.size, found.unreadable) == (scanned.files, scanned.size, scanned.skipped)
    assert found.complete


def test_patterns(folder):
    found = counted(folder, ("*.tmp", "loop", "link"))
    assert found[str(folder)] == Count(2, 6, True, 2)


def test_cancelling_tells_nothing(folder):
    told = []
    count_folder(str(folder), (), told.append, lambda: True)
    assert told == []


async def test_in_threads(qapp, folder):
    disk = Disk()
    seen = []
    disk.counted.connect(lambda sums: seen.append(dict(sums)))
    basket = Basket().add(await disk.find([str(folder), str(folder / "gone")]))
    disk.count(basket)
    await until(lambda: seen and seen[-1][str(folder)].complete)
    assert len(await disk.list_folder(str(folder))) == 5
    files = seen[-1][str(folder)].files
    disk.count(basket.without("*.tmp"))
    await until(lambda: seen[-1][str(folder)].complete and seen[-1][str(folder)].files < files)
    disk.count(Basket())
    disk.close()


@contextlib.contextmanager
def somebody_else():
    """The rights of a user who owns nothing, also where tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX systems")
def test_a_folder_without_permission(tmp_path):
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        closed = os.path.join(place, "reel", "closed")
        os.makedirs(closed)
        for name in ("a.txt", os.path.join("closed", "b.txt")):
            with open(os.path.join(place, "reel", name), "wb") as file:
                file.write(b"123")
        os.chmod(closed, 0)
        try:
            with somebody_else():
                found = counted(os.path.join(place, "reel"))[os.path.join(place, "reel")]
                assert (found.files, found.unreadable, found.complete) == (1, 1, True)
                assert list_folder(closed) == []
        finally:
            os.chmod(closed, 0o755)
