"""Whether files could be written to a folder."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from jetstream_server.files import landing
from jetstream_server.files.landing import free_space, look_at


def test_a_folder_that_takes_files_is_left_as_it_was(tmp_path: Path) -> None:
    found = look_at(tmp_path)
    assert found.problem is None
    assert found.free is not None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_yet_is_judged_by_the_one_above(tmp_path: Path) -> None:
    assert look_at(tmp_path / "a" / "b").problem is None
    assert not (tmp_path / "a").exists()
    (tmp_path / "file").touch()
    assert look_at(tmp_path / "file" / "b").problem == "ENOTDIR"
    assert free_space(tmp_path / "a" / "b") is not None
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert look_at(tmp_path / "dangling").problem == "ENOTDIR"


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __init__(self, descriptor: int) -> None:
            self.descriptor = descriptor

        def write(self, _: bytes) -> int:
            raise OSError(errno.ENOSPC, "full")

        def close(self) -> None:
            os.close(self.descriptor)

    def open_full(descriptor: int, *_: Any, **__: Any) -> Full:
        return Full(descriptor)

    monkeypatch.setattr(landing.os, "fdopen", open_full)
    assert look_at(tmp_path).problem == "ENOSPC"
    assert list(tmp_path.iterdir()) == []
