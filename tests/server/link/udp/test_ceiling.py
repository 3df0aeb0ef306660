"""Room for others: when, how much, and for whom not."""

from collections.abc import Iterable

import pytest

from jetstream_server.link.udp.ceiling import CUBIC_SHARE, NEWCOMER_SHARE, STREAK, Ceiling

TRIP = 0.05
PACKET = 1500
RATE = 5e6
FULL = 500 * PACKET
"""What is under way when the queue overflows."""


def rounds(ceiling: Ceiling, began: float, told: Iterable[tuple[float, float]]) -> float:
    """One round trip after the other, of each its loss and queue; when they are over."""
    now = began
    for loss, queue in told:
        now += TRIP + queue
        ceiling.on_round(loss, queue, TRIP, FULL, PACKET, RATE, now)
    return now


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.2])
def test_the_lines_own_losses_make_nobody_room(loss: float) -> None:
    ceiling = Ceiling()
    rounds(ceiling, 0.0, [(loss, 0.001)] * 200)
    assert ceiling.bytes == float("inf")


def test_the_lines_own_losses_are_known_from_the_first_rounds_on() -> None:
    """The first probe makes a queue, too."""
    ceiling = Ceiling()
    rounds(ceiling, 0.0, [(0.02, 0.001)] * 3 + [(0.022, 0.02)] * 3)
    assert ceiling.bytes == float("inf")


def test_an_overflow_makes_room_and_the_room_is_taken_back() -> None:
    ceiling = Ceiling()
    now = rounds(ceiling, 0.0, [(0.0, 0.02), (0.05, 0.05)])
    assert ceiling.bytes == pytest.approx(NEWCOMER_SHARE * FULL), "somebody has come: it never overflowed before"
    now = rounds(ceiling, now, [(0.0, 0.02)] * 200)
    assert ceiling.bytes > FULL
    now = rounds(ceiling, now, [(0.05, 0.05)])
    assert ceiling.bytes < FULL
    kept = ceiling.bytes
    rounds(ceiling, now, [(0.0, 0.02)] * 40)
    assert kept < ceiling.bytes


def test_the_room_of_another_overflow_is_that_of_cubic() -> None:
    ceiling = Ceiling()
    now = rounds(ceiling, 0.0, [(0.05, 0.05)])
    while ceiling.bytes < FULL:
        now = rounds(ceiling, now, [(0.0, 0.03)])
    rounds(ceiling, now, [(0.05, 0.05)])
    assert ceiling.bytes == pytest.approx(CUBIC_SHARE * FULL)


def test_who_makes_room_beside_others_who_do_goes_on_doing_so() -> None:
    ceiling = Ceiling()
    now = 0.0
    for _ in range(5 * STREAK):
        now = rounds(ceiling, now, [(0.05, 0.05), (0.05, 0.05), *[(0.0, 0.02)] * 6, *[(0.0, 0.04)] * 6])
        assert not ceiling.resists


def test_who_makes_room_and_nobody_else_does_stops_and_claims_it_back() -> None:
    ceiling = Ceiling()
    now = rounds(ceiling, 0.0, [(0.05, 0.05)] * 40)
    assert ceiling.resists
    assert ceiling.bytes == float("inf")
    assert ceiling.claim > RATE / 2
    rounds(ceiling, now, [(0.0, 0.01)] * 40)
    assert not ceiling.resists, "nothing is lost any more, so there is nothing to resist"
    assert ceiling.claim == 0


def test_a_line_that_has_opened_up_lifts_the_ceiling() -> None:
    ceiling = Ceiling()
    rounds(ceiling, 0.0, [(0.05, 0.05)])
    assert ceiling.bytes < FULL
    ceiling.lift()
    assert ceiling.bytes == float("inf")


def test_who_has_most_of_the_line_takes_no_more_while_somebody_waits() -> None:
    ceiling = Ceiling()
    now = rounds(ceiling, 0.0, [(0.0, 0.001)] * 10 + [(0.05, 0.05)])
    kept = ceiling.bytes
    rounds(ceiling, now, [(0.0, 0.02)] * 100)
    assert ceiling.bytes < 1.15 * kept, "the line gave as much when it was ours alone"
