"""Headers of data packets and their proofs: what is written is what is read, and nothing else is believed."""

import os
import tracemalloc
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.udp.packets import DATA, DATA_HEADER, FRAGMENTS, Bytes, Numbers, heads_for, tag_of
from jetstream_server.link.udp.proofs import LARGEST_FRAGMENT, DataSeal

KEY = SessionKey(os.urandom(16), os.urandom(32))
SEAL = DataSeal(KEY)
HEAD = bytes([DATA]) + tag_of(KEY.session)


def packets(seal: DataSeal, numbers: list[int], slot: int, fragments: list[bytes]) -> list[bytes]:
    """Data packets for *fragments*, all of one size, from the first of their slot on."""
    rows = np.frombuffer(b"".join(fragments), dtype=np.uint8).reshape(len(fragments), -1)
    headers = seal.headers(np.array(numbers), slot, np.arange(len(numbers)), seal.prove(rows))
    return [HEAD + header.tobytes() + fragment for header, fragment in zip(headers, fragments, strict=True)]


def laid(datagrams: list[bytes], gap: int = 0) -> tuple[Bytes, Numbers, Numbers]:
    """*datagrams* one after another in a buffer, *gap* bytes between them."""
    lengths = np.array([len(each) for each in datagrams], dtype=np.int64)
    offsets = np.concatenate(([0], np.cumsum(lengths + gap)[:-1]))
    return np.frombuffer(b"".join(each + bytes(gap) for each in datagrams), dtype=np.uint8), offsets, lengths


def believed(seal: DataSeal, datagrams: list[bytes], gap: int = 0) -> list[tuple[int, int, int]]:
    buffer, offsets, lengths = laid(datagrams, gap)
    columns = seal.read(buffer, offsets, lengths)
    columns = columns.where(seal.right(buffer, columns))
    return list(zip(columns.numbers.tolist(), columns.slots.tolist(), columns.fragments.tolist(), strict=True))


def plain_proof(seal: DataSeal, fragment: bytes) -> int:
    """The sum as the protocol describes it, word by word."""
    factors = [int(each) for each in seal._factors]
    words = [int.from_bytes(fragment[at : at + 4], "little") for at in range(0, len(fragment), 4)]
    total = factors[0] * len(fragment) + sum(k * w for k, w in zip(factors[1:], words, strict=False))
    return (total & 0xFFFFFFFFFFFFFFFF) >> 32


@given(
    count=st.integers(1, 60), words=st.integers(128, 2240), slot=st.integers(0, (1 << 32) - 1), seed=st.integers(0, 99),
    gap=st.sampled_from([0, 3, 100]),
)
def test_data_packets_are_read_as_they_were_written(count: int, words: int, slot: int, seed: int, gap: int) -> None:
    chance = Random(seed)
    numbers = [chance.randrange(1, 1 << 47) for _ in range(count)]
    made = packets(SEAL, numbers, slot, [chance.randbytes(4 * words) for _ in range(count)])
    assert made[0][:8] == heads_for(tag_of(KEY.session), True, True)[1]
    buffer, offsets, lengths = laid(made, gap)
    columns = SEAL.read(buffer, offsets, lengths)
    assert columns.numbers.tolist() == numbers
    assert columns.fragments.tolist() == list(range(count))
    assert (set(columns.slots.tolist()), set(columns.sizes.tolist())) == ({slot}, {4 * words})
    assert SEAL.right(buffer, columns).all()


@settings(max_examples=30)
@given(st.integers(0, 1 << 30))
def test_packets_of_all_sizes_and_distances_are_believed_together(seed: int) -> None:
    chance = Random(seed)
    made: list[bytes] = []
    for number in range(chance.randrange(1, 40)):
        made += packets(SEAL, [number + 1], 3, [chance.randbytes(4 * chance.choice([128, 363, 363, 2000]))])
        made += [b"x" * chance.choice([30, 41, 1472])] * chance.choice([0, 0, 1])
    right = sum(each[:8] == HEAD for each in made)
    assert len(believed(SEAL, made, chance.choice([0, 8]))) == right


def test_the_proof_is_what_the_protocol_says() -> None:
    fragment = Random(3).randbytes(1448)
    assert SEAL.prove(np.frombuffer(fragment, dtype=np.uint8).reshape(1, -1)).tolist() == [plain_proof(SEAL, fragment)]


