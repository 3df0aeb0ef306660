"""Text that takes a second line where one is too short."""

import pytest
from PySide6.QtGui import QFont, QFontMetrics

from jetstream_desktop.views.painting import broken, fits_in_two


@pytest.fixture
def metrics(qapp):
    return QFontMetrics(QFont("DejaVu Sans", 10))


def test_what_fits_stays_in_one_line(metrics):
    words = "Waiting for Anna"
    assert broken(words, metrics, metrics.horizontalAdvance(words)) == (words, "")


def test_it_breaks_at_the_last_space_that_fits(metrics):
    words = "Waiting for Anna, next try in 0:31"
    width = metrics.horizontalAdvance("Waiting for Anna, nex")
    assert broken(words, metrics, width) == ("Waiting for Anna,", "next try in 0:31")


@pytest.mark.parametrize("words", ["Unbreakable", "Unbreakable word", ""])
def test_what_cannot_be_broken_stays_one_line_to_be_cut(metrics, words):
    assert broken(words, metrics, 10) == (words, "")


def test_whether_two_lines_are_enough(metrics):
    width = metrics.horizontalAdvance("Waiting for Anna")
    assert fits_in_two("Waiting for Anna", metrics, width)
    assert fits_in_two("Waiting for Anna Waiting", metrics, width)
    assert not fits_in_two("Waiting for Anna Waiting for Anna and her laptop", metrics, width)
    assert not fits_in_two("W" * 60, metrics, width)
