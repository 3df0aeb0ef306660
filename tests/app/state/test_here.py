from dataclasses import replace

import pytest

from app.helpers.memory_node import FINGERPRINT
from jetstream.checks import check
from jetstream.entities import Destination, ServerInfo
from jetstream_desktop.state.address import Address, fits
from jetstream_desktop.state.here import Here, choice_of, here_from, known_as

OWN = ServerInfo(api_version=40, version="1", server_id="1", server_uid="u", server_name="Desk", host_name="desk",
                 api_control_port=8886, receive_port=9000, public_key="", fingerprint=FINGERPRINT, auth_required=False)
THERE = replace(OWN, fingerprint="cd" * 32, server_name="Studio B", client_address="192.0.2.7", receive_port=1)
HERE = Here(Address("192.0.2.7", 9000), FINGERPRINT, "Desk", "Studio B")


def test_it_is_where_the_other_node_sees_it_with_the_port_of_the_own_one():
    assert here_from(OWN, THERE) == HERE


@pytest.mark.parametrize(("own", "there"), [
    (None, THERE), (OWN, replace(THERE, client_address=None)), (OWN, replace(THERE, fingerprint=FINGERPRINT))])
def test_it_is_not_offered_where_nothing_is_known_or_it_is_the_same_node(own, there):
    assert here_from(own, there) is None


def test_a_record_of_it_is_found_by_its_identity():
    other = Destination(destination_id="1", destination_address="192.0.2.7", destination_port=9000)
    mine = replace(other, destination_id="2", destination_public_key=":".join(["AB"] * 32))
    assert known_as(HERE, [other, mine]) is mine
    assert known_as(HERE, [other]) is None
    assert choice_of(HERE, mine, (), running=False).fields is None


def test_what_a_test_has_found_is_said():
    assert choice_of(HERE, None, None, running=True).reachable is None
    assert choice_of(HERE, None, None, running=False).line == "192.0.2.7:9000"
    assert choice_of(HERE, None, [check("login-known")], running=False).note == ""
    good = choice_of(HERE, None, [check("login-asked")], running=False)
    assert good.reachable is True
    assert "asks before it takes files from Studio B" in good.note
    assert good.fields["permitted_destination_public_key"] == FINGERPRINT
    bad = choice_of(HERE, None, [check("route-refused", host="192.0.2.7", port=9000)], running=False)
    assert bad.reachable is False
    assert bad.note.startswith("Studio B sees this computer at 192.0.2.7:9000 and does not get through: ")
    assert fits(bad, "this COMP")
    assert not fits(bad, "studio")
    shut = choice_of(HERE, None, [check("login-refused", ours="cd")], running=False)
    assert (shut.line, shut.note) == (
        "reached, but not let in", "Studio B reaches this computer. It does not take files from this node.")
