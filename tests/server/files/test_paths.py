"""What may be a target."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.files.errors import UnsafePath, printable
from jetstream_server.files.paths import (
    MAX_NAME,
    MAX_TARGET,
    first_bad_name,
    link_stays_inside,
    name_problem,
    numbered,
    target_components,
    windows_problem,
    with_suffix,
)

NAMES = st.binary(min_size=1, max_size=40).filter(lambda n: b"/" not in n and b"\0" not in n)


@pytest.mark.parametrize(
    ("target", "components"),
    [
        (b"a", (b"a",)),
        (b"/a/b", (b"a", b"b")),
        (b"a//b/./c/", (b"a", b"b", b"c")),
        (b"...", (b"...",)),
        (b"x/C:", (b"x", b"C:")),
        (b"dev\\x2duuid.service", (b"dev\\x2duuid.service",)),
        (b"line\nbreak/\xff\xfe", (b"line\nbreak", b"\xff\xfe")),
        (b"a.jetpart", (b"a.jetpart",)),
        (b"n" * MAX_NAME, (b"n" * MAX_NAME,)),
        ("e\u0301/\u00e9".encode(), ("e\u0301".encode(), "\u00e9".encode())),
    ],
)
def test_good_targets(target: bytes, components: tuple[bytes, ...]) -> None:
    assert target_components(target) == components


@pytest.mark.parametrize(
    "target",
    [
        b"", b"/", b".", b"./", b"..", b"a/..", b"../a", b"a/../../b", b"a\0b", b"C:/x", b"c:", b"C:\\x", b"..\\..\\x",
        b"\\\\server\\share", b"a\\..\\b", b"x/\\etc", b".0123abcd-7.jetpart", b"a/.ffffffff-zz9.jetpart",
        b"n" * (MAX_NAME + 1), b"a/" * 2048 + b"b",
    ],
)  # fmt: skip
def test_bad_targets(target: bytes) -> None:
    with pytest.raises(UnsafePath) as caught:
        target_components(target)
    assert caught.value.reason


def test_the_longest_target() -> None:
    target = b"/".join([b"d" * 250] * 16) + b"/" + b"f" * 80
    assert len(target) == MAX_TARGET
    assert len(target_components(target)) == 17
    with pytest.raises(UnsafePath):
        target_components(target + b"x")


@given(st.binary(max_size=300))
def test_components_never_leave(target: bytes) -> None:
    try:
        components = target_components(target)
    except UnsafePath:
        return
    path = os.path.normpath(b"/root/" + b"/".join(components))
    assert path.startswith(b"/root/")
    assert target_components(b"/".join(components)) == components
    windows = b"/".join(components).replace(b"\\", b"/")
    assert b".." not in windows.split(b"/")


BAD = st.sampled_from([b"..", b".", b"", b"a/b", b"\0", b".00000000-1.jetpart"])


@given(st.lists(NAMES | BAD, max_size=8))
def test_checking_many_names_is_checking_each(names: list[bytes]) -> None:
    expected = next(((i, name_problem(n)) for i, n in enumerate(names) if name_problem(n)), None)
    assert first_bad_name(names) == expected


@pytest.mark.parametrize("name", [b"a:b", b"con", b"NUL.txt", b"a.", b"a ", b"a\x01", b'q"', b"com1", b"x\\y"])
def test_what_windows_cannot_keep(name: bytes) -> None:
    assert windows_problem(name)


@pytest.mark.parametrize("name", [b"a", b"console", b"com", b".x", "\u00e4".encode()])
def test_what_windows_can_keep(name: bytes) -> None:
    assert windows_problem(name) is None


def test_numbered_names() -> None:
    assert numbered(b"photo.jpg", 2) == b"photo (2).jpg"
    assert numbered(b"README", 3) == b"README (3)"
    assert numbered(b".profile", 2) == b".profile (2)"
    assert numbered(b"a.tar.gz", 2) == b"a.tar (2).gz"
    assert numbered(b"no dot near the end." + b"x" * 40, 2).endswith(b"x (2)")


@given(NAMES | st.text(min_size=1, max_size=200).map(lambda s: s.encode("utf-8", "surrogatepass")[:255]))
def test_added_marks_fit(name: bytes) -> None:
    for longer in (with_suffix(name, b".jetpart"), numbered(name, 12)):
        assert len(longer) <= MAX_NAME
    assert with_suffix(name, b".jetpart").endswith(b".jetpart")
    assert b"(12)" in numbered(name, 12)


def test_cutting_keeps_characters_whole() -> None:
    name = "\u00e4".encode() * 127
    assert with_suffix(name, b".jetpart").decode() == "\u00e4" * 123 + ".jetpart"
    assert numbered(name + b".x", 2).decode() == "\u00e4" * 124 + " (2).x"


@pytest.mark.parametrize(
    ("folder", "link", "inside"),
    [
        ((), b"a", True),
        ((), b"a/b", True),
        ((), b"./a", True),
        ((), b"..", False),
        ((b"x",), b"..", True),
        ((b"x",), b"../y/z", True),
        ((b"x",), b"../../y", False),
        ((b"x",), b"/etc/passwd", False),
        ((b"x",), b"", False),
        ((b"x",), b"a/../b", False),
        ((b"x", b"y"), b"a/../../../..", False),
        ((), b"C:\\x", False),
        ((b"x",), b"..\\..\\y", False),
        ((), b"a\0", False),
    ],
)
def test_links(folder: tuple[bytes, ...], link: bytes, inside: bool) -> None:
    assert link_stays_inside(folder, link) is inside


def test_paths_in_sentences_are_printable() -> None:
    assert printable("a\nb\udcff") == "a\\nb\\udcff"
    assert str(UnsafePath(b"a\n", "no")) == "a\\n: no"
