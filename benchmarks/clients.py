"""Many clients of one node, each asking once a second."""

import asyncio
import time
from typing import Final

from benchmarks import ours
from benchmarks.common import Context, Row, percentile
from benchmarks.large import write_source
from benchmarks.machine import MIB, cpu_of, peak_memory
from jetstream.aio import AsyncClient

FULL_CLIENTS: Final = 500
SECONDS: Final = 20
INTERVAL: Final = 1.0
TRANSFERS: Final = 10


def row(context: Context) -> Row:
    """Measure it."""
    clients = context.scaled(FULL_CLIENTS)
    folder = context.folder / "clients"
    source = write_source(folder / "source.bin", MIB)
    with ours.pair(folder / "nodes") as pair, context.lock():
        manifest = pair.list({"small.bin": str(source)})
        for _ in range(TRANSFERS):
            pair.send(manifest)
        connecting, seconds, cpu = asyncio.run(_crowd(pair.sender, clients))
        memory = peak_memory(pair.sender.pid)
    columns = ["clients", "calls", "p50 ms", "p99 ms", "longest ms", "CPU of the node, cores", "its memory, MiB"]
    line = [str(clients), f"{len(seconds):,}", *(f"{value * 1000:.2f}" for value in (
        percentile(seconds, 0.5), percentile(seconds, 0.99), max(seconds))), f"{cpu:.3f}", f"{memory / MIB:.0f}"]
    notes = [f"getTransfers with {TRANSFERS} transfers, over TLS, every client at its own moment of the second, for "
             f"{SECONDS} s; all clients in one process beside the node. Connecting and logging in all of them took "
             f"{connecting:.2f} s."]
    data = {"clients": clients, "connectSeconds": connecting, "seconds": seconds, "cpuCores": cpu, "peakMemory": memory}
    return Row(f"{clients} clients polling once a second", columns, [line], notes, data)


async def _crowd(node: ours.Node, count: int) -> tuple[float, list[float], float]:
    """Seconds that connecting took, seconds of each call, and the share of a core that the node used."""
    start = time.perf_counter()
    clients = [await node.connect() for _ in range(count)]
    connecting = time.perf_counter() - start
    seconds: list[float] = []
    begin = time.perf_counter()
    cpu = cpu_of([node.pid])
    await asyncio.gather(*(_poll(client, begin + INTERVAL * number / count, seconds)
                           for number, client in enumerate(clients)))
    used = (cpu_of([node.pid]) - cpu) / (time.perf_counter() - begin)
    await asyncio.gather(*(client.close() for client in clients))
    return connecting, seconds, used


async def _poll(client: AsyncClient, first: float, seconds: list[float]) -> None:
    for turn in range(round(SECONDS / INTERVAL)):
        await asyncio.sleep(max(0.0, first + turn * INTERVAL - time.perf_counter()))
        start = time.perf_counter()
        await client.send.get_transfers()
        seconds.append(time.perf_counter() - start)
