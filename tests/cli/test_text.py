"""Numbers and names for a terminal, and what people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream.errors import InvalidParameters
from jetstream_cli.text import duration, files, part, percent, rate, read_duration, read_rate, shown, size


@pytest.mark.parametrize(("value", "words"), [
    (0, "0 B"), (999, "999 B"), (1000, "1 KB"), (1499, "1 KB"), (999_499, "999 KB"), (999_500, "1.0 MB"),
    (1_500_000, "1.5 MB"), (99_940_000, "99.9 MB"), (99_960_000, "100 MB"), (18_200_000_000, "18.2 GB"),
    (3e21, "3000 EB")])
def test_sizes(value, words):
    assert size(value) == words


def test_parts_rates_and_counts():
    assert (part(5, None), part(5, 5), part(1000, 5_000_000)) == ("5 B", "5 B", "1 KB of 5.0 MB")
    assert (rate(None), rate(0), rate(800_000)) == ("", "", "100 MB/s")
    assert (files(0), files(1), files(2310)) == ("0 files", "1 file", "2,310 files")
    assert [percent(x) for x in (0, 0.5, 0.999, 1, 1.2)] == ["0 %", "50 %", "99 %", "100 %", "100 %"]


@pytest.mark.parametrize(("seconds", "words"), [
    (-5, "0 s"), (0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (3599, "1 h"), (3540, "59 min"), (7800, "2 h 10 min"),
    (7200, "2 h"), (36_000, "10 h"), (40_000, "11 h"), (172_700, "2 days"), (900_000, "10 days")])
def test_durations(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(("typed", "seconds"), [
    ("90s", 90), ("30m", 1800), ("30 min", 1800), ("12h", 43_200), (" 3D ", 259_200), ("2w", 1_209_600)])
def test_times_that_people_type(typed, seconds):
    assert read_duration(typed) == seconds


@pytest.mark.parametrize("typed", ["", "3", "d", "-3d", "3 years", "0d", "9999999999w", "1.5h", "٣d x"])
def test_times_that_are_none(typed):
    with pytest.raises(InvalidParameters, match="is no length of time"):
        read_duration(typed)


@pytest.mark.parametrize(("typed", "kbits"), [
    ("500", 500), ("800k", 800), ("50M", 50_000), ("1.5G", 1_500_000), ("50 Mbit/s", 50_000), ("50mbps", 50_000)])
def test_rates_that_people_type(typed, kbits):
    assert read_rate(typed) == kbits


@pytest.mark.parametrize("typed", ["", "fast", "0", "0.0001k", "-5M", "5X", "999999999999T"])
def test_rates_that_are_none(typed):
    with pytest.raises(InvalidParameters, match="is no rate"):
        read_rate(typed)


@given(st.text())
def test_names_are_shown_on_one_line(name):
    assert shown(name).isprintable()
    assert shown(name).encode() is not None


def test_hostile_names_are_shown_and_not_obeyed():
    assert shown("a\x1b[2Jb\n\udcffc") == "a\\x1b[2Jb\\n\\udcffc"
