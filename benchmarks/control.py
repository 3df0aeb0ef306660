"""How fast a node answers its clients, idle and while a transfer runs at full rate."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from benchmarks import ours
from benchmarks.common import Context, Row, percentile
from benchmarks.large import write_source
from benchmarks.machine import MIB, warm
from jetstream.aio import AsyncClient
from jetstream.entities import Manifest

FILE_SIZE: Final = 1 << 30
FULL_SECONDS: Final = 10
PAUSE_SECONDS: Final = 0.005


@dataclass(frozen=True, slots=True)
class Latencies:
    """Seconds that each call took."""

    node: str
    state: str
    seconds: list[float]

    def line(self) -> list[str]:
        """For the table."""
        p50, p99 = (percentile(self.seconds, share) * 1000 for share in (0.5, 0.99))
        return [self.node, self.state, f"{len(self.seconds):,}", f"{p50:.2f}", f"{p99:.2f}",
                f"{max(self.seconds) * 1000:.2f}"]


def row(context: Context) -> Row:
    """Measure it."""
    size, lasting = context.scaled(FILE_SIZE, MIB), max(1.0, FULL_SECONDS * context.size)
    source = write_source(context.folder / "control" / "source.bin", size)
    with ours.pair(context.folder / "control" / "nodes") as pair, context.lock():
        manifest = pair.list({"large.bin": str(source)})
        warm(source)
        pair.send(manifest)
        found, rates = asyncio.run(_both(pair, manifest, lasting))
    columns = ["getTransfers of the", "while", "calls", "p50 ms", "p99 ms", "longest ms"]
    notes = [f"One client, one call after the other with {PAUSE_SECONDS * 1000:.0f} ms between them, on the same "
             f"machine as both nodes. {len(rates)} transfers of {size / MIB:,.0f} MiB one after the other, at "
             f"{percentile(rates, 0.5):,.0f} MiB/s each; calls in between are not counted."]
    data = {"latencies": [{"node": e.node, "while": e.state, "seconds": e.seconds} for e in found], "rates": rates}
    return Row("Control calls while a transfer runs at full rate", columns, [each.line() for each in found], notes,
               data)


async def _both(pair: ours.Pair, manifest: Manifest, lasting: float) -> tuple[list[Latencies], list[float]]:
    async with pair.sender.client() as worker, pair.sender.client() as sending, pair.receiver.client() as receiving:
        busy, over = asyncio.Event(), asyncio.Event()
        idle = [_Caller("sending node", sending), _Caller("receiving node", receiving)]
        busy.set()
        asyncio.get_running_loop().call_later(lasting, over.set)
        await asyncio.gather(*(caller.call(busy, over) for caller in idle))
        busy.clear()
        over.clear()
        loaded = [_Caller("sending node", sending), _Caller("receiving node", receiving)]
        calls = asyncio.gather(*(caller.call(busy, over) for caller in loaded))
        rates = await _transfers(pair, worker, manifest, lasting, busy)
        over.set()
        await calls
    return [*(Latencies(c.node, "idle", c.seconds) for c in idle),
            *(Latencies(c.node, "a transfer runs", c.seconds) for c in loaded)], rates


async def _transfers(pair: ours.Pair, worker: AsyncClient, manifest: Manifest, lasting: float,
                     busy: asyncio.Event) -> list[float]:
    """Transfers, for so many seconds of full rate; returns MiB/s of each."""
    rates: list[float] = []
    spent = 0.0
    while spent < lasting:
        (pair.receiver.received / "large.bin").unlink()
        start = time.perf_counter()
        busy.set()
        transfer = await pair.sent(worker, manifest)
        busy.clear()
        taken = time.perf_counter() - start
        spent += taken
        rates.append((transfer.total_bytes or 0) / MIB / taken)
    return rates


class _Caller:
    """Asks a node again and again, while *busy* is set, until *over*."""

    def __init__(self, node: str, client: AsyncClient) -> None:
        self.node = node
        self.seconds: list[float] = []
        self._client = client

    async def call(self, busy: asyncio.Event, over: asyncio.Event) -> None:
        """Until *over* is set."""
        group = self._client.send if self.node.startswith("sending") else self._client.receive
        while not over.is_set():
            counted = busy.is_set()
            start = time.perf_counter()
            await group.get_transfers()
            if counted and busy.is_set():
                self.seconds.append(time.perf_counter() - start)
            await asyncio.sleep(PAUSE_SECONDS)
