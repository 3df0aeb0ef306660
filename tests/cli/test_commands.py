"""The commands against a scripted node: what they ask of it, what they print, how they end."""

import json
import time
from dataclasses import replace

import pytest

from helpers.answers import COMPLETE, INFO, MANIFEST, OFFER, RECEIVED, SENDING, later
from helpers.scripted_peer import HANG_UP
from jetstream import local
from jetstream.entities import to_wire
from jetstream.errors import AuthenticationFailed, Conflict, NotFound
from jetstream_cli.node import is_running, own_port

WORDS = "MAYWEBRO.TRUPO.VEVEEBLU"


@pytest.fixture
def docs(tmp_path):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    return folder


def call(peer, name):
    return next(params for method, params in peer.calls if method == name)


# -- send -----------------------------------------------------------------------------------------------------------


def test_send(peer, jetstream, docs):
    result = jetstream("send", docs, "studio:9000:in/box", "--overwrite", "keep-both", "--priority", 5, "--rate", "50M",
                       "--exclude", "*.o", "--exclude", "*.tmp", "--symlinks", "keep", "--skip-unreadable",
                       "--fingerprint", "ab" * 32)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Sent 2 files, 2.0 MB, to studio:9000:in/box in 2 s (1.0 MB/s)." in result.stderr
    assert "complete, verified" in result.stderr
    assert call(peer, "send.createDestination") == {
        "destinationAddress": "studio", "destinationPort": 9000, "permittedDestinationPublicKey": "ab" * 32}
    assert call(peer, "send.createManifest") == {
        "mappings": {"docs": str(docs)}, "symlinkMode": 2, "exclude": ["*.o", "*.tmp"], "skipUnreadable": True}
    assert call(peer, "send.createTransfer") == {
        "destination": "42", "manifest": "2", "destinationPath": "in/box", "priority": 5, "sendRateMax": 50_000,
        "overwriteMode": 6}


def test_send_lets_others_go_first_or_nobody(peer, jetstream, docs):
    assert jetstream("send", docs, "studio", "--background").exit_code == 0
    assert call(peer, "send.createTransfer")["ratePolicy"] == "background"
    peer.calls.clear()
    assert jetstream("send", docs, "studio", "--rate", "50M", "--fixed").exit_code == 0
    made = call(peer, "send.createTransfer")
    assert (made["ratePolicy"], made["sendRateMax"]) == ("fixed", 50_000)
    for options, sentence in ((["--fixed"], "--fixed needs --rate"),
                              (["--fixed", "--background", "--rate", "1M"], "contradict each other")):
        peer.calls.clear()
        result = jetstream("send", docs, "studio", *options)
        assert (result.exit_code, sentence in result.stderr) == (2, True)
        assert "send.createTransfer" not in peer.names()


def test_send_to_this_machine_goes_to_the_own_node(peer, jetstream, docs):
    assert jetstream("send", docs, "localhost").exit_code == 0
    assert call(peer, "send.createDestination") == {"destinationAddress": "localhost", "destinationPort": 7777}


def test_send_with_an_account(peer, jetstream, docs, monkeypatch):
    result = jetstream("send", docs, "ann@studio")
    assert (result.exit_code, "There is nobody to ask for a password" in result.stderr) == (2, True)
    monkeypatch.setenv("JETSTREAM_API_PASSWORD", "secret")
    assert jetstream("send", docs, "ann@studio").exit_code == 0
    assert call(peer, "send.createDestination") == {
        "destinationAddress": "studio", "userName": "ann", "password": "secret"}


def test_send_and_leave_it(peer, jetstream, docs):
    result = jetstream("send", docs, "studio", "--detach")
    assert (result.exit_code, result.stdout) == (0, "17\n")
    assert "jetstream pause 17" in result.stderr
    assert "send.getTransfer" not in peer.names()


