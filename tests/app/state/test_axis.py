import datetime
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_desktop.state import axis, numbers
from jetstream_desktop.state.history import nice_ceiling

MB = 1_000_000


@pytest.mark.parametrize(("top", "most", "words"), [
    (150 * MB, 5, ["150 MB/s", "100", "50", "0"]), (20 * MB, 4, ["20 MB/s", "15", "10", "5", "0"]),
    (20 * MB, 3, ["20 MB/s", "10", "0"]), (5000.0, 9, ["5 KB/s", "4", "3", "2", "1", "0"]),
    (7.5 * MB, 4, ["7.5 MB/s", "5", "2.5", "0"]), (750 * MB, 1, ["750 MB/s", "0"]),
    (1.0, 4, ["1 B/s", "0.75", "0.5", "0.25", "0"]),
])
def test_rates_are_round(top, most, words):
    assert [numbers.rate_step(rate, top) for rate in axis.rates(top, most)] == words


@given(st.floats(1, 1e13), st.integers(1, 8))
def test_rates_go_from_the_top_to_nothing(value, most):
    top = nice_ceiling(value)
    found = axis.rates(top, most)
    assert found[0] == top
    assert found[-1] == 0
    assert 2 <= len(found) <= max(2, most + 1)
    assert list(found) == sorted(found, reverse=True)


@pytest.fixture(params=["UTC", "Asia/Kolkata", "America/New_York"])
def zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("span", "most"), [(1800, 5), (7200, 8), (86_400, 6), (90, 1)])
def test_times_are_round_in_the_local_day(zone, span, most):
    start = 1_732_600_123.0
    found = axis.clock_times(start, start + span, most)
    assert len(found) <= most + 1
    steps = {later - earlier for earlier, later in zip(found, found[1:], strict=False)}
    assert len(steps) <= 1
    for moment in found:
        assert start <= moment <= start + span
        told = datetime.datetime.fromtimestamp(moment)
        assert told.second == 0
        if span >= 7200:
            assert told.minute % 15 == 0
