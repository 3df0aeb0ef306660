from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream.entities import Destination
from jetstream.nearby import Beacon, to_properties
from jetstream_desktop.state.address import Address
from jetstream_desktop.state.nearby import MOST, Near, best_address, fitting, near_from, offered, words_while_empty

CODE = "ab" * 32
STUDIO = Near("u1", "Studio B", "10.0.0.7", 8886, CODE)


def raw(near):
    properties = to_properties(Beacon(near.server_uid, near.fingerprint, near.name, near.port))
    return {key.encode(): value.encode() for key, value in properties.items()}


def test_what_is_announced_becomes_a_node():
    assert near_from(raw(STUDIO), 8886, ["10.0.0.7"]) == STUDIO
    assert near_from(raw(STUDIO), 8886, []) is None
    assert near_from({}, 8886, ["10.0.0.7"]) is None


@pytest.mark.parametrize(("addresses", "expected"), [
    (["fd00::1", "10.0.0.7"], "10.0.0.7"),
    (["169.254.3.4", "fd00::1"], "fd00::1"),
    (["169.254.3.4"], "169.254.3.4"),
    (["fe80::1", "fe80::1%eth0", "0.0.0.0", "224.0.0.1", "::", "x; rm -rf /", ""], None),
])
def test_the_address_to_dial(addresses, expected):
    assert best_address(addresses) == expected


@pytest.mark.parametrize(("addresses", "own", "expected"), [
    (["172.17.0.1", "192.168.1.7"], ["192.168.1.5/24", "172.17.0.1/16"], "192.168.1.7"),
    (["10.9.0.4", "192.168.1.7"], ["192.168.1.5/24"], "192.168.1.7"),
    (["10.9.0.4", "fd00::7"], ["fd00::5/64", "192.168.1.5/24"], "fd00::7"),
    (["192.168.1.5"], ["192.168.1.5/24"], "192.168.1.5"),
    (["10.9.0.4"], [], "10.9.0.4"),
])
def test_of_many_addresses_the_one_that_leads_there(addresses, own, expected):
    assert best_address(addresses, own) == expected


def known(**changes):
    return Destination(destination_id="d", destination_address="10.0.0.9", destination_port=8886, **changes)


def test_each_is_offered_once_and_nobody_who_is_known():
    other = Near("u2", "anna", "10.0.0.8", 8886, "cd" * 32)
    again = replace(STUDIO, server_uid="u0", host="10.0.0.70")
    assert offered([STUDIO, other, again], [], frozenset()) == (other, again)
    assert offered([STUDIO, other], [], frozenset({CODE})) == (other,)
    assert offered([STUDIO, other], [known(permitted_destination_public_key=CODE.upper())], frozenset()) == (other,)
    assert offered([STUDIO, other], [known(destination_public_key=CODE)], frozenset()) == (other,)
    assert offered([STUDIO], [replace(known(), destination_address="10.0.0.7")], frozenset()) == ()
    assert offered([STUDIO], [known()], frozenset()) == (STUDIO,)


def test_a_flood_stays_a_short_list():
    flood = [Near(f"u{n}", "x", "10.0.0.7", n + 1, f"{n:064x}") for n in range(500)]
    assert len(offered(flood, [], frozenset())) == MOST


def test_as_a_destination_it_must_have_the_announced_identity():
    assert STUDIO.choice.address == Address("10.0.0.7")
    assert STUDIO.choice.line == "nearby · 10.0.0.7"
    assert STUDIO.fields["permitted_destination_public_key"] == CODE
    nameless = Near("u", "", "fd00::1", 9, CODE)
    assert nameless.title == "[fd00::1]:9"


def test_typing_finds_it():
    assert fitting([STUDIO], "stu 10.0") == [STUDIO]
    assert fitting([STUDIO], "berlin") == []


@given(st.dictionaries(st.sampled_from([b"v", b"uid", b"fp", b"name"]), st.none() | st.binary(max_size=80)),
       st.integers() | st.none(), st.lists(st.text(max_size=40)))
def test_nothing_that_is_announced_breaks_it(properties, port, addresses):
    near = near_from(properties, port, addresses)
    assert near is None or near.title

def test_two_of_the_same_name_are_told_apart():
    one, two = Near("u1", "vm", "10.0.0.7", 8886, CODE), Near("u2", "vm", "10.0.0.8", 9, "cd" * 32)
    both = offered([one, two], [], frozenset())
    assert [near.title for near in both] == ["vm (10.0.0.7)", "vm (10.0.0.8:9)"]
    assert [near.choice.line for near in both] == ["nearby", "nearby"]  # the address is there once
    (left,) = offered([one, two], [known(name="VM", destination_public_key=CODE)], frozenset())
    assert left.fields["name"] == "vm (10.0.0.8:9)"  # and so it is called from then on


def test_nothing_is_promised_that_does_not_happen():
    assert "by themselves" in words_while_empty(allowed=True, local=True)
    assert "switched off" in words_while_empty(allowed=False, local=True)
    for allowed in (True, False):
        words = words_while_empty(allowed=allowed, local=False)
        assert words == "Type the address of the other computer, as its start page shows it."
