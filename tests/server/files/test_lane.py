"""A few at a time, unless each takes long."""

import contextlib
import threading
import time

import pytest

from jetstream_server.files.lane import MOST_WIDTH, OPEN_TURNS, Lane


@pytest.mark.parametrize("width", [1, 2])
def test_no_more_at_a_time_than_its_width(width: int) -> None:
    lane = Lane(width)
    guard = threading.Lock()
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with lane.turn(1_000_000):
                with guard:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0)
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most <= width


def test_as_many_turns_as_cores_go_side_by_side() -> None:
    lane = Lane()
    with contextlib.ExitStack() as stack:
        for _ in range(lane.width):  # the next one would wait for ever
            stack.enter_context(lane.turn(1_000_000))
    assert 1 <= lane.width <= MOST_WIDTH


def test_it_opens_when_files_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    lane = Lane(1)
    with lane.turn(10):
        now += 0.1
    with lane.turn(1), lane.turn(1):  # two at once
        pass
    for _ in range(OPEN_TURNS - 2):
        with lane.turn(1):
            pass
    assert "1 at a time" in repr(lane)
    with lane.turn(10):
        now += 0.0001
    assert "1 at a time" in repr(lane)


def test_an_error_frees_it() -> None:
    lane = Lane(1)
    with pytest.raises(KeyError), lane.turn(1):
        raise KeyError
    with lane.turn(1):
        pass
