import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_desktop.state.history import Point, SpeedHistory, Summary, nice_ceiling


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
    assert [p.rate for p in empty.points(4, None, 2)] == [None]


def test_no_piece_of_a_thinned_curve_reaches_over_a_gap():
    """Six seconds without anything are seen among ten minutes."""
    history = SpeedHistory()
    for second in [*range(300), *range(306, 600)]:
        history.add(second, 100.0, second / 600)
    thin = history.points(600, None, 100)
    assert len(thin) < 110
    (place,) = [number for number, point in enumerate(thin) if point.rate is None]
    assert thin[place].time == 300
    assert thin[place + 1] == Point(306, 100.0, 306 / 600)
    assert {point.rate for point in thin} == {100.0, None}


def test_a_thinned_curve_keeps_its_shape_while_time_goes_on():
    history = SpeedHistory()
    for second in range(700):
        history.add(second, float(second % 13))
    before, after = history.points(600, 600, 100), history.points(601, 600, 100)
    assert set(before[1:-1]) <= set(after)


def test_that_nothing_moves_is_noted_once():
    history = SpeedHistory()
    history.add(0, 5.0)
    for second in range(1, 10):
        history.add(second, None)
    history.add(10, 7.0)
    assert history.points(10, None, 50) == [Point(0, 5.0), Point(1, None), Point(10, 7.0)]


def test_summary():
    history = SpeedHistory()
    assert history.summary(5, None) is None
    for time, rate in ((0, 99.0), (10, 2.0), (12, 6.0), (13, 4.0)):
        history.add(time, rate)
    assert history.summary(13, 5) == Summary(4.0, 4.0, Point(12, 6.0))
    assert history.summary(13, None).peak == Point(0, 99.0)


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
