import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_desktop.state.text import base_name, home_relative, is_text, printable, sentence_case


@given(st.text())
def test_nothing_printed_can_break_or_turn_the_line(text):
    shown = printable(text)
    assert len(shown) == len(text)
    assert not set(shown) & set("\n\r\t\x00\u202e\u2066")
    shown.encode("utf-8", "strict")


def test_markup_stays_what_it_is():
    assert printable("<b>Größe</b>") == "<b>Größe</b>"
    assert printable("caf\udce9") == "caf\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(("path", "name"), [
    ("/a/b/", "b"), ("/", "/"), ("name", "name"), (r"C:\a\b.txt", "b.txt"), ("/a/b\\c", "b\\c"),
])
def test_base_name(path, name):
    assert base_name(path) == name


@pytest.mark.parametrize(("path", "shown"), [
    ("/home/me/x", "~/x"), ("/home/me", "~"), ("/home/meg/x", "/home/meg/x"), (r"/home/me\x", r"~\x"),
])
def test_home_relative(path, shown):
    assert home_relative(path, "/home/me/") == shown


def test_no_home():
    assert home_relative("/x", "") == "/x"


def test_sentence_case():
    assert sentence_case("ohne Grenze") == "Ohne Grenze"
    assert sentence_case("") == ""


def test_is_text():
    assert is_text("Größe")
    assert not is_text("caf\udce9")
