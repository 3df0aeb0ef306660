"""From Python arguments to params, and how waiting looks again."""

from pathlib import Path, PurePosixPath
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetstream.api.calls import Waiting, build_params, object_reference, patience
from jetstream.api.methods import METHODS
from jetstream.entities import Destination, Manifest, Token, Transfer
from jetstream.errors import InvalidParameters, RequestTimeout

MANIFEST = Manifest(manifest_id="2", status="complete", processing=False)
DESTINATION = Destination(destination_id="42", destination_address="studio", destination_port=8886)
TRANSFER = Transfer(transfer_id="17", manifest_id="2", destination_id="42", status="sending", processing=True)
TOKEN = Token(token="MAYWEBRO.TRUPO.VEVEEBLU", manifest_id="2")


def params(wire_name, /, *args, **kwargs):
    return build_params(METHODS[wire_name], args, kwargs)


def test_positions_and_names():
    assert params("server.auth", "ann", password="secret") == {"user": "ann", "password": "secret"}
    assert params("send.createDestination", "studio", destinationPort=9000) == {
        "destinationAddress": "studio", "destinationPort": 9000}


def test_defaults_are_left_out():
    assert params("send.createDestination", "studio", 8886, userName=None, name="") == {"destinationAddress": "studio"}
    assert params("send.createManifest", {"a": "/a"}, skipUnreadable=False, symlinkMode=0) == {"mappings": {"a": "/a"}}


def test_what_only_looks_like_a_default_is_kept():
    assert params("server.getEventLog", None, True) == {"limit": True}
    assert params("send.createManifest", {}, symlinkMode=False) == {"mappings": {}, "symlinkMode": False}


@pytest.mark.parametrize("manifest", [MANIFEST, {"manifestId": "2", "status": "pending"}, "2", 2])
@pytest.mark.parametrize("destination", [DESTINATION, {"destinationId": "42"}, "42"])
def test_objects_are_taken_by_entity_dict_or_id(manifest, destination):
    assert params("send.createTransfer", destination, manifest) == {"destination": "42", "manifest": "2"}


@pytest.mark.parametrize("request_", [{"requestId": 1}, 1])
def test_requests_are_taken_by_dict_or_number(request_):
    assert params("server.getRequestStatus", request_) == {"request": 1}


@pytest.mark.parametrize("key", ["abc", {"clientPublicKey": "abc"}])
def test_keys_are_taken_by_dict_or_text(key):
    assert params("recv.addAuthorizedClient", key) == {"clientPublicKey": "abc"}


def test_paths_and_other_containers():
    assert params("send.createManifest", mappings={"a": Path("/x/a"), PurePosixPath("b"): "/b"}, exclude=("*.o",)) == {
        "mappings": {"a": "/x/a", "b": "/b"}, "exclude": ["*.o"]}
    assert params("server.mkdir", Path("/x")) == {"path": "/x"}
    assert params("send.createSharedToken", "2", userData=MappingProxyType({"n": (1, {2})})) == {
        "manifest": "2", "userData": {"n": [1, [2]]}}


def test_changes_are_keywords():
    assert params("send.updateDestination", DESTINATION, name="Studio", sendRateMax=None) == {
        "destination": "42", "changes": {"name": "Studio", "sendRateMax": None}}
    assert params("send.updateSharedToken", TOKEN) == {"token": TOKEN.token, "changes": {}}


@pytest.mark.parametrize(("value", "reference"), [
    (MANIFEST, {"manifestId": "2"}), (DESTINATION, {"destinationId": "42"}), (TRANSFER, {"transferId": "17"}),
    (TOKEN, {"token": TOKEN.token}), ({"manifestId": "2"}, {"manifestId": "2"}),
    ({"transferId": "17", "manifestId": "2", "destinationId": "42"}, {"transferId": "17"}),
    ({"token": "A", "manifestId": "2"}, {"token": "A"}), ({"destinationId": 42}, {"destinationId": "42"})])
def test_any_object_is_named_by_its_own_id(value, reference):
    assert params("send.updateObjectUserData", value, {"k": 1}) == {"object": reference, "userData": {"k": 1}}
    assert params("send.deleteObjectUserData", value, ["k"]) == {"object": reference, "keys": ["k"]}


@pytest.mark.parametrize("value", ["2", 2, None, {}, {"serverId": "x"}, []])
def test_what_is_no_object_is_refused(value):
    with pytest.raises(InvalidParameters) as caught:
        object_reference(value)
    assert caught.value.facts == {"field": "object"}


def test_a_token_with_a_typing_mistake_is_caught_here():
    assert params("server.authToken", "maywebro trupo veveeblu") == {"token": "MAYWEBRO.TRUPO.VEVEEBLU"}
    with pytest.raises(InvalidParameters) as caught:
        params("server.authToken", "MAYWEBRO.TRUPO.VEVEEBLE")
    assert caught.value.facts == {"field": "token"}


@pytest.mark.parametrize(("name", "args", "kwargs", "field", "says"), [
    ("server.auth", (), {}, "user", "`user` is missing"),
    ("server.auth", ("ann",), {}, "password", "`password` is missing: `auth` needs it"),
    ("server.auth", ("ann", "x", "y"), {}, None, "takes at most 2 arguments, and 3 were given"),
    ("server.superuser", (1,), {}, None, "takes no arguments, and 1"),
    ("server.mkdir", (1, 2), {}, None, "takes one argument, and 2"),
    ("server.auth", ("ann",), {"user": "bob", "password": "x"}, "user", "given twice"),
    ("server.auth", ("ann", "x"), {"realm": "x"}, "realm", "has no parameter `realm`. It takes `user`, `password`."),
    ("server.superuser", (), {"now": True}, "now", "It takes none."),
])
def test_calls_that_do_not_fit_name_the_parameter(name, args, kwargs, field, says):
    with pytest.raises(InvalidParameters) as caught:
        params(name, *args, **kwargs)
    assert says in str(caught.value)
    assert caught.value.facts.get("field") == field


def test_deep_user_data_does_not_exhaust_the_stack():
    deep = value = {}
    for _ in range(5000):
        value["x"] = value = {}
    assert "userData" in params("send.createManifest", {}, userData=deep)


def test_patience():
    assert patience("send.getTransfer", 10) == 10
    assert patience("server.du", 10) == 3600
    assert patience("server.getRequestResult", 10) is None
    assert patience("send.getTransferAsync", 10) == 10


# -- waiting --------------------------------------------------------------------------------------------------------


def test_waiting_looks_again_soon_and_then_once_a_second():
    waiting = Waiting("The manifest", None, 0.0)
    pauses = [waiting.pause(1e9) for _ in range(20)]
    assert pauses[0] == 0.05
    assert pauses == sorted(pauses)
    assert pauses[-1] == 1.0


@given(st.floats(0, 100), st.floats(0, 1e6))
def test_waiting_ends_when_the_time_is_over(timeout, start):
    waiting = Waiting("The manifest", timeout, start)
    now, end = start, start + timeout
    while now < end:
        pause = waiting.pause(now)
        assert 0 < pause <= 1
        now += pause
        assert now <= end + 1e-6
    with pytest.raises(RequestTimeout, match="The manifest was not done within"):
        waiting.pause(now)
