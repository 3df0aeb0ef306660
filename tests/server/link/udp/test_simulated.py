"""Both cores on simulated paths: what has to hold on every path, for every seed."""

import statistics
from random import Random

import pytest

from jetstream_server.link.udp.rate import Policy

from .rivals import Cubic, FirstBbr, Rival
from .simulator import MEGABIT, Flow, Link, World, path

Competitor = Flow | Rival


def queue_of(world: World, link: Link, every: float = 0.05) -> list[float]:
    """The link's backlog in bytes, looked at now and then from now on."""
    seen: list[float] = []

    def look() -> None:
        seen.append(link.backlog(world.now))
        world.at(world.now + every, look)

    world.at(world.now, look)
    return seen


@pytest.mark.parametrize(("rate", "trip", "loss", "jitter", "least"), [
    (50, 0.001, 0.0, 0.0, 0.97),
    (50, 0.1, 0.0, 0.0, 0.97),
    (50, 0.1, 0.01, 0.0, 0.95),
    (50, 0.2, 0.02, 0.0, 0.93),
    (50, 0.2, 0.05, 0.0, 0.88),
    (50, 0.05, 0.0, 0.005, 0.95),
    (2, 0.05, 0.0, 0.0, 0.9),
])
def test_it_fills_the_line_and_keeps_the_queue_short(
    rate: int, trip: float, loss: float, jitter: float, least: float
) -> None:
    world = World()
    there, back = path(rate, trip, loss, jitter=jitter, reordered=0.01 if jitter else 0.0)
    flow = Flow(world, there, back)
    world.run(3.0)
    queue = queue_of(world, there)
    world.run(9.0)
    assert flow.goodput(3.0, 9.0) >= least * rate * MEGABIT * (1 - loss)
    if trip >= 0.05 and rate > 2:
        assert statistics.median(queue) < 0.25 * rate * MEGABIT * trip


def test_a_line_is_full_although_a_part_is_lost_before_its_narrowest_place() -> None:
    world = World()
    there, back = path(50, 0.2, 0.05)
    flow = Flow(world, there, back)
    world.run(14.0)
    assert flow.goodput(8.0, 14.0) > 0.98 * 50 * MEGABIT


def test_a_meter_is_not_taken_for_a_line_that_loses() -> None:
    """What lets so much through and drops the rest, without a queue: sending more for what is lost would never end."""
    world = World()
    there, back = path(50, 0.05)
    there.queue = 8 * 1500
    flow = Flow(world, there, back)
    world.run(20.0)
    dropped, sent = there.dropped, flow.sender.packets_sent
    world.run(26.0)
    assert there.dropped - dropped < 0.1 * (flow.sender.packets_sent - sent)


@pytest.mark.parametrize("seed", range(12))
def test_every_slot_arrives_exactly_once_on_the_worst_of_paths(seed: int) -> None:
    chance = Random(seed)
    rate, trip = chance.choice([1, 5, 20]), chance.choice([0.002, 0.03, 0.3])
    world = World()
    there, back = path(rate, trip, chance.choice([0.0, 0.02, 0.2]), queue=chance.choice([0.1, 1.0, 4.0]), seed=seed,
                       jitter=chance.choice([0.0, trip / 4]), reordered=chance.choice([0.0, 0.05]))
    window = chance.choice([2, 8, 96])
    flow = Flow(world, there, back, slots=40, record=chance.choice([1000, 40_000]), seed=seed, window=window,
                disk=chance.choice([0.0, 0.002]), size=chance.choice([600, 1452]))
    world.run(600.0, lambda: flow.done)
    assert sorted(flow.whole) == list(range(40))
    assert flow.memory_peak <= 40
    assert flow.receiver.nonsense == 0 or window < 16


def test_a_dead_line_gets_hardly_anything_and_goes_on_by_itself() -> None:
    world = World()
    there, back = path(20, 0.1)
    flow = Flow(world, there, back)
    world.run(3.0)
    there.dead = back.dead = True
    world.run(3.6)
    before = flow.sender.packets_sent
    world.run(13.0)
    assert flow.sender.packets_sent - before < 40
    there.dead = back.dead = False
    world.run(16.5)
    assert flow.goodput(15.5, 16.5) > 0.8 * 20 * MEGABIT


def test_a_line_that_slows_down_and_speeds_up_is_followed() -> None:
    world = World()
    there, back = path(50, 0.1)
    flow = Flow(world, there, back)
    world.run(4.0)
    there.rate /= 10
    world.run(9.0)
    assert flow.goodput(5.0, 9.0) > 0.9 * 5 * MEGABIT
    there.rate *= 10
    world.run(12.0)
    assert flow.goodput(10.5, 12.0) > 0.8 * 50 * MEGABIT


def shares(first: Competitor, second: Competitor, world: World, since: float, until: float) -> tuple[float, float]:
    world.run(until)
    one, other = first.goodput(since, until), second.goodput(since, until)
    return one / (one + other), other / (one + other)


@pytest.mark.parametrize("queue", [1.0, 2.0])
def test_two_of_ours_share_alike(queue: float) -> None:
    world = World()
    there, back = path(20, 0.05, queue=queue)
    first = Flow(world, there, back, record=100_000)
    second = Flow(world, there, back, record=100_000, seed=7, start=4.0)
    assert min(shares(first, second, world, 20.0, 50.0)) > 1 / 3


