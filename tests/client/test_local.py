"""Folders and tickets of this machine."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from jetstream import local
from jetstream.errors import InvalidParameters

TICKET = local.Ticket("ab" * 32, 8886, 5, "ann", "the-secret")


def test_where_the_state_is(monkeypatch, tmp_path):
    assert local.state_folder() == tmp_path / "state"
    monkeypatch.delenv("JETSTREAM_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    assert local.state_folder() == tmp_path / "xdg" / "jetstream"
    monkeypatch.delenv("XDG_STATE_HOME")
    assert local.state_folder() == tmp_path / ".local" / "state" / "jetstream"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert local.state_folder() == tmp_path / "Library" / "Application Support" / "JetStream"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    assert local.state_folder() == tmp_path / "Local" / "JetStream"


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch):
    def none():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("JETSTREAM_HOME")
    monkeypatch.setattr(Path, "home", none)
    with pytest.raises(InvalidParameters, match="Set JETSTREAM_HOME"):
        local.state_folder()


def test_a_ticket_is_read_back():
    path = local.write_ticket(TICKET)
    assert local.read_ticket(TICKET.fingerprint) == TICKET
    assert local.local_tickets() == [TICKET]
    assert "the-secret" not in repr(TICKET)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_a_ticket_is_for_this_user_only():
    path = local.write_ticket(TICKET)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_no_tickets():
    assert local.local_tickets() == []
    assert local.read_ticket("ab" * 32) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "5", "{}", json.dumps({"fingerprint": "ab" * 32, "port": "x"})])
def test_a_damaged_ticket_counts_as_none(text):
    path = local.write_ticket(TICKET)
    path.write_text(text)
    assert local.read_ticket(TICKET.fingerprint) is None
    assert local.local_tickets() == []


def test_a_ticket_under_a_foreign_name_is_not_shown_to_that_node():
    path = local.write_ticket(TICKET)
    other = "cd" * 32
    os.rename(path, local.ticket_path(other))
    assert local.read_ticket(other) is None
