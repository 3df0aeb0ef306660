"""A manifest of many files, beside ``find`` that prints the same of them."""

import dataclasses
from pathlib import Path
from typing import Final

from benchmarks import ours
from benchmarks.common import Contender, Context, Result, Row, Run, clocked, compare, measure, present, ratios
from benchmarks.machine import MIB, peak_memory
from benchmarks.processes import program, run
from benchmarks.small import PER_FOLDER, write_tree

FULL_COUNT: Final = 200_000
FILE_SIZE: Final = 1
FIND: Final = "find -printf"


def row(context: Context) -> Row:
    """Measure it."""
    count = context.scaled(FULL_COUNT // PER_FOLDER) * PER_FOLDER
    folder = context.folder / "manifest"
    source = write_tree(folder / "set", count, FILE_SIZE)
    with ours.node(folder / "node") as node:
        before = peak_memory(node.pid)
        results = measure(context, [_ours(node, source, count), present(FIND, lambda: _find(source))])
    columns, lines = compare(results, "files/s", count)
    data = {"files": count, "results": [result.as_json() for result in results], "peakMemoryBefore": before}
    return Row(f"Manifest of {count:,} files", columns[:-2], [line[:-2] for line in lines],
               [*ratios(results, ours.NAME), _memory(results, before)], data)


def _memory(results: list[Result], before: int) -> str:
    peak = max(run.more["peakMemory"] for result in results for run in result.runs if run.more)
    return f"Peak resident memory of the node: {peak / MIB:.0f} MiB; {before / MIB:.0f} MiB before the first manifest."


def _ours(node: ours.Node, source: Path, count: int) -> Contender:

    def prepared(number: int) -> Run:
        measured = clocked(lambda: node.ask(lambda client: ours.listed(client, {"set": str(source)})), [node.pid])
        return dataclasses.replace(measured, more={"peakMemory": peak_memory(node.pid)})

    def check(number: int) -> None:
        manifest = node.ask(lambda client: client.send.get_manifests())[-1]
        if manifest.total_files != count:
            raise RuntimeError(f"the manifest has {manifest.total_files} files, not {count}")

    return Contender(ours.NAME, "", "", prepared, check)


def _find(source: Path) -> Contender:
    command = [program("find"), str(source), "-printf", "%p %s %T@ %m %y\n"]
    return Contender(FIND, "", "", lambda number: clocked(lambda: run(command), ()), lambda number: None)
