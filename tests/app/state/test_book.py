import pytest

from jetstream.entities import Destination
from jetstream.links import parse_link
from jetstream_desktop.state.address import Address
from jetstream_desktop.state.book import (
    Pasted,
    clean_name,
    connect_link,
    group_names,
    pasted,
    shelves,
    state_words,
)

PIN = "ab" * 32


def destination(number, group=None, **more):
    values = {"destination_id": str(number), "destination_address": f"host{number}.example", "destination_port": 8886,
              "creation_time": number, "user_data": {} if group is None else {"group": group}}
    return Destination(**(values | more))


def shown(found):
    return [(shelf.name, [d.id for d in shelf.destinations]) for shelf in found]


def test_groups_by_name_and_what_is_in_none_last():
    book = [destination(1, "studios"), destination(2), destination(3, "Archives"), destination(4, "studios")]
    assert shown(shelves(book)) == [("Archives", ["3"]), ("studios", ["4", "1"]), ("", ["2"])]
    assert group_names(book) == ["Archives", "studios"]


@pytest.mark.parametrize(("search", "ids"), [
    ("studio", ["1"]), ("B STUDIO", ["1"]), ("host2", ["2"]), ("archives", ["2"]), (":8886", ["2", "1"]), ("zzz", []),
])
def test_search_looks_at_name_address_and_group(search, ids):
    book = [destination(1, name="Studio B"), destination(2, "Archives")]
    assert [d.id for shelf in shelves(book, search) for d in shelf.destinations] == ids


@pytest.mark.parametrize(("value", "name"), [
    ("Studios", "Studios"), ("  a \n b ", "a b"), (None, ""), (7, ""), ("\udcff", ""), ("x" * 500, "x" * 200),
    ("a\u2028b", "a b"),
])
def test_names_from_outside_are_one_line(value, name):
    assert clean_name(value) == name


@pytest.mark.parametrize(("text", "found"), [
    ("host", Pasted(Address("host"))),
    (" host:9000 ", Pasted(Address("host", 9000))),
    ("jetstream://host", Pasted(Address("host"))),
    (f"jetstream://host:9000/connect?name=Studio%20B&identity={PIN.upper()}",
     Pasted(Address("host", 9000), "Studio B", PIN)),
    ("jetstream://host/connect?identity=nonsense&name=%0Ax", Pasted(Address("host"), "x")),
    ("jetstream://host/download?token=X&name=evil", Pasted(Address("host"))),
    ("jetstream://user:secret@[2001:db8::7]:9/connect", Pasted(Address("2001:db8::7", 9))),
    ("not an address", None), ("jetstream://", None), ("", None), ("https://host/x", None),
])
def test_what_somebody_pasted(text, found):
    assert pasted(text) == found


def test_a_link_to_a_destination_is_read_back_and_has_no_login():
    one = destination(1, name="Studio B", user_name="ann", permitted_destination_public_key=PIN, destination_port=9000)
    link = connect_link(one)
    assert "ann" not in link
    assert pasted(link) == Pasted(Address("host1.example", 9000), "Studio B", PIN)
    assert parse_link(connect_link(destination(1))).parameters == {}


def test_state_in_words():
    assert state_words(destination(1)) == "not tried yet"
    assert state_words(destination(1, last_error="x")) == "not reachable"
    assert state_words(destination(1, last_recv_time=1)) == "reachable"
