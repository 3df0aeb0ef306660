"""When a start has grown too far: what its round trips lose."""

from jetstream_server.link.udp.losses import ENOUGH_PACKETS, Losses


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
