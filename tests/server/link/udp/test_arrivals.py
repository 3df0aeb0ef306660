"""What came, against a plain set of numbers."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jetstream_server.link.udp.arrivals import FARTHEST_JUMP, RING, Arrivals
from jetstream_server.link.udp.packets import MAX_SPAN, Numbers


def column(*numbers: int) -> Numbers:
    return np.array(numbers, dtype=np.int64)


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(-3000, 3000), min_size=1, max_size=40), min_size=1, max_size=40))
def test_every_packet_counts_once(batches: list[list[int]]) -> None:
    arrivals, seen, here = Arrivals(), set[int](), 4000
    for batch in batches:
        numbers = [max(1, here + step) for step in batch]
        here = max(here, *numbers)
        fresh = arrivals.add(column(*numbers), np.full(len(numbers), 100, dtype=np.int64))
        assert int(fresh.sum()) == len(set(numbers) - seen)
        seen |= set(numbers)
    assert arrivals.packets == len(seen)
    assert arrivals.received == 100 * len(seen)
    assert arrivals.highest == max(seen)
    flags = arrivals.window()
    first = arrivals.highest - len(flags) + 1
    assert len(flags) <= MAX_SPAN
    assert [first + n for n in np.flatnonzero(flags)] == sorted(n for n in seen if n >= first)


def test_numbers_that_cannot_be_right_are_left_out_and_counted() -> None:
    arrivals = Arrivals()
    arrivals.add(column(RING + 10), column(1))
    right = arrivals.sensible(column(0, 5, RING + 11, RING + 11 + FARTHEST_JUMP, 10, 11))
    assert right.tolist() == [False, False, True, False, False, True]
    assert arrivals.stale == 4


def test_a_packet_is_spoken_of_in_several_reports_and_then_no_more() -> None:
    arrivals = Arrivals()
    spoken = 0
    for batch in range(20):
        numbers = np.arange(batch * 10 + 1, batch * 10 + 11, dtype=np.int64)
        arrivals.add(numbers, numbers)
        flags = arrivals.window()
        spoken += arrivals.highest - len(flags) + 1 <= 5
    assert spoken == 6


def test_old_rounds_of_the_ring_are_forgotten() -> None:
    arrivals = Arrivals()
    arrivals.add(column(7), column(1))
    for number in range(7 + FARTHEST_JUMP, 7 + RING + FARTHEST_JUMP, FARTHEST_JUMP):
        assert arrivals.add(column(number), column(1)).all()
    assert arrivals.add(column(7 + RING), column(1)).tolist() == [False]
