"""A manifest as the sharing node shows it: its pages in wire form, and the part of it that a fetching node chose."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from jetstream.errors import InvalidParameters
from jetstream_server.files.choice import choose
from jetstream_server.files.layout import Layout
from jetstream_server.link.blockmap import checked_ranges
from jetstream_server.link.messages import (
    INLINE_BYTES,
    MAX_PAGES_AT_ONCE,
    Listing,
    PageRequest,
    Pages,
    understand,
)
from jetstream_server.manifests import StoredManifest
from jetstream_server.records import TokenRecord
from jetstream_server.transfers.session import Surroundings


def first_pages(manifest: StoredManifest) -> list[bytes]:
    """What of the manifest is small enough to travel with an offer or a listing."""
    pages: list[bytes] = []
    room = INLINE_BYTES
    for stored in manifest.stored_pages[:MAX_PAGES_AT_ONCE]:
        room -= len(stored)
        if room < 0:
            break
        pages += manifest.wire_pages(len(pages), 1)
    return pages


async def asked_pages(near: Surroundings, manifest: StoredManifest, params: dict[str, Any]) -> Pages:
    """The answer to ``page``.

    :raises InvalidParameters: if there are not so many.
    """
    request = understand(PageRequest, params)
    if request.number + request.count > manifest.record.pages:
        raise InvalidParameters("There are not so many pages.", field="number")
    return Pages(pages=await near.in_thread(manifest.wire_pages, request.number, request.count))


def listing_of(manifest: StoredManifest, token: TokenRecord) -> Listing:
    """What *token* gives, to be looked at."""
    record = manifest.record
    left = None if token.download_limit is None else max(0, token.download_limit - token.download_count)
    return Listing(
        label=record.label,
        description=token.description,
        files=record.total_files or 0,
        size=record.total_size or 0,
        entries=record.entries,
        pages=record.pages,
        digest=record.digest,
        expiry_time=token.expiry_time,
        downloads_left=left,
        first_pages=first_pages(manifest),
    )


def part_of(manifest: StoredManifest, entries: Sequence[tuple[int, int]]) -> StoredManifest:
    """The chosen *entries* (first, count) as a manifest of its own. Takes time: for a thread.

    :raises InvalidParameters: if they are none of its entries.
    """
    try:
        ranges = checked_ranges([list(item) for item in entries], manifest.record.entries)
    except ValueError as error:
        raise InvalidParameters("The choice names files that are not shared here.", field="entries") from error
    if not ranges:
        raise InvalidParameters("Nothing is chosen.", field="entries")
    chosen = choose(manifest.stored_pages, ranges, manifest.record.entries)
    record = dataclasses.replace(
        manifest.record, total_files=chosen.files, total_size=chosen.size, entries=chosen.entries,
        pages=len(chosen.pages), digest=chosen.digest,
    )
    return StoredManifest(record, Layout.from_pages(chosen.pages), chosen.pages)
