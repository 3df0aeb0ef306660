"""Who gets how much of a line that two share: ours beside ours, beside CUBIC and BBR, and in the background."""

import asyncio
import multiprocessing
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks import line, ours
from benchmarks.common import Context, Missing, Row
from benchmarks.large import write_source
from benchmarks.machine import MIB
from jetstream.aio import AsyncClient
from jetstream.entities import Transfer

RATE: Final = 300
"""Mbit/s: two flows, both ends of each and the emulator have two cores here."""
TRIP: Final = 50
SOURCE: Final = 1600 * MIB
TOGETHER_SECONDS: Final = 30.0
SETTLED_SECONDS: Final = 10.0
"""What happens before this is the newcomer's beginning."""
ALONE_SECONDS: Final = 4.0
PORT: Final = 9100
CELLS: Final = (
    ("ours", "ours", "fair"), ("cubic", "ours", "fair"), ("cubic", "other", "fair"), ("bbr", "ours", "fair"),
    ("bbr", "other", "fair"), ("cubic", "ours", "background"), ("bbr", "ours", "background"),
)
"""Beside whom, who was there first, and what ours does about others."""


def row(context: Context) -> Row:
    """Measure it. Ours is there first, and the other one comes; then the other way round."""
    source = write_source(context.folder / "sharing" / "source.bin", context.scaled(SOURCE, MIB))
    lines: list[list[str]] = []
    notes: list[str] = []
    data: list[dict[str, Any]] = []
    for number, (rival, first, policy) in enumerate(CELLS):
        context.say(f"{policy} beside {rival}, {first} first")
        try:
            with line.emulated(context.wan, "cubic", 0, trip=TRIP, rate=RATE):
                one, other = _together(context.folder / "sharing" / str(number), source, rival, first, policy)
        except Missing as error:
            notes.append(f"beside {rival}: not measured, because {error}.")
            continue
        both = one + other
        jain = both * both / (2 * (one * one + other * other)) if both else 0.0
        lines.append([policy, rival, first, f"{one * 8 / 1e6:.0f}", f"{other * 8 / 1e6:.0f}", f"{one / both:.0%}",
                      f"{jain:.2f}"])
        data.append({"policy": policy, "rival": rival, "first": first, "ours": one, "other": other, "jain": jain})
    notes.append(f"Bytes that arrived from second {SETTLED_SECONDS:.0f} to {TOGETHER_SECONDS:.0f} of being together. "
                 "TCP with buffers of up to 64 MiB; one run of each.")
    return Row(f"Two on one line of {RATE} Mbit/s and {TRIP} ms, queue of one bandwidth-delay product",
               ["policy", "beside", "who was first", "ours, Mbit/s", "the other, Mbit/s", "our share", "Jain index"],
               lines, notes, {"cells": data})


def _together(folder: Path, source: Path, rival: str, first: str, policy: str) -> tuple[float, float]:
    """Bytes a second of ours and of the other one, while both run and have settled."""
    folder.mkdir(parents=True)
    with ours.pair(folder / "nodes", namespaces=(line.NEAR, line.FAR), address=line.ADDRESSES[line.FAR]) as pair:
        manifest = pair.list({"ours.bin": str(source)})
        second = pair.list({"second.bin": str(source)}) if rival == "ours" else None
        counter = multiprocessing.Value("q", 0)
        processes = [_process(_take_in, line.FAR, counter), _process(_pour, line.NEAR, rival)] if second is None else []

        async def run(client: AsyncClient) -> tuple[float, float]:
            target = await client.send.create_destination(pair.address, pair.receiver.port)

            async def begin(manifest: Any, path: str) -> Transfer:
                options: dict[str, Any] = {"rate_policy": policy} if policy != "fair" else {}
                return await client.send.create_transfer(target, manifest, destination_path=path, **options)

            transfers: list[Transfer] = []
            for turn in (("ours", "other") if first == "ours" else ("other", "ours")):
                if turn == "ours":
                    transfers.append(await begin(manifest, "one"))
                elif second is not None:
                    transfers.append(await begin(second, "two"))
                else:
                    for process in processes:
                        process.start()
                        await asyncio.sleep(0.5)
                await asyncio.sleep(ALONE_SECONDS)

            async def counts() -> tuple[int, int]:
                seen = [await client.send.get_transfer(transfer) for transfer in transfers]
                return seen[0].bytes_acked, seen[1].bytes_acked if len(seen) > 1 else counter.value

            await asyncio.sleep(SETTLED_SECONDS)
            began, before = time.monotonic(), await counts()
            await asyncio.sleep(TOGETHER_SECONDS - SETTLED_SECONDS)
            after, elapsed = await counts(), time.monotonic() - began
            for transfer in transfers:
                await client.send.cancel_transfer(transfer)
            return (after[0] - before[0]) / elapsed, (after[1] - before[1]) / elapsed

        try:
            return pair.sender.ask(run)
        finally:
            for process in processes:
                process.kill()


def _process(work: Callable[..., None], namespace: str, *arguments: Any) -> multiprocessing.Process:
    return multiprocessing.Process(target=_inside, args=(work, namespace, *arguments), daemon=True)


def _inside(work: Callable[..., None], namespace: str, *arguments: Any) -> None:
    ours.enter(namespace)
    work(*arguments)


def _take_in(counter: Any) -> None:
    buffer = bytearray(MIB)
    with socket.create_server((line.ADDRESSES[line.FAR], PORT)) as server:
        connection, _ = server.accept()
        while count := connection.recv_into(buffer):
            counter.value += count


def _pour(control: str) -> None:
    with socket.create_connection((line.ADDRESSES[line.FAR], PORT), 20) as connection:
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, control.encode())
        data = bytes(MIB // 4)
        while True:
            connection.sendall(data)
