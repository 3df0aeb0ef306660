"""How a whole file takes its name; beyond what the tests of the writer show."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from jetstream.constants import (
    OVERWRITE_ALWAYS,
    OVERWRITE_BACKUP,
    OVERWRITE_IN_PLACE_ALWAYS,
    OVERWRITE_KEEP_BOTH,
    OVERWRITE_NEVER,
)
from jetstream_server.files.folders import Folder, open_root
from jetstream_server.files.placing import Outcome, Placed, back_up, final_names, find_final, identical, place


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    opened = open_root(tmp_path)
    yield opened
    opened.close()


def test_names_in_order() -> None:
    assert list(islice(final_names(OVERWRITE_KEEP_BOTH, b"a.x"), 3)) == [b"a.x", b"a (2).x", b"a (3).x"]
    assert list(islice(final_names(OVERWRITE_NEVER, b"a.x"), 3)) == [b"a.x", b"a.x.jetpart", b"a (2).x.jetpart"]
    assert list(final_names(OVERWRITE_ALWAYS, b"a.x")) == [b"a.x"]


def test_never_again_and_again(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    for number, expected in enumerate([b"f.jetpart", b"f (2).jetpart", b"f (3).jetpart"]):
        (tmp_path / "part").write_text(f"new {number}")
        assert place(folder, OVERWRITE_NEVER, b"part", b"f") == Placed(Outcome.KEPT, expected)
    (tmp_path / "part").write_text("new 1")
    assert place(folder, OVERWRITE_NEVER, b"part", b"f") == Placed(Outcome.KEPT, b"f (2).jetpart")
    assert len(folder.names()) == 4


def test_long_names_get_short_enough(folder: Folder, tmp_path: Path) -> None:
    name = b"n" * 251 + b".txt"
    for mode in (OVERWRITE_NEVER, OVERWRITE_KEEP_BOTH, OVERWRITE_BACKUP):
        for path in tmp_path.iterdir():
            path.unlink()
        (tmp_path / os.fsdecode(name)).write_text("old")
        (tmp_path / "part").write_text("new")
        place(folder, mode, b"part", name)
        assert {path.read_text() for path in tmp_path.iterdir()} == {"old", "new"}


def test_backups_of_backups(folder: Folder, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / "f").write_text(str(number))
        back_up(folder, b"f")
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {"f.jetbak": "3", "f.2.jetbak": "0", "f.3.jetbak": "1", "f.4.jetbak": "2"}


def test_what_is_identical(folder: Folder, tmp_path: Path) -> None:
    content = os.urandom((2 << 20) + 5)
    (tmp_path / "a").write_bytes(content)
    (tmp_path / "b").write_bytes(content)
    (tmp_path / "c").write_bytes(content[:-1] + b"?")
    (tmp_path / "d").write_bytes(content[:-1])
    (tmp_path / "l").symlink_to("a")
    (tmp_path / "e").write_bytes(content[: 2 << 20])
    (tmp_path / "g").write_bytes(content[: 2 << 20])
    assert identical(folder, b"a", b"b")
    assert identical(folder, b"e", b"g")
    for other in (b"c", b"d", b"l", b"missing"):
        assert not identical(folder, b"a", other)


def test_finding_what_an_earlier_session_placed(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("12345")
    os.utime(tmp_path / "f", ns=(1, 1))
    assert find_final(folder, OVERWRITE_ALWAYS, b"f", 5, 1) == b"f"
    assert find_final(folder, OVERWRITE_ALWAYS, b"f", 5, 2) == b"f"
    assert find_final(folder, OVERWRITE_ALWAYS, b"f", 6, 1) is None
    assert find_final(folder, OVERWRITE_IN_PLACE_ALWAYS, b"f", 6, 1) == b"f"
    assert find_final(folder, OVERWRITE_ALWAYS, b"g", 5, 1) is None
    (tmp_path / "f (2)").write_text("54321")
    os.utime(tmp_path / "f (2)", ns=(2, 2))
    assert find_final(folder, OVERWRITE_KEEP_BOTH, b"f", 5, 2) == b"f (2)"
    assert find_final(folder, OVERWRITE_KEEP_BOTH, b"f", 5, 3) == b"f"
    (tmp_path / "d").mkdir()
    assert find_final(folder, OVERWRITE_ALWAYS, b"d", 0, 0) is None
