import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_desktop.state.week import Speed, WeekLimits, from_json

MONDAY = datetime.datetime(2026, 11, 23, 9, 30)


def test_slow_hours():
    week = WeekLimits(slow_kbps=8000, enabled=True).painted([(0, 9), (0, 24), (9, 1)], Speed.SLOW)
    assert week.at(MONDAY) == 8000
    assert week.at(MONDAY + datetime.timedelta(hours=1)) is None
    assert WeekLimits(week.hours, 8000, False).at(MONDAY) is None
    assert WeekLimits(week.hours, None, True).at(MONDAY) is None


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
