"""``{target: source}``, checked."""

import pytest

from jetstream_server.files.errors import ManifestFailed, UnsafePath
from jetstream_server.files.mappings import Contested, Mapped, checked_mappings


def test_a_target_that_ends_in_a_slash_keeps_the_name() -> None:
    found = checked_mappings({"x/": "/home/me/photos", "/": "/home/me/a.txt", "b": "/c//d/"})
    assert [(m.target, m.source) for m in found] == [
        (b"x/photos", b"/home/me/photos"),
        (b"a.txt", b"/home/me/a.txt"),
        (b"b", b"/c/d"),
    ]
    assert found[0].folder == b"x"


@pytest.mark.parametrize("target", ["", "..", "a/../..", "C:/x", "."])
def test_unsafe_targets(target: str) -> None:
    with pytest.raises(UnsafePath):
        checked_mappings({target: "/a"})


@pytest.mark.parametrize("source", ["", "relative", "a\0b", "./x"])
def test_sources_are_absolute(source: str) -> None:
    with pytest.raises(ManifestFailed):
        checked_mappings({"a": source})


def test_the_top_folder_has_no_name() -> None:
    with pytest.raises(ManifestFailed):
        checked_mappings({"a/": "/"})
    assert checked_mappings({"a": "/"})[0].source == b"/"


def mapped(*targets: str) -> list[Mapped]:
    return checked_mappings({target: f"/src/{number}" for number, target in enumerate(targets)})


def test_nothing_is_contested_usually() -> None:
    contested = Contested(mapped("a", "b/c", "b/d", "ab"))
    for target in (b"a", b"a/x", b"b", b"b/c/y", b"ab"):
        assert not contested.concerns(target)


def test_where_mappings_meet() -> None:
    contested = Contested(mapped("a", "a/b/c", "x"))
    assert contested.concerns(b"a")
    assert contested.concerns(b"a/b")
    assert contested.concerns(b"a/b/c")
    assert contested.concerns(b"a/b/c/d")
    assert not contested.concerns(b"a/other")
    assert not contested.concerns(b"x")


def test_folders_merge_and_files_do_not() -> None:
    contested = Contested(mapped("a", "./a"))
    assert contested.enter(b"a", b"/src/0", folder=True)
    assert not contested.enter(b"a", b"/src/1", folder=True)
    assert contested.enter(b"a/f", b"/src/0/f", folder=False)
    with pytest.raises(ManifestFailed, match="both /src/0/f and /src/1/f"):
        contested.enter(b"a/f", b"/src/1/f", folder=False)
    with pytest.raises(ManifestFailed):
        contested.enter(b"a/f", b"/src/1/f", folder=True)


def test_a_file_cannot_hold_other_targets() -> None:
    contested = Contested(mapped("a", "a/b"))
    with pytest.raises(ManifestFailed):
        contested.enter(b"a", b"/src/0", folder=False)
