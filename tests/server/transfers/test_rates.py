"""Rates and time left, with a made-up clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.transfers.rates import RateEstimator, ask_interval, backoff, kilobits, seconds_left


def test_a_steady_flow_is_measured_exactly() -> None:
    rate = RateEstimator()
    for tick in range(100):
        rate.add(tick * 1_000_000, tick * 0.2)
    assert rate.bytes_per_second(99 * 0.2) == pytest.approx(5_000_000)


def test_a_change_shows_within_the_window() -> None:
    rate = RateEstimator(window=4)
    for tick in range(50):
        rate.add(tick * 1000, tick * 0.2)
    for tick in range(25):
        rate.add(49_000 + tick * 100, 10 + tick * 0.2)
    assert rate.bytes_per_second(15) == pytest.approx(500, rel=0.1)


def test_silence_lowers_the_rate_and_a_reset_forgets_it() -> None:
    rate = RateEstimator()
    rate.add(0, 0)
    rate.add(1000, 1)
    assert rate.bytes_per_second(1) == pytest.approx(1000)
    assert rate.bytes_per_second(10) == pytest.approx(100)
    rate.reset()
    assert rate.bytes_per_second(10) is None


def test_too_little_tells_nothing_and_a_smaller_total_begins_anew() -> None:
    rate = RateEstimator()
    assert rate.bytes_per_second(0) is None
    rate.add(1000, 0)
    rate.add(2000, 0.1)
    assert rate.bytes_per_second(0.1) is None
    rate.add(10, 1)
    assert rate.bytes_per_second(1) is None


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 1 << 30)), max_size=60))
def test_never_negative_and_bounded_memory(steps: list[tuple[float, int]]) -> None:
    rate, now, total = RateEstimator(), 0.0, 0
    for pause, more in steps:
        now, total = now + pause, total + more
        rate.add(total, now)
        speed = rate.bytes_per_second(now)
        assert speed is None or speed >= 0
    assert len(rate._samples) <= 23


def test_units_time_left_and_backoff() -> None:
    assert kilobits(None) is None
    assert kilobits(1_000_000) == 8000
    assert seconds_left(0, None) == 0
    assert seconds_left(10, None) is None
    assert seconds_left(10, 0.5) is None
    assert seconds_left(1000, 300) == 3
    assert seconds_left(1, 1e9) == 1
    pauses = [backoff(attempt) for attempt in range(1, 15)]
    assert pauses == [1, 2, 4, 8, 8, 8, 8, 8, 8, 8, 16, 32, 60, 60]
    assert backoff(5000) == 60


def test_a_person_is_asked_often_at_first_and_never_given_up() -> None:
    assert [ask_interval(waited) for waited in (0, 119, 120, 1800, 8 * 3600, 1e9)] == [1, 1, 2, 5, 15, 15]
