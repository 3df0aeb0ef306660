"""Lending between the directions."""

from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.link.lending import Direction, effective


def test_an_idle_direction_lends_all_but_its_reserve() -> None:
    assert effective(Direction(1000, 1000, True), Direction(1000, 0, False)) == 1900


def test_a_busy_direction_lends_nothing_and_a_proud_one_borrows_nothing() -> None:
    assert effective(Direction(1000, 0, True), Direction(1000, 950, False)) == 1000
    assert effective(Direction(1000, 0, False), Direction(1000, 0, True)) == 1000


def test_without_limits_there_is_nothing_to_lend() -> None:
    assert effective(Direction(None, 0, True), Direction(1000, 0, True)) is None
    assert effective(Direction(1000, 0, True), Direction(None, 0, True)) == 1000


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.floats(0, 1e9))
def test_together_they_never_exceed_both_limits(mine: int, yours: int, used: float) -> None:
    limit = effective(Direction(mine, 0, True), Direction(yours, used, True))
    assert limit is not None
    assert mine <= limit <= mine + yours
