"""What a fetching node says when the sharing one is older than choices, or lies about its list."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from helpers.liars import somebody
from jetstream.errors import InvalidParameters, VersionMismatch
from jetstream.protocol.limits import ALPN_PEER
from jetstream_server.access.identity import server_tls
from jetstream_server.link.errors import PeerViolation
from jetstream_server.link.handshake import Answering, dial, expect
from jetstream_server.link.messages import Listing, Message, Pages
from jetstream_server.link.peer import Liveness, PeerConnection
from jetstream_server.transfers.pulling import all_pages, checked_page_sizes, fetch, look


@contextlib.asynccontextmanager
async def sharing(folder: Path, answers: dict[str, Any]) -> AsyncIterator[PeerConnection]:
    """A session with a node that knows the methods of *answers* and no others."""
    myself = somebody(folder / "node", "Studio B")

    def proven(peer: PeerConnection) -> None:
        for method, answer in answers.items():
            peer.on_request(method, answer)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = PeerConnection(reader, writer, liveness=Liveness())
        await Answering(peer, myself, ("127.0.0.1", 1), proven).run()
        await peer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_tls(myself.identity, [ALPN_PEER]))
    async with server:
        port = server.sockets[0].getsockname()[1]
        peer = await dial("127.0.0.1", port, somebody(folder / "guest", "guest"), expect(None, "there"))
        try:
            yield peer
        finally:
            await peer.close()


async def test_an_older_node_is_named(tmp_path: Path) -> None:
    async with sharing(tmp_path, {}) as peer:
        with pytest.raises(VersionMismatch, match="Studio B runs an older JetStream, which cannot show"):
            await look(peer)
        with pytest.raises(VersionMismatch, match="Studio B runs an older JetStream, which can only give everything"):
            await fetch(peer, None, [(0, 1)])


async def test_what_the_sharing_node_refuses_is_told_as_it_says(tmp_path: Path) -> None:
    async def refuse(_: dict[str, Any]) -> Message:
        raise InvalidParameters("The choice names files that are not shared here.", field="entries")

    async with sharing(tmp_path, {"fetchChosen": refuse}) as peer:
        with pytest.raises(InvalidParameters, match="not shared here"):
            await fetch(peer, None, [(0, 1)])


def listing(pages: int) -> Listing:
    return Listing(label="x", files=1, size=1, entries=1, pages=pages, digest=bytes(32))


async def test_a_list_that_is_not_what_it_says(tmp_path: Path) -> None:
    async def page(_: dict[str, Any]) -> Message:
        return Pages(pages=[b"x" * 1000] * 3)

    async with sharing(tmp_path, {"page": page}) as peer:
        with pytest.raises(PeerViolation, match="left out"):
            await all_pages(peer, listing(2), 10_000)
    with pytest.raises(PeerViolation, match="makes no sense"):
        checked_page_sizes(listing(1), [b"rubbish"])
    with pytest.raises(PeerViolation, match="does not hold"):
        checked_page_sizes(listing(0), [])
