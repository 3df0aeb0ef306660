"""Pages of an offered manifest: in order, the next batch asked for while one is looked at."""

import asyncio
from typing import Any, cast

import pytest

from jetstream_server.link.errors import PeerViolation
from jetstream_server.link.messages import MAX_PAGES_AT_ONCE, Offer, PageRequest
from jetstream_server.link.peer import PeerConnection
from jetstream_server.transfers.fetching import fetched_pages

PAGES = [b"page %d" % number for number in range(3 * MAX_PAGES_AT_ONCE + 5)]


class MadePeer:
    """Answers with pages, as many as it was asked for, less *short*."""

    def __init__(self, short: int = 0) -> None:
        self.asked: list[tuple[int, int]] = []
        self.short = short
        self.let = asyncio.Event()
        self.let.set()
        self.cancelled = 0

    async def request(self, method: str, message: PageRequest, timeout: float) -> dict[str, Any]:
        assert method == "page"
        self.asked.append((message.number, message.count))
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return {"pages": PAGES[message.number : message.number + message.count - self.short]}


def offer(pages: int, first: int) -> Offer:
    return Offer(
        uid="u", label="", files=1, size=1, entries=1, pages=pages, digest=bytes(32), destination_path="",
        overwrite_mode=4, checkpoint_seconds=10, session=bytes(16), key=bytes(32), carriers=["tcp"],
        first_pages=PAGES[:first],
    )


async def taken(peer: MadePeer, pages: int, first: int) -> list[bytes]:
    found: list[bytes] = []
    async with fetched_pages(cast(PeerConnection, peer), offer(pages, first)) as batches:
        async for batch in batches:
            found += batch
    return found


@pytest.mark.parametrize("first", [0, 3])
@pytest.mark.parametrize("pages", [0, 1, 3, MAX_PAGES_AT_ONCE, len(PAGES)])
async def test_all_of_them_in_order(pages: int, first: int) -> None:
    peer = MadePeer()
    assert await taken(peer, pages, first) == PAGES[:pages]
    assert sum(count for _, count in peer.asked) == max(0, pages - first)


async def test_the_next_are_asked_for_meanwhile() -> None:
    peer = MadePeer()
    async with fetched_pages(cast(PeerConnection, peer), offer(len(PAGES), 2)) as batches:
        assert await anext(batches) == PAGES[:2]
        await asyncio.sleep(0)
        assert peer.asked == [(2, MAX_PAGES_AT_ONCE)]
        assert await anext(batches) == PAGES[2 : 2 + MAX_PAGES_AT_ONCE]
        await asyncio.sleep(0)
        assert len(peer.asked) == 2


async def test_leaving_early_waits_for_nothing() -> None:
    peer = MadePeer()
    async with fetched_pages(cast(PeerConnection, peer), offer(len(PAGES), 2)) as batches:
        peer.let.clear()
        await anext(batches)
        await asyncio.sleep(0)
    assert peer.cancelled == 1


async def test_pages_that_are_left_out() -> None:
    with pytest.raises(PeerViolation, match="left out"):
        await taken(MadePeer(short=1), 3, 0)
