"""Hellos and records: what is sealed opens, and nothing else does."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream.constants import BLOCK_SIZE
from jetstream_server.link.sealed import (
    HEADER_BYTES,
    HELLO_BYTES,
    MAX_PAYLOAD,
    RECORD_OVERHEAD,
    TAG_BYTES,
    Kind,
    Opener,
    SealBroken,
    Sealer,
    SessionKey,
    check_hello,
    make_hello,
    pack_gaps,
    parse_hello,
    split_gaps,
)

KEY = SessionKey(bytes(range(16)), bytes(range(32)))


def sealed(sealer: Sealer, block: int, kind: Kind, payload: bytes) -> bytes:
    out = memoryview(bytearray(len(payload) + RECORD_OVERHEAD))
    return bytes(out[: sealer.seal(block, kind, payload, out)])


def opened(opener: Opener, record: bytes) -> tuple[int, Kind, bytes]:
    header = opener.header(record[:HEADER_BYTES])
    body = memoryview(record)[HEADER_BYTES : HEADER_BYTES + header.length + TAG_BYTES]
    out = memoryview(bytearray(header.length))
    return header.block, header.kind, bytes(opener.open(header, body, out))


def test_a_hello_names_its_session_and_proves_its_key() -> None:
    hello = make_hello(KEY, 7)
    assert len(hello) == HELLO_BYTES
    assert parse_hello(hello) == (KEY.session, 7)
    check_hello(KEY, hello)


@given(st.integers(0, HELLO_BYTES - 1), st.integers(1, 255))
def test_a_changed_hello_proves_nothing(position: int, change: int) -> None:
    hello = bytearray(make_hello(KEY, 7))
    hello[position] ^= change
    with pytest.raises(SealBroken):
        check_hello(KEY, bytes(hello))


def test_a_hello_under_another_key_proves_nothing() -> None:
    with pytest.raises(SealBroken, match="does not authenticate"):
        check_hello(SessionKey(KEY.session, os.urandom(32)), make_hello(KEY, 1))


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.binary(max_size=300)), min_size=1, max_size=5))
def test_records_open_in_order(blocks: list[tuple[int, bytes]]) -> None:
    sealer, opener = Sealer(KEY, 3), Opener(KEY, 3)
    for block, payload in blocks:
        assert opened(opener, sealed(sealer, block, Kind.DATA, payload)) == (block, Kind.DATA, payload)


def test_a_whole_block_and_the_kinds_without_bytes() -> None:
    sealer, opener = Sealer(KEY, 1), Opener(KEY, 1)
    payload = os.urandom(BLOCK_SIZE)
    assert opened(opener, sealed(sealer, 5, Kind.DATA, payload)) == (5, Kind.DATA, payload)
    assert opened(opener, sealed(sealer, 6, Kind.ZERO, b"")) == (6, Kind.ZERO, b"")
    assert opened(opener, sealed(sealer, 0, Kind.END, b"")) == (0, Kind.END, b"")


@given(st.data())
def test_any_changed_bit_is_noticed(data: st.DataObject) -> None:
    record = bytearray(sealed(Sealer(KEY, 1), 9, Kind.DATA, b"some payload of a block"))
    position = data.draw(st.integers(0, len(record) - 1))
    record[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        opened(Opener(KEY, 1), bytes(record) + bytes(MAX_PAYLOAD))


def test_repeated_skipped_and_foreign_records_are_refused() -> None:
    sealer = Sealer(KEY, 1)
    first, second = sealed(sealer, 0, Kind.DATA, b"a"), sealed(sealer, 1, Kind.DATA, b"b")
    opener = Opener(KEY, 1)
    with pytest.raises(SealBroken, match="out of order"):
        opened(opener, second)
    opened(opener, first)
    with pytest.raises(SealBroken, match="out of order"):
        opened(opener, first)
    with pytest.raises(SealBroken, match="does not authenticate"):
        opened(Opener(KEY, 2), first)


def test_a_record_that_does_not_open_does_not_count() -> None:
    sealer, opener = Sealer(KEY, 1), Opener(KEY, 1)
    record = sealed(sealer, 0, Kind.DATA, b"payload")
    with pytest.raises(SealBroken):
        opened(opener, record[:-1] + b"x")
    assert opened(opener, record) == (0, Kind.DATA, b"payload")


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20), st.binary(max_size=50))
def test_gaps_come_back(entries: list[int], data: bytes) -> None:
    found, rest = split_gaps(memoryview(pack_gaps(entries) + data))
    assert (found, bytes(rest)) == (entries, data)


@given(st.binary(max_size=40))
def test_a_hostile_list_of_gaps_is_refused_or_read(data: bytes) -> None:
    try:
        entries, rest = split_gaps(memoryview(data))
    except SealBroken:
        return
    assert pack_gaps(entries) + bytes(rest) == data


def test_secrets_do_not_show() -> None:
    assert KEY.key.hex() not in repr(KEY)
