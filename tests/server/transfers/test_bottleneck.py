"""What limits, from where the time goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream_server.link.carrier import CarrierStatistics
from jetstream_server.transfers.bottleneck import Stages, bottleneck

seconds = st.floats(0, 1000)


@pytest.mark.parametrize(
    ("stages", "receiver", "limit", "words"),
    [
        (Stages(9, 1, 1), 0, None, "this computer's disk, 10 MB/s"),
        (Stages(1, 9, 1), 0, None, "this computer's processor, 10 MB/s"),
        (Stages(1, 1, 9), 80, None, "Studio B's disk, 10 MB/s"),
        (Stages(1, 1, 9), 20, None, "the line, 80 Mbit/s"),
        (Stages(9, 1, 1), 80, 80_000, "your limit, 10 MB/s"),
        (Stages(1, 1, 9), 0, 800_000, "the line, 80 Mbit/s"),
    ],
)
def test_the_narrowest_place_is_named(stages: Stages, receiver: int, limit: int | None, words: str) -> None:
    assert bottleneck(stages, receiver, 10e6, limit, "Studio B") == words


def test_nothing_is_told_of_nothing() -> None:
    assert bottleneck(Stages(0, 0, 0), 0, 10e6, None, "B") is None
    assert bottleneck(Stages(1, 1, 1), 0, 0.0, None, "B") is None
    assert Stages(0, 0, 0).disk_percent == 0


@given(seconds, seconds, seconds, st.integers(0, 100), st.floats(0, 1e12), st.none() | st.integers(1, 10**9))
def test_there_is_always_a_word(a: float, b: float, c: float, disk: int, rate: float, limit: int | None) -> None:
    words = bottleneck(Stages(a, b, c), disk, rate, limit, "B")
    assert (words is None) is (rate <= 0 or a + b + c <= 0)


def test_stages_come_from_statistics() -> None:
    statistics = CarrierStatistics(seconds_reading=1, seconds_writing=2, seconds_sealing=3, seconds_moving=4)
    assert Stages.of(statistics) - Stages(1, 1, 1) == Stages(2, 2, 3)
    assert Stages.of(statistics).disk_percent == 30


def test_sums_that_seem_to_shrink_are_no_negative_share() -> None:
    # Threads add to the sums without a lock; what one adds may undo what another one added meanwhile.
    since = Stages(1.0, 2.0, 3.0) - Stages(1.5, 1.0, 2.0)
    assert since == Stages(0.0, 1.0, 1.0)
    assert 0 <= since.disk_percent <= 100
