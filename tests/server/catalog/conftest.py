"""A fresh catalog for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jetstream_server.catalog import Catalog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "catalog.db"


@pytest.fixture
async def catalog(path: Path) -> AsyncIterator[Catalog]:
    async with await Catalog.open(path) as opened:
        yield opened
