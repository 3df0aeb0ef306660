"""What a link gives, before anything is fetched. Lists are kept for a while, so that turning their pages is quick."""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from jetstream.errors import ConnectionFailed, LimitExceeded, ServerIdentityChanged
from jetstream_server.files.pages import Page
from jetstream_server.link.errors import IdentityChanged, LinkError
from jetstream_server.link.messages import Listing
from jetstream_server.link.peer import PeerConnection, PeerIdentity
from jetstream_server.listing import listed, shared_files
from jetstream_server.transfers.pulling import (
    SharingNodes,
    all_pages,
    checked_page_sizes,
    download_link,
    log_in,
    look,
)
from jetstream_server.transfers.session import Surroundings

KEPT: Final = 4
KEPT_SECONDS: Final = 600.0
MAX_BYTES: Final = 64 << 20
"""Pages of one list: about a million files."""

Key = tuple[str, str, str | None]


@dataclass(frozen=True)
class Preview:
    """A list as it was at *time* (steady seconds)."""

    listing: Listing
    who: PeerIdentity
    pages: list[bytes]
    first_entries: list[int]
    first_files: list[int]
    """How many mappings lie before each page, and in the end how many there are."""
    time: float

    def files(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """File mappings from number *offset* on. Takes time: for a thread."""
        result: list[dict[str, Any]] = []
        for number, data in enumerate(self.pages):
            first, following = self.first_files[number : number + 2]
            if following > offset and len(result) < limit:
                wanted = slice(max(0, offset - first), offset - first + limit)
                result += shared_files(Page.decode(data), self.first_entries[number], wanted)
        return result


class Previews:
    """Looks at what links give."""

    def __init__(self, nodes: SharingNodes, near: Surroundings) -> None:
        self._nodes = nodes
        self._near = near
        self._kept: OrderedDict[Key, Preview] = OrderedDict()

    async def page(self, owner: str, link: str, password: str | None, offset: int, limit: int) -> dict[str, Any]:
        """The documented answer: who shares what until when, and a page of the files.

        The sharing node is asked for the page at *offset* 0; the pages after it come from the same list.

        :raises JetStreamError: if it cannot be reached, refuses, or is too old.
        """
        key = (owner, link, password)
        self._forget_old()
        found = self._kept.get(key) if offset else None
        if found is None:
            found = self._kept[key] = await self._look(link, password)
            self._kept.move_to_end(key)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        files = await self._near.in_thread(found.files, offset, limit)
        listing, following = found.listing, offset + len(files)
        return {
            "label": listing.label,
            "description": listing.description,
            "sourceName": found.who.name,
            "sourcePublicKey": found.who.fingerprint,
            "totalFiles": listing.files,
            "totalSize": listing.size,
            "expiryTime": listing.expiry_time,
            "downloadsLeft": listing.downloads_left,
            "files": files,
            "nextOffset": following if files and following < found.first_files[-1] else None,
        }

    def _forget_old(self) -> None:
        now = self._near.steady()
        for key in [key for key, found in self._kept.items() if now - found.time > KEPT_SECONDS]:
            del self._kept[key]

    async def _look(self, text: str, password: str | None) -> Preview:
        link = download_link(text)
        try:
            peer = await self._nodes.dial(link)
            try:
                await log_in(peer, link, password)
                return await self._listed(peer)
            finally:
                await peer.close()
        except IdentityChanged as error:
            raise ServerIdentityChanged(error.message) from error
        except LinkError as error:
            raise ConnectionFailed(error.message) from error

    async def _listed(self, peer: PeerConnection) -> Preview:
        assert peer.peer is not None
        listing = await look(peer)
        pages = await all_pages(peer, listing, MAX_BYTES)
        if pages is None:
            raise LimitExceeded(
                f"There are {listing.files} files, too many to be listed here before they are fetched. Get everything."
            )
        return await self._near.in_thread(_preview, listing, peer.peer, pages, self._near.steady())


def _preview(listing: Listing, who: PeerIdentity, pages: list[bytes], now: float) -> Preview:
    sizes = checked_page_sizes(listing, pages)
    counts = [int(listed(Page.decode(data)).sum()) for data in pages]
    return Preview(
        listing, who, pages, list(accumulate(sizes, initial=0)), list(accumulate(counts, initial=0)), now
    )
