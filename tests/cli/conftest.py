"""Commands in this process against a scripted node."""

import pytest
from typer.testing import CliRunner

from helpers.answers import COMPLETE, DESTINATION, INFO, MANIFEST, OFFER, RECEIVED, SENDING, TOKEN, later
from helpers.scripted_peer import Certificate, ScriptedPeer
from jetstream.entities import to_wire
from jetstream_cli.app import app


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def peer(certificate, tmp_path, monkeypatch):
    monkeypatch.setenv("JETSTREAM_HOME", str(tmp_path / "home"))
    for name in ("JETSTREAM_API_PASSWORD", "JETSTREAM_NODE_PASSWORD", "JETSTREAM_DOWNLOAD_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    with ScriptedPeer(certificate, {
        "server.getServerInfo": to_wire(INFO), "send.createManifest": to_wire(MANIFEST),
        "send.getManifest": to_wire(MANIFEST), "send.createDestination": to_wire(DESTINATION),
        "send.getDestinations": [to_wire(DESTINATION)], "send.createTransfer": to_wire(SENDING),
        "send.getTransfer": later(SENDING, COMPLETE), "send.getTransfers": [to_wire(SENDING)],
        "recv.getTransfers": [to_wire(RECEIVED)], "recv.createDownload": to_wire(RECEIVED),
        "recv.getTransfer": to_wire(RECEIVED), "send.createSharedToken": to_wire(TOKEN), "server.auth": None,
        "server.superuser": None, "recv.getOffers": [to_wire(OFFER)], "recv.acceptOffer": to_wire(RECEIVED),
        "recv.declineOffer": None,
    }) as peer:
        monkeypatch.setenv("JETSTREAM_API_PORT", str(peer.port))
        yield peer


@pytest.fixture
def jetstream():
    """Runs a command; returns click's result (exit_code, stdout, stderr)."""
    runner = CliRunner()
    return lambda *words, stdin=None: runner.invoke(app, [str(word) for word in words], input=stdin)
