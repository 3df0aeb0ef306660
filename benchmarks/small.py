"""Many small files, and files of middling size, node to node on loopback."""

import contextlib
import dataclasses
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks import ours, peers
from benchmarks.common import Contender, Context, Result, Row, Run, clocked, compare, measure, present, ratios
from benchmarks.machine import forget, touch_memory, warm
from benchmarks.processes import Command, program, run

PER_FOLDER: Final = 100
SET: Final = "set"


@dataclasses.dataclass(frozen=True, slots=True)
class Work:
    """How many files of what size."""

    name: str
    count: int
    size: int


SMALL: Final = Work("small", 100_000, 4096)
MIDDLING: Final = Work("middling", 10_000, 65_536)

Deliver = Callable[[Path], object]
"""Brings the set into an empty folder."""


def row(context: Context) -> Row:
    """Measure small files."""
    return _measured(context, SMALL)


def middling_row(context: Context) -> Row:
    """Measure files of middling size."""
    return _measured(context, MIDDLING)


def _measured(context: Context, work: Work) -> Row:
    count = context.scaled(work.count // PER_FOLDER) * PER_FOLDER
    folder = context.folder / work.name
    source = write_tree(folder / SET, count, work.size)
    makers = {ours.NAME: _ours, "tar over ssh aes128-gcm": _tar_ssh, "rsync daemon": _rsync, "tar over nc": _tar_nc,
              "cp -r": _cp}
    context.lock.wait_for_inodes(context.say)
    with contextlib.ExitStack() as stack:
        contenders = [present(name, lambda make=make: stack.enter_context(make(folder, source)))  # type: ignore[misc]
                      for name, make in makers.items()]
        results = measure(context, contenders)
    columns, lines = compare(results, "files/s", count)
    return Row(f"{count:,} files of {work.size:,} bytes in {count // PER_FOLDER:,} folders over loopback", columns,
               lines, [*ratios(results, ours.NAME), *_with_manifest(results, count)],
               {"files": count, "results": [result.as_json() for result in results]})


def write_tree(folder: Path, count: int, size: int) -> Path:
    """*count* files of *size* random bytes, :data:`PER_FOLDER` in each folder."""
    source = random.Random(count)
    for number in range(count // PER_FOLDER):
        below = folder / f"folder{number:04}"
        below.mkdir(parents=True)
        for file in range(PER_FOLDER):
            (below / f"file{file:03}.dat").write_bytes(source.randbytes(size))
    return folder


def _with_manifest(results: Sequence[Result], count: int) -> list[str]:
    """The others list the files while they run; our manifest is made before, so say what it is with it."""
    mine = next((r for r in results if r.contender.name == ours.NAME and r.runs), None)
    if mine is None:
        return []
    listing = mine.median(lambda r: r.more["manifestSeconds"])
    whole = mine.median(lambda r: r.seconds + r.more["manifestSeconds"])
    return [f"{ours.NAME} from createTransfer to complete, flushed to the disk; the others end in the page cache. The "
            f"manifest, made before, takes {listing:.2f} s; with it: {whole:.2f} s, {count / whole:,.0f} files/s."]


def _to_folder(name: str, promises: tuple[str, str], folder: Path, source: Path, deliver: Deliver,
               processes: Sequence[int] = ()) -> Contender:
    """A contender that fills a fresh folder with every run; nothing is deleted."""
    base = folder / name.replace(" ", "-")
    memory = _Memory()

    def prepared(number: int) -> Run:
        target = base / f"run{number}"
        target.mkdir(parents=True)
        warm(source)
        memory.ready_for(target)
        return clocked(lambda: deliver(target), processes)

    return Contender(name, *promises, prepared, lambda number: _check(name, source, base / f"run{number}" / SET))


class _Memory:
    """The pages that a contender's files will need: touched before, and those of its last files, in the same sizes."""

    def __init__(self) -> None:
        self._last: Path | None = None

    def ready_for(self, target: Path) -> None:
        """Immediately before the run that fills *target*."""
        touch_memory()
        if self._last is not None:
            forget(self._last)
        self._last = target


def _check(name: str, source: Path, target: Path) -> None:
    for path, folders, files in os.walk(source):
        there = target / os.path.relpath(path, source)
        sizes = {entry.name: entry.stat().st_size for entry in os.scandir(there) if entry.is_file()}
        expected = {file: os.stat(os.path.join(path, file)).st_size for file in files}
        if sizes != expected or not all((there / below).is_dir() for below in folders):
            raise RuntimeError(f"{name} delivered something else in {there}")


@contextlib.contextmanager
def _ours(folder: Path, source: Path) -> Iterator[Contender]:
    with ours.pair(folder / "nodes") as pair:
        received, memory = pair.receiver.received, _Memory()

        def prepared(number: int) -> Run:
            warm(source)
            start = time.perf_counter()
            manifest = pair.list({SET: str(source)})
            listing = time.perf_counter() - start
            memory.ready_for(received / f"run{number}")
            measured = clocked(lambda: pair.send(manifest, f"run{number}"), pair.pids)
            return dataclasses.replace(measured, more={"manifestSeconds": listing})

        yield Contender(ours.NAME, *ours.PROMISES, prepared,
                        lambda number: _check(ours.NAME, source, received / f"run{number}" / SET))


@contextlib.contextmanager
def _tar_ssh(folder: Path, source: Path) -> Iterator[Contender]:
    tar, ssh = program("tar"), program("ssh")
    with peers.sshd(folder / "sshd") as daemon:

        def deliver(target: Path) -> None:
            unpack: Command = [ssh, *daemon.options, peers.LOOPBACK, f"{tar} -C {target} -xf -"]
            run([tar, "-C", source.parent, "-cf", "-", source.name], unpack)

        yield _to_folder("tar over ssh aes128-gcm", ("yes", "per packet"), folder, source, deliver, [daemon.pid])


@contextlib.contextmanager
def _rsync(folder: Path, source: Path) -> Iterator[Contender]:
    rsync = program("rsync")
    with peers.rsyncd(folder / "rsyncd", folder) as daemon:

        def deliver(target: Path) -> None:
            run([rsync, "-rW", source, f"{daemon.url}/{target.relative_to(folder)}/"])

        yield _to_folder("rsync daemon", ("no", "whole file"), folder, source, deliver, [daemon.pid])


@contextlib.contextmanager
def _tar_nc(folder: Path, source: Path) -> Iterator[Contender]:
    tar = program("tar")
    program("nc")

    def deliver(target: Path) -> None:
        peers.Netcat([tar, "-C", target, "-xf", "-"]).send([tar, "-C", source.parent, "-cf", "-", source.name])

    yield _to_folder("tar over nc", ("no", "no"), folder, source, deliver)


@contextlib.contextmanager
def _cp(folder: Path, source: Path) -> Iterator[Contender]:
    copy = program("cp")
    yield _to_folder("cp -r", ("-", "-"), folder, source, lambda target: run([copy, "-r", source, target]))
