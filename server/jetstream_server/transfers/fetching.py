"""The pages of a manifest that is offered, in order: the next are asked for while those that came are looked at."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from jetstream_server.link.errors import PeerViolation
from jetstream_server.link.messages import MAX_PAGES_AT_ONCE, Offer, PageRequest, Pages
from jetstream_server.link.peer import PeerConnection, ask

PAGE_SECONDS: Final = 120.0


@contextlib.asynccontextmanager
async def fetched_pages(peer: PeerConnection, offer: Offer) -> AsyncIterator[AsyncIterator[list[bytes]]]:
    """Batches of pages, the first of which may have come with the offer.

    What is under way when the block is left is not waited for.

    :raises PeerViolation: while they are taken, if the other node leaves pages out.
    """
    batches = _batches(peer, offer)
    async with contextlib.aclosing(batches):
        yield batches


async def _batches(peer: PeerConnection, offer: Offer) -> AsyncGenerator[list[bytes], None]:
    pages = offer.first_pages[: offer.pages]
    number = len(pages)
    ahead = _ask_for(peer, number, offer.pages)
    try:
        if pages:
            yield pages
        while ahead is not None:
            pages = await ahead
            number += len(pages)
            ahead = _ask_for(peer, number, offer.pages)
            yield pages
    finally:
        if ahead is not None:
            ahead.cancel()
            await asyncio.gather(ahead, return_exceptions=True)


def _ask_for(peer: PeerConnection, number: int, total: int) -> "asyncio.Task[list[bytes]] | None":
    if number >= total:
        return None
    return asyncio.create_task(_asked(peer, number, min(MAX_PAGES_AT_ONCE, total - number)), name=f"page-{number}")


async def _asked(peer: PeerConnection, number: int, count: int) -> list[bytes]:
    pages = (await ask(peer, "page", PageRequest(number=number, count=count), Pages, PAGE_SECONDS)).pages
    if len(pages) != count:
        raise PeerViolation("The other node left out pages of the manifest.")
    return pages
