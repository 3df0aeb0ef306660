"""``jetstream doctor``: what it prints, masks and answers."""

import json
from dataclasses import replace

import pytest

from helpers.answers import COMPLETE, DESTINATION
from jetstream.checks import Check, check, untried
from jetstream.entities import to_wire
from jetstream.findings import Step
from jetstream_cli.commands.doctor import code_of, conclusion, report_lines
from jetstream_cli.masking import Masks
from jetstream_cli.measuring import verdict

NODE = check("node-ok", version="0.1.0", node="Ann's laptop", uptime=60_000_000)
NAME = check("name-found", host="studio.example", addresses="10.0.0.7, 2001:db8::7")
REFUSED = check("route-refused", host="studio.example", port=8886)
SMALL = check("buffers-small", buffer=1, wanted=2, wanted_bytes=2)


@pytest.fixture
def doctor(peer, jetstream):
    peer.answers |= {
        "server.getDiagnostics": [to_wire(NODE), to_wire(SMALL)],
        "send.testDestinationAsync": {"requestId": 1},
        "server.getRequestStatus": {"requestId": 1, "processing": False, "status": "complete", "errorMessage": ""},
        "server.getRequestResult": [to_wire(one) for one in (NAME, REFUSED, untried(Step.PROTOCOL))],
        "send.getDestinations": [],
    }
    return lambda *words: jetstream("doctor", *words)


def test_the_node_alone(doctor):
    done = doctor()
    assert done.exit_code == 0
    assert "ok    Node            JetStream 0.1.0, “Ann's laptop”, running for 60 s." in done.stdout
    assert "→ sudo sysctl" in done.stdout
    assert "Nothing failed. To look at: Buffers." in done.stdout


def test_the_way_to_another_node(doctor, peer):
    done = doctor("studio.example")
    assert done.exit_code == 1
    assert "fail  Route and port  studio.example is there, but nothing listens on port 8886." in done.stdout
    assert "→ Start the node there" in done.stdout
    assert done.stdout.rstrip().endswith("Failed: Route and port. To look at: Buffers.")


def test_a_destination_by_its_name(doctor, peer):
    peer.answers["send.getDestinations"] = [to_wire(replace(DESTINATION, name="Studio B"))]
    assert doctor("studio b").exit_code == 1
    asked = next(params for name, params in peer.calls if name == "send.testDestinationAsync")
    assert asked == {"destination": DESTINATION.destination_id, "tryCarriers": True}


def test_nobody_is_asked_for_the_sake_of_a_measurement(doctor, peer):
    peer.answers["server.getRequestResult"] = [to_wire(NAME), to_wire(check("login-asked"))]
    done = doctor("studio.example", "--throughput")
    assert "skip  Throughput      Not measured: somebody there has to say yes" in done.stdout
    assert "send.createTransfer" not in [name for name, _ in peer.calls]


def test_json_has_every_fact(doctor):
    done = doctor("studio.example", "--json")
    value = json.loads(done.stdout)
    assert (value["outcome"], done.exit_code) == ("failed", 1)
    assert value["checks"][3]["facts"] == {"host": "studio.example", "port": 8886}


def test_a_report_names_nobody(doctor):
    done = doctor("studio.example", "--report")
    for name in ("studio", "10.0.0.7", "2001:db8", "Ann"):
        assert name not in done.stdout
    assert "host-1 is address-1, address-2." in done.stdout
    assert "host-1 is there, but nothing listens on port 8886." in done.stdout


@pytest.mark.parametrize(("words", "reason"), [
    (("--throughput",), "needs a HOST"), (("studio:1:folder",), "names a folder"),
    (("no name of ours",), "neither the name of a destination"),
])
def test_what_cannot_be_understood(doctor, words, reason):
    done = doctor(*words)
    assert done.exit_code == 2
    assert reason in done.stderr


def test_without_a_node(jetstream, monkeypatch, tmp_path):
    monkeypatch.setenv("JETSTREAM_HOME", str(tmp_path))
    monkeypatch.setenv("JETSTREAM_API_PORT", "1")
    done = jetstream("doctor", "studio.example")
    assert done.exit_code == 3
    assert "fail  Node " in done.stdout
    assert "→ Start one: jetstream server" in done.stdout
    assert "skip  Route and port" in done.stdout


def test_an_older_node(doctor, peer):
    from jetstream.errors import InvalidParameters

    peer.answers["server.getDiagnostics"] = InvalidParameters("There is no method.", field="method")
    assert "too old to look at itself" in doctor().stdout


# -- pure -----------------------------------------------------------------------------------------------------------


def test_the_same_name_gets_the_same_mask():
    masks = Masks()
    assert masks.check(NAME).text == "host-1 is address-1, address-2."
    assert masks.check(REFUSED).facts["host"] == "host-1"
    assert masks.fact("host", "10.0.0.7") == "address-1", "an address given as a host is an address"
    assert masks.fact("host", "localhost") == "localhost"


def test_free_text_is_searched():
    masks = Masks()
    masks.check(NAME)
    reason = masks.fact("reason", "Studio.Example (10.0.0.9) hung up; see /srv/ann/log, identity " + "ab" * 32)
    assert reason == "host-1 (address-3) hung up; see path-1, identity identity-1"
    assert masks.fact("rtt", 300) == 300


def test_the_words_of_another_version_are_searched_too():
    newer = Check(step="weather", outcome="ok", code="weather-1", text="Rain at 10.0.0.7, in C:\\Users\\Ann.",
                  facts={"place": "10.0.0.7"})
    masked = Masks().check(newer)
    assert (masked.text, masked.facts) == ("Rain at address-1, in path-1.", {"place": "address-1"})


def test_words_of_ours_stay_whole():
    assert Masks().check(SMALL).fix == SMALL.fix
    login = check("login-refused", ours="ab" * 32)
    assert "--clientPublicKey=identity-1 (or give" in Masks().check(login).fix


def test_all_in_a_sentence():
    assert conclusion([NODE]) == "All is well."
    unsaid = check("login-unsaid")
    assert conclusion([NODE, unsaid]) == "Nothing failed. Could not be told: Login."
    assert conclusion([NAME, REFUSED, SMALL, unsaid]) == (
        "Failed: Route and port. To look at: Buffers. Could not be told: Login.")
    assert code_of([NODE, SMALL]) == 0
    assert code_of([check("node-closed", reason="No.")]) == 4
    assert report_lines([NODE, SMALL])[1].startswith("[ok  ] Node: ")


def test_what_a_test_file_tells():
    done = replace(COMPLETE, bytes_acked=64_000_000, start_time=1_000_000, end_time=3_000_000)
    found = verdict(done, "the line, 256 Mbit/s", 9.0)
    assert found.text == "64.0 MB in 2 s: 32.0 MB/s. Limited by the line."
    cut = replace(done, status="sending", processing=True, end_time=None, bytes_acked=15_000_000)
    assert verdict(cut, None, 15.0).text == "15.0 MB in 15 s: 1.0 MB/s."
    failed = replace(done, status="error", error_message="The disk is full.")
    assert verdict(failed, None, 1.0).code == "throughput-failed"
    assert verdict(replace(cut, bytes_acked=0), None, 15.0).code == "throughput-failed"
