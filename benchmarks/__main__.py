"""``python -m benchmarks``: measures, prints tables, writes JSON."""

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from benchmarks import changing, clients, control, large, line, manifest, paths, sharing, small, ways
from benchmarks.common import Context, MachineLock, Row, table
from benchmarks.machine import machine_facts

ROWS: Final[dict[str, Callable[[Context], Row]]] = {
    "large": large.row,
    "small": small.row,
    "middling": small.middling_row,
    "line": line.row,
    "paths": paths.row,
    "ways": ways.row,
    "sharing": sharing.row,
    "changing": changing.row,
    "manifest": manifest.row,
    "control": control.row,
    "clients": clients.row,
}
MANY_FILES: Final = frozenset({"small", "middling", "manifest"})
WAN: Final = Path(__file__).resolve().parents[2] / "shared" / "tools" / "wan"


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"A row: {', '.join(ROWS)}. May be repeated.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Counted runs of each contender, after one warm-up.")] = 3,
    size: Annotated[float, typer.Option(min=0.0001, help="Share of the full amount of work.")] = 1.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where to write every run.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to work; by default a new temporary folder.")] = None,
    patience: Annotated[float, typer.Option(min=0, help="Seconds that a run waits for a quiet machine.")] = 20,
    attempts: Annotated[int, typer.Option(min=1, help="How often a disturbed run is made at most.")] = 3,
    wan: Annotated[Path, typer.Option(help="The folder of the line emulator, wan.sh.")] = WAN,
    lines: Annotated[list[str] | None, typer.Option(
        "--line", help=f"Of the row 'line' only this: {', '.join(line.CELLS)}. May be repeated.")] = None,
) -> None:
    """Measure the node beside what else moves files on this machine, and say what came of it."""
    names = list(only or ROWS)
    unknown = [name for name in names if name not in ROWS]
    if unknown:
        raise typer.BadParameter(f"there is no row {unknown[0]}; there are {', '.join(ROWS)}")
    other = [name for name in lines or () if name not in line.CELLS]
    if other:
        raise typer.BadParameter(f"there is no line {other[0]!r}; there are {', '.join(line.CELLS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers, nodes and files go, too
    place = Path(tempfile.mkdtemp(prefix="jetstream-benchmarks-", dir=folder))
    lock = MachineLock()
    context = Context(place, runs, size, wan, patience, attempts, lock, _say, lines or ())
    facts = machine_facts(place)
    found: dict[str, Any] = {"machine": facts, "runs": runs, "size": size, "rows": {}}
    print("  ".join(f"{name}: {value}" for name, value in facts.items()) + "\n", flush=True)
    try:
        for name in names:
            _say(f"-- {name}")
            row = ROWS[name](context)
            _show(row)
            found["rows"][name] = {"title": row.title, "notes": list(row.notes), "columns": list(row.columns),
                                   "lines": [list(line) for line in row.lines], **row.data}
            if json_file is not None:
                json_file.write_text(json.dumps(found, indent=1) + "\n")
    finally:
        shutil.rmtree(place)
        if MANY_FILES.intersection(names):
            lock.deleted()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _show(row: Row) -> None:
    print(f"## {row.title}\n\n{table(row.columns, row.lines)}\n")
    for note in row.notes:
        print(f"{note}")
    print(flush=True)


if __name__ == "__main__":
    typer.run(main)
