"""Who answers: expected, ticketed, pinned, new; the same in both faces, and never a secret before the check."""

import json
import os
import stat
import sys

import pytest

from helpers.scripted_peer import ScriptedPeer
from jetstream import JetStream, local
from jetstream.aio import connect
from jetstream.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    InvalidParameters,
    ServerIdentityChanged,
)
from jetstream.trust import KnownNodes, Place, Trust, fingerprint_of, read_verify

PLACE = Place("studio", 8886)
ONE, TWO = "a" * 64, "b" * 64


def ticket_for(fingerprint, port=1):
    return local.Ticket(fingerprint, port, os.getpid(), "ann", "the-secret")


async def aio_call(port, **options):
    async with connect("127.0.0.1", port, **options) as client:
        return await client.server.echo("in")


async def blocking_call(port, **options):
    with JetStream().api("127.0.0.1", port, **options) as api:
        return api.server.echo("in")


faces = pytest.mark.parametrize("call", [aio_call, blocking_call])


# -- what `verify` may be -------------------------------------------------------------------------------------------


def test_a_fingerprint_in_any_form():
    colons = ":".join("AB" for _ in range(32))
    assert read_verify(colons) == "ab" * 32
    assert read_verify("AB" * 32) == "ab" * 32
    assert read_verify("tofu") is None


def test_a_certificate_as_text_or_file(certificate):
    assert read_verify(certificate.pem) == certificate.fingerprint
    assert read_verify("Some words before it\n" + certificate.pem) == certificate.fingerprint
    assert read_verify(str(certificate.path)) == certificate.fingerprint
    assert read_verify(certificate.path) == certificate.fingerprint


@pytest.mark.parametrize("verify", ["", "ab" * 31, "-----BEGIN CERTIFICATE-----", "/no/such/file",
                                    "-----BEGIN CERTIFICATE-----\nno base64!\n-----END CERTIFICATE-----"])
def test_anything_else_is_refused(verify):
    with pytest.raises(InvalidParameters) as caught:
        read_verify(verify)
    assert caught.value.facts == {"field": "verify"}


def test_a_file_without_a_certificate_is_refused(certificate, tmp_path):
    with pytest.raises(InvalidParameters, match="no certificate in"):
        read_verify(certificate.key_path)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidParameters, match="it is no text"):
        read_verify(binary)


# -- pins -----------------------------------------------------------------------------------------------------------


def test_pins_are_kept_replaced_and_forgotten(tmp_path):
    known = KnownNodes(tmp_path / "deep" / "known", clock=lambda: 12.5)
    assert known.get(PLACE) is None
    known.pin(PLACE, ONE)
    known.pin(Place("studio", 9000), TWO)
    assert (known.get(PLACE), known.get(Place("STUDIO", 8886)), known.get(Place("studio", 9000))) == (ONE, ONE, TWO)
    known.pin(PLACE, TWO)
    assert known.get(PLACE) == TWO
    assert json.loads(known.path(PLACE).read_text()) == {
        "node": "studio:8886", "fingerprint": TWO, "since": 12_500_000}
    known.forget(PLACE)
    known.forget(PLACE)
    assert known.get(PLACE) is None


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_pins_are_for_this_user_only(tmp_path):
    known = KnownNodes(tmp_path / "known")
    known.pin(PLACE, ONE)
    assert stat.S_IMODE(known.path(PLACE).stat().st_mode) == 0o600
    assert stat.S_IMODE(known.path(PLACE).parent.stat().st_mode) == 0o700
    assert [path.name for path in known.path(PLACE).parent.iterdir()] == [known.path(PLACE).name]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"fingerprint": 5}', '{"fingerprint": "short"}', "null"])
def test_a_damaged_pin_is_not_taken_for_none(tmp_path, text):
    known = KnownNodes(tmp_path)
    known.path(PLACE).write_text(text)
    with pytest.raises(ConnectionFailed, match="Delete the file") as caught:
        known.get(PLACE)
    assert str(known.path(PLACE)) in str(caught.value)


def test_a_pin_that_cannot_be_written_stops_the_connection(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConnectionFailed, match="cannot be remembered"):
        KnownNodes(tmp_path / "file").pin(PLACE, ONE)


def test_the_pins_of_this_user_are_below_the_state_folder():
    assert KnownNodes().path(PLACE).parent == local.state_folder() / "known"


# -- the decision ---------------------------------------------------------------------------------------------------


