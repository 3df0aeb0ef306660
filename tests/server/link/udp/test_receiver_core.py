"""The receiving core against an observer without the key, and both cores on a path that has one."""

import os
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jetstream_server.link.sealed import Kind, Sealer, SessionKey
from jetstream_server.link.udp.outbox import Outbox
from jetstream_server.link.udp.packets import DATA_HEADER, tag_of
from jetstream_server.link.udp.proofs import DataSeal
from jetstream_server.link.udp.receiver_core import ReceiverCore

from .simulator import Flow, World, path

KEY = SessionKey(os.urandom(16), os.urandom(32))
SEAL = DataSeal(KEY)


def numbered(outbox: Outbox, record: bytes, first: int) -> list[bytes]:
    """The datagrams of a slot, as packets from number *first* on."""
    taken = outbox.take()
    assert taken is not None
    slot = outbox.lay_out(*taken, memoryview(record), 1180)
    places = np.arange(slot.count, dtype=np.int64)
    slot.number_packets(places, places + first)
    memory = slot.memory[: slot.count * slot.stride].tobytes()
    return [memory[at : at + slot.stride] for at in range(0, len(memory), slot.stride)]


def forged(seen: list[bytes], chance: Random) -> bytes:
    """Something that whoever saw these packets go by can make of them."""
    one, other = chance.choice([seen[0], chance.choice(seen)]), chance.choice(seen)
    at = chance.randrange(8, len(one))
    return chance.choice((
        one, one[:DATA_HEADER] + chance.randbytes(len(one) - DATA_HEADER), one[:DATA_HEADER] + other[DATA_HEADER:],
        one[:at] + bytes([one[at] ^ 1 << chance.randrange(8)]) + one[at + 1 :], one[:at], one + bytes(4),
        one[:8] + chance.randbytes(16) + one[24:], one[:16] + other[16:24] + one[24:],
    ))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 30))
def test_whatever_an_observer_adds_slots_come_once_and_whole_and_reports_say_what_was_sent(seed: int) -> None:
    chance = Random(seed)
    sealer, outbox, core = Sealer(KEY, 0), Outbox(tag_of(KEY.session), SEAL), ReceiverCore(SEAL, 0.01)
    records: list[bytes] = []
    true: list[bytes] = []
    for block in range(5):
        out = memoryview(bytearray(40_000))
        data = chance.randbytes(chance.choice([9, 5000, 30_000]))
        records.append(bytes(out[: sealer.seal(block, Kind.DATA, data, out)]))
        true += numbered(outbox, records[-1], len(true) + 1)
    coming = true + [forged(true, chance) for _ in range(chance.randrange(200))]
    chance.shuffle(coming)
    found: dict[int, bytes] = {}
    while coming:
        batch = [coming.pop() for _ in range(min(len(coming), chance.randrange(1, 60)))]
        lengths = np.array([len(each) for each in batch], dtype=np.int64)
        offsets = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        for slot in core.on_packets(np.frombuffer(b"".join(batch), dtype=np.uint8), offsets, lengths, 1.0, 1.0):
            assert slot.number not in found
            found[slot.number] = bytes(slot.record)
            core.settled(slot)
        report = core.report(1.0)
        assert report.highest <= len(true)
        assert report.received <= sum(len(each) + 28 for each in true)
    assert [found[number] for number in range(5)] == records
    assert core.packets == len(true)


class Watched(Flow):
    """Somebody on the path sends two packets of their own for each that goes by, just before it."""

    watcher = Random(4)

    def __init__(self, *args: object, **options: object) -> None:
        self.seen: list[bytes] = []
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def _arrive(self, packet: bytes) -> None:
        self.seen.append(packet)
        for _ in range(2):
            super()._arrive(forged([packet, *self.seen[-200:]], self.watcher))
        super()._arrive(packet)


@pytest.mark.parametrize("loss", [0.0, 0.02])
def test_an_observer_costs_neither_a_block_nor_the_rate(loss: float) -> None:
    world, rate = World(), 10
    there, back = path(rate, 0.1, loss)
    flow = Watched(world, there, back, record=100_000)
    world.run(8.0)
    assert sorted(flow.whole) == sorted(set(flow.whole))
    assert flow.sender.nonsense == 0
    assert flow.receiver.forged > 100
    assert flow.goodput(3.0, 8.0) > 0.9 * rate * 125_000 * (1 - loss)
