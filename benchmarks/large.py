"""One large file, node to node on loopback."""

import contextlib
import filecmp
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks import ours, peers
from benchmarks.common import Contender, Context, Row, Run, clocked, compare, measure, present, ratios
from benchmarks.machine import MIB, touch_page_cache, warm
from benchmarks.processes import Command, program, run

FULL_SIZE: Final = 1 << 30
PIECE: Final = 4 * MIB


def row(context: Context) -> Row:
    """Measure it."""
    size = context.scaled(FULL_SIZE, MIB)
    folder = context.folder / "large"
    source = write_source(folder / "source.bin", size)
    makers = {ours.NAME: _ours, "scp aes128-gcm": _scp, "curl from nginx, TLS 1.3": _curl, "rsync daemon": _rsync,
              "nc": _nc, "cp": _cp}
    with contextlib.ExitStack() as stack:
        contenders = [present(name, lambda make=make: stack.enter_context(make(folder, source)))  # type: ignore[misc]
                      for name, make in makers.items()]
        results = measure(context, contenders)
    columns, lines = compare(results, "MiB/s", size / MIB)
    notes = [*ratios(results, ours.NAME),
             f"{ours.NAME} from createTransfer to complete: sealed, verified, renamed and flushed to the disk; "
             "the others end in the page cache."]
    return Row(f"One file of {size / MIB:,.0f} MiB over loopback", columns, lines, notes,
               {"bytes": size, "results": [result.as_json() for result in results]})


def write_source(path: Path, size: int) -> Path:
    """A file of *size* random bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source = random.Random(size)
    with path.open("wb") as file:
        for start in range(0, size, PIECE):
            file.write(source.randbytes(min(PIECE, size - start)))
    return path


def to_file(name: str, promises: tuple[str, str], source: Path, target: Path, work: Callable[[], object],
            processes: Sequence[int] = ()) -> Contender:
    """A contender that makes one file of another: what was there is removed immediately before the clock starts."""

    def prepared(number: int) -> Run:
        _ready(source, target)
        return clocked(work, processes)

    return Contender(name, *promises, prepared, delivered(name, source, target))


def delivered(name: str, source: Path, target: Path, *, every: bool = False) -> Callable[[int], None]:
    """Checks after a run that *target* is as long as *source*, and after the first or *every* run what is in it."""

    def check(number: int) -> None:
        same = target.stat().st_size == source.stat().st_size
        if not same or ((every or number == 0) and not filecmp.cmp(source, target, shallow=False)):
            raise RuntimeError(f"{name} delivered something else")

    return check


def _ready(source: Path, target: Path) -> None:
    warm(source)
    touch_page_cache(source.parent, source.stat().st_size)
    target.unlink(missing_ok=True)


@contextlib.contextmanager
def _ours(folder: Path, source: Path) -> Iterator[Contender]:
    with ours.pair(folder / "nodes") as pair:
        manifest = pair.list({"large.bin": str(source)})
        yield to_file(ours.NAME, ours.PROMISES, source, pair.receiver.received / "large.bin",
                      lambda: pair.send(manifest), pair.pids)


@contextlib.contextmanager
def _scp(folder: Path, source: Path) -> Iterator[Contender]:
    target, scp = folder / "scp.bin", program("scp")
    with peers.sshd(folder / "sshd") as ssh:
        command: Command = [scp, "-q", *ssh.options, source, f"{peers.LOOPBACK}:{target}"]
        yield to_file("scp aes128-gcm", ("yes", "per packet"), source, target, lambda: run(command), [ssh.pid])


@contextlib.contextmanager
def _curl(folder: Path, source: Path) -> Iterator[Contender]:
    target, curl = folder / "curl.bin", program("curl")
    with peers.nginx(folder / "nginx", source.parent) as web:
        command: Command = [curl, "-sSk", "-o", target, f"https://{web.address}:{web.https_port}/{source.name}"]
        yield to_file("curl from nginx, TLS 1.3", ("yes", "per record"), source, target, lambda: run(command),
                      [web.pid])


@contextlib.contextmanager
def _rsync(folder: Path, source: Path) -> Iterator[Contender]:
    target = folder / "rsync.bin"
    with peers.rsyncd(folder / "rsyncd", folder) as daemon:
        command: Command = [program("rsync"), "-W", source, f"{daemon.url}/{target.name}"]
        yield to_file("rsync daemon", ("no", "whole file"), source, target, lambda: run(command), [daemon.pid])


@contextlib.contextmanager
def _nc(folder: Path, source: Path) -> Iterator[Contender]:
    target = folder / "nc.bin"
    program("nc")

    def prepared(number: int) -> Run:
        _ready(source, target)
        with source.open("rb") as start, target.open("wb") as sink:
            listening = peers.Netcat(sink=sink)
            return clocked(lambda: listening.send(source=start), ())

    yield Contender("nc", "no", "no", prepared, delivered("nc", source, target))


@contextlib.contextmanager
def _cp(folder: Path, source: Path) -> Iterator[Contender]:
    target = folder / "cp.bin"
    yield to_file("cp", ("-", "-"), source, target, lambda: run([program("cp"), source, target]))
