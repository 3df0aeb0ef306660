"""Real nodes as processes on loopback, each with folders of its own, and what tests want to know of them."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from blake3 import blake3

from jetstream.aio import AsyncClient, connect

START_SECONDS = 30
Look = TypeVar("Look")


@dataclass
class NodeProcess:
    """One node. Its clients find their way in by :attr:`environment` (the ticket) and :attr:`port`."""

    folder: Path
    options: list[str] = field(default_factory=list)
    port: int = 0
    fingerprint: str = ""
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def received(self) -> Path:
        return self.folder / "received"

    @property
    def environment(self) -> dict[str, str]:
        """For clients and the command line: this node's home."""
        return {**os.environ, "JETSTREAM_HOME": str(self.folder / "home"), "HOME": str(self.folder / "home")}

    def start(self) -> "NodeProcess":
        """Start it (again, on the same port) and wait until it accepts connections."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "home").mkdir(exist_ok=True)
        command = [
            sys.executable, "-m", "jetstream_server", "--announce", "--api-host", "127.0.0.1",
            "--api-port", str(self.port), "--persistent-state-dir", str(self.state),
            "--sandbox-dir", str(self.received), *self.options,
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env=self.environment, start_new_session=True
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the node did not start:\n{self.log()}"
        ready = json.loads(line)
        self.port, self.fingerprint = ready["port"], ready["fingerprint"]
        return self

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[AsyncClient]:
        """A client that is logged in by this node's ticket."""
        before = os.environ.get("JETSTREAM_HOME")
        os.environ["JETSTREAM_HOME"] = self.environment["JETSTREAM_HOME"]
        try:
            client = await connect("127.0.0.1", self.port)
        finally:
            if before is None:
                del os.environ["JETSTREAM_HOME"]
            else:
                os.environ["JETSTREAM_HOME"] = before
        async with client:
            yield client

    async def let_in(self, other: "NodeProcess") -> None:
        """From now on *other* may send here."""
        async with self.client() as client:
            await client.server.superuser()
            await client.receive.add_authorized_client(other.fingerprint)

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Stop gracefully; returns the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(number)
        assert process.stdout is not None
        with process.stdout:
            return process.wait(START_SECONDS)


@contextlib.contextmanager
def nodes(folder: Path, *names: str, options: dict[str, list[str]] | None = None) -> Iterator[list[NodeProcess]]:
    """Running nodes called *names*; whatever is left of them ends with the block."""
    made = [NodeProcess(folder / name, (options or {}).get(name, [])) for name in names]
    try:
        yield [node.start() for node in made]
    finally:
        for node in made:
            node.kill()


def tree(folder: Path) -> dict[bytes, Any]:
    """Everything below *folder* by relative path: BLAKE3 of files, target of links, None for folders."""
    base = os.fsencode(folder)
    found: dict[bytes, Any] = {}
    for path, folders, files in os.walk(base):
        for name in folders + files:
            whole = os.path.join(path, name)
            key = os.path.relpath(whole, base)
            if os.path.islink(whole):
                found[key] = ("link", os.readlink(whole))
            elif os.path.isdir(whole):
                found[key] = None
            else:
                hasher = blake3()
                hasher.update_mmap(os.fsdecode(whole)) if os.path.getsize(whole) > 1 << 20 else hasher.update(
                    Path(os.fsdecode(whole)).read_bytes()
                )
                found[key] = hasher.hexdigest()
    return found


def make_tree(folder: Path, *, small: int = 40, large: int = 2, large_size: int = 3 << 20, seed: int = 1) -> Path:
    """A folder with small files, large ones, an empty one, an empty folder and awkward names."""
    import random

    source = random.Random(seed)
    folder.mkdir(parents=True)
    for number in range(small):
        below = folder / f"d{number % 5}" / ("deep" if number % 3 else "")
        below.mkdir(parents=True, exist_ok=True)
        (below / f"file {number}.txt").write_bytes(source.randbytes(source.randrange(0, 9000)))
    for number in range(large):
        (folder / f"large{number}.bin").write_bytes(source.randbytes(large_size + number))
    (folder / "empty.dat").touch()
    (folder / "an empty folder").mkdir()
    (folder / "new\nline").write_text("x")
    (folder / "grüße").write_text("ü")
    Path(os.fsdecode(os.fsencode(folder) + b"/not utf-8 \xff\xfe")).write_text("bytes")
    return folder


async def until(look: Callable[[], Awaitable[Look]], fits: Callable[[Look], bool], seconds: float = 60) -> Look:
    """Ask *look* until its answer *fits*, and return that answer; fails after *seconds*."""
    async with asyncio.timeout(seconds):
        while True:
            found = await look()
            if fits(found):
                return found
            await asyncio.sleep(0.02)
