"""One large file of ours over every kind of emulated path: how much of the line it fills, and what queue it builds.

Two figures for each path. *All of it*: from ``createTransfer`` to ``complete``, with connecting, the ramp, the last
flush and the last word. *While it flows*: from the first block to the last, what the carrier makes of the line.

The queue is what the node's own round trips are longer than the path, the median over all runs, as a share of the path:
of what the line holds, since it is full.
"""

import contextlib
import dataclasses
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import line, ours
from benchmarks.common import Contender, Context, Missing, Result, Row, Run, clocked, measure
from benchmarks.large import delivered, write_source
from benchmarks.machine import MIB, warm
from jetstream.entities import Transfer

FULL_SIZE: Final = 1024 * MIB
RATE: Final = 1000
LIMIT_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class PathKind:
    """One path. *trip* in ms, *loss* in per cent of each direction."""

    name: str
    trip: float
    loss: float
    aim: int
    """Per cent of the line that we want to fill."""
    options: Sequence[str] = ()


PATHS: Final = (
    PathKind("1 ms, no loss", 1, 0, 94),
    PathKind("100 ms, no loss", 100, 0, 93),
    PathKind("100 ms, 1 % loss", 100, 1, 90),
    PathKind("200 ms, 2 % loss", 200, 2, 88),
    PathKind("200 ms, 5 % loss", 200, 5, 80),
    PathKind("50 ms, 5 ms jitter, reordering", 50, 0, 90, ("-j", "5", "-R", "1", "-H", "1")),
)


def row(context: Context) -> Row:
    """Measure it."""
    size = context.scaled(FULL_SIZE, MIB)
    source = write_source(context.folder / "paths" / "source.bin", size)
    lines: list[list[str]] = []
    notes = [f"A line of {RATE} Mbit/s, counted with all headers, has room for {RATE * 0.968:.0f} Mbit/s of files."]
    data: list[dict[str, Any]] = []
    for number, path in enumerate(PATHS):
        context.say(path.name)
        try:
            with line.emulated(context.wan, "bbr", path.loss, trip=path.trip, options=path.options):
                result, flows, facts = _measured(context, number, source, path.trip)
        except Missing as error:
            notes.append(f"{path.name}: not measured, because {error}.")
            continue
        whole = size * 8 / 1e6 / result.seconds
        flowing = size * 8 / 1e6 / statistics.median(flows)
        lines.append([path.name, facts["carrier"], f"{result.seconds:.2f}", f"{whole:.0f}", f"{whole / RATE:.0%}",
                      f"{flowing:.0f}", f"{flowing / RATE:.0%}", f"{path.aim} %",
                      facts["queue"], f"{result.median(lambda each: each.cpu):.1f}", facts["memory"]])
        data.append({"path": path.name, "aim": path.aim, "flowSeconds": flows, **facts, **result.as_json()})
    columns = ["path", "carrier", "median s", "Mbit/s", "of the line", "Mbit/s while it flows", "of the line", "aim",
               "queue", "CPU s, both ends", "most memory"]
    return Row(f"{size / MIB:,.0f} MiB over emulated paths of {RATE} Mbit/s", columns, lines, notes,
               {"bytes": size, "paths": data})


def _measured(context: Context, number: int, source: Path, trip: float) -> tuple[Result, list[float], dict[str, str]]:
    folder = context.folder / "paths" / str(number)
    folder.mkdir()
    flows: list[float] = []
    trips: list[int] = []
    with _pair(folder) as pair:
        manifest = pair.list({"path.bin": str(source)})
        target = pair.receiver.received / "path.bin"

        def look(transfer: Transfer) -> None:
            if transfer.rtt and transfer.bytes_acked:
                trips.append(transfer.rtt)

        def work() -> None:
            transfer = pair.send(manifest, limit=LIMIT_SECONDS, look=look)
            assert transfer.start_time is not None
            assert transfer.end_time is not None
            flows.append((transfer.end_time - transfer.start_time) / 1e6)

        def once(_: int) -> Run:
            warm(source)
            target.unlink(missing_ok=True)
            measured = clocked(work, pair.pids)
            return dataclasses.replace(measured, done=1.0)

        contender = Contender(ours.NAME, *ours.PROMISES, once, delivered(ours.NAME, source, target, every=True))
        (result,) = measure(context, [contender], disturbance=line.EMULATOR_CORES)
        carriers = {link.carrier or "" for link in pair.sender.ask(lambda client: client.send.get_connections())}
        memory = max(_peak(pid) for pid in pair.pids)
    name = "/".join(sorted(carriers - {""})) or ("udp" if number else "tcp")
    queue = max(0.0, statistics.median(trips) / 1000 - trip) / trip if trips else 0.0
    return result, flows[1:] or flows, {"carrier": name, "memory": f"{memory} MiB", "queue": f"{queue:.0%}"}


def _peak(pid: int) -> int:
    """The most memory that a process ever had, MiB."""
    for text in Path(f"/proc/{pid}/status").read_text().splitlines():
        if text.startswith("VmHWM:"):
            return int(text.split()[1]) // 1024
    return 0


@contextlib.contextmanager
def _pair(folder: Path) -> Iterator[ours.Pair]:
    with ours.pair(folder / "nodes", namespaces=(line.NEAR, line.FAR), address=line.ADDRESSES[line.FAR]) as pair:
        yield pair
