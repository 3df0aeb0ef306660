"""The manifest that is offered: its pages in order, the next asked for while those that came are checked and kept."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

from blake3 import blake3

from jetstream_server.catalog.stores import IncomingStore
from jetstream_server.files.pages import Page
from jetstream_server.link.errors import PeerViolation
from jetstream_server.link.messages import MAX_PAGES_AT_ONCE, Offer, PageRequest, Pages
from jetstream_server.link.peer import PeerConnection, ask

PAGE_SECONDS: Final = 120.0
OTHER_MANIFEST: Final = "The manifest does not hold what the offer says."


async def fetch_manifest(
    peer: PeerConnection, offer: Offer, store: IncomingStore, id: str, in_thread: Callable[..., Awaitable[Any]]
) -> None:
    """Take the pages of *offer* into the catalog, in place of what is there of transfer *id*.

    :param in_thread: runs what takes time beside the loop.
    :raises PeerViolation, DamagedPage, UnsafePath: if they are not what was offered, or make no sense.
    """
    hasher = blake3()
    entry = size = number = 0
    await store.replace_checkpoint(id, [])
    await store.delete_pages(id)
    async with fetched_pages(peer, offer) as batches:
        async for batch in batches:
            rows = []
            for data, (entries, length) in zip(batch, await in_thread(_checked, batch), strict=True):
                hasher.update(data)
                rows.append((number, entry, size, data))
                number, entry, size = number + 1, entry + entries, size + length
                if entry > offer.entries or size > offer.size:
                    raise PeerViolation(OTHER_MANIFEST)
            await store.add_pages(id, rows)
    if hasher.digest() != offer.digest:
        raise PeerViolation("The manifest arrived damaged.")


def _checked(pages: Sequence[bytes]) -> list[tuple[int, int]]:
    """Entries and bytes of pages that came over the wire."""
    return [(len(page), page.total_bytes) for page in map(Page.decode, pages)]


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
