"""One node per state folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jetstream_server.catalog import CatalogReadOnly, StateFolderInUse
from jetstream_server.lock import StateLock

HOLDER = """
import pathlib, sys
from jetstream_server.lock import StateLock
StateLock(pathlib.Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_one_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    with StateLock(tmp_path / "state"):
        with pytest.raises(StateFolderInUse, match=rf"process {os.getpid()}\b") as caught:
            StateLock(tmp_path / "state").acquire()
        assert str(tmp_path / "state") in str(caught.value)
        with StateLock(tmp_path / "other"):
            pass
    with StateLock(tmp_path / "state"):
        pass


def test_a_killed_node_leaves_no_lock_behind(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == b"held\n"
    with pytest.raises(StateFolderInUse, match=f"process {child.pid}"):
        StateLock(tmp_path).acquire()
    child.kill()
    child.communicate()
    with StateLock(tmp_path):
        pass


def test_a_lock_without_a_readable_pid_still_refuses(tmp_path: Path) -> None:
    with StateLock(tmp_path):
        (tmp_path / "node.lock").write_text("what")
        with pytest.raises(StateFolderInUse) as caught:
            StateLock(tmp_path).acquire()
    assert caught.value.pid is None
    assert "process" not in str(caught.value)


def test_holding_it_twice_is_a_bug(tmp_path: Path) -> None:
    with StateLock(tmp_path) as lock, pytest.raises(RuntimeError):
        lock.acquire()
    lock.release()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CatalogReadOnly):
        StateLock(tmp_path / "file").acquire()
