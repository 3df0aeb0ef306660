"""What a path takes and how long it is."""

import pytest

from jetstream_server.link.udp.estimates import RATE_SECONDS, Delivery, Trips


def told(delivery: Delivery, rate: float, began: float, seconds: float, had: int = 0, limited: bool = False) -> int:
    """Reports every 10 ms of a steady delivery; what has arrived then."""
    for step in range(round(seconds / 0.01)):
        now = began + step * 0.01
        delivery.heard(now)
        delivery.add(had + round(rate * step * 0.01), now, limited, 0.05, 0.05, now)
    return had + round(rate * seconds)


def test_a_steady_rate_is_measured() -> None:
    delivery = Delivery()
    told(delivery, 1e6, 100.0, 1.0)
    assert delivery.rate == pytest.approx(1e6, rel=0.01)
    assert delivery.gap == pytest.approx(0.01)


def test_the_highest_rate_counts_for_a_while() -> None:
    delivery = Delivery()
    had = told(delivery, 2e6, 100.0, 1.0)
    had = told(delivery, 1e6, 101.0, RATE_SECONDS / 2, had)
    assert delivery.rate == pytest.approx(2e6, rel=0.01)
    told(delivery, 1e6, 101.0 + RATE_SECONDS / 2, 1.0, had)
    assert delivery.rate == pytest.approx(1e6, rel=0.01)


def test_who_had_no_more_to_send_says_nothing_of_the_path() -> None:
    delivery = Delivery()
    had = told(delivery, 2e6, 100.0, 1.0)
    told(delivery, 1e4, 101.0, 3.0, had, limited=True)
    assert delivery.rate == pytest.approx(2e6, rel=0.01)


def test_what_came_before_may_be_forgotten() -> None:
    delivery = Delivery()
    had = told(delivery, 2e6, 100.0, 1.0)
    told(delivery, 1e6, 101.0, 0.2, had)
    delivery.forget_before(101.15)
    assert delivery.rate < 1.1e6
    delivery.begin_anew(5e5)
    assert delivery.rate == 5e5


def test_a_clock_that_was_set_is_survived() -> None:
    delivery = Delivery()
    had = told(delivery, 1e6, 100.0, 1.0)
    told(delivery, 1e6, 10.0, 1.0, had)
    assert delivery.rate == pytest.approx(1e6, rel=0.05)


def test_the_shortest_round_trip_counts_until_it_is_looked_for_anew() -> None:
    trips = Trips(0.0)
    trips.add(0.05, 1.0)
    trips.add(0.09, 2.0)
    assert (trips.shortest, trips.seen) == (0.05, 1.0)
    trips.look_anew()
    trips.take_what_was_seen(3.0)
    assert trips.shortest == 0.05, "nothing was seen"
    trips.look_anew()
    trips.add(0.08, 4.0)
    trips.take_what_was_seen(5.0)
    assert (trips.shortest, trips.seen) == (0.08, 5.0)
