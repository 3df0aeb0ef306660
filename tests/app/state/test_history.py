import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_desktop.state.history import Point, SpeedHistory, nice_ceiling


def test_samples_within_a_second_are_folded():
    history = SpeedHistory()
    for time, rate in [(0, 5.0), (0.5, 9.0), (0.7, None), (1.0, None), (1.5, 3.0), (0.1, 99.0)]:
        history.add(time, rate)
    assert history.points(2, None, 100) == [Point(0, 9.0), Point(1.0, 3.0)]


def test_a_gap_is_kept_as_a_gap():
    history = SpeedHistory()
    history.add(0, 5.0)
    history.add(60, None)
    history.add(120, 5.0)
    assert [p.rate for p in history.points(120, None, 10)] == [5.0, None, None, 5.0]


def test_thinning_and_window():
    history = SpeedHistory()
    for second in range(100):
        history.add(second, float(second))
    assert len(history) == 100
    assert len(history.points(99, 10, 100)) == 11
    thin = history.points(99, None, 20)
    assert len(thin) == 20
    assert thin[0] == Point(0, 2.0)
    empty = SpeedHistory()
    for second in range(4):
        empty.add(second, None)
    assert [p.rate for p in empty.points(4, None, 2)] == [None, None]


def test_csv():
    history = SpeedHistory()
    history.add(1, 5.4)
    history.add(2, None)
    assert history.csv() == "time_s,bytes_per_s\n1,5\n2,\n"


@pytest.mark.parametrize(("value", "top"), [(0, 1), (0.5, 0.5), (98, 100), (101, 150), (760, 1000), (0.02, 0.02)])
def test_nice_ceiling(value, top):
    assert nice_ceiling(value) == pytest.approx(top)


@given(st.floats(1e-3, 1e15))
def test_nice_ceiling_is_above_and_near(value):
    assert value * 0.999 <= nice_ceiling(value) <= value * 2.6
