"""The protocol of every measurement, and what comes out of it.

What makes figures of file copies wrong, and what is done about it here:

* Memory that a virtual machine gave back to its host costs more than the copy itself when it is touched again. So the
  source is read before every run, one warm-up run is not counted, and an old large destination is removed immediately
  before the run, never earlier; before that, as much is written to another file and removed, because a system gives
  large pieces of freed memory back first, and whoever writes large pieces would pay. Small files stay (see below), but
  the page cache drops those of the contender's last run: a file of 64 KiB takes its memory in one piece if it is
  written in one piece, and single pages that were touched before do not help whoever needs pieces.
* ext4 avoids inodes that were deleted in the last minutes and scans past them at every creation. So every run of many
  small files gets a fresh folder, nothing is deleted before the last row is done, and the next start waits until the
  deleted inodes of this one are forgotten (:class:`MachineLock`).
* What an earlier run left to be written back slows the next one down, most of all one that flushes. So everything is
  synced before each run, outside the measured time.
* Machines are unsteady. So the runs of all contenders are interleaved, with another one first in each round, and
  medians are shown, and beside them the CPU seconds of both ends, and those that anything else on the machine took
  meanwhile. A run waits for a quiet moment, and one that was disturbed is repeated a few times; the least disturbed
  counts, whoever's it is and however fast it was.
"""

import contextlib
import fcntl
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.machine import busy, cpu_of, family, settle, wait_until_quiet

FORGET_SECONDS: Final = 300
"""After this time ext4 takes deleted inodes like any others."""

DISTURBANCE: Final = 0.25

Say = Callable[[str], None]


class Missing(Exception):  # noqa: N818 - an answer, not a fault
    """A contender cannot take part here; ``str(error)`` says why."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every row is given."""

    folder: Path
    """Where sources, destinations and set-ups go."""
    runs: int
    """Counted runs of each contender."""
    size: float
    """Share of the full size of the work."""
    wan: Path
    """The folder of the line emulator."""
    patience: float
    """Seconds to wait, at most, for a quiet machine before a run."""
    attempts: int
    """How often a run is made, at most, until nothing disturbs it."""
    lock: "MachineLock"
    say: Say
    lines: Sequence[str] = ()
    """Which emulated lines to measure; none: all."""

    def scaled(self, full: int, least: int = 1) -> int:
        """*full* times the share that was asked for."""
        return max(least, round(full * self.size))


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run. Seconds; *cpu* of both ends, *others* of everything else on the machine meanwhile."""

    seconds: float
    cpu: float
    others: float
    done: float = 1.0
    """Share of the work that was done; less than 1 if the run was given up at its time limit."""
    more: Mapping[str, float] = field(default_factory=dict)

    @property
    def disturbance(self) -> float:
        """Cores that anything else took meanwhile."""
        return self.others / self.seconds


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody who does the work of a row.

    :param run: gets things ready, does the work number N (0 is the warm-up), and says what it took.
    :param check: looks at what run number N made; raises if that is not what it should be.
    :param why_missing: says why it cannot take part.
    """

    name: str
    encrypts: str
    verifies: str
    run: Callable[[int], Run]
    check: Callable[[int], None]
    why_missing: str | None = None


def present(name: str, make: Callable[[], Contender]) -> Contender:
    """The contender that *make* makes, or one called *name* that cannot take part."""
    try:
        return make()
    except Missing as error:
        reason = str(error)

        def run(number: int) -> Run:
            raise Missing(reason)

        return Contender(name, "", "", run, lambda number: None, reason)


