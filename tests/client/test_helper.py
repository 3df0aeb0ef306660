"""The helper: mappings, searching, sending in one call."""

from pathlib import Path

import pytest

from jetstream import JetStream, helper
from jetstream.errors import Conflict, ConnectionFailed, InvalidParameters
from jetstream.helper import Helper, TransferObject


def test_whole_paths_are_targets():
    assert Helper.getFileMappings(["/home/ann/a.txt", Path("/data/./b")]) == {
        "/home/ann/a.txt": "/home/ann/a.txt", "/data/b": "/data/b"}


def test_targets_relative_to_a_folder():
    assert Helper.getFileMappings(["/home/ann/a.txt", "/home/ann/docs/b.txt"], relative_to="/home/ann") == {
        "a.txt": "/home/ann/a.txt", "docs/b.txt": "/home/ann/docs/b.txt"}
    assert Helper(None).getFileMappings([]) == {}


@pytest.mark.parametrize(("files", "base"), [
    (["a.txt"], None), (["/home/a"], "home"), (["/other/a"], "/home"), (["/home/ann/../bob/a"], "/home/ann"),
    (["/a/b", "/a/./b"], None)])
def test_paths_that_make_no_sense_are_refused(files, base):
    with pytest.raises(InvalidParameters):
        Helper.getFileMappings(files, relative_to=base)


@pytest.fixture
def api(peer):
    with JetStream().api("127.0.0.1", peer.port) as api:
        yield api


def mapping(entry):
    return {"srcPath": f"/s/{entry}", "destPath": f"/d/{entry}", "fileSize": entry}


def test_searching_reads_every_page_once(peer, api, monkeypatch):
    monkeypatch.setattr(helper, "_PAGE", 4)
    folders = {0, 3, 5, 6}  # entries without a mapping

    def files(params):
        offset, limit = params.get("offset", 0), params["limit"]
        listed = [entry for entry in range(offset, 23) if entry not in folders]
        following = listed[limit] if len(listed) > limit else None
        return {"manifestId": params["manifest"], "fileMappings": [mapping(entry) for entry in listed[:limit]],
                "nextOffset": following}

    peer.answers["send.getManifests"] = [{"manifestId": "1"}, {"manifestId": "2"}]
    peer.answers["send.getManifestFiles"] = lambda params: (
        files(params) if params["manifest"] == "1" else {"manifestId": "2", "fileMappings": []})
    found = Helper(api).getFilteredManifestFiles(lambda file: file["fileSize"] != 2)
    assert found == [{"manifestId": "1",
                      "fileMappings": [mapping(n) for n in range(23) if n not in folders and n != 2]}]


def test_without_a_connection(peer):
    with pytest.raises(ConnectionFailed):
        Helper().getFilteredManifestFiles(lambda file: True)


def sending(peer, *, manifest_status="complete", error=None):
    transfer = {"transferId": "17", "manifestId": "2", "status": "pending", "processing": True, "totalBytes": None}
    manifest = {"manifestId": "2", "status": manifest_status, "processing": False, "errorMessage": error}
    peer.answers.update({
        "send.createDestination": {"destinationId": "42"},
        "send.createManifest": {**manifest, "status": "pending", "processing": True},
        "send.getManifest": manifest,
        "send.createTransfer": transfer,
        "send.getTransfer": {**transfer, "status": "complete", "processing": False, "totalBytes": 8, "bytesAcked": 8},
        "send.suspendTransfer": {**transfer, "status": "suspended", "processing": False, "totalBytes": 8,
                                 "bytesAcked": 2},
        "send.resumeTransfer": transfer,
        "send.cancelTransfer": {**transfer, "status": "cancelled", "processing": False, "totalBytes": 0},
    })


def test_sending_in_one_call(peer, api):
    sending(peer)
    sent = Helper(api).sendFiles(["/home/ann/a.txt"], "studio", relative_to="/home/ann", userName="ann",
                                 password="secret", priority=5)
    assert isinstance(sent, TransferObject)
    assert (sent.transferId, sent.status, sent.processing, sent.progress, sent.errorMessage) == (
        "17", "pending", True, None, None)
    assert peer.calls == [
        ("send.createDestination", {"destinationAddress": "studio", "userName": "ann", "password": "secret"}),
        ("send.createManifest", {"mappings": {"a.txt": "/home/ann/a.txt"}}),
        ("send.getManifest", {"manifest": "2"}),
        ("send.createTransfer", {"destination": "42", "manifest": "2", "priority": 5}),
    ]


def test_a_transfer_in_the_hand(peer, api):
    sending(peer)
    sent = Helper(api).sendFiles({"a": "/home/a"}, "studio", 9000)
    assert (sent.suspend().status, sent.progress) == ("suspended", 0.25)
    assert sent.resume().processing
    assert sent.wait(timeout=5).status == "complete"
    assert (sent.refresh().progress, repr(sent)) == (1.0, "<TransferObject 17 complete>")
    assert (sent.cancel().progress, sent.transfer["status"]) == (0.0, "cancelled")


def test_files_that_cannot_be_listed(peer, api):
    sending(peer, manifest_status="error", error="/home/a does not exist")
    with pytest.raises(Conflict, match="/home/a does not exist"):
        Helper(api).sendFiles({"a": "/home/a"}, "studio")
