"""Nodes that lie: real handshakes with an identity of their own, and then whatever a script says."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from blake3 import blake3

from helpers.trees import Scanned
from jetstream.constants import BLOCK_SIZE
from jetstream.protocol.limits import ALPN_PEER
from jetstream_server.access.identity import load_or_create, server_tls
from jetstream_server.link.data import dial_data
from jetstream_server.link.handshake import Answering, Myself, dial, expect
from jetstream_server.link.messages import Message, Offer, OfferAnswer, OfferState, PageRequest, Pages, Stop, understand
from jetstream_server.link.peer import PeerConnection, ask
from jetstream_server.link.sealed import MAX_PAYLOAD, RECORD_OVERHEAD, Kind, Sealer, SessionKey

KEY = SessionKey(bytes(range(16)), bytes(range(32)))


def somebody(folder: Path, name: str = "Liar") -> Myself:
    """A node's face, with an identity kept in *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    return Myself(load_or_create(folder), uuid.uuid4().hex, uuid.uuid4().hex, name, "0.1.0")


class LyingSender:
    """Offers what it is told to; :attr:`pages` is what it answers when asked for pages."""

    def __init__(self, peer: PeerConnection, pages: Sequence[bytes], port: int) -> None:
        self._port = port
        self.peer = peer
        self.pages = list(pages)
        self.have: asyncio.Future[list[list[int]]] = asyncio.get_running_loop().create_future()
        self.completed: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.stopped: asyncio.Future[Stop] = asyncio.get_running_loop().create_future()
        peer.on_request("page", self._page)
        peer.on_request("begin", self._begin)
        peer.on_request("complete", self._complete)
        peer.on_notification("stop", self._stop)

    async def _page(self, params: dict[str, Any]) -> Message:
        request = understand(PageRequest, params)
        return Pages(pages=self.pages[request.number : request.number + request.count])

    async def _begin(self, params: dict[str, Any]) -> None:
        self.have.set_result(params["have"])

    async def _complete(self, params: dict[str, Any]) -> None:
        self.completed.set_result(params)

    def _stop(self, params: dict[str, Any]) -> None:
        if not self.stopped.done():
            self.stopped.set_result(understand(Stop, params))

    async def offer(self, **changes: Any) -> OfferAnswer:
        """Offer the pages honestly, but for *changes*."""
        return await ask(self.peer, "offer", self.honest(**changes), OfferAnswer)

    def honest(self, **changes: Any) -> Offer:
        """The offer that fits :attr:`pages`, but for *changes*."""
        values: dict[str, Any] = {
            "uid": uuid.uuid4().hex, "label": "a lie", "files": 1, "size": 0, "entries": 1, "pages": len(self.pages),
            "digest": blake3(b"".join(self.pages)).digest(), "session": KEY.session, "key": KEY.key,
            "carriers": ["tcp"], "checkpoint_seconds": 1,
        }
        return Offer(**{**values, **changes})

    async def records(self, records: Sequence[tuple[int, Kind, bytes]], number: int = 1) -> None:
        """Send records over a data connection of their own, ended properly."""
        sock = await dial_data("127.0.0.1", self._port, KEY, number)
        sealer = Sealer(KEY, number)
        out = memoryview(bytearray(MAX_PAYLOAD + RECORD_OVERHEAD))
        with sock:
            for block, kind, payload in [*records, (0, Kind.END, b"")]:
                await asyncio.get_running_loop().sock_sendall(sock, out[: sealer.seal(block, kind, payload, out)])


@contextlib.asynccontextmanager
async def lying_sender(port: int, myself: Myself, pages: Sequence[bytes]) -> AsyncIterator[LyingSender]:
    """A proven session with the node at *port*."""
    peer = await dial("127.0.0.1", port, myself, expect(None, "there"))
    try:
        yield LyingSender(peer, pages, port)
    finally:
        await peer.close()


def facts_of(tree: Scanned) -> dict[str, int]:
    """What an honest offer of *tree* says."""
    result = tree.result
    return {"files": result.files, "size": result.size, "entries": result.entries}


def blocks_of(content: bytes) -> list[tuple[int, Kind, bytes]]:
    """A stream of one file as honest records."""
    return [
        (first // BLOCK_SIZE, Kind.DATA, content[first : first + BLOCK_SIZE])
        for first in range(0, len(content), BLOCK_SIZE)
    ]


Script = Callable[[PeerConnection, Offer], Any]


@contextlib.asynccontextmanager
async def listening(myself: Myself, proven: Callable[[PeerConnection], None]) -> AsyncIterator[int]:
    """A node that answers what *proven* makes a session answer; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = PeerConnection(reader, writer)
        try:
            await Answering(peer, myself, writer.get_extra_info("peername")[:2], proven).run()
        finally:
            await peer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_tls(myself.identity, [ALPN_PEER]))
    async with server:
        yield server.sockets[0].getsockname()[1]


@contextlib.asynccontextmanager
async def lying_receiver(myself: Myself, script: Script, answer: Any = None) -> AsyncIterator[int]:
    """A node that takes every offer (or answers *answer*) and then runs *script*; its port."""
    tasks: set[asyncio.Task[Any]] = set()

    def proven(peer: PeerConnection) -> None:
        async def offer(params: dict[str, Any]) -> Message:
            task = asyncio.create_task(script(peer, understand(Offer, params)))
            tasks.add(task)
            return answer if answer is not None else OfferAnswer(state=OfferState.ACCEPTED)

        peer.on_request("offer", offer)

    async with listening(myself, proven) as port:
        yield port
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, AssertionError):
                raise result
