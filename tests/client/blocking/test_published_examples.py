"""Every line of the published examples, as written, against a scripted node."""
# ruff: noqa: N806 - as written

import pytest

from jetstream.tokens import is_token

TRANSFER = {"transferId": "17", "manifestId": "2", "processing": True, "status": "pending", "destinationId": "42"}
MANIFEST = {"status": "pending", "processing": True, "totalFiles": None, "totalSize": None, "errorMessage": None,
            "manifestId": "2"}
COMPLETE = {"processing": False, "status": "complete", "manifestId": "2", "totalFiles": 1, "totalSize": 1091}
TOKEN = {"creationTime": 1513291572659128, "description": "", "downloadCount": 0, "downloadLimit": None,
         "expiryTime": None, "manifestId": "2", "owner": "user", "passwordRequired": False,
         "token": "MAYWEBRO.TRUPO.VEVEEBLU"}


@pytest.fixture
def api(peer):
    from jetstream import JetStream

    serverAddress = "localhost"
    serverPort = peer.port

    api = JetStream().api(serverAddress, serverPort)
    api.connect()
    yield api
    api.disconnect()


def later(*answers):
    """One answer after the other, the last one again and again."""
    rest = list(answers)
    return lambda params: rest.pop(0) if len(rest) > 1 else rest[0]


def test_connecting(peer, api):
    with api:
        assert api.server.echo("inside") == "inside"
    with api:
        assert api.server.echo("again") == "again"


def test_authenticating(peer, api):
    peer.answers.update({
        "server.auth": None, "server.authAsync": {"requestId": 1}, "server.getRequestResult": None,
        "server.getRequestStatus": {"errorMessage": "", "processing": False, "status": "complete"}})
    assert api.server.auth("jsmith", "secret") is None
    auth_request = api.server.authAsync("jsmith", "secret")
    assert auth_request == {"requestId": 1}
    assert api.server.getRequestStatus(auth_request) == {"errorMessage": "", "processing": False, "status": "complete"}
    assert api.server.getRequestResult(auth_request) is None
    assert peer.calls == [
        ("server.auth", {"user": "jsmith", "password": "secret"}),
        ("server.authAsync", {"user": "jsmith", "password": "secret"}),
        ("server.getRequestStatus", {"request": 1}), ("server.getRequestResult", {"request": 1})]


def test_manifests(peer, api):
    peer.answers.update({"send.createManifest": MANIFEST, "send.getManifest": later(MANIFEST, MANIFEST, COMPLETE),
                         "send.deleteManifest": None})
    mappings = {"/data/docs/readme.txt": "/local/home/readme.txt"}
    manifest = api.send.createManifest(mappings=mappings)
    assert manifest == MANIFEST
    manifest = api.send.getManifest(manifest)
    while manifest["processing"]:
        status = manifest["status"]
        assert status == "pending"
        manifest = api.send.getManifest(manifest)
    assert manifest == COMPLETE
    manifest = api.send.waitForManifest(manifest)
    assert (manifest["totalFiles"], manifest["totalSize"]) == (1, 1091)
    assert api.send.deleteManifest(manifest) is None
    assert peer.calls[0] == ("send.createManifest", {"mappings": mappings})
    assert peer.calls[-1] == ("send.deleteManifest", {"manifest": "2"})


def test_transfers(peer, api):
    done = {**TRANSFER, "processing": False, "status": "complete"}
    peer.answers.update({
        "send.createDestination": {"destinationId": "42", "destinationAddress": "localhost", "destinationPort": 8886,
                                   "destinationIP": "127.0.0.1"},
        "send.createTransfer": TRANSFER, "send.getTransfer": later(TRANSFER, {**TRANSFER, "status": "sending"}, done),
        "send.resumeTransfer": TRANSFER})
    destinationAddress = "localhost"
    destinationPort = 8886
    destination = api.send.createDestination(destinationAddress, destinationPort=destinationPort)
    transfer = api.send.createTransfer(destination, COMPLETE)
    transfer = api.send.waitForTransfer(transfer)
    assert transfer == done
    assert api.send.resumeTransfer(transfer) == TRANSFER
    assert peer.calls[:2] == [("send.createDestination", {"destinationAddress": "localhost"}),
                              ("send.createTransfer", {"destination": "42", "manifest": "2"})]


def test_shared_tokens(peer, api):
    peer.answers.update({"send.createSharedToken": TOKEN, "server.authToken": None,
                         "send.getManifests": [{**COMPLETE, "owner": ""}], "send.createTransfer": TRANSFER})
    token = api.send.createSharedToken(MANIFEST)
    assert token == TOKEN
    assert is_token(token["token"])
    assert api.server.authToken("MAYWEBRO.TRUPO.VEVEEBLU") is None
    manifests = api.send.getManifests()
    transfer = api.send.createTransfer({"destinationId": "42"}, manifests[0])
    assert transfer == TRANSFER


def test_waiting_for_a_background_call_of_the_receiving_side(peer, api):
    peer.answers.update({"recv.getTransfersAsync": {"requestId": 4}, "server.getRequestResult": [],
                         "recv.getTransfers": [], "recv.getTransfer": later({"processing": True},
                                                                            {"processing": False})})
    assert api.server.getRequestResult(api.recv.getTransfersAsync()) == []
    assert api.recv.getTransfers() == []
    assert api.recv.waitForTransfer("9", timeout=30) == {"processing": False}


def test_waiting_has_a_limit(peer, api):
    from jetstream import RequestTimeout, ServerError

    peer.answers.update({"send.getTransfer": TRANSFER, "send.getManifest": "nonsense"})
    with pytest.raises(RequestTimeout, match=r"The transfer was not done within 0\.1 seconds; it goes on\."):
        api.send.waitForTransfer(TRANSFER, timeout=0.1)
    with pytest.raises(ServerError):
        api.send.waitForManifest("2")
