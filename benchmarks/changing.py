"""A line that changes under a transfer: it dies for ten seconds and comes back."""

import asyncio
import os
import signal
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import line, ours
from benchmarks.common import Context, Missing, Row
from benchmarks.large import write_source
from benchmarks.machine import MIB
from jetstream.aio import AsyncClient

RATE: Final = 300
"""Mbit/s."""
TRIP: Final = 100
SOURCE: Final = 1600 * MIB
SETTLED_SECONDS: Final = 8.0
DEAD_SECONDS: Final = 10.0
AFTER_SECONDS: Final = 12.0
LOOK_SECONDS: Final = 0.05
FULL: Final = 0.9
"""Share of the rate before that counts as back."""
WINDOW: Final = 0.5

Trace = Sequence[tuple[float, int]]
"""Seconds, and bytes that have arrived by then."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the line's death cost.

    :ivar before: bytes a second before it.
    :ivar first: seconds from the line's return to the first byte; ``None`` if none came.
    :ivar full: seconds from the line's return until the rate was what it had been; ``None`` if it never was.
    :ivar status: of the transfer, at the end.
    """

    before: float
    first: float | None
    full: float | None
    status: str


def row(context: Context) -> Row:
    """Measure it."""
    source = write_source(context.folder / "changing" / "source.bin", context.scaled(SOURCE, MIB))
    notes = [f"The emulator is stopped for {DEAD_SECONDS:.0f} seconds. Looked at every {LOOK_SECONDS * 1e3:.0f} ms."]
    found: list[Recovery] = []
    try:
        for number in range(context.runs):
            context.say(f"a dead line, run {number + 1}")
            with line.emulated(context.wan, "cubic", 0, trip=TRIP, rate=RATE):
                found.append(_once(context.folder / "changing" / str(number), source))
    except Missing as error:
        notes.append(f"Not measured, because {error}.")
    lines = [[f"{each.before * 8 / 1e6:.0f}", _seconds(each.first), _seconds(each.full), each.status] for each in found]
    if len(found) > 1:
        middle = statistics.median(each.full for each in found if each.full is not None)
        notes.append(f"Median until the full rate: {middle:.1f} s.")
    return Row(f"A line of {RATE} Mbit/s and {TRIP} ms that is dead for {DEAD_SECONDS:.0f} s",
               ["before, Mbit/s", "first byte after its return, s", f"{FULL:.0%} of the rate after, s", "transfer"],
               lines, notes, {"runs": [{"before": each.before, "first": each.first, "full": each.full,
                                        "status": each.status} for each in found]})


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f}"


def _once(folder: Path, source: Path) -> Recovery:
    folder.mkdir()
    with ours.pair(folder / "nodes", namespaces=(line.NEAR, line.FAR), address=line.ADDRESSES[line.FAR]) as pair:
        manifest = pair.list({"changing.bin": str(source)})

        async def run(client: AsyncClient) -> Recovery:
            target = await client.send.create_destination(pair.address, pair.receiver.port)
            transfer = await client.send.create_transfer(target, manifest)
            trace: list[tuple[float, int]] = []

            async def look(seconds: float) -> Any:
                until = time.monotonic() + seconds
                while True:
                    seen = await client.send.get_transfer(transfer)
                    trace.append((time.monotonic(), seen.bytes_acked))
                    if time.monotonic() > until:
                        return seen
                    await asyncio.sleep(LOOK_SECONDS)

            await look(SETTLED_SECONDS)
            emulator = line.emulator()
            os.kill(emulator, signal.SIGSTOP)
            died = time.monotonic()
            try:
                await look(DEAD_SECONDS)
            finally:
                os.kill(emulator, signal.SIGCONT)
            returned = time.monotonic()
            seen = await look(AFTER_SECONDS)
            await client.send.cancel_transfer(transfer)
            return _judge(trace, died, returned, str(seen.status))

        return pair.sender.ask(run)


def _judge(trace: Trace, died: float, returned: float, status: str) -> Recovery:
    before = _rate(trace, died - 4.0, died)
    had = max(count for when, count in trace if when <= returned)
    first = next((when - returned for when, count in trace if when > returned and count > had), None)
    full = next((when - returned for when, _ in trace
                 if when > returned and _rate(trace, when, when + 2 * WINDOW) > FULL * before), None)
    return Recovery(before, first, full, status)


def _rate(trace: Trace, since: float, until: float) -> float:
    """Bytes a second between two times."""
    part = [(when, count) for when, count in trace if since <= when <= until]
    return (part[-1][1] - part[0][1]) / (part[-1][0] - part[0][0]) if len(part) > 1 else 0.0
