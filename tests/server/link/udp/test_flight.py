"""The ledger of packets, against a plain model."""

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jetstream_server.link.udp.flight import RING, Flight
from jetstream_server.link.udp.packets import Report


def told(highest: int, came: set[int], span: int) -> Report:
    numbers = range(highest - span + 1, highest + 1)
    return Report(highest, 0.0, 1.0, 0, 100, arrived=np.array([n in came for n in numbers], dtype=np.bool_))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1 << 30))
def test_every_packet_is_acknowledged_or_lost_exactly_once(seed: int) -> None:
    chance, flight = Random(seed), Flight()
    came: set[int] = set()
    acknowledged: list[int] = []
    lost: list[int] = []
    now = 0.0
    for _ in range(60):
        now += 0.01
        count = chance.randrange(0, 50)
        if count:
            places = np.arange(count, dtype=np.int64) + flight.next_number * 1000
            numbers = flight.send(places, 1500, now)
            came |= {int(number) for number in numbers if chance.random() < 0.9}
        if came and chance.random() < 0.8:
            result = flight.acknowledge(told(max(came), came, min(max(came), 400)))
            assert result is not None
            acknowledged += result.places.tolist()
            lost += flight.lose_before(now - 0.03).tolist()
        assert flight.bytes_out == 1500 * flight.packets_out
    lost += flight.lose_all(now).tolist()
    assert flight.packets_out == 0
    assert len(set(acknowledged)) == len(acknowledged)
    assert len(set(acknowledged) | set(lost)) == flight.next_number - 1
    assert flight.packets_lost == flight.next_number - 1 - len(acknowledged)


def test_what_arrives_after_it_counted_as_lost_is_no_longer_lost() -> None:
    flight = Flight()
    flight.send(np.array([10, 11, 12], dtype=np.int64), 1000, 1.0)
    assert flight.acknowledge(told(3, {3}, 3)) is not None
    assert flight.lose_before(1.0).tolist() == [10, 11]
    late = flight.acknowledge(told(3, {1, 3}, 3))
    assert late is not None
    assert (late.places.tolist(), late.late, late.bytes) == ([10], 1, 0)
    assert flight.packets_lost == 1


def test_a_report_of_what_was_never_sent_is_refused() -> None:
    flight = Flight()
    flight.send(np.array([1], dtype=np.int64), 1000, 1.0)
    assert flight.acknowledge(told(2, {1, 2}, 2)) is None
    assert flight.packets_out == 1


def test_the_ring_never_meets_itself() -> None:
    flight = Flight()
    places = np.zeros(RING // 2, dtype=np.int64)
    flight.send(places, 10, 1.0)
    assert flight.room == RING // 2 - 1
    flight.lose_all(2.0)
    assert flight.room == RING - 1