@settings(max_examples=60)
@given(seed=st.integers(0, 1 << 30), at=st.integers(8, 1471), bit=st.integers(0, 7))
def test_a_packet_in_which_one_bit_is_different_is_not_believed(seed: int, at: int, bit: int) -> None:
    first, second = packets(SEAL, [7, 8], 1, [Random(seed).randbytes(1448), bytes(1448)])
    changed = first[:at] + bytes([first[at] ^ 1 << bit]) + first[at + 1 :]
    assert believed(SEAL, [changed, second]) == [(8, 1, 1)]


def test_a_header_that_went_by_helps_nobody() -> None:
    """Who watches sees headers and fragments, and may put them together as they like."""
    chance = Random(1)
    first, second = packets(SEAL, [7, 8], 1, [chance.randbytes(1448), chance.randbytes(1448)])
    words = [first[at : at + 4] for at in range(DATA_HEADER, len(first), 4)]
    for wrong in (
        first[:DATA_HEADER] + second[DATA_HEADER:], first[:DATA_HEADER] + bytes(1448), first[:-4], first + bytes(4),
        first[:DATA_HEADER] + b"".join(reversed(words)), second[:16] + first[16:], first[:16] + second[16:],
        first[:8] + second[8:24] + first[24:], first[:8] + bytes(16) + first[24:],
    ):
        assert believed(SEAL, [wrong]) == []
    assert len(believed(SEAL, [first, second])) == 2


def test_zeros_at_the_end_belong_to_the_fragment() -> None:
    """They add nothing to the sum; that a fragment is shorter or longer shows all the same."""
    (made,) = packets(SEAL, [7], 1, [bytes(1448)])
    assert believed(SEAL, [made[:-4], made + bytes(4), made]) == [(7, 1, 0)]


@pytest.mark.parametrize("other", [SessionKey(KEY.session, bytes(32)), SessionKey(bytes(16), KEY.key)])
def test_packets_of_another_session_are_not_believed(other: SessionKey) -> None:
    assert believed(SEAL, packets(DataSeal(other), [1], 0, [bytes(1448)])) == []


@given(st.lists(st.binary(min_size=DATA_HEADER, max_size=700), min_size=1, max_size=20))
def test_of_any_bytes_nothing_is_believed(data: list[bytes]) -> None:
    assert believed(SEAL, data) == []


def test_no_number_and_no_header_comes_twice_in_the_clear() -> None:
    """An observer sees neither numbers nor places, nor that a fragment goes a second time."""
    once, again = (packets(SEAL, [number], 5, [bytes(1448)])[0][8:24] for number in (1, 2))
    assert once[:8] != again[:8]
    assert once[8:] != again[8:]


def test_what_is_longer_than_any_datagram_or_in_no_slot_is_left_out() -> None:
    proofs = np.zeros(1, dtype=np.uint64)
    outside = SEAL.headers(np.array([1]), 0, np.array([FRAGMENTS]), proofs).tobytes()
    inside = SEAL.headers(np.array([1]), 0, np.array([FRAGMENTS - 1]), proofs).tobytes()
    made = [HEAD + outside + bytes(1448), HEAD + inside + bytes(LARGEST_FRAGMENT + 4), HEAD + inside + bytes(1448)]
    assert SEAL.read(*laid(made)).fragments.tolist() == [FRAGMENTS - 1]


@pytest.mark.parametrize("bundle", [1, 2, 3, 7])
def test_packets_are_looked_at_where_they_lie(bundle: int) -> None:
    """However they are spread over the buffer: copies of them, or of where they lie, take longer than their proofs."""
    made = packets(SEAL, list(range(1, bundle + 1)), 0, [bytes(8948)] * bundle)
    stride, size = len(made[0]), len(made[0]) * bundle
    begins = np.cumsum([size + 16 * Random(3 * n).randrange(1, 9) for n in range(100)])
    buffer = np.zeros(int(begins[-1]) + size, dtype=np.uint8)
    for begin in begins.tolist():
        buffer[begin : begin + size] = np.frombuffer(b"".join(made), dtype=np.uint8)
    offsets = (begins[:, None] + np.arange(bundle) * stride).reshape(-1)
    columns = SEAL.read(buffer, offsets, np.full(len(offsets), stride))
    tracemalloc.start()
    right = SEAL.right(buffer, columns)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert right.all()
    assert peak < len(buffer) // 4
