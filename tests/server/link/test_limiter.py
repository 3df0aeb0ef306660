"""Rate limits: the long-run rate holds, changes act, nobody waits for ever."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.link.limiter import BYTES_PER_KBIT, SMALLEST_BURST, Bucket, Limiter


@given(st.integers(100, 1_000_000), st.lists(st.integers(1, 1 << 20), min_size=1, max_size=50))
def test_the_rate_is_held_in_the_long_run(rate: int, sizes: list[int]) -> None:
    now = 0.0
    bucket = Bucket(rate, now)
    for size in sizes:
        now += bucket.take(size, now)
    burst = max(rate * BYTES_PER_KBIT * 0.05, SMALLEST_BURST)
    assert sum(sizes) <= rate * BYTES_PER_KBIT * now + burst + 1


def test_no_limit_never_waits() -> None:
    bucket = Bucket(None, 0.0)
    assert bucket.take(1 << 40, 0.0) == 0.0
    assert not Limiter([bucket], lambda: 0.0).active


def test_an_idle_bucket_saves_up_no_more_than_its_burst() -> None:
    bucket = Bucket(8000, 0.0)  # a megabyte a second
    bucket.take(1, 0.0)
    assert bucket.take(1_000_000, 1000.0) == pytest.approx(0.95, abs=0.01)


def test_lifting_a_limit_forgets_what_was_owed() -> None:
    bucket = Bucket(8, 0.0)
    assert bucket.take(1 << 20, 0.0) > 100
    bucket.set_rate(None, 1.0)
    assert bucket.take(1 << 20, 1.0) == 0.0
    bucket.set_rate(8000, 2.0)
    assert bucket.take(1000, 2.1) == 0.0


def test_slices_of_a_slow_limit_are_small() -> None:
    limiter = Limiter([Bucket(80, 0.0), Bucket(None, 0.0)], lambda: 0.0)
    assert limiter.slice_bytes(1 << 20) == 1024
    assert Limiter([Bucket(None, 0.0)], lambda: 0.0).slice_bytes(1 << 20) == 1 << 20


def test_a_change_wakes_whoever_waits() -> None:
    bucket = Bucket(8, 0.0)
    limiter = Limiter([bucket], lambda: 0.0)  # the clock stands still: only a change can end the wait
    waiting = threading.Event()

    def work() -> None:
        waiting.set()
        limiter.wait(1 << 20)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert waiting.wait(10)
    for _ in range(1000):  # it may be just before its wait
        bucket.set_rate(None, 0.0)
        limiter.wake()
        thread.join(0.01)
        if not thread.is_alive():
            break
    assert not thread.is_alive()
    limiter.wait(1 << 30)
    assert bucket.taken == (1 << 20) + (1 << 30)


def test_closing_lets_whoever_waits_go() -> None:
    limiter = Limiter([Bucket(8, 0.0)], lambda: 0.0)
    thread = threading.Thread(target=limiter.wait, args=(1 << 20,))
    thread.start()
    limiter.close()
    thread.join(10)
    assert not thread.is_alive()
