"""Two real nodes, the second of which takes files from the first."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.nodes import NodeProcess, nodes


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[NodeProcess]:
    """One node."""
    with nodes(tmp_path, "a") as (node,):
        yield node


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """Two nodes that do not know each other."""
    with nodes(tmp_path, "a", "b") as (first, second):
        yield first, second


@pytest.fixture
async def pair(two: tuple[NodeProcess, NodeProcess]) -> tuple[NodeProcess, NodeProcess]:
    """Two nodes; the second lets the first in."""
    await two[1].let_in(two[0])
    return two
