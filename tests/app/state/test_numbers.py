import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextLayout, QTextOption

from jetstream_desktop import i18n
from jetstream_desktop.state import numbers


@pytest.mark.parametrize(("value", "text"), [
    (0, "0 B"), (999, "999 B"), (3_000, "3 KB"), (999_600, "1.0 MB"), (42_000_000, "42.0 MB"), (112e6, "112 MB"),
    (18.2e9, "18.2 GB"), (99.96e9, "100 GB"), (5e12, "5.0 TB"), (3e21, "3,000 EB"),
])
def test_size(value, text):
    assert numbers.size(value) == text


@given(st.integers(min_value=0, max_value=10**20))
def test_a_size_never_has_more_than_four_figures(value):
    digits = numbers.size(value).split()[0].replace(".", "")
    assert len(digits) <= 4


@pytest.mark.parametrize(("done", "total", "text"), [
    (11.2e9, 18.2e9, "11.2 of 18.2 GB"), (0, 42e6, "0 of 42.0 MB"), (0, 3, "0 of 3 B"), (0, 0, "0 B"),
    (5e6, 5e6, "5.0 MB"), (7e6, None, "7.0 MB"),
])
def test_part(done, total, text):
    assert numbers.part(done, total) == text


@pytest.mark.parametrize(("low", "high"), [(56, 720), (20, 40), (2880, 32_400), (7_200, 100_000)])
def test_the_long_end_of_a_range_alone(low, high):
    assert numbers.span(low, high).endswith(numbers.longest(high))


def test_rate_is_empty_for_nothing():
    assert numbers.rate(None) == numbers.rate(0.4) == ""
    assert numbers.rate(98.3e6) == "98.3 MB/s"


@pytest.mark.parametrize(("value", "text"), [
    (1, "8 bit/s"), (1e3, "8 kbit/s"), (98.3e6, "786 Mbit/s"), (1e9, "8.0 Gbit/s"),
])
def test_bits(value, text):
    assert numbers.bits(value) == text


@pytest.mark.parametrize(("value", "text"), [(None, ""), (0.0, "0 %"), (0.999, "99 %"), (1.0, "100 %")])
def test_percent_says_100_only_when_all_is_there(value, text):
    assert numbers.percent(value) == text


def test_files_and_count():
    assert numbers.files(1) == "1 file"
    assert numbers.files(2310) == "2,310 files"
    assert numbers.count(48120) == "48,120"


@pytest.mark.parametrize(("seconds", "text"), [
    (-1, "0 s"), (42, "42 s"), (60, "1 min"), (1090, "18 min"), (7800, "2 h 10 min"), (7200, "2 h"), (40_000, "11 h"),
    (3 * 86_400, "3 days"),
])
def test_duration(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(-3, "0:00"), (42.9, "0:42"), (725, "12:05"), (3723, "1:02:03")])
def test_clock(seconds, text):
    assert numbers.clock(seconds) == text


@pytest.mark.parametrize(("low", "high", "text"), [
    (60, 120, "1–2 min"), (1080, 1090, "18 min"), (40, 90, "40 s – 2 min"), (3700, 7800, "1–2 h"),
    (780, 3840, "13 min – 1 h"), (3700, 3720, "1 h 2 min"), (3600, 3780, "1 h"), (20_000, 180_000, "6 h – 2 days"),
])
def test_span(low, high, text):
    assert numbers.span(low, high) == text


@pytest.fixture
def mirrored():
    i18n.mirror(True)
    yield
    i18n.mirror(False)


def order(text, *parts):
    """*parts* of *text* as they stand, from left to right, in a line that runs from right to left."""
    layout, option = QTextLayout(text), QTextOption()
    option.setTextDirection(Qt.LayoutDirection.RightToLeft)
    layout.setTextOption(option)
    layout.beginLayout()
    line = layout.createLine()
    layout.endLayout()
    return sorted(parts, key=lambda part: line.glyphRuns(text.index(part), 1)[0].boundingRect().x())


def test_in_a_line_from_right_to_left_a_number_and_its_unit_keep_their_order(qapp, mirrored):
    part = numbers.part(31e9, 40e9)
    assert order(part, "31.0", "of", "40.0", "GB") == ["31.0", "of", "40.0", "GB"]
    assert order(part.strip("\u2068\u2069"), "31.0", "of") == ["of", "31.0"]  # without, it turns
    assert order(numbers.counted(3, 50), "3", "of", "50") == ["3", "of", "50"]
    for text, number, unit in ((numbers.size(18e9), "18", "GB"), (numbers.rate(98e6), "98", "MB"),
                               (numbers.bits(98e6), "784", "Mbit"), (numbers.percent(0.61), "61", "%"),
                               (numbers.duration(42), "42", "s"), (numbers.files(31), "31", "files"),
                               (numbers.span(60, 120), "1", "min")):
        assert order(text, number, unit) == [number, unit]
        assert order(f"↑ {text}", number, unit) == [number, unit]


def test_nothing_is_put_around_what_is_not_there(mirrored):
    assert numbers.rate(None) == numbers.percent(None) == ""
