"""A catalog, and hashing that costs nothing."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from jetstream_server.access.passwords import Passwords
from jetstream_server.catalog import Catalog


@pytest.fixture
async def catalog(tmp_path: Path) -> AsyncIterator[Catalog]:
    async with await Catalog.open(tmp_path / "state" / "catalog.db") as opened:
        yield opened


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield cheap
    cheap.close()
