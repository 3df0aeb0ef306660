"""One file over an emulated long line, beside what fills such a line best over TCP."""

import contextlib
import dataclasses
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks import ours, peers
from benchmarks.common import Contender, Context, Missing, Result, Row, Run, clocked, measure, present, ratios
from benchmarks.large import delivered, write_source
from benchmarks.machine import MIB, warm
from benchmarks.processes import Command, inside, program, run

FULL_SIZE: Final = 256 * MIB
RATE: Final = 1000
ROUND_TRIP: Final = 100
CELLS: Final = {f"{control} {loss}": (control, loss) for control in ("bbr", "cubic") for loss in (0, 1)}
"""Congestion control that the line's ends have by default, and loss in per cent."""
LIMIT_SECONDS: Final = 40.0
LOOK_SECONDS: Final = 0.7
FREE_SECONDS: Final = 300.0
"""How long to wait for a line that somebody else uses."""
EMULATOR_CORES: Final = 1.0
"""What the emulator itself takes is no disturbance."""
NEAR, FAR = "wan-a", "wan-b"
ADDRESSES: Final = {NEAR: "10.99.0.1", FAR: "10.99.0.2"}
ARIA: Final = "aria2c -x16 from nginx"


def row(context: Context) -> Row:
    """Measure it."""
    size = context.scaled(FULL_SIZE, MIB)
    source = write_source(context.folder / "line" / "source.bin", size)
    lines: list[list[str]] = []
    notes: list[str] = []
    data = []
    for control, loss in [CELLS[name] for name in context.lines or CELLS]:
        name = f"{control}, {loss} % loss"
        context.say(f"{RATE} Mbit/s, {ROUND_TRIP} ms, {name}")
        try:
            results = _cell(context, source, control, loss)
        except Missing as error:
            notes.append(f"{name}: not measured, because {error}.")
            continue
        lines += [_line(name, result, size) for result in results]
        notes += [f"{name}: {sentence}" for sentence in ratios(results, ours.NAME)]
        data.append({"congestionControl": control, "loss": loss, "results": [each.as_json() for each in results]})
    columns = ["line", "", "median s", "min-max s", "Mbit/s", "of the line", "CPU s", "TCP used", "encrypts"]
    notes.append(f"~: given up after {LIMIT_SECONDS:.0f} s, the rate is that of what had arrived. The line's "
                 "congestion control is the default of both ends; a program may ask for another one (TCP used).")
    return Row(f"{size / MIB:,.0f} MiB over an emulated line of {RATE} Mbit/s and {ROUND_TRIP} ms", columns, lines,
               notes, {"bytes": size, "cells": data})


def _line(cell: str, result: Result, size: int) -> list[str]:
    if not result.runs:
        return [cell, result.contender.name, f"not here: {result.contender.why_missing}", *[""] * 6]
    seconds = [run.seconds for run in result.runs]
    rate = result.speed * size * 8 / 1e6
    about = "" if all(run.done == 1 for run in result.runs) else "~"
    used = sorted({name for run in result.runs for name, seen in run.more.items() if seen})
    return [cell, result.contender.name, f"{about}{result.seconds:.2f}", f"{min(seconds):.2f}-{max(seconds):.2f}",
            f"{about}{rate:,.0f}", f"{rate / RATE:.0%}", f"{result.median(lambda r: r.cpu):.2f}",
            ", ".join(used), result.contender.encrypts]


def _cell(context: Context, source: Path, control: str, loss: int) -> list[Result]:
    folder = context.folder / "line" / f"{control}{loss}"
    folder.mkdir()
    with emulated(context.wan, control, loss), ours.pair(
            folder / "nodes", namespaces=(NEAR, FAR), address=ADDRESSES[FAR]) as pair, contextlib.ExitStack() as stack:
        return measure(context, [
            _ours(pair, source),
            present(ARIA, lambda: stack.enter_context(_aria(folder, source))),
        ], disturbance=EMULATOR_CORES)