@dataclass(frozen=True, slots=True)
class Result:
    """The counted runs of a contender."""

    contender: Contender
    runs: Sequence[Run]

    @property
    def seconds(self) -> float:
        """The median."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def speed(self) -> float:
        """Share of the work per second, the median."""
        return statistics.median(run.done / run.seconds for run in self.runs)

    def median(self, of: Callable[[Run], float]) -> float:
        """The median of anything else."""
        return statistics.median(of(run) for run in self.runs)

    def as_json(self) -> dict[str, Any]:
        """Every run."""
        return {
            "name": self.contender.name,
            "missing": self.contender.why_missing,
            "seconds": [round(run.seconds, 4) for run in self.runs],
            "cpuSeconds": [round(run.cpu, 3) for run in self.runs],
            "otherCpuSeconds": [round(run.others, 3) for run in self.runs],
            "done": [round(run.done, 4) for run in self.runs],
            "more": [dict(run.more) for run in self.runs],
        }


@dataclass(frozen=True, slots=True)
class Row:
    """A measured row: a table for people, everything for programs, and what has to be known to read it."""

    title: str
    columns: Sequence[str]
    lines: Sequence[Sequence[str]]
    notes: Sequence[str]
    data: Any


class MachineLock:
    """One measurement at a time on this machine, and the memory of when many files were deleted last."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or Path(tempfile.gettempdir()) / "jetstream-benchmarks.lock"

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Hold it."""
        with self._path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def deleted(self) -> None:
        """Many small files were deleted just now."""
        self._path.write_text(f"{time.time():.0f}\n")

    def wait_for_inodes(self, say: Say) -> None:
        """Wait until what was deleted before is forgotten."""
        text = self._path.read_text().strip() if self._path.exists() else ""
        left = FORGET_SECONDS - (time.time() - float(text or 0))
        if 0 < left <= FORGET_SECONDS:
            say(f"waiting {left:.0f} s: the file system still avoids inodes that were deleted a moment ago")
            time.sleep(left)


def measure(context: Context, contenders: Sequence[Contender], disturbance: float = DISTURBANCE) -> list[Result]:
    """Warm up everybody once, then run everybody in turn; who comes first changes with every round.

    :param disturbance: cores that anything else may take before a run is repeated.
    """
    runs: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    active = [contender for contender in contenders if contender.why_missing is None]
    numbers = itertools.count(1)
    for turn in range(context.runs + 1):
        first = turn % max(1, len(active))
        for contender in active[first:] + active[:first]:
            if any(run.done < 1 for run in runs[contender.name]):
                continue  # slower than its time limit: once is enough
            run = _steady(context, contender, numbers, disturbance) if turn else _once(context, contender, 0)
            counted = turn > 0 or run.done < 1
            context.say(f"{contender.name}: {run.seconds:.3f} s{'' if counted else ' (warm-up)'}")
            if counted:
                runs[contender.name].append(run)
    return [Result(contender, runs[contender.name]) for contender in contenders]


def _steady(context: Context, contender: Contender, numbers: Iterator[int], disturbance: float) -> Run:
    """The least disturbed of a few runs; one is enough if nothing disturbs it."""
    best: Run | None = None
    for _ in range(context.attempts):
        wait_until_quiet(context.patience)
        run = _once(context, contender, next(numbers))
        if best is None or run.disturbance < best.disturbance:
            best = run
        if best.disturbance <= disturbance:
            break
    assert best is not None
    return best


def _once(context: Context, contender: Contender, number: int) -> Run:
    with context.lock():
        os.sync()
        run = contender.run(number)
    if run.done == 1:
        contender.check(number)
    return run


def clocked(work: Callable[[], object], processes: Sequence[int]) -> Run:
    """Do *work* and say what it took.

    :param work: its own child processes count as one of the ends.
    :param processes: running processes that take part, each with all its descendants.
    """
    children = len(family(processes))
    ours, machine, own = cpu_of(processes), busy(), time.process_time()
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    settle(processes, children)
    cpu = cpu_of(processes) - ours
    others = max(0.0, busy() - machine - cpu - (time.process_time() - own))
    return Run(seconds, cpu, others)


def compare(results: Sequence[Result], unit: str, amount: float) -> tuple[list[str], list[list[str]]]:
    """Columns and lines of a table of contenders, the fastest first.

    :param unit: what is counted per second, for the head of the column.
    :param amount: how many of it the work has.
    """
    columns = ["", "median s", "min-max s", unit, "CPU s", "others' CPU s", "encrypts", "verifies"]
    present = sorted((r for r in results if r.runs), key=lambda result: -result.speed)
    lines = []
    for result in present:
        seconds = [run.seconds for run in result.runs]
        about = "" if all(run.done == 1 for run in result.runs) else "~"
        lines.append([
            result.contender.name, f"{about}{result.seconds:.2f}", f"{min(seconds):.2f}-{max(seconds):.2f}",
            f"{about}{amount * result.speed:,.0f}", f"{result.median(lambda r: r.cpu):.2f}",
            f"{result.median(lambda r: r.others):.2f}", result.contender.encrypts, result.contender.verifies,
        ])
    lines += [[r.contender.name, f"not here: {r.contender.why_missing}", *[""] * 6] for r in results if not r.runs]
    return columns, lines


def ratios(results: Sequence[Result], ours: str) -> list[str]:
    """One sentence: how fast *ours* is, as a multiple of each of the others."""
    by_name = {result.contender.name: result for result in results if result.runs}
    if ours not in by_name:
        return []
    times = [f"{by_name[ours].speed / other.speed:.2f} x {name}" for name, other in by_name.items() if name != ours]
    return [f"{ours} is " + ", ".join(times) + "."] if times else []


def percentile(values: Sequence[float], share: float) -> float:
    """The value that *share* (0 to 1) of *values* do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns line up."""
    cells = [list(columns), *[list(line) for line in lines]]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    rule = ["-" * width for width in widths]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
                     for line in [cells[0], rule, *cells[1:]])
