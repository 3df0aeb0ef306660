"""Our own side: nodes as processes, and transfers between them as any client asks for them."""

import asyncio
import contextlib
import ctypes
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from benchmarks.processes import Command, Process, end, inside
from jetstream.aio import AsyncClient, connect
from jetstream.entities import Manifest, Transfer

NAME: Final = "JetStream"
PROMISES: Final = ("yes", "per block; flushed")
LOOK_SECONDS: Final = 0.04
"""How often a transfer is asked about: so much too late, at worst, its end is seen."""
_CLONE_NEWNET: Final = 0x40000000

T = TypeVar("T")
Question = Callable[[AsyncClient], Awaitable[T]]


class Node:
    """A running node with folders of its own, on loopback or in a network namespace.

    :param options: of its command line, beside those that every node here has.
    """

    def __init__(self, folder: Path, namespace: str | None = None, options: Sequence[str] = ()) -> None:
        self.folder = folder
        self.namespace = namespace
        self.received = folder / "received"
        self._home = folder / "home"
        self._home.mkdir(parents=True)
        host = [] if namespace else ["--api-host", "127.0.0.1"]
        command: Command = [
            sys.executable, "-m", "jetstream_server", "--announce", *host, "--api-port", "0", "--log-level", "warning",
            "--persistent-state-dir", folder / "state", "--sandbox-dir", self.received, *options,
        ]
        with (folder / "log").open("ab") as log:
            self._process: Process = subprocess.Popen(
                inside(namespace, command), stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, "JETSTREAM_HOME": str(self._home)},
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            end(self._process)
            raise RuntimeError(f"the node did not start: {self.log()}")
        ready = json.loads(line)
        self.port: int = ready["port"]
        self.fingerprint: str = ready["fingerprint"]
        self.pid: int = ready["pid"]
        try:
            self._control = _Control(self)
        except BaseException:
            end(self._process)
            raise

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[AsyncClient]:
        """A client of this node, logged in by its ticket. To be used in the node's namespace."""
        client = await self.connect()
        try:
            yield client
        finally:
            await client.close()

    async def connect(self) -> AsyncClient:
        """The same, for who closes it by hand. Connections to different nodes must be made one after the other."""
        os.environ["JETSTREAM_HOME"] = str(self._home)
        return await connect("127.0.0.1", self.port, timeout=60, verify=self.fingerprint)

    def ask(self, question: Question[T]) -> T:
        """What *question* finds out with the client that is always connected to this node."""
        return self._control.ask(question)

    def log(self) -> str:
        """The end of its log."""
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        """End it."""
        self._control.stop()
        end(self._process)
        if self._process.stdout is not None:
            self._process.stdout.close()


class _Control:
    """A client that stays connected to a node, in a thread of its own: network namespaces belong to threads."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, AsyncClient]] = Future()
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)
        self._thread.start()
        self._loop, self._done, self._client = self._ready.result()

    def ask(self, question: Question[T]) -> T:
        """What *question* finds out."""

        async def asked() -> T:
            return await question(self._client)

        return asyncio.run_coroutine_threadsafe(asked(), self._loop).result()

    def stop(self) -> None:
        """Close the connection."""
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            if self._node.namespace:
                enter(self._node.namespace)
            asyncio.run(self._stay())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _stay(self) -> None:
        async with self._node.client() as client:
            done = asyncio.Event()
            self._ready.set_result((asyncio.get_running_loop(), done, client))
            await done.wait()


def enter(namespace: str) -> None:
    """Take this thread into a network namespace, for good."""
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter the network namespace {namespace}")
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def node(folder: Path, namespace: str | None = None, options: Sequence[str] = ()) -> Iterator[Node]:
    """A node that ends with the block. See :class:`Node`."""
    running = Node(folder, namespace, options)
    try:
        yield running
    finally:
        running.stop()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two nodes; the first may send to the second."""

    sender: Node
    receiver: Node
    address: str

    @property
    def pids(self) -> list[int]:
        """Both processes."""
        return [self.sender.pid, self.receiver.pid]

    def list(self, mappings: Mapping[str, str]) -> Manifest:
        """A complete manifest."""
        return self.sender.ask(lambda client: listed(client, mappings))

    def send(self, manifest: Manifest, path: str = "", limit: float | None = None,
             look: Callable[[Transfer], None] | None = None) -> Transfer:
        """Send it below *path* of the receiver, from createTransfer to ``complete``.

        :param limit: seconds after which it is cancelled.
        :param look: called with the transfer each time that it is asked about.
        """
        return self.sender.ask(lambda client: self.sent(client, manifest, path, limit, look))

    async def sent(
        self, client: AsyncClient, manifest: Manifest, path: str = "", limit: float | None = None,
        look: Callable[[Transfer], None] | None = None,
    ) -> Transfer:
        """The same with a client of the sending node."""
        target = await client.send.create_destination(self.address, self.receiver.port)
        start = time.perf_counter()
        transfer = await client.send.create_transfer(target, manifest, destination_path=path)
        while transfer.processing and (limit is None or time.perf_counter() < start + limit):
            await asyncio.sleep(LOOK_SECONDS)
            transfer = await client.send.get_transfer(transfer)
            if look is not None:
                look(transfer)
        if transfer.processing:
            await client.send.cancel_transfer(transfer)
        elif transfer.status != "complete":
            raise RuntimeError(f"the transfer ended as {transfer.status}: {transfer.error_message}\n"
                               f"sender:\n{self.sender.log()}\nreceiver:\n{self.receiver.log()}")
        return transfer


@contextlib.contextmanager
def pair(
    folder: Path, *, namespaces: tuple[str, str] | None = None, address: str = "127.0.0.1", options: Sequence[str] = ()
) -> Iterator[Pair]:
    """Two nodes that know each other.

    :param address: of the receiver, for the sender.
    :param options: of both.
    """
    one, other = namespaces or (None, None)
    with node(folder / "sender", one, options) as sender, node(folder / "receiver", other, options) as receiver:

        async def authorise(client: AsyncClient) -> None:
            await client.server.superuser()
            await client.receive.add_authorized_client(sender.fingerprint, "benchmark")

        receiver.ask(authorise)
        yield Pair(sender, receiver, address)


async def listed(client: AsyncClient, mappings: Mapping[str, str]) -> Manifest:
    """A manifest, when it is complete."""
    manifest = await client.send.create_manifest(mappings)
    while manifest.processing:
        await asyncio.sleep(LOOK_SECONDS)
        manifest = await client.send.get_manifest(manifest)
    if manifest.status != "complete":
        raise RuntimeError(f"the manifest ended as {manifest.status}: {manifest.error_message}")
    return manifest
