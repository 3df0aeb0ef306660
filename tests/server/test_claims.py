"""What strangers call themselves, shown to a person who has to decide."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.claims import LONGEST_NAME, claimed, claimed_name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ann's laptop", "Ann's laptop"),
        ("  Ann\n\r\tlaptop\u2028here ", "Ann laptop here"),
        ("\u202etxt.exe\u202c", "txt.exe"),
        ("a\u200bb\u00adc\ufeff", "abc"),
        ("\x1b[31mred\x07", "[31mred"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("\udcff\ue000", ""),
        ("e" + "\u0301" * 50, "\u00e9\u0301"),
        ("דנה", "דנה"),
        ("💻 Ann", "💻 Ann"),
    ],
)
def test_it_is_one_plain_line(text: str, shown: str) -> None:
    assert claimed(text) == shown


def test_it_is_short(capsys: object) -> None:
    assert claimed("x" * 10_000) == "x" * (LONGEST_NAME - 1) + "…"
    assert len(claimed("\u200b" * 5000 + "hidden")) == 0
    assert claimed_name("\u200b") == "a node without a name"


@given(st.text())
def test_nothing_that_is_not_seen_is_left(text: str) -> None:
    shown = claimed(text)
    assert len(shown) <= LONGEST_NAME
    assert shown == shown.strip()
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for letter in shown)
    assert claimed(shown) == shown
