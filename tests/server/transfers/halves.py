"""Both halves of a transfer in one process: real streams, real data connections, a real catalog, real files."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.trees import Scanned
from jetstream_server.addresses import bind_datagrams
from jetstream_server.catalog import Catalog
from jetstream_server.link.data import DataPlane
from jetstream_server.link.limiter import Bucket
from jetstream_server.link.messages import Message, Offer, OfferAnswer, OfferState, Stage, StopReason, understand
from jetstream_server.link.peer import Liveness, PeerConnection, PeerIdentity
from jetstream_server.link.udp.port import UdpPort
from jetstream_server.manifests import StoredManifest
from jetstream_server.records import IncomingRecord, ManifestRecord, TransferRecord
from jetstream_server.transfers.jobs import Job, carry_out
from jetstream_server.transfers.live import Live, ReceivingTable, SendingTable, receiving_table, sending_table
from jetstream_server.transfers.receiving import ReceiveSession
from jetstream_server.transfers.sending import SendSession
from jetstream_server.transfers.session import Surroundings
from jetstream_server.transfers.trouble import Outcome

from .made import Clock, MemoryStore, incoming, outgoing


def stored(tree: Scanned) -> StoredManifest:
    """A complete manifest of *tree*."""
    result = tree.result
    record = ManifestRecord(
        id="1", owner="ann", status="complete", total_files=result.files, total_size=result.size,
        entries=result.entries, pages=result.pages, digest=result.digest,
    )
    return StoredManifest(record, tree.stored, tree.pages)


@dataclass
class Side:
    """What a node has around a session, and the port where its data connections arrive."""

    near: Surroundings
    port: int = 0
    tasks: set["asyncio.Task[Any]"] = field(default_factory=set)


@contextlib.asynccontextmanager
async def side(carriers: tuple[str, ...]) -> AsyncIterator[Side]:
    """One node's surroundings."""
    loop, clock = asyncio.get_running_loop(), Clock()
    with ThreadPoolExecutor(4) as executor, socket.create_server(("127.0.0.1", 0)) as listener:
        now = time.monotonic()
        udp = UdpPort()
        udp.listen(bind_datagrams([listener]))
        near = Surroundings(DataPlane(), executor, Bucket(None, now), Bucket(None, now), clock, udp=udp,
                            carriers=carriers)
        here = Side(near, listener.getsockname()[1])
        listener.setblocking(False)

        async def accept() -> None:
            while True:
                sock, _ = await loop.sock_accept(listener)
                task = asyncio.create_task(near.data.accept(sock))
                here.tasks.add(task)
                task.add_done_callback(here.tasks.discard)

        accepting = asyncio.create_task(accept())
        try:
            yield here
        finally:
            for task in (accepting, *here.tasks):
                task.cancel()
            await asyncio.gather(accepting, *here.tasks, return_exceptions=True)
            udp.close()


@contextlib.asynccontextmanager
async def peers(
    first_port: int, second_port: int, rtt: float = 0.0001
) -> AsyncIterator[tuple[PeerConnection, PeerConnection]]:
    """Two ends of a proven session, the first of which dialled. Ports: where each takes data connections."""
    accepted: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = (
        asyncio.get_running_loop().create_future()
    )
    server = await asyncio.start_server(lambda *streams: accepted.set_result(streams), "127.0.0.1", 0)
    async with server:
        dialled = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        made = []
        for streams, name, port in ((dialled, "Second", second_port), (await accepted, "First", first_port)):
            peer = PeerConnection(*streams, stage=Stage.OPEN, liveness=Liveness())
            peer.peer = PeerIdentity(name.lower() * 8, name, name, name, "127.0.0.1", port)
            peer.rtt = rtt
            peer.start()
            made.append(peer)
        try:
            yield made[0], made[1]
        finally:
            for peer in made:
                await peer.close()


class Halves:
    """A transfer of *tree* into *folder*, over as many sessions as it takes."""

    def __init__(self, tree: Scanned, folder: Path, catalog: Catalog, sender: Side, receiver: Side) -> None:
        self.tree = tree
        self.folder = folder
        self.catalog = catalog
        self.sender = sender
        self.receiver = receiver
        self.sending: SendingTable = sending_table(MemoryStore(), sender.near.wall)
        self.receiving: ReceivingTable = receiving_table(catalog.incoming, receiver.near.wall)
        self.out: Live[TransferRecord]
        self.coming: Live[IncomingRecord]
        self.send_job, self.receive_job = Job(), Job()
        self.session: SendSession
        self.taking: asyncio.Task[Outcome] | None = None
        self.answer: OfferAnswer = OfferAnswer(state=OfferState.ACCEPTED)

    async def add(self, rate: int | None = None) -> None:
        """The records of both sides."""
        size, files = self.tree.result.size, self.tree.result.files
        self.out = await self.sending.add(
            outgoing("1", total_bytes=size, total_files=files, checkpoint_seconds=1, send_rate_max=rate)
        )
        self.coming = await self.receiving.add(incoming("1", folder=str(self.folder)))

    def new_session(self, peer: PeerConnection, *, we_dialled: bool) -> SendSession:
        """The sending half."""
        bucket = Bucket(self.out.record.send_rate_max, self.sender.near.steady())
        self.session = SendSession(
            peer, self.out, self.sending, stored(self.tree), self.sender.near, bucket, we_dialled
        )
        return self.session

    def take(self, peer: PeerConnection, offer: Offer, *, we_dialled: bool) -> None:
        """Begin the receiving half."""
        session = ReceiveSession(
            peer, self.coming, self.receiving, self.catalog, offer, self.receiver.near, we_dialled
        )
        self.receive_job = Job()
        self.taking = self.receive_job.task = asyncio.create_task(carry_out(session, self.receive_job))  # type: ignore[assignment]

    async def push(self, peer: PeerConnection, other: PeerConnection) -> Outcome:
        """The sending half of a push over *peer*, with the receiving half at *other*."""

        async def take(params: dict[str, Any]) -> Message:
            if self.answer.state is OfferState.ACCEPTED:
                self.take(other, understand(Offer, params), we_dialled=False)
            return self.answer

        other.on_request("offer", take)
        self.send_job = Job()
        self.send_job.task = asyncio.current_task()
        return await carry_out(self.new_session(peer, we_dialled=True), self.send_job)

    async def pull(self, peer: PeerConnection, other: PeerConnection) -> Outcome:
        """The sending half at *other* of a pull that *peer* dialled."""
        session = self.new_session(other, we_dialled=False)
        self.take(peer, session.offer(), we_dialled=True)
        return await carry_out(session, self.send_job)

    async def stop(self, job: Job, reason: StopReason, message: str = "") -> None:
        """End one half, as the node does."""
        assert job.task is not None
        job.stop_reason, job.stop_message = reason, message
        job.task.cancel()
        await asyncio.wait({job.task})


@contextlib.asynccontextmanager
async def halves(
    tree: Scanned, folder: Path, rate: int | None = None, carriers: tuple[str, ...] = ("tcp",)
) -> AsyncIterator[Halves]:
    """Two nodes' surroundings and one transfer between them. *rate*: the transfer's limit in kbit/s."""
    async with (await Catalog.open(folder.parent / "catalog.db") as catalog, side(carriers) as sender,
                side(carriers) as receiver):
        both = Halves(tree, folder, catalog, sender, receiver)
        await both.add(rate)
        yield both
