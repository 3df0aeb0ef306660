import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream.entities import Destination
from jetstream_desktop import i18n
from jetstream_desktop.state.address import (
    Address,
    choices,
    is_itself,
    parse_address,
    reachable,
    recent_first,
    title_of,
    titles,
)


@pytest.mark.parametrize(("text", "address"), [
    ("studio-b", Address("studio-b")), (" 10.0.0.7:9000 ", Address("10.0.0.7", 9000)),
    ("[::1]:9000", Address("::1", 9000)),
    ("::1", Address("::1")), ("[fe80::1]", Address("fe80::1")),
    ("jetstream://host.example:1/connect", Address("host.example", 1)),
    ("jetstream:host", Address("host")), ("jetstream://me@host/x", Address("host")), ("a.b.", Address("a.b.")),
])
def test_addresses(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "two words", "host:", "host:0", "host:70000", "host:x", "-a", "a..b", "<b>"])
def test_what_is_no_address(text):
    assert parse_address(text) is None


@given(st.text(max_size=40))
def test_any_text_is_read_or_not_and_reads_back(text):
    found = parse_address(text)
    if found is not None:
        assert parse_address(str(found)) == found


def place(number, **changes):
    return Destination(**({"destination_id": str(number), "destination_address": f"host{number}",
                           "destination_port": 8886} | changes))


def test_titles_and_order():
    book = [place(1), place(2, name="B", last_used_time=5), place(3, name="A", creation_time=9)]
    assert [title_of(d) for d in recent_first(book)] == ["A", "B", "host1"]


def test_choices():
    book = [place(1, name="Studio B", last_rate=8000), place(2, last_error="x")]
    assert [c.title for c in choices(book, "stud")] == ["Studio B", "stud"]
    assert choices(book, "studio b")[0].line == "1.0 MB/s last time · host1"
    assert choices(book, "host2")[0].line == "not reachable; will wait"
    assert [c.key for c in choices(book, "host1")] == ["1"]
    assert choices([place(5)], "")[0].line == "not used yet"
    fresh = choices(book, "other:99")[-1]
    assert (fresh.key, fresh.address, fresh.destination) == ("new", Address("other", 99), None)
    assert choices(book, "no address") == []


def test_reachable():
    assert reachable(place(1)) is None
    assert reachable(place(1, last_rate=5)) is True
    assert reachable(place(1, encrypted_connection_state="connected")) is True
    assert reachable(place(1, last_rate=5, last_error="x")) is False


def test_in_a_line_from_right_to_left_numbers_stay_whole():
    known = Destination(destination_id="1", destination_address="b", destination_port=8886, name="B", last_rate=8_000)
    i18n.mirror(True)
    try:
        assert choices([known], "")[0].line == "\u2068\u20681.0 MB\u2069/s\u2069 last time · b"
    finally:
        i18n.mirror(False)


def test_the_same_name_twice_is_told_apart():
    book = [place(1, name="vm"), place(2, name="VM"), place(3, name="anna")]
    assert titles(book) == {"1": "vm (host1)", "2": "VM (host2)", "3": "anna"}
    assert [one.title for one in choices(book, "host2")] == ["VM (host2)"]


def test_who_would_send_to_itself():
    code = "ab" * 32
    assert is_itself(place(1, destination_public_key=code.upper()), code)
    assert not is_itself(place(1, destination_address="localhost", destination_public_key="cd" * 32), code)  # a tunnel
    assert is_itself(place(1, destination_address="localhost"), code)
    assert is_itself(place(1, destination_address="127.0.0.1"), code)
    assert not is_itself(place(1), code)
