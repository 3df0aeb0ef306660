"""One at a time, unless each takes long."""

import threading
import time

import pytest

from jetstream_server.files.lane import OPEN_TURNS, Lane


def test_one_at_a_time() -> None:
    lane = Lane()
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(200):
            with lane.turn(1_000_000):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_it_opens_when_files_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    lane = Lane()
    with lane.turn(10):
        now += 0.1
    with lane.turn(1), lane.turn(1):  # two at once
        pass
    for _ in range(OPEN_TURNS - 2):
        with lane.turn(1):
            pass
    assert "one at a time" in repr(lane)
    with lane.turn(10):
        now += 0.0001
    assert "one at a time" in repr(lane)


def test_an_error_frees_it() -> None:
    lane = Lane()
    with pytest.raises(KeyError), lane.turn(1):
        raise KeyError
    with lane.turn(1):
        pass
