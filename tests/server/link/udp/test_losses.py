"""What round trips lose: what the line takes by itself, and when a start has grown too far."""

import pytest

from jetstream_server.link.udp.losses import ENOUGH_PACKETS, LOSS_PACKETS, MOST_LOSS, LineLoss, Losses


def rounds(losses: Losses, told: list[tuple[int, int]]) -> list[bool]:
    """Round trips with so many packets, of which so many were lost; after each whether it was too much."""
    settled = lost = 0
    said = []
    for packets, gone in told:
        settled, lost = settled + packets, lost + gone
        losses.on_round(settled, lost)
        said.append(losses.overfills())
    return said


def test_a_queue_that_others_keep_full_is_noticed_by_what_is_lost() -> None:
    assert rounds(Losses(), [(100, 0), (280, 2), (800, 120)]) == [False, False, True]


def test_the_lines_own_losses_are_no_queue() -> None:
    assert rounds(Losses(), [(100, 20), (280, 60), (800, 150)]) == [False, False, False]


def test_few_packets_say_nothing() -> None:
    losses = Losses()
    assert rounds(losses, [(ENOUGH_PACKETS - 1, 20)]) == [False]
    assert losses.share > 0.5


def test_what_had_seemed_lost_and_came_after_all_is_no_loss() -> None:
    losses = Losses()
    losses.on_round(1000, 10)
    assert losses.on_round(2000, 4)
    assert losses.share == 0
    assert not losses.on_round(2000, 4), "nothing became known in it"


def test_what_a_line_loses_is_the_least_of_the_last_rounds() -> None:
    """A queue that overflows now and then, or a probe that a meter cuts, is not the line."""
    losses = LineLoss()
    assert losses.share == 0
    for round_number in range(30):
        losses.on_round(1000, 250 if round_number % 6 == 0 else 20)
    assert losses.share == pytest.approx(0.02)
    losses.on_round(1000, 0)
    assert losses.share == 0


def test_what_a_line_loses_is_not_taken_from_few_packets_nor_beyond_what_lines_lose() -> None:
    losses = LineLoss()
    for _ in range(20):
        losses.on_round(1000, 400)
        losses.on_round(LOSS_PACKETS - 1, 0)
    assert losses.share == MOST_LOSS
    losses.on_round(1000, -3)  # what had seemed lost came after all
    assert losses.share == 0
