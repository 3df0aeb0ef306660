"""Entities and their documented form."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream import entities
from jetstream.entities import (
    BandwidthLimits,
    Destination,
    Event,
    Manifest,
    ServerInfo,
    Transfer,
    event_from_wire,
    event_to_wire,
    from_wire,
    to_wire,
    wire_name,
)

CLASSES = [value for value in vars(entities).values() if dataclasses.is_dataclass(value) and value is not Event]


@pytest.mark.parametrize(("attribute", "name"), [
    ("status", "status"), ("total_files", "totalFiles"), ("destination_ip", "destinationIP"),
    ("source_ip", "sourceIP"), ("api_tokens_available", "APITokensAvailable"), ("destination_id", "destinationId")])
def test_names(attribute, name):
    assert wire_name(attribute) == name


@given(st.data())
def test_what_is_written_is_read_back(data):
    cls = data.draw(st.sampled_from(CLASSES))
    entity = data.draw(st.builds(cls, **({"user_data": st.dictionaries(st.text(), st.integers())}
                                         if "user_data" in {f.name for f in dataclasses.fields(cls)} else {})))
    assert from_wire(cls, to_wire(entity)) == entity


def test_the_published_examples_have_their_fields():
    manifest = to_wire(Manifest(manifest_id="2", status="pending", processing=True))
    assert {"status": "pending", "processing": True, "totalFiles": None, "totalSize": None, "errorMessage": None,
            "manifestId": "2"}.items() <= manifest.items()
    transfer = to_wire(Transfer(transfer_id="17", manifest_id="2", destination_id="42", status="pending",
                                processing=True))
    assert {"transferId": "17", "processing": True, "status": "pending", "destinationId": "42"}.items() <= \
        transfer.items()


def test_reading_is_tolerant_of_other_versions():
    read = from_wire(Destination, {"destinationId": "1", "destinationAddress": "x", "destinationPort": 5, "news": 1})
    assert read == Destination(destination_id="1", destination_address="x", destination_port=5)
    with pytest.raises(TypeError):
        from_wire(Destination, {"destinationId": "1"})


def test_limits_inside_the_information_on_a_node():
    info = ServerInfo(api_version=40, version="1", server_id="a", server_uid="b", server_name="c", host_name="d",
                      api_control_port=1, receive_port=2, public_key="e", fingerprint="f", auth_required=True,
                      bandwidth_limits=BandwidthLimits(incoming=5, borrow_outgoing=True), carriers=("tcp", "udp"))
    wire = to_wire(info)
    assert wire["bandwidthLimits"] == {"incoming": 5, "outgoing": None, "borrowIncoming": False,
                                       "borrowOutgoing": True}
    assert wire["carriers"] == ["tcp", "udp"]
    assert from_wire(ServerInfo, wire) == info


@given(st.text(), st.integers(), st.integers(), st.text(), st.dictionaries(st.text("abc"), st.integers()))
def test_events(name, timestamp, cursor, message, fields):
    event = Event(event=name, timestamp=timestamp, cursor=cursor, message=message, fields=fields)
    assert event_from_wire(event_to_wire(event)) == event


def test_entities_are_values():
    manifest = Manifest(manifest_id="2", status="pending", processing=True)
    assert manifest.id == "2"
    with pytest.raises(dataclasses.FrozenInstanceError):
        manifest.status = "complete"
