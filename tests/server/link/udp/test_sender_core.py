"""The sending core against a receiver that says nothing, or says what is not so."""

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.udp.outbox import Outbox
from jetstream_server.link.udp.packets import Report
from jetstream_server.link.udp.proofs import DataSeal
from jetstream_server.link.udp.rate import Policy, RateControl
from jetstream_server.link.udp.receiver_core import report_interval
from jetstream_server.link.udp.sender_core import LONGEST_SILENCE, SenderCore


def sender(slots: int, trip: float = 0.001) -> SenderCore:
    outbox = Outbox(b"1234567", DataSeal(SessionKey(bytes(16), bytes(32))))
    core = SenderCore(RateControl(Policy.FAIR, 0.0, Random(1), trip), 0.0)
    record = memoryview(bytes([0]) * 8 + (99_960).to_bytes(4) + bytes(99_988))
    for _ in range(slots):
        taken = outbox.take()
        assert taken is not None
        core.add(outbox.lay_out(*taken, record, 1180))
    return core


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1 << 30), slots=st.sampled_from([1, 4, 40]), trip=st.sampled_from([0.001, 0.03, 0.3]))
def test_who_hears_nothing_asks_again_and_again_and_sends_little(seed: int, slots: int, trip: float) -> None:
    """Whenever it is asked what to send: machines are late."""
    chance, core = Random(seed), sender(slots, trip)
    core.rate.report_seconds = report_interval(trip)
    longest = chance.choice([0.002, 0.01, 0.05])
    now = asked = 0.0
    before = 0
    while now < 15.0:
        now += chance.uniform(0.0, longest)
        if core.poll(now):
            asked = now
        if now < 5.0:
            before = core.packets_sent
        assert now - asked <= LONGEST_SILENCE + longest
        assert core.flight.packets_out or not core.packets_sent
    assert core.packets_sent - before <= 2 * 6


def test_it_goes_on_as_before_when_at_last_something_is_said() -> None:
    core, now = sender(1), 0.0
    while now < 20.0:
        now += 0.01
        core.poll(now)
    last = core.flight.next_number - 1
    core.on_report(Report(last, 0.0, 1.0, 1228, 104, arrived=np.ones(1, dtype=np.bool_)), now)
    while core.open_slots and now < 22.0:
        now += 0.01
        sent = [number for burst in core.poll(now) for number in range(burst.count)]
        last = core.flight.next_number - 1
        if sent:
            arrived = np.ones(len(sent), dtype=np.bool_)
            core.on_report(Report(last, 0.0, now, core.bytes_sent, 104, arrived=arrived), now)
    assert core.open_slots == 0


def test_a_report_of_what_was_never_sent_changes_nothing() -> None:
    core = sender(2)
    core.poll(0.1)
    last, everything = core.flight.next_number - 1, np.ones(5, dtype=np.bool_)
    for report in (
        Report(last + 1, 0.0, 1.0, 10, 1 << 30, arrived=everything), Report(1 << 60, 0.0, 1.0, 10, 200, damaged=(0,)),
        Report(last, 0.0, 1.0, core.bytes_sent + 1, 200, arrived=everything),
    ):
        core.on_report(report, 0.2)
    assert core.nonsense == 3
    assert (core.flight.packets_out, core.room, core.take_damaged()) == (last, 16, [])
