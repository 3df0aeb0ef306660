"""Slots from fragments, in any order, with repetitions and nonsense between."""

import os
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jetstream_server.link.sealed import Kind, Sealer, SessionKey
from jetstream_server.link.udp.assembly import Assembly
from jetstream_server.link.udp.outbox import Outbox
from jetstream_server.link.udp.packets import DATA_HEADER, Columns, tag_of
from jetstream_server.link.udp.proofs import DataSeal

KEY = SessionKey(os.urandom(16), os.urandom(32))
SEAL = DataSeal(KEY)


def sealed(sealer: Sealer, length: int, seed: int) -> bytes:
    out = memoryview(bytearray(length + 100))
    return bytes(out[: sealer.seal(seed, Kind.DATA, Random(seed).randbytes(length), out)])


def packets(outbox: Outbox, record: bytes, size: int) -> list[bytes]:
    taken = outbox.take()
    assert taken is not None
    slot = outbox.lay_out(*taken, memoryview(record), size)
    everything = np.arange(slot.count, dtype=np.int64)
    slot.number_packets(everything, everything + 1)
    memory = slot.memory[: slot.count * slot.stride].tobytes()
    return [memory[at : at + slot.stride] for at in range(0, len(memory), slot.stride)]


def columns(datagrams: list[bytes]) -> tuple["np.ndarray[tuple[int], np.dtype[np.uint8]]", Columns]:
    lengths = np.array([len(each) for each in datagrams], dtype=np.int64)
    buffer = np.frombuffer(b"".join(datagrams), dtype=np.uint8)
    return buffer, SEAL.read(buffer, np.concatenate(([0], np.cumsum(lengths)[:-1])), lengths)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1 << 30), size=st.sampled_from([512, 1180, 1452, 8952]), order=st.booleans())
def test_records_come_out_as_they_went_in(seed: int, size: int, order: bool) -> None:
    chance = Random(seed)
    sealer, outbox, assembly = Sealer(KEY, 0), Outbox(tag_of(KEY.session), SEAL), Assembly()
    records = [sealed(sealer, chance.choice([0, 1, 5000, 60_000]), n) for n in range(6)]
    everything = [each for record in records for each in packets(outbox, record, size)]
    everything += chance.sample(everything, len(everything) // 3)
    if order:
        chance.shuffle(everything)
    found: dict[int, bytes] = {}
    while everything:
        batch = [everything.pop(0) for _ in range(min(len(everything), chance.randrange(1, 50)))]
        buffer, heads = columns(batch)
        for slot in assembly.add(buffer, heads.where(assembly.allowed(heads))):
            assert slot.number not in found
            found[slot.number] = bytes(slot.record)
            assembly.give_back(slot)
    assert [found[number] for number in range(6)] == records
    assert assembly.nonsense == 0
    assert assembly.open_slots == 0


def test_only_so_many_slots_may_be_under_way() -> None:
    sealer, outbox, assembly = Sealer(KEY, 0), Outbox(b"1234567", SEAL), Assembly(window=2)
    first, second, third = (packets(outbox, sealed(sealer, 3000, n), 1452) for n in range(3))
    buffer, heads = columns(third)
    assert not assembly.allowed(heads).any()
    buffer, heads = columns(first + second)
    whole = assembly.add(buffer, heads)
    assert [slot.number for slot in whole] == [0, 1]
    assert assembly.room() == 2
    assembly.give_back(whole[0])
    assert assembly.room() == 3


def test_what_is_abandoned_is_thrown_away_and_makes_room() -> None:
    sealer, outbox, assembly = Sealer(KEY, 0), Outbox(b"1234567", SEAL), Assembly(window=4)
    parts = [packets(outbox, sealed(sealer, 9000, n), 1452) for n in range(4)]
    buffer, heads = columns(parts[1][:3] + parts[3])
    (whole,) = assembly.add(buffer, heads)
    assert assembly.abandon_below(3) == [0, 1, 2]
    assert assembly.abandon_below(3) == []
    assert assembly.room() == 7
    buffer, heads = columns(parts[1])
    assert assembly.add(buffer, heads) == []
    assembly.give_back(whole)
    assert assembly.room() == 8
    assert assembly.abandon_below(1 << 40) == [4, 5, 6, 7]


@pytest.mark.parametrize("nonsense", [
    {"size": 100}, {"fragment": 2000}, {"slot": 1 << 31}, {"size": 1452, "fragment": 1500},
])
def test_packets_that_fit_nothing_are_counted(nonsense: dict[str, int]) -> None:
    assembly = Assembly()
    size = nonsense.get("size", 1452)
    header = SEAL.headers(np.array([1]), nonsense.get("slot", 0), np.array([nonsense.get("fragment", 0)]),
                          np.zeros(1, dtype=np.uint64))
    head = bytes([0xD5]) + b"1234567" + header.tobytes()
    assert len(head) == DATA_HEADER
    buffer, heads = columns([head + bytes(size)])
    assert assembly.add(buffer, heads.where(assembly.allowed(heads))) == []
    assert assembly.nonsense == 1


def test_fragments_of_two_sizes_do_not_mix() -> None:
    sealer, assembly = Sealer(KEY, 0), Assembly()
    record = sealed(sealer, 9000, 1)
    large, small = packets(Outbox(b"1234567", SEAL), record, 1452), packets(Outbox(b"1234567", SEAL), record, 600)
    buffer, heads = columns([large[0], small[1], small[2], *large[1:]])
    (slot,) = assembly.add(buffer, heads)
    assert bytes(slot.record) == record
    assert assembly.nonsense == 2
