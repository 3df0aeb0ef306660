"""Blocks of a trial."""

import threading

import pytest

from jetstream_server.transfers.trialblocks import MOST_BLOCKS, CountingSink, NoiseSource, rate_of


def test_noise_is_noise_and_has_an_end() -> None:
    source, buffer = NoiseSource(1 << 16, 3), memoryview(bytearray(1 << 20))
    assert [source.take(1) for _ in range(3)] == [0, 1, 2]
    contents = set()
    for block in range(3):
        filled = source.fill(block, buffer)
        assert (filled.length, filled.zero) == (1 << 16, False)
        contents.add(bytes(buffer[: 1 << 16]))
    assert len(contents) == 3
    got: list[int | None] = []
    waiting = threading.Thread(target=lambda: got.append(source.take(1)))
    waiting.start()
    source.stop()
    waiting.join(10)
    assert got == [None]


def test_the_sink_says_once_that_it_is_enough() -> None:
    told: list[int] = []
    times = iter(range(100))
    sink = CountingSink(10, 30, lambda: told.append(1), lambda: float(next(times)))
    for block in range(5):
        sink.store(block, memoryview(b""), zero=False, gaps=())
        assert len(told) == (1 if block >= 2 else 0)
    assert sink.received == 50
    assert sink.rate(0.0) == 12.5
    assert sink.block_length(0) == 10
    with pytest.raises(IndexError):
        sink.block_length(MOST_BLOCKS)


@pytest.mark.parametrize(("arrivals", "rate"), [
    ([], 0.0),
    ([2.0], 50.0),
    ([1.0, 2.0], 100.0),
    ([1.0, 1.1, 1.2, 2.0], 200.0),  # too few to leave any out
    ([float(number) for number in range(21)], 100.0),
    ([float(number) for number in range(11)] + [10 + number / 10 for number in range(1, 101)], 1000.0),  # faster later
])
def test_the_rate_is_that_of_the_second_half(arrivals: list[float], rate: float) -> None:
    assert rate_of(arrivals, 100, 0.0) == pytest.approx(rate)