@contextlib.contextmanager
def emulated(
    wan: Path, control: str, loss: float, trip: float = ROUND_TRIP, options: Sequence[str] = (), rate: int = RATE
) -> Iterator[None]:
    """The line, between the namespaces :data:`NEAR` and :data:`FAR`; in ms, per cent, Mbit/s."""
    script = wan / "wan.sh"
    if not script.exists():
        raise Missing("there is no wan.sh in the folder that --wan names")
    if os.geteuid() != 0:
        raise Missing("network namespaces need root")
    program("gcc")
    _wait_until_free()
    buffers = {} if rate == RATE else {"BUF": str(64 << 20)}
    subprocess.run([script, "up", str(rate), str(trip), str(loss), *options], check=True,
                   env={**os.environ, "CC": control, **buffers})
    ours_is = _identity()
    try:
        yield
        if _identity() != ours_is:
            raise Missing("somebody else took the emulated line meanwhile")
    finally:
        if _identity() == ours_is:
            subprocess.run([script, "down"], check=True)


def emulator() -> int:
    """The process that carries the line's packets."""
    return int(Path("/run/wanem/pid").read_text())


def _identity() -> int | None:
    """Which line it is: it may be taken down and another one be put up by somebody else."""
    try:
        return os.stat(f"/run/netns/{NEAR}").st_ino
    except FileNotFoundError:
        return None


def _wait_until_free() -> None:
    until = time.monotonic() + FREE_SECONDS
    while {NEAR, FAR} & set(subprocess.run([program("ip"), "netns", "list"], check=True, capture_output=True,
                                           text=True).stdout.split()):
        if time.monotonic() > until:
            raise Missing(f"somebody else uses the emulated line (ip netns: {NEAR}, {FAR})")
        time.sleep(1)


def _ours(pair: ours.Pair, source: Path) -> Contender:
    manifest = pair.list({"line.bin": str(source)})
    target = pair.receiver.received / "line.bin"

    def work() -> float:
        transfer = pair.send(manifest, limit=LIMIT_SECONDS)
        return 1.0 if transfer.status == "complete" else transfer.bytes_acked / source.stat().st_size

    return _contender(ours.NAME, ours.PROMISES, source, target, work, pair.pids)


@contextlib.contextmanager
def _aria(folder: Path, source: Path) -> Iterator[Contender]:
    aria = program("aria2c")
    target = folder / "aria.bin"
    with peers.nginx(folder / "nginx", source.parent, ADDRESSES[NEAR], NEAR) as web:
        command: Command = [
            aria, "--no-conf", "-q", "-x16", "-s16", "-k1M", "--file-allocation=none", "--allow-overwrite=true",
            "-d", folder, "-o", target.name, f"http://{web.address}:{web.http_port}/{source.name}",
        ]

        def work() -> float:
            if run(inside(FAR, command), timeout=LIMIT_SECONDS):
                return 1.0
            return target.stat().st_blocks * 512 / source.stat().st_size

        yield _contender(ARIA, ("no", "no"), source, target, work, [web.pid])


def _contender(name: str, promises: tuple[str, str], source: Path, target: Path, work: Callable[[], float],
               processes: list[int]) -> Contender:

    def prepared(number: int) -> Run:
        warm(source)
        for left in target.parent.glob(f"{target.name}*") if target.parent.exists() else ():
            left.unlink()
        done: list[float] = []
        with _watched() as used:
            measured = clocked(lambda: done.append(work()), processes)
        return dataclasses.replace(measured, done=min(1.0, done[0]), more=used)

    return Contender(name, *promises, prepared, delivered(name, source, target))


@contextlib.contextmanager
def _watched() -> Iterator[Mapping[str, float]]:
    """Which congestion control the busy connections use while the block runs, and how many of them."""
    used: dict[str, float] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            used.update(_congestion_control())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield used
    finally:
        over.set()
        thread.join()


def _congestion_control() -> Mapping[str, float]:
    """What the sending connections use now: connections by the name of their congestion control."""
    listed = subprocess.run(inside(NEAR, [program("ss"), "-HtinO", "state", "established", "dst", ADDRESSES[FAR]]),
                            capture_output=True, text=True).stdout
    found: dict[str, float] = {}
    for line in listed.splitlines():
        words = set(line.split())
        busy = any(int(word.partition(":")[2]) > MIB // 4 for word in words if word.startswith("bytes_sent:"))
        for name in words & {"bbr", "cubic", "reno"} if busy else ():
            found[name] = found.get(name, 0) + 1
    return found
