"""Announcements: what a node says of itself comes back as it was, and anybody on the network may say anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream.nearby import SERVICE_TYPE, Beacon, from_properties, host_name, instance_name, to_properties

CODE = "0123456789abcdef" * 4
GOOD = Beacon("u1d", CODE, "Studio B", 8886)


def raw(properties: dict[str, str]) -> dict[bytes, bytes | None]:
    return {key.encode(): value.encode() for key, value in properties.items()}


def test_a_beacon_survives_the_way() -> None:
    assert from_properties(raw(to_properties(GOOD)), GOOD.port) == GOOD


@given(st.text(max_size=400), st.integers(1, 65535))
def test_any_name_fits_into_the_records(name: str, port: int) -> None:
    beacon = Beacon("u1d", CODE, name, port)
    properties = to_properties(beacon)
    assert all(len(f"{key}={value}".encode()) <= 255 for key, value in properties.items())
    label = instance_name(beacon).removesuffix(f".{SERVICE_TYPE}")
    assert 1 <= len(label.encode()) <= 63
    assert "." not in label
    assert label.isprintable()
    found = from_properties(raw(properties), port)
    assert found is not None
    assert found.name.isprintable()


@pytest.mark.parametrize("change", [
    {b"v": b"2"}, {b"v": None}, {b"uid": b""}, {b"uid": b"a/b"}, {b"uid": b"u" * 65}, {b"uid": "ü".encode()},
    {b"fp": CODE.upper().encode()}, {b"fp": CODE[1:].encode()}, {b"fp": b"\xff" * 64}, {b"fp": None},
])
def test_what_is_no_announcement(change: dict[bytes, bytes | None]) -> None:
    assert from_properties({**raw(to_properties(GOOD)), **change}, 8886) is None


@pytest.mark.parametrize("port", [0, -1, 65536, None, "8886", True, 8886.0])
def test_what_is_no_port(port: object) -> None:
    assert from_properties(raw(to_properties(GOOD)), port) is None


def test_a_name_cannot_do_anything_to_the_line_it_is_shown_in() -> None:
    found = from_properties({**raw(to_properties(GOOD)), b"name": b"a\x1b[2J\nb\x00"}, 8886)
    assert found is not None
    assert found.name == "a\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    nameless = from_properties({**raw(to_properties(GOOD)), b"name": None}, 8886)
    assert nameless is not None
    assert nameless.name == ""


@given(st.dictionaries(st.sampled_from([b"v", b"uid", b"fp", b"name", b"x"]), st.none() | st.binary(max_size=300)),
       st.integers())
def test_no_announcement_breaks_it(properties: dict[bytes, bytes | None], port: int) -> None:
    found = from_properties(properties, port)
    assert found is None or (found.name.isprintable() and 1 <= found.port <= 65535)


def test_the_host_is_one_of_its_own() -> None:
    assert host_name(GOOD) == "jetstream-u1d.local."