@pytest.mark.parametrize("kind", [Cubic, FirstBbr])
@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_fair_shares_with_tcp_of_either_kind(kind: type[Rival], first: str) -> None:
    world = World()
    there, back = path(40, 0.05)
    ours = Flow(world, there, back, record=100_000, start=0.0 if first == "ours" else 4.0)
    rival = kind(world, there, back, 4.0 if first == "ours" else 0.0)
    share, _ = shares(ours, rival, world, 10.0, 35.0)
    assert 1 / 3 < share < 2 / 3


def test_a_crowd_of_all_kinds_starves_nobody() -> None:
    world = World()
    there, back = path(40, 0.05)
    flows: list[Competitor] = [Flow(world, there, back, record=100_000), FirstBbr(world, there, back, 2.0),
                               Flow(world, there, back, record=100_000, seed=7, start=4.0)]
    world.run(40.0)
    assert min(flow.goodput(15.0, 40.0) for flow in flows) > 40 * MEGABIT / 3 / 3


@pytest.mark.parametrize("kind", [Cubic, FirstBbr])
def test_background_takes_what_others_leave(kind: type[Rival]) -> None:
    world = World()
    there, back = path(20, 0.05)
    ours = Flow(world, there, back, record=100_000, policy=Policy.BACKGROUND)
    world.run(4.0)
    assert ours.goodput(2.0, 4.0) > 0.85 * 20 * MEGABIT
    rival = kind(world, there, back, 4.0)
    assert shares(ours, rival, world, 10.0, 30.0)[0] < 0.1


def test_a_path_that_is_known_is_filled_without_overfilling_it() -> None:
    world = World()
    there, back = path(50, 0.1)
    flow = Flow(world, there, back)
    flow.sender.rate.begin_at(0.97 * 50 * MEGABIT)
    world.run(6.0)
    assert there.dropped == 0
    assert flow.goodput(0.5, 6.0) > 0.97 * 50 * MEGABIT


@pytest.mark.parametrize("known", [15, 400])
def test_a_path_that_has_changed_since_it_was_known_is_found_anew(known: float) -> None:
    world = World()
    there, back = path(60, 0.1)
    flow = Flow(world, there, back)
    flow.sender.rate.begin_at(known * MEGABIT)
    world.run(8.0)
    assert flow.goodput(3.0, 8.0) > 0.93 * 60 * MEGABIT


def test_fixed_sends_at_its_rate_whatever_happens() -> None:
    world = World()
    there, back = path(50, 0.05, 0.1)
    flow = Flow(world, there, back, policy=Policy.FIXED, fixed=10 * MEGABIT)
    world.run(6.0)
    assert flow.goodput(2.0, 6.0) == pytest.approx(10 * MEGABIT * 0.9, rel=0.05)


def test_a_policy_may_change_on_the_way() -> None:
    world = World()
    there, back = path(20, 0.05)
    flow = Flow(world, there, back, policy=Policy.FIXED, fixed=5 * MEGABIT, record=100_000)
    world.run(4.0)
    assert flow.goodput(2.0, 4.0) == pytest.approx(5 * MEGABIT, rel=0.05)
    flow.sender.rate.follow(Policy.FAIR, None, world.now)
    world.run(10.0)
    assert flow.goodput(7.0, 10.0) > 0.9 * 20 * MEGABIT
    rival = Cubic(world, there, back, 10.0)
    flow.sender.rate.follow(Policy.BACKGROUND, None, world.now)
    assert shares(flow, rival, world, 20.0, 40.0)[0] < 0.1


def test_who_let_others_go_first_may_have_the_line_again() -> None:
    world = World()
    there, back = path(20, 0.05)
    flow = Flow(world, there, back, policy=Policy.BACKGROUND, record=100_000)
    there.free = 1.0  # somebody filled the queue
    world.run(3.0)
    flow.sender.rate.follow(Policy.FAIR, None, world.now)
    world.run(8.0)
    assert flow.goodput(5.0, 8.0) > 0.9 * 20 * MEGABIT


def test_limits_of_either_side_hold_and_end_at_once() -> None:
    world = World()
    there, back = path(50, 0.05)
    flow = Flow(world, there, back)
    world.run(3.0)
    flow.sender.local_limit = 8_000
    world.run(6.0)
    assert flow.goodput(3.5, 6.0) == pytest.approx(8 * MEGABIT, rel=0.08)
    flow.sender.local_limit = None
    flow.receiver.limit = 4_000
    world.run(9.0)
    assert flow.goodput(6.5, 9.0) == pytest.approx(4 * MEGABIT, rel=0.08)
    flow.receiver.limit = None
    world.run(11.0)
    assert flow.goodput(9.5, 11.0) > 0.85 * 50 * MEGABIT


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_hours_on_paths_of_all_kinds(seed: int) -> None:
    chance = Random(seed)
    world = World()
    there, back = path(0.5, chance.uniform(0.001, 0.5), chance.uniform(0, 0.1), queue=chance.uniform(0.2, 4), seed=seed)
    flow = Flow(world, there, back, record=20_000, seed=seed)
    for hour in range(1, 4):
        world.run(3600.0 * hour)
        assert flow.goodput(3600.0 * (hour - 1), 3600.0 * hour) > 0.6 * 0.5 * MEGABIT * (1 - there.loss)
