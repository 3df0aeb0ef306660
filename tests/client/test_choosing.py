"""Choosing some of the files that a link gives."""

from hypothesis import given
from hypothesis import strategies as st

from jetstream.choosing import matches, ranges_of


def test_patterns_for_names_and_for_paths() -> None:
    assert matches("photos/2024/a.JPG", ["*.jpg"])
    assert matches("photos/raw/deep/a.nef", ["raw"])
    assert matches("photos/2024/a.jpg", ["photos/2024/*"])
    assert matches("photos/2024/deep/a.jpg", ["photos/2024/*"])
    assert matches("a", ["b", "a"])
    assert not matches("photos/a.jpg", ["*.png"])
    assert not matches("other/photos/a.jpg", ["photos/*"])
    assert not matches("a.jpg", [])
    assert matches("[x].txt", ["[[]x*"])


@given(st.sets(st.integers(0, 200)))
def test_ranges_name_every_number_once(numbers: set[int]) -> None:
    ranges = ranges_of(numbers)
    assert sorted(numbers) == [n for first, count in ranges for n in range(first, first + count)]
    assert all(a + b < c for (a, b), (c, _) in zip(ranges, ranges[1:], strict=False))
