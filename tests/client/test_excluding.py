"""Patterns of what is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream.excluding import Exclude


@pytest.mark.parametrize(
    ("pattern", "below", "name", "folder", "left_out"),
    [
        ("*.tmp", b"", "a.tmp", False, True),
        ("*.tmp", b"x/y", "a.tmp", False, True),
        ("*.tmp", b"", "a.tmp", True, True),
        ("*.tmp", b"", "a.tmp.txt", False, False),
        ("*.tmp", b"", ".tmp", False, True),
        ("cache/", b"x", "cache", True, True),
        ("cache/", b"x", "cache", False, False),
        ("build/*.o", b"build", "a.o", False, True),
        ("build/*.o", b"x/build", "a.o", False, False),
        ("build/*.o", b"build/y", "a.o", False, False),
        ("build/**", b"build/y", "a.o", False, True),
        ("**/y/*.o", b"build/y", "a.o", False, True),
        ("**/y/*.o", b"y", "a.o", False, True),
        ("/notes.txt", b"", "notes.txt", False, True),
        ("/notes.txt", b"x", "notes.txt", False, False),
        ("a/b/", b"a", "b", True, True),
        ("a/b/", b"a", "b", False, False),
        ("?.txt", b"", "\u00e4.txt", False, True),
        ("?.txt", b"", "ab.txt", False, False),
        ("[a-c].txt", b"", "b.txt", False, True),
        ("[!a-c].txt", b"", "b.txt", False, False),
        ("[!a-c].txt", b"", "d.txt", False, True),
        ("[z-a].txt", b"", "b.txt", False, False),
        ("[]]x", b"", "]x", False, True),
        ("[x", b"", "[x", False, True),
        ("a.c", b"", "abc", False, False),
        ("new\nline", b"", "new\nline", False, True),
        ("*", b"", "\udcff", False, True),
        ("", b"", "x", False, False),
        ("/", b"", "x", True, False),
    ],
)
def test_patterns(pattern: str, below: bytes, name: str, folder: bool, left_out: bool) -> None:
    assert Exclude([pattern]).matches(below, name, folder=folder) is left_out


def test_several() -> None:
    exclude = Exclude(["*.o", ".git/", "a/b"])
    assert exclude.active
    assert exclude.matches(b"", "x.o", folder=False)
    assert exclude.matches(b"q", ".git", folder=True)
    assert exclude.matches(b"a", "b", folder=False)
    assert not exclude.matches(b"a", "c", folder=False)
    assert not Exclude([]).active


@given(st.lists(st.text(max_size=12), max_size=4), st.text(min_size=1, max_size=8), st.booleans())
def test_every_text_is_a_pattern(patterns: list[str], name: str, folder: bool) -> None:
    excluded = Exclude(patterns).matches(b"", name, folder=folder)
    assert excluded == any(Exclude([pattern]).matches(b"", name, folder=folder) for pattern in patterns)


@given(st.text(min_size=1, max_size=8).filter(lambda t: not set(t) & set("*?[/")))
def test_plain_text_matches_itself_alone(text: str) -> None:
    exclude = Exclude([text])
    assert exclude.matches(b"", text, folder=False)
    assert not exclude.matches(b"", text + "x", folder=False)
