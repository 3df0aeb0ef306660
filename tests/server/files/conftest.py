"""Settings of the tests of content: no example of a property has a time limit, since the machine may be busy."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from helpers.receiving import NEW, Receiver
from helpers.trees import build, scanned

settings.register_profile("content", deadline=None, derandomize=False)
settings.load_profile("content")


@pytest.fixture
def ordinary_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The test runs as somebody whom permissions bind, also when the tests are started by root."""
    if not hasattr(os, "geteuid"):
        pytest.skip("no users here")
    if os.geteuid() != 0:
        yield
        return
    above = tmp_path_factory.getbasetemp()
    modes = {path: path.stat().st_mode & 0o7777 for path in (above, *above.parents)}
    for path, mode in modes.items():
        if mode & 0o011 != 0o011:
            path.chmod(mode | 0o011)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        for path, mode in modes.items():
            if mode & 0o011 != 0o011:
                path.chmod(mode)


@pytest.fixture
def open_tmp(tmp_path: Path) -> Path:
    """``tmp_path``, where everybody may write; to be asked for before ``ordinary_user``."""
    os.chmod(tmp_path, 0o777)
    return tmp_path


@pytest.fixture(params=[True, False], ids=["descriptors", "paths"])
def by_descriptor(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def two(tmp_path: Path) -> Callable[..., Receiver]:
    """A receiver of one big and one small file, mapped to the top of the receiving folder."""
    source = build(tmp_path / "source", NEW)

    def make(mode: int, **options: Any) -> Receiver:
        return Receiver(scanned({name: source / name for name in NEW}), tmp_path / "target", mode, **options)

    return make
