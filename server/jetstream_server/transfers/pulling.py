"""Dialling a node that shares: what it gives is looked at first, then fetched, whole or in part."""

from collections.abc import Sequence
from typing import Final

from blake3 import blake3

from jetstream.errors import InvalidParameters, VersionMismatch
from jetstream.links import DOWNLOAD, Link, parse_link
from jetstream.tokens import canonical_token
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.files.errors import ContentError
from jetstream_server.files.pages import Page
from jetstream_server.link.errors import PeerViolation
from jetstream_server.link.handshake import Myself, dial, expect
from jetstream_server.link.messages import (
    MAX_PAGES_AT_ONCE,
    Fetch,
    Listing,
    LoginToken,
    Look,
    Offer,
    PageRequest,
    Pages,
)
from jetstream_server.link.peer import Liveness, PeerConnection, ask

FETCH_SECONDS: Final = 60.0
PAGE_SECONDS: Final = 60.0

Ranges = Sequence[tuple[int, int]]


def download_link(text: str) -> Link:
    """The link in *text*, which has to give files.

    :raises InvalidParameters: if the link is none, or its token has a typing mistake.
    """
    link = parse_link(text)
    if link.action != DOWNLOAD or not link.token or not link.host:
        raise InvalidParameters("This link gives no files: it needs a host and a token.", field="link")
    canonical_token(link.token)
    return link


class SharingNodes:
    """Dials the nodes that links name; each has to show the identity that it showed first."""

    def __init__(self, catalog: Catalog, myself: Myself, liveness: Liveness) -> None:
        self._catalog = catalog
        self._myself = myself
        self._liveness = liveness

    async def dial(self, link: Link) -> PeerConnection:
        """A session with the node of *link*.

        :raises LinkError: in its kinds.
        """
        async def check(presented: str) -> None:
            pinned = await self._catalog.pins.get(link.host, link.port)
            await expect(pinned, f"{link.host}:{link.port}")(presented)
            if pinned is None:
                await self._catalog.pins.set(link.host, link.port, presented)

        return await dial(link.host, link.port, self._myself, check, self._liveness)


async def log_in(peer: PeerConnection, link: Link, password: str | None) -> None:
    """Show the token.

    :raises JetStreamError: if the other node refuses it.
    """
    await peer.request("loginToken", LoginToken(token=link.token or "", password=password))


async def look(peer: PeerConnection) -> Listing:
    """What the token gives.

    :raises VersionMismatch: if the other node is too old to show it.
    """
    try:
        return await ask(peer, "look", Look(), Listing, FETCH_SECONDS)
    except InvalidParameters as error:
        raise _too_old(peer, error, "cannot show what it shares before it is fetched") from error


async def fetch(peer: PeerConnection, uid: str | None, chosen: Ranges | None) -> Offer:
    """Ask for everything, or for the *chosen* entries (first, count).

    :param uid: of an earlier try that should go on.
    :raises VersionMismatch: if the other node is too old to give a part.
    """
    if chosen is None:
        return await ask(peer, "fetch", Fetch(uid=uid), Offer, FETCH_SECONDS)
    wanted = Fetch(uid=uid, entries=list(chosen))
    try:
        return await ask(peer, "fetchChosen", wanted, Offer, FETCH_SECONDS)
    except InvalidParameters as error:
        raise _too_old(peer, error, "can only give everything at once") from error


def _too_old(peer: PeerConnection, error: InvalidParameters, what: str) -> Exception:
    if error.facts.get("field") != "method":
        return error
    name = peer.peer.name if peer.peer is not None else "The other node"
    return VersionMismatch(f"{name} runs an older JetStream, which {what}. Update it, or get everything.")


async def all_pages(peer: PeerConnection, listing: Listing, most_bytes: int) -> list[bytes] | None:
    """The pages of a listing in wire form, checked; ``None`` if they take more than *most_bytes*.

    :raises PeerViolation: if they are not what the listing says.
    """
    pages = list(listing.first_pages[: listing.pages])
    while len(pages) < listing.pages:
        if sum(map(len, pages)) > most_bytes:
            return None
        count = min(MAX_PAGES_AT_ONCE, listing.pages - len(pages))
        got = (await ask(peer, "page", PageRequest(number=len(pages), count=count), Pages, PAGE_SECONDS)).pages
        if len(got) != count:
            raise PeerViolation("The other node left out pages of the manifest.")
        pages += got
    return pages


def checked_page_sizes(listing: Listing, pages: Sequence[bytes]) -> list[int]:
    """How many entries each page has. Takes time: for a thread.

    :raises PeerViolation: if the pages are damaged or not what the listing says.
    """
    hasher = blake3()
    sizes: list[int] = []
    try:
        for data in pages:
            hasher.update(data)
            sizes.append(len(Page.decode(data)))
    except ContentError as error:
        raise PeerViolation(f"The other node sent a manifest that makes no sense: {error}") from error
    if hasher.digest() != listing.digest or sum(sizes) != listing.entries:
        raise PeerViolation("The manifest does not hold what the other node says.")
    return sizes
