"""Ends of the udp carrier for the tests that meddle with what is between them."""

from collections.abc import Iterator

import pytest

from helpers.carriers import MemorySource
from helpers.datagrams import Meddle
from helpers.ends import Ends, Make, through
from jetstream_server.link.sealed import SessionKey


@pytest.fixture
def made() -> Iterator[Make]:
    ends: list[Ends] = []

    def make(source: MemorySource, there: Meddle = through, back: Meddle = through,
             key: SessionKey | None = None) -> Ends:
        ends.append(Ends(source, there, back, key))
        return ends[-1]

    yield make
    for each in ends:
        each.close()
