import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_desktop.state.week import WORKING, Speed, WeekLimits, from_json, rectangle

MONDAY = datetime.datetime(2026, 11, 23, 9, 30)


def test_slow_hours():
    week = WeekLimits(slow_kbps=8000, enabled=True).painted([(0, 9), (0, 24), (9, 1)], Speed.SLOW)
    assert week.at(MONDAY) == 8000
    assert week.at(MONDAY + datetime.timedelta(hours=1)) is None
    assert WeekLimits(week.hours, 8000, False).at(MONDAY) is None
    assert WeekLimits(week.hours, None, True).at(MONDAY) is None


@pytest.mark.parametrize(("usual", "slow_hour", "other_hour"),
                         [(0, 8000, 0), (5000, 5000, 5000), (90_000, 8000, 90_000)])
def test_the_slower_of_both_limits_counts(usual, slow_hour, other_hour):
    week = WeekLimits(slow_kbps=8000, enabled=True).painted([(0, 9)], Speed.SLOW)
    assert week.limit(MONDAY, usual) == slow_hour
    assert week.limit(MONDAY + datetime.timedelta(hours=1), usual) == other_hour


def test_a_rectangle_has_both_its_corners():
    assert rectangle((2, 5), (1, 6)) == [(1, 5), (1, 6), (2, 5), (2, 6)]
    assert rectangle((3, 3), (3, 3)) == [(3, 3)]


def test_an_empty_week_and_working_hours():
    assert WeekLimits().empty
    week = WeekLimits(slow_kbps=8000, enabled=True).painted(WORKING, Speed.SLOW)
    assert not week.empty
    assert [week.at(MONDAY.replace(hour=hour)) for hour in (7, 8, 17, 18)] == [None, 8000, 8000, None]
    assert week.at(MONDAY + datetime.timedelta(days=5)) is None


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 23))), st.none() | st.integers(1, 10**9), st.booleans())
def test_round_trip(cells, slow, enabled):
    week = WeekLimits(slow_kbps=slow, enabled=enabled).painted(cells, Speed.SLOW)
    assert from_json(week.to_json()) == week


@pytest.mark.parametrize("damage", [{}, {"hours": 5}, {"hours": "01"}, {"hours": "2" * 168}])
def test_damage_is_an_empty_grid(damage):
    assert from_json(damage) == WeekLimits()


@pytest.mark.parametrize("slow", ["8", True, -1, None])
def test_a_bad_limit_is_none(slow):
    assert from_json({"hours": "0" * 168, "slow": slow, "on": 1}) == WeekLimits()
