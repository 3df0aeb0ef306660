"""Noise is failure: exceptions in slots and messages of Qt fail the test that caused them (pytest-qt does both)."""

import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def qapp_args():
    return ["jetstream-desktop"]


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """Every test has a state folder of its own."""
    monkeypatch.setenv("JETSTREAM_HOME", str(tmp_path / "state"))