def decide(tmp_path, certificate=b"certificate", **options):
    return Trust(known=KnownNodes(tmp_path), **options).check(PLACE, certificate)


def test_first_use_pins(tmp_path):
    assert decide(tmp_path, read_ticket=lambda _: None) is None
    assert KnownNodes(tmp_path).get(PLACE) == fingerprint_of(b"certificate")
    assert decide(tmp_path, read_ticket=lambda _: None) is None


def test_another_identity_than_the_pinned_one(tmp_path):
    decide(tmp_path, read_ticket=lambda _: None)
    with pytest.raises(ServerIdentityChanged, match="Nothing was sent") as caught:
        decide(tmp_path, b"another", read_ticket=lambda _: None)
    assert caught.value.facts["expected"] == fingerprint_of(b"certificate")
    assert caught.value.facts["presented"] == fingerprint_of(b"another")
    assert str(caught.value.facts["pin"]) in str(caught.value)


def test_what_the_caller_expects_comes_first(tmp_path):
    ticket = ticket_for(fingerprint_of(b"certificate"))
    with pytest.raises(ServerIdentityChanged, match="not the one you asked for"):
        decide(tmp_path, verify=ONE, read_ticket=lambda _: ticket)
    KnownNodes(tmp_path).pin(PLACE, TWO)
    assert decide(tmp_path, verify=fingerprint_of(b"certificate"), read_ticket=lambda _: ticket) is ticket
    assert decide(tmp_path, verify=fingerprint_of(b"certificate"), read_ticket=lambda _: None) is None
    assert KnownNodes(tmp_path).get(PLACE) == TWO


def test_a_ticket_comes_before_the_pin(tmp_path):
    KnownNodes(tmp_path).pin(PLACE, TWO)
    asked = []

    def read(fingerprint):
        asked.append(fingerprint)
        return ticket_for(fingerprint)

    assert decide(tmp_path, read_ticket=read) == ticket_for(fingerprint_of(b"certificate"))
    assert asked == [fingerprint_of(b"certificate")]
    assert KnownNodes(tmp_path).get(PLACE) == TWO


def test_a_place_reads_like_an_address():
    assert (str(Place("studio", 1)), str(Place("::1", 2))) == ("studio:1", "[::1]:2")


# -- both faces, over real TLS --------------------------------------------------------------------------------------


@faces
async def test_the_ticket_logs_in(peer, call):
    peer.answers["server.authTicket"] = None
    local.write_ticket(ticket_for(peer.certificate.fingerprint, peer.port))
    assert await call(peer.port) == "in"
    assert peer.calls == [("server.authTicket", {"ticket": "the-secret"}), ("server.echo", {"text": "in"})]
    assert not (local.state_folder() / "known").exists()


@faces
async def test_no_login_by_ticket_if_not_wanted(peer, call):
    local.write_ticket(ticket_for(peer.certificate.fingerprint, peer.port))
    assert await call(peer.port, ticket=False) == "in"
    assert peer.names() == ["server.echo"]


@faces
async def test_a_ticket_of_another_node_stays_here(peer, call):
    local.write_ticket(ticket_for(ONE, peer.port))
    assert await call(peer.port) == "in"
    assert peer.names() == ["server.echo"]


@faces
async def test_a_stale_ticket_leaves_the_connection_good(peer, call):
    peer.answers["server.authTicket"] = AuthenticationFailed("No.")
    local.write_ticket(ticket_for(peer.certificate.fingerprint, peer.port))
    assert await call(peer.port) == "in"


@faces
async def test_a_changed_identity_stops_everything(peer, other_certificate, call):
    KnownNodes().pin(Place("127.0.0.1", peer.port), other_certificate.fingerprint)
    with pytest.raises(ServerIdentityChanged):
        await call(peer.port)
    assert peer.calls == []


@faces
async def test_an_unexpected_identity_stops_everything(peer, other_certificate, call):
    local.write_ticket(ticket_for(peer.certificate.fingerprint, peer.port))
    with pytest.raises(ServerIdentityChanged):
        await call(peer.port, verify=other_certificate.path)
    assert peer.calls == []


@faces
async def test_the_second_time_it_is_known(certificate, other_certificate, call):
    with ScriptedPeer(certificate) as peer:
        assert await call(peer.port) == "in"
        assert KnownNodes().get(Place("127.0.0.1", peer.port)) == certificate.fingerprint
        assert await call(peer.port, verify=certificate.pem) == "in"
        with pytest.raises(ServerIdentityChanged):
            await call(peer.port, verify=other_certificate.fingerprint)
