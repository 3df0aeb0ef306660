"""Who gives way: how much room, when, and that it is taken again."""

import pytest

from jetstream_server.link.udp.background import LEAST_RATE, LOOK_SECONDS, Background

TRIP = 0.05
PACKET = 1500
LINE = 5e6
PACKETS = int(LINE * TRIP / PACKET)


class Rounds:
    """A path whose queue and losses are said round by round."""

    def __init__(self, background: Background) -> None:
        self.background = background
        self.now = self.delivered = 0.0

    def go(self, count: int, queue: float, lost: int = 0, arrives: float = LINE, limited: bool = False) -> float:
        for _ in range(count):
            for _ in range(8):
                self.now += TRIP / 8
                self.delivered += arrives * TRIP / 8
                self.background.on_report(TRIP + queue, int(self.delivered), self.now, limited, self.now)
            self.background.on_round(PACKETS, lost, arrives, PACKET, self.now)
        return self.background.rate(self.now)


def at_the_lines_rate() -> Rounds:
    rounds = Rounds(Background(LINE, TRIP, 0.0, searching=False))
    rounds.go(4, 0.0)
    return rounds


def test_an_empty_line_is_filled_within_some_round_trips() -> None:
    rounds = Rounds(Background(LINE / 8, TRIP, 0.0))
    assert rounds.go(12, 0.0) > LINE


def test_a_queue_makes_it_go_down_and_down() -> None:
    rounds = at_the_lines_rate()
    before = rounds.background.rate(rounds.now)
    after = rounds.go(4, 0.02)
    assert after < 0.75 * before
    assert rounds.go(60, 0.02, arrives=LEAST_RATE) < 0.02 * LINE


def test_it_never_stops_altogether() -> None:
    rounds = at_the_lines_rate()
    assert rounds.go(400, 0.1, arrives=100.0) >= LEAST_RATE


def test_a_short_queue_is_no_matter() -> None:
    rounds = at_the_lines_rate()
    before = rounds.background.rate(rounds.now)
    assert rounds.go(50, 0.003) >= before


def test_what_others_leave_is_taken_again_within_seconds() -> None:
    rounds = at_the_lines_rate()
    rounds.go(60, 0.05, arrives=LEAST_RATE)
    began = rounds.now
    while rounds.background.rate(rounds.now) < 0.85 * LINE:
        rounds.go(1, 0.0)
    assert rounds.now - began < 4.0


def test_packets_that_are_dropped_make_room_and_say_how_long_the_queue_can_be() -> None:
    rounds = at_the_lines_rate()
    rounds.go(8, 0.0)
    before, waits = rounds.background.rate(rounds.now), rounds.background.target
    assert rounds.go(1, 0.005, lost=40) < 0.6 * before
    assert rounds.background.target == waits, "once may be a machine that was busy"
    rounds.go(40, 0.0)
    rounds.go(1, 0.005, lost=40)
    assert rounds.background.target < waits / 2


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_the_lines_own_losses_slow_nothing_down(share: float) -> None:
    rounds = Rounds(Background(LINE / 8, TRIP, 0.0))
    assert rounds.go(40, 0.0, lost=round(share * PACKETS)) > LINE


def test_who_has_nothing_to_send_learns_nothing() -> None:
    rounds = Rounds(Background(LINE / 8, TRIP, 0.0))
    assert rounds.go(20, 0.0, limited=True) == LINE / 8


def test_a_queue_that_is_always_there_is_looked_beneath() -> None:
    """Less is sent for a moment, so that a queue of our own is gone and the path is seen without it."""
    rounds = at_the_lines_rate()
    usual = rounds.background.rate(rounds.now)
    rates = [rounds.go(1, 0.004) for _ in range(int(1.1 * LOOK_SECONDS / TRIP))]
    assert min(rates) < 0.7 * usual
    assert rates[-1] > 0.9 * usual


def test_after_silence_it_begins_as_on_a_new_line() -> None:
    rounds = at_the_lines_rate()
    rounds.background.begin_again()
    assert rounds.background.rate(rounds.now) < 0.2 * LINE
    rounds.background.on_round(0, 0, 0.0, PACKET, rounds.now)
    rounds.background.on_round(200, 100, 0.0, PACKET, rounds.now)
    assert rounds.background.rate(rounds.now) >= LEAST_RATE
