"""Texts that make their height themselves, and lines that stand for what is folded."""

import pytest
from PySide6.QtGui import QFontMetrics

from jetstream_desktop.views.fold_line import FoldLine
from jetstream_desktop.views.theme import Theme
from jetstream_desktop.views.wrapped import Wrapped, broken

WORDS = "Its owner lets this node in, or gives this destination a user and a password of that node."


@pytest.fixture
def theme(qapp):
    return Theme(qapp, "light")


@pytest.mark.parametrize("text", [WORDS, "ab" * 200, f"word {'ab' * 100} word", "", "one"])
@pytest.mark.parametrize("width", [60, 140, 400])
def test_no_line_is_wider_than_its_place_and_nothing_is_lost(qtbot, theme, text, width):
    shown = Wrapped()
    qtbot.addWidget(shown)
    lines = broken(text, shown, width)
    assert all(QFontMetrics(shown.font()).horizontalAdvance(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_it_is_as_high_as_its_lines_and_cut_after_the_last(qtbot, theme):
    shown = Wrapped(most=2)
    qtbot.addWidget(shown)
    shown.show()
    line = QFontMetrics(shown.font()).lineSpacing()
    shown.setText(WORDS)
    shown.resize(2000, 20)
    assert (shown.sizeHint().height(), shown.toolTip()) == (line, "")
    shown.resize(120, 20)
    assert (shown.sizeHint().height(), shown.toolTip()) == (2 * line, WORDS)
    shown.setText("short")
    assert (shown.sizeHint().height(), shown.toolTip()) == (line, "")


def test_a_line_is_cut_at_its_end_and_says_all_to_who_listens(qtbot, theme):
    made = FoldLine(theme)
    qtbot.addWidget(made)
    made.show()
    made.resize(120, 28)
    made.say("A & B: 14 files <b>, kept", "Before it is sent: all of it")
    assert made.text().startswith("A && B: ")
    assert made.text().endswith("…")
    assert "&lt;b&gt;" in made.toolTip()
    assert made.accessibleName() == "Before it is sent: all of it"
    made.resize(900, 28)
    assert made.text() == "A && B: 14 files <b>, kept"
    assert made.toolTip() == ""
