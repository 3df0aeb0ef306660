"""Storing pages while the next are found: one batch under way at most, in order, and no failure gets lost."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from jetstream_server.catalog.stores import StoredPage
from jetstream_server.files.pagestream import LocalPage
from jetstream_server.pagekeeper import PageKeeper

PAGES = [LocalPage(number, number * 10, number * 100, b"page %d" % number) for number in range(3)]
ROWS = [(page.number, page.first_entry, page.first_byte, page.data) for page in PAGES]


class SlowCatalog:
    """Takes a batch when it is let; fails if told to."""

    def __init__(self) -> None:
        self.batches: list[Sequence[StoredPage]] = []
        self.stored: list[StoredPage] = []
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()
        self.failure: Exception | None = None

    async def add(self, rows: Sequence[StoredPage]) -> None:
        self.batches.append(rows)
        self.asked.set()
        await self.go_on.wait()
        if self.failure is not None:
            raise self.failure
        self.stored += rows


@pytest.fixture
async def catalog() -> SlowCatalog:
    return SlowCatalog()


@pytest.fixture
async def keeper(catalog: SlowCatalog) -> PageKeeper:
    return PageKeeper(catalog.add, in_this_loop())


def in_this_loop() -> Callable[[Coroutine[Any, Any, None]], Future[None]]:
    loop = asyncio.get_running_loop()
    return lambda work: asyncio.run_coroutine_threadsafe(work, loop)


async def test_the_scan_goes_on_while_one_batch_is_stored(catalog: SlowCatalog, keeper: PageKeeper) -> None:
    await asyncio.to_thread(keeper.keep, PAGES[:2])
    assert catalog.stored == []
    second = asyncio.create_task(asyncio.to_thread(keeper.keep, PAGES[2:]))
    await catalog.asked.wait()
    assert catalog.batches == [ROWS[:2]]
    assert not second.done()
    catalog.go_on.set()
    await second
    await asyncio.to_thread(keeper.settle)
    assert catalog.stored == ROWS


@pytest.mark.parametrize("then", ["keep", "settle"])
async def test_a_failure_is_raised_by_what_comes_next(catalog: SlowCatalog, keeper: PageKeeper, then: str) -> None:
    catalog.failure = OSError("no room")
    catalog.go_on.set()
    await asyncio.to_thread(keeper.keep, PAGES[:2])
    with pytest.raises(OSError, match="no room"):
        await asyncio.to_thread(lambda: keeper.keep(PAGES[2:]) if then == "keep" else keeper.settle())
    await asyncio.to_thread(keeper.settle)
    assert catalog.batches == [ROWS[:2]]
