"""Positioned reading and writing, with and without the system's calls for it."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from jetstream_server.files import rawio


@pytest.fixture(params=[True, False], ids=["positioned", "seeking"])
def raw(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    if request.param:
        return rawio
    monkeypatch.delattr(os, "pwrite")
    spec = importlib.util.spec_from_file_location("rawio_without", rawio.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert not module.SHARED_DESCRIPTORS
    return module


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    opened = os.open(tmp_path / "f", os.O_RDWR | os.O_CREAT)
    yield opened
    os.close(opened)


def test_there_and_back(raw: ModuleType, fd: int) -> None:
    raw.write_at(fd, memoryview(b"abc"), 5)
    buffer = bytearray(10)
    assert raw.read_at(fd, memoryview(buffer), 4) == 4
    assert buffer == b"\0abc" + bytes(6)
    assert raw.read_at(fd, memoryview(buffer), 100) == 0
    assert raw.equals_at(fd, memoryview(b"bc"), 6)
    assert not raw.equals_at(fd, memoryview(b"bd"), 6)
    assert not raw.equals_at(fd, memoryview(b"bcd"), 6)


def test_zeros(raw: ModuleType, fd: int) -> None:
    raw.write_at(fd, memoryview(b"x" * (3 << 20)), 0)
    raw.write_zeros(fd, 100, 2 << 20)
    raw.write_zeros(fd, (3 << 20) + 100, 5)
    buffer = memoryview(bytearray(4 << 20))
    assert raw.read_at(fd, buffer, 0) in (3 << 20, (3 << 20) + 105)
    assert bytes(buffer[: 3 << 20]) == b"x" * 100 + bytes(2 << 20) + b"x" * ((1 << 20) - 100)


def test_copying_and_comparing(raw: ModuleType, fd: int, tmp_path: Path) -> None:
    content = os.urandom((2 << 20) + 77)
    raw.write_at(fd, memoryview(content), 0)
    other = os.open(tmp_path / "g", os.O_RDWR | os.O_CREAT)
    try:
        assert raw.copy_range(fd, other, 0, len(content))
        assert raw.same_content(fd, other)
        assert not raw.copy_range(fd, other, 10, len(content))
        os.truncate(other, len(content) - 1)
        assert not raw.same_content(fd, other)
        raw.write_at(other, memoryview(b"?"), len(content) - 1)
        assert raw.same_content(fd, other) is (content[-1:] == b"?")
    finally:
        os.close(other)
