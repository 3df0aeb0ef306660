import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_desktop.state.rate import BLOCK, COUNTING, RateEstimator, TimeLeft


def feed(estimator, seconds, per_second, start=0.0, done=0):
    for step in range(seconds + 1):
        estimator.observe(start + step, done + step * per_second)


def test_nothing_is_said_before_two_observations():
    estimator = RateEstimator()
    assert estimator.rate is None
    estimator.observe(0, 100)
    assert estimator.rate is None
    assert estimator.time_left(100) is None


def test_a_steady_rate_gives_one_value():
    estimator = RateEstimator()
    feed(estimator, 30, 1_000_000)
    assert estimator.rate == pytest.approx(1_000_000)
    left = estimator.time_left(60_000_000)
    assert left is not None
    assert left.low == left.high == pytest.approx(60)


def test_a_varying_rate_gives_a_range_around_the_mean():
    estimator = RateEstimator()
    done = 0
    for second in range(40):
        done += 4_000_000 if second % 2 else 1_000_000
        estimator.observe(second * 2, done)
    left = estimator.time_left(100_000_000)
    assert left is not None
    assert left.low < 100_000_000 / estimator.rate < left.high


def test_how_often_one_looks_does_not_matter():
    slow, fast = RateEstimator(), RateEstimator()
    feed(slow, 20, 4000)
    for step in range(81):
        fast.observe(step / 4, step * 1000)
    assert slow.rate == pytest.approx(fast.rate, rel=0.01)


def test_a_falling_count_starts_anew():
    estimator = RateEstimator()
    feed(estimator, 10, 1000)
    estimator.observe(11, 5)
    assert estimator.rate is None


def test_the_same_moment_twice_changes_nothing():
    estimator = RateEstimator()
    feed(estimator, 2, 1000)
    estimator.observe(2, 9000)
    assert estimator.rate == pytest.approx(1000)


def test_the_rhythm_of_blocks_is_no_change_of_speed():
    estimator = RateEstimator()
    for quarter in range(1, 200):
        estimator.observe(quarter / 4, quarter // 3 * 1_000_000)
    left = estimator.time_left(100_000_000)
    assert left.high < left.low * 1.25


@pytest.mark.parametrize("rate", [125_000, 250_000, 600_000, 3_000_000])
def test_blocks_that_take_seconds_are_no_change_of_speed_either(rate):
    """A limit of 1 Mbit/s lets a block through every eight seconds; it is looked at four times a second."""
    estimator, seen = RateEstimator(), []
    for quarter in range(400):
        estimator.observe(quarter / 4, int(quarter / 4 * rate) // BLOCK * BLOCK)
        if quarter > 200:
            seen.append(estimator.rate)
    assert max(seen) < min(seen) * 1.35
    assert sum(seen) / len(seen) == pytest.approx(rate, rel=0.12)
    left = estimator.time_left(100_000_000)
    assert left.low == left.high


def test_a_line_that_stops_is_seen_to_stop():
    estimator = RateEstimator()
    feed(estimator, 30, 10_000_000)
    for quarter in range(1, 4 * 30):
        estimator.observe(30 + quarter / 4, 300_000_000)
        if quarter == 8:
            assert estimator.rate < 9_000_000
    assert estimator.rate < 500_000


def test_a_stand_still_is_no_time_left():
    estimator = RateEstimator()
    feed(estimator, 10, 0)
    assert estimator.rate == 0
    assert estimator.time_left(5) is None


def test_staleness():
    estimator = RateEstimator()
    assert estimator.stale(0)
    estimator.observe(0, 0)
    assert not estimator.stale(5)
    assert estimator.stale(60)


def test_counting():
    assert COUNTING.counting
    assert not TimeLeft(1, 2).counting


@given(st.lists(st.tuples(st.floats(1.6, 5), st.integers(0, 10**9)), min_size=1, max_size=60))
def test_the_rate_lies_between_the_slowest_and_the_fastest(steps):
    estimator, now, done, rates = RateEstimator(), 0.0, 0, []
    estimator.observe(now, done)
    for passed, size in steps:
        before = now
        now, done = now + passed, done + size
        estimator.observe(now, done)
        rates.append(size / (now - before))
    if estimator.rate is None:  # nothing has come, and it is too early to say that nothing comes
        assert done == 0
        return
    assert min(rates) * 0.999 - 1e-6 <= estimator.rate <= max(rates) * 1.001 + 1e-6
    left = estimator.time_left(10**9)
    assert left is None or 0 <= left.low <= left.high
