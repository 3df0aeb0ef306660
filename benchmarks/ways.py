"""One large file of ours over datagrams, by each way through the system that it knows: what a system call carries.

A path that is neither short enough for connections nor long enough for the model of the path to matter.
"""

from pathlib import Path
from typing import Final

from benchmarks import line, ours
from benchmarks.common import Contender, Context, Missing, Row, Run, clocked, measure
from benchmarks.large import delivered, write_source
from benchmarks.machine import MIB, warm
from jetstream_server.link.udp.datagrams import possible_ways

FULL_SIZE: Final = 1024 * MIB
RATE: Final = 1000
TRIP: Final = 10.0
LIMIT_SECONDS: Final = 120.0


def row(context: Context) -> Row:
    """Measure it."""
    size = context.scaled(FULL_SIZE, MIB)
    source = write_source(context.folder / "ways" / "source.bin", size)
    lines: list[list[str]] = []
    notes: list[str] = []
    data = []
    for way in possible_ways():
        context.say(way)
        try:
            with line.emulated(context.wan, "bbr", 0, trip=TRIP), ours.pair(
                    context.folder / "ways" / way, namespaces=(line.NEAR, line.FAR),
                    address=line.ADDRESSES[line.FAR], options=("--carrier", "udp", "--datagrams", way)) as pair:
                (result,) = measure(context, [_contender(pair, source)], disturbance=line.EMULATOR_CORES)
        except Missing as error:
            notes.append(f"{way}: not measured, because {error}.")
            continue
        rate = size * 8 / 1e6 / result.seconds
        cpu = result.median(lambda each: each.cpu)
        lines.append([way, f"{result.seconds:.2f}", f"{rate:.0f}", f"{rate / RATE:.0%}", f"{cpu:.1f}"])
        data.append({"way": way, **result.as_json()})
    columns = ["way", "median s", "Mbit/s", "of the line", "CPU s, both ends"]
    return Row(f"{size / MIB:,.0f} MiB over datagrams by each way, {RATE} Mbit/s and {TRIP:.0f} ms", columns, lines,
               notes, {"bytes": size, "ways": data})


def _contender(pair: ours.Pair, source: Path) -> Contender:
    manifest = pair.list({"way.bin": str(source)})
    target = pair.receiver.received / "way.bin"

    def once(_: int) -> Run:
        warm(source)
        target.unlink(missing_ok=True)
        return clocked(lambda: pair.send(manifest, limit=LIMIT_SECONDS), pair.pids)

    return Contender(ours.NAME, *ours.PROMISES, once, delivered(ours.NAME, source, target, every=True))