@pytest.mark.parametrize(("changes", "says"), [
    ({"status": "error", "error_message": "The disk of studio is full."}, "Transfer 17 failed: The disk of studio"),
    ({"status": "suspended"}, "Transfer 17 was paused. Go on with: jetstream resume 17"),
    ({"status": "cancelled"}, "Transfer 17 was cancelled."),
])
def test_send_that_does_not_become_complete(peer, jetstream, docs, changes, says):
    peer.answers["send.getTransfer"] = {**to_wire(COMPLETE), **{
        "errorMessage" if name == "error_message" else name: value for name, value in changes.items()}}
    result = jetstream("send", docs, "studio")
    assert result.exit_code == 1
    assert says in result.stderr


def test_send_shows_what_is_being_listed_and_what_was_left_out(peer, jetstream, docs):
    pending = {**to_wire(SENDING), "status": "pending", "phase": "scanning", "totalBytes": None, "totalFiles": None}
    answers = [pending, to_wire(COMPLETE)]
    peer.answers["send.getTransfer"] = lambda params: answers.pop(0)
    peer.answers["send.getManifest"] = {**to_wire(MANIFEST), "skipped": 3, "skippedSample": ["/a/pipe", "/a/\x1b"]}
    result = jetstream("send", docs, "studio")
    assert result.exit_code == 0
    assert "Left out, because it cannot be read or is no file: 3\n    /a/pipe\n    /a/\\x1b\n    and 1 more" in \
        result.stderr


def test_send_what_the_node_refuses(peer, jetstream, docs):
    peer.answers["send.createTransfer"] = Conflict("The manifest failed.")
    result = jetstream("send", docs, "studio")
    assert (result.exit_code, result.stderr) == (1, "jetstream: The manifest failed.\n")


@pytest.mark.parametrize("words", [["/no/such/thing", "studio"], [".", "no destination/"],
                                   [".", "studio", "--rate", "x"]])
def test_send_with_a_wrong_line_asks_nobody(peer, jetstream, words):
    result = jetstream("send", *words)
    assert (result.exit_code, result.stderr.startswith("jetstream: ")) == (2, True)
    assert peer.calls == []


def test_a_connection_that_breaks_leaves_the_transfer_to_the_node(peer, jetstream, docs):
    answers = [to_wire(SENDING), HANG_UP]
    peer.answers["send.getTransfer"] = lambda params: answers.pop(0)
    result = jetstream("send", docs, "studio")
    assert result.exit_code == 3
    assert "Transfer 17 goes on as soon as your node runs again." in result.stderr


def test_no_node_runs(jetstream, docs, tmp_path, monkeypatch):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("JETSTREAM_HOME", str(tmp_path / "home"))
    for words in (["send", docs, "studio"], ["share", docs], ["ls"], ["get", f"jetstream://x/download?token={WORDS}"]):
        result = jetstream(*words, "--api-port", port)
        assert (result.exit_code, result.stderr) == (
            3, f"jetstream: No JetStream node answers at localhost:{port}. Start one with `jetstream server`.\n")


def test_a_node_of_somebody_else(peer, jetstream, monkeypatch):
    peer.answers["server.getServerInfo"] = {**to_wire(INFO), "authRequired": True}
    result = jetstream("ls")
    assert (result.exit_code, "--api-user" in result.stderr) == (4, True)
    monkeypatch.setenv("JETSTREAM_NODE_PASSWORD", "secret")
    peer.answers["server.auth"] = lambda params: peer.answers.update({"server.getServerInfo": to_wire(INFO)})
    assert jetstream("ls", "--api-user", "ann").exit_code == 0
    assert call(peer, "server.auth") == {"user": "ann", "password": "secret"}


# -- share and get --------------------------------------------------------------------------------------------------


def test_share(peer, jetstream, docs):
    before = time.time_ns() // 1000
    result = jetstream("share", docs, "--expires", "3d", "--limit", 5, "--password-stdin", stdin="pass word\n")
    assert result.exit_code == 0
    assert result.stdout == f"{WORDS}\njetstream://here/download?token={WORDS}\n"
    assert "2 files, 2.0 MB, can be fetched with:" in result.stderr
    params = call(peer, "send.createSharedToken")
    assert before <= params.pop("expiryTime") - 3 * 86_400 * 1_000_000 <= time.time_ns() // 1000
    assert params == {"manifest": "2", "downloadLimit": 5, "password": "pass word"}


