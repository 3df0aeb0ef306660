"""A state folder and a scripted node for every test."""

import pytest

from helpers.scripted_peer import Certificate, ScriptedPeer


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("JETSTREAM_HOME", str(tmp_path / "state"))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def other_certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("other_certificate"), "other")


@pytest.fixture
def peer(certificate):
    with ScriptedPeer(certificate) as peer:
        yield peer