def test_share_what_cannot_be_listed(peer, jetstream, docs):
    peer.answers["send.getManifest"] = {**to_wire(MANIFEST), "status": "error", "errorMessage": "a.txt is gone"}
    result = jetstream("share", docs)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "The files cannot be shared: a.txt is gone" in result.stderr


@pytest.mark.parametrize("words", [["--expires", "soon"], ["--limit", "0"], ["--password-stdin"]])
def test_share_with_a_wrong_line_asks_nobody(peer, jetstream, docs, words):
    assert jetstream("share", docs, *words).exit_code == 2
    assert peer.calls == []


def test_get(peer, jetstream, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    link = f"jetstream://studio/download?token={WORDS}"
    result = jetstream("get", link, "films", "--password-stdin", "--overwrite", "never", stdin="secret\n")
    assert result.exit_code == 0
    assert "Received 1 file, 5 B, in /in." in result.stderr
    assert call(peer, "recv.createDownload") == {"link": link, "password": "secret",
                                                 "destinationPath": str(tmp_path / "films"), "overwriteMode": 3}


def preview(*paths, following=None):
    files = [{"entry": number, "destPath": path, "fileSize": 10, "isEmptyDir": False, "isSymlink": False}
             for number, path in enumerate(paths)]
    return {"label": "films", "description": "", "sourceName": "Studio", "totalFiles": len(paths),
            "totalSize": 10 * len(paths), "expiryTime": None, "downloadsLeft": 2, "files": files,
            "nextOffset": following}


def test_get_lists_what_is_there(peer, jetstream):
    link = f"jetstream://studio/download?token={WORDS}"
    peer.answers["recv.previewDownload"] = lambda params: (
        preview("a/one.mov", "a/two.txt", following=2) if "offset" not in params else preview("a/th\nree.mov"))
    result = jetstream("get", link, "--list")
    assert result.exit_code == 0
    assert [line.split()[-1] for line in result.stdout.splitlines()] == ["a/one.mov", "a/two.txt", "a/th\\nree.mov"]
    assert "films from Studio: 3 files, 30 B, downloads left: 2." in result.stderr
    result = jetstream("get", link, "--list", "--only", "*.TXT")
    assert result.stdout.split() == ["10", "B", "a/two.txt"]
    assert not any(name == "recv.createDownload" for name, _ in peer.calls)


def test_get_a_part(peer, jetstream):
    link = f"jetstream://studio/download?token={WORDS}"
    peer.answers["recv.previewDownload"] = preview("a/one.mov", "a/two.mov", "b/three.txt", "c/four.mov")
    assert jetstream("get", link, "--only", "*.mov", "--detach").exit_code == 0
    assert call(peer, "recv.createDownload") == {"link": link, "entries": [[0, 2], [3, 1]]}
    result = jetstream("get", link, "--only", "*.png")
    assert (result.exit_code, "None of the 4 files fits *.png" in result.stderr) == (2, True)


def test_get_and_leave_it(peer, jetstream, monkeypatch):
    monkeypatch.setenv("JETSTREAM_DOWNLOAD_PASSWORD", "secret")
    link = f"jetstream://studio/download?token={WORDS}"
    result = jetstream("get", link, "--detach")
    assert (result.exit_code, result.stdout) == (0, "r9\n")
    assert call(peer, "recv.createDownload") == {"link": link, "password": "secret"}


@pytest.mark.parametrize(("link", "says"), [
    ("http://studio/x", "no JetStream link"), ("jetstream://studio/connect", "carries no token"),
    ("jetstream://studio/download", "carries no token"),
    ("jetstream://studio/download?token=MAYWEBRO.TRUPO.VEVEEBLE", "two are swapped")])
def test_get_what_is_no_share_asks_nobody(peer, jetstream, link, says):
    result = jetstream("get", link)
    assert (result.exit_code, says in result.stderr) == (2, True)
    assert peer.calls == []


# -- ls, pause, resume, cancel --------------------------------------------------------------------------------------


def test_ls(peer, jetstream):
    result = jetstream("ls")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[1][:4] == ["17", "↑", "docs", "studio"]
    assert "25" in lines[1]
    assert lines[2][:4] == ["r9", "↓", "film", "studio"]


def test_ls_as_json(peer, jetstream):
    listed = json.loads(jetstream("ls", "--json").stdout)
    assert listed == [{"direction": "send", "id": "17", **to_wire(SENDING)},
                      {"direction": "receive", "id": "r9", **to_wire(RECEIVED)}]


def test_ls_of_much(peer, jetstream):
    over = [{**to_wire(COMPLETE), "transferId": str(n), "requestTime": n} for n in range(50)]
    failed = {**to_wire(COMPLETE), "transferId": "99", "requestTime": 0, "status": "error"}
    peer.answers.update({"send.getTransfers": [failed, *over], "recv.getTransfers": []})
    assert [row["id"] for row in json.loads(jetstream("ls", "--json").stdout)] == ["99", *map(str, range(30, 50))]
    assert len(json.loads(jetstream("ls", "--json", "--all").stdout)) == 51


def test_ls_of_nothing(peer, jetstream):
    peer.answers.update({"send.getTransfers": [], "recv.getTransfers": []})
    assert "No transfers yet." in jetstream("ls").stdout


@pytest.mark.parametrize(("command", "method"), [("pause", "suspendTransfer"), ("resume", "resumeTransfer"),
                                                 ("cancel", "cancelTransfer")])
def test_steering(peer, jetstream, command, method):
    peer.answers.update({f"send.{method}": to_wire(SENDING), f"recv.{method}": to_wire(RECEIVED)})
    result = jetstream(command, "17", "r9")
    assert (result.exit_code, result.stdout) == (0, "17  docs  sending\nr9  film  complete, verified\n")
    assert peer.calls[1:] == [(f"send.{method}", {"transfer": "17"}), (f"recv.{method}", {"transfer": "9"})]


def test_steering_tries_every_id(peer, jetstream):
    peer.answers["send.suspendTransfer"] = lambda params: (
        NotFound("There is no transfer 5.") if params["transfer"] == "5" else to_wire(SENDING))
    result = jetstream("pause", "5", "17")
    assert (result.exit_code, result.stdout, result.stderr) == (
        1, "17  docs  sending\n", "jetstream: 5: There is no transfer 5.\n")


# -- api ------------------------------------------------------------------------------------------------------------


def test_api(peer, jetstream):
    result = jetstream("api", "getServerInfo")
    assert (result.exit_code, json.loads(result.stdout)) == (0, to_wire(INFO))
    assert peer.names() == ["server.getServerInfo"]


def test_api_parameters(peer, jetstream):
    jetstream("api", "createManifest", '--mappings={"a": "/a"}', "--symlinkMode", "1", "--skipUnreadable=true",
              '--exclude=["*.o"]')
    jetstream("api", "send.createDestination", "--destinationAddress=5", "--name", "x=y")
    jetstream("api", "updateDestination", "--destination=42", "--name=Studio", "--sendRateMax=500")
    jetstream("api", "updateDestination", "--destination=42", '--changes={"name": "B", "sendRateMax": null}')
    jetstream("api", "getTransferAsync", "--transfer=17", "--api-port=1")
    assert peer.calls == [
        ("send.createManifest", {"mappings": {"a": "/a"}, "symlinkMode": 1, "skipUnreadable": True,
                                 "exclude": ["*.o"]}),
        ("send.createDestination", {"destinationAddress": "5", "name": "x=y"}),
        ("send.updateDestination", {"destination": "42", "changes": {"name": "Studio", "sendRateMax": 500}}),
        ("send.updateDestination", {"destination": "42", "changes": {"name": "B", "sendRateMax": None}}),
    ]


def test_api_says_what_a_method_takes(peer, jetstream):
    said = jetstream("api", "recv.addAuthorizedClient", "--help")
    assert (said.exit_code, said.stdout.splitlines()) == (0, [
        "recv.addAuthorizedClient: Let the node with this identity send here.",
        "Needs superuser rights, which it takes up.",
        "  --clientPublicKey=TEXT  required",
        '  --name=TEXT             default: ""',
    ])
    assert "  --modifiedSince=NUMBER|null  default: null" in jetstream("api", "send.getTransfers", "--help").stdout
    assert peer.calls == []


def test_api_takes_up_the_rights_that_a_method_needs(peer, jetstream):
    peer.answers["server.createUser"] = None
    result = jetstream("api", "createUser", "--user=bob", "--password=-", stdin="secret\n")
    assert (result.exit_code, result.stdout) == (0, "null\n")
    assert peer.calls == [("server.superuser", {}), ("server.createUser", {"user": "bob", "password": "secret"})]


def test_api_with_an_account(peer, jetstream, monkeypatch):
    monkeypatch.setenv("JETSTREAM_API_PASSWORD", "secret")
    assert jetstream("api", "--user", "ann", "--superuser", "getServerInfo").exit_code == 0
    assert peer.calls[:2] == [("server.auth", {"user": "ann", "password": "secret"}), ("server.superuser", {})]


@pytest.mark.parametrize(("words", "code", "field"), [
    (["nothing"], 2, "method"), (["getTransfer"], 2, "method"), (["getServerInfo", "x"], 2, None),
    (["send.getTransfer"], 2, "transfer"), (["send.getTransfer", "--id=5"], 2, "id"),
    (["send.getTransfer", "--transfer"], 2, "transfer"),
    (["getManifestFiles", "--manifest=2", "--limit=x"], 2, "limit"),
    (["createUser", "--user=bob", "--password=secret"], 2, "password"),
])
def test_api_with_a_wrong_line(peer, jetstream, words, code, field):
    result = jetstream("api", *words)
    error = json.loads(result.stderr)["error"]
    assert (result.exit_code, error["code"], error["facts"].get("field")) == (code, "InvalidParameters", field)
    assert peer.calls == []


@pytest.mark.parametrize(("error", "code"), [(NotFound("No."), 1), (AuthenticationFailed("No."), 4)])
def test_api_errors_are_json(peer, jetstream, error, code):
    peer.answers["server.getServerInfo"] = error
    result = jetstream("api", "getServerInfo")
    assert (result.exit_code, result.stdout) == (code, "")
    assert json.loads(result.stderr) == {"error": {"code": error.code, "message": "No.", "facts": {}}}


def test_api_names_complete():
    from jetstream_cli.commands.api import complete_method

    assert complete_method("send.getTransfer") == ["send.getTransfer", "send.getTransfers", "send.getTransferEvents"]


# -- the rest -------------------------------------------------------------------------------------------------------


def test_send_says_who_has_to_say_yes(peer, jetstream, docs):
    asked = replace(SENDING, status="pending", phase="waiting for the peer", asked_time=5,
                    last_error_message="studio has to say yes first; it was asked.")
    peer.answers["send.getTransfer"] = later(asked, asked, SENDING, COMPLETE)
    result = jetstream("send", docs, "studio")
    assert result.exit_code == 0
    assert " ".join(result.stderr.split()).count("studio has to say yes first; it was asked. It starts by itself") == 1


def test_ls_tells_of_offers(peer, jetstream):
    assert "1 offer waits for your yes: jetstream offers" in jetstream("ls").stderr
    peer.answers["recv.getOffers"] = []
    assert jetstream("ls").stderr == ""


def test_offers(peer, jetstream):
    result = jetstream("offers")
    assert result.exit_code == 0
    for words in ("123456  Ann's laptop wants to send you reel07",
                  "412 files, 2.0 MB, but there is room for 1.0 MB only",
                  "from 192.0.2.7, identity abab abab abab abab", "into /in\n"):
        assert words in result.stdout
    assert "jetstream accept 123456" in result.stderr
    assert json.loads(jetstream("offers", "--json").stdout) == [to_wire(OFFER)]
    peer.answers["recv.getOffers"] = []
    assert jetstream("offers").stderr == "Nobody is waiting for a yes.\n"


def test_accept(peer, jetstream, tmp_path):
    result = jetstream("accept", "123456")
    assert (result.exit_code, result.stdout) == (0, "r9\n")
    assert "studio may send it. It lands in /in and starts within seconds." in result.stderr
    assert call(peer, "recv.acceptOffer") == {"offer": "123456"}
    assert "server.superuser" not in peer.names()
    peer.calls.clear()
    result = jetstream("accept", "123456", "--always", "--into", tmp_path)
    assert "and all that it offers from now on" in result.stderr
    assert call(peer, "recv.acceptOffer") == {"offer": "123456", "path": str(tmp_path), "always": True}
    assert "server.superuser" in peer.names()


def test_decline(peer, jetstream):
    result = jetstream("decline", "123456", "7")
    assert (result.exit_code, "jetstream accept 123456" in result.stderr) == (0, True)
    peer.answers["recv.declineOffer"] = NotFound("There is no offer 7.")
    result = jetstream("decline", "7")
    assert (result.exit_code, result.stderr) == (1, "jetstream: 7: There is no offer 7.\n")


def test_version_help_and_nothing(jetstream):
    assert jetstream("--version").stdout == "jetstream 0.1.0\n"
    assert "Exit codes" in jetstream("--help").stdout
    assert jetstream("send", "-h").exit_code == 0
    assert jetstream().exit_code == 2


def test_server_passes_its_options_through(jetstream, monkeypatch):
    import jetstream_server.__main__ as node

    seen = []
    monkeypatch.setattr(node, "run", lambda arguments: seen.append(arguments) or 3)
    assert jetstream("server", "--api-port", "0", "--log-level=debug", "--help").exit_code == 3
    assert seen == [["--api-port", "0", "--log-level=debug", "--help"]]


def test_the_port_of_the_own_node():
    def ticket(port, pid=1):
        return local.Ticket(str(port), port, pid, "ann", "secret")

    gone = 2**22 + 1
    assert own_port([], {}) == 8886
    assert own_port([ticket(9000)], {}) == 9000
    assert own_port([ticket(9000), ticket(8886)], {}) == 8886
    assert own_port([ticket(9000), ticket(9001, gone)], {}) == 9000
    assert own_port([ticket(9001, gone)], {}) == 8886
    assert own_port([ticket(9000)], {"JETSTREAM_API_PORT": "7000"}) == 7000
    assert own_port([ticket(9000)], {"JETSTREAM_API_PORT": "nonsense"}) == 9000
    with pytest.raises(Exception, match="Say which one with --api-port"):
        own_port([ticket(9000), ticket(9001)], {})
    assert not is_running(0)


def test_a_whole_conversation_with_later(peer, jetstream, docs):
    peer.answers["send.getTransfer"] = later(SENDING, SENDING, COMPLETE)
    assert jetstream("send", docs, "studio").exit_code == 0
    assert peer.names().count("send.getTransfer") == 3


def answer(following=None, **found):
    return {"nextOffset": following, "totalBlocks": 100, "sameBlocks": 1, "missing": [], "changed": [], "damaged": [],
            "unsure": [], **found}


def test_verify(peer, jetstream):
    peer.answers["recv.verifyTransfer"] = lambda params: answer(None if params.get("offset") else 64)
    result = jetstream("verify", "r9")
    assert (result.exit_code, "r9 is as it arrived" in result.stderr) == (0, True)
    peer.answers["recv.verifyTransfer"] = answer(damaged=["a\nb"], missing=["c"], unsure=["d"])
    result = jetstream("verify", "r9", "17")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["a\\nb", "c", "d"]
    assert "17: Only what has arrived here can be verified" in result.stderr


def test_one_that_cannot_be_verified_keeps_no_other_from_it(peer, jetstream):
    peer.answers["recv.verifyTransfer"] = answer(missing=["c"])
    result = jetstream("verify", "17", "r9")
    assert (result.exit_code, result.stdout) == (2, "c: is gone\n")
    assert "17: Only what has arrived" in result.stderr
