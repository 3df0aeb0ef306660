"""How fast content is scanned, read and written, beside what the same system calls cost without any logic.

Only ratios within one run mean something: the machine's own speed changes from minute to minute. Every run writes to a
new folder and nothing is deleted, before or in between: a file system that does not reuse freshly deleted inodes would
be measured instead. Memory is touched and given back before each run, so that all of them find warm pages. Remove the
folder afterwards, with some minutes before the next run.

    python benchmarks/files.py --folder /disk/scratch --files 100000 --runs 3
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from jetstream.constants import BLOCK_SIZE
from jetstream_server.files.layout import Layout
from jetstream_server.files.pages import wire_form
from jetstream_server.files.pagestream import LocalPage
from jetstream_server.files.reader import BlockReader
from jetstream_server.files.scan import scan
from jetstream_server.files.writer import TreeWriter

MEBIBYTE = 1 << 20


class Bench:
    """Collects seconds per name over several runs."""

    def __init__(self, folder: Path, runs: int) -> None:
        self.folder = folder
        self.runs = runs
        self.seconds: dict[str, list[float]] = {}

    def fresh(self) -> Path:
        """A new folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def time(self, name: str, work: Callable[[], object]) -> None:
        """One run of *work*."""
        warm_memory()
        start = time.perf_counter()
        work()
        self.seconds.setdefault(name, []).append(time.perf_counter() - start)

    def median(self, name: str) -> float:
        """Seconds."""
        return statistics.median(self.seconds[name])


def warm_memory(size: int = 1 << 30) -> None:
    """Touch memory and give it back."""
    memory = bytearray(size)
    memory[::4096] = bytes(len(memory[::4096]))


def make_small(folder: Path, files: int, size: int, per_folder: int) -> Path:
    """Folders of small files."""
    data = os.urandom(size)
    top = folder / f"small-{files}-{size}"
    if top.exists():
        return top
    for number in range(files):
        if number % per_folder == 0:
            inner = top / f"{number // per_folder:05}"
            inner.mkdir(parents=True)
        fd = os.open(inner / f"file{number % per_folder:05}.bin", os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(fd, data)
        os.close(fd)
    return top


def make_large(folder: Path, size: int) -> Path:
    """One file."""
    path = folder / f"large-{size}"
    if not path.exists():
        with open(path, "wb") as file:
            for _ in range(size // MEBIBYTE):
                file.write(os.urandom(MEBIBYTE))
    return path


def scanned(source: Path) -> list[bytes]:
    """The stored pages of a scan."""
    pages: list[LocalPage] = []
    scan({"t": str(source)}, on_pages=pages.extend)
    return [page.data for page in pages]


# -- the same system calls, without logic ------------------------------------------------------------------------------


def raw_read_small(top: Path) -> None:
    """Open, read, look, close; paths as they are."""
    buffer = bytearray(MEBIBYTE)
    for folder in sorted(os.listdir(top)):
        path = os.fsencode(top / folder) + b"/"
        for name in sorted(map(os.fsencode, os.listdir(path))):
            fd = os.open(path + name, os.O_RDONLY)
            os.readv(fd, [buffer])
            os.fstat(fd)
            os.close(fd)


def raw_write_small(top: Path, target: Path, data: bytes) -> None:
    """Create beside, write, set the time, close, rename."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    names = {folder: sorted(map(os.fsencode, os.listdir(top / folder))) for folder in sorted(os.listdir(top))}
    number = 0
    for folder, inside in names.items():
        os.mkdir(target / folder)
        above = os.open(target / folder, os.O_RDONLY | os.O_DIRECTORY)
        for name in inside:
            part = b".01234567-%x.jetpart" % number
            number += 1
            fd = os.open(part, flags, 0o644, dir_fd=above)
            os.write(fd, data)
            os.utime(fd, ns=(1, 1))
            os.close(fd)
            os.rename(part, name, src_dir_fd=above, dst_dir_fd=above)
        os.close(above)


def raw_read_large(path: Path, buffer: memoryview) -> None:
    """One mebibyte at a time."""
    fd = os.open(path, os.O_RDONLY)
    offset = 0
    while length := os.preadv(fd, [buffer], offset):
        offset += length
    os.close(fd)


def raw_write_large(path: Path, size: int, data: memoryview) -> None:
    """One mebibyte at a time."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    for offset in range(0, size, MEBIBYTE):
        os.pwrite(fd, data, offset)
    os.close(fd)


# -- ours --------------------------------------------------------------------------------------------------------------


def read_all(layout: Layout, buffer: memoryview) -> None:
    """Every block."""
    with BlockReader(layout) as reader:
        for block in range(layout.block_count):
            if reader.read(block, buffer).gaps:
                raise SystemExit("the source changed")


def write_all(target: Path, layout: Layout, data: memoryview, threads: int = 1) -> TreeWriter:
    """Every block, with the same bytes; not flushed."""
    writer = TreeWriter(target, "", layout, 4, "benchmark")
    writer.prepare()
    blocks = iter(range(layout.block_count))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                block = next(blocks, None)
            if block is None:
                return
            writer.write(block, data[: layout.block_length(block)])

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return writer


def small(bench: Bench, files: int, size: int) -> dict[str, float]:
    """Files a second, and ratios."""
    top = make_small(bench.folder, files, size, 100)
    pages = scanned(top)
    sending, receiving = Layout.from_pages(pages), Layout.from_pages([wire_form(page) for page in pages])
    buffer = memoryview(bytearray(BLOCK_SIZE))
    data = memoryview(os.urandom(BLOCK_SIZE))
    for _ in range(bench.runs):
        bench.time("find", lambda: find(top))
        bench.time("scan", lambda: scanned(top))
        bench.time("raw read", lambda: raw_read_small(top))
        bench.time("read", lambda: read_all(sending, buffer))
        target = bench.fresh()
        bench.time("raw write", partial(raw_write_small, top, target, bytes(data[:size])))
        bench.time("write", lambda: write_all(bench.fresh(), receiving, data).close())
        bench.time("write, 4 threads", lambda: write_all(bench.fresh(), receiving, data, 4).close())
        bench.time("cp -r", lambda: subprocess.run(["cp", "-r", top, bench.fresh()], check=True))
    start = time.perf_counter()
    for block in range(receiving.block_count):
        receiving.pieces(block)
    pieces = (time.perf_counter() - start) / receiving.block_count
    rates = {f"{name}, files/s": files / bench.median(name) for name in bench.seconds}
    return rates | {
        "scan : find": bench.median("scan") / bench.median("find"),
        "read : raw read": bench.median("read") / bench.median("raw read"),
        "write : raw write": bench.median("write") / bench.median("raw write"),
        "write : cp -r (which also reads)": bench.median("write") / bench.median("cp -r"),
        "pieces of a block, us": pieces * 1e6,
    }


def find(top: Path) -> None:
    """What the scan is compared with."""
    if shutil.which("find"):
        subprocess.run(["find", top, "-printf", "%p %s %m %T@\\n"], check=True, stdout=subprocess.DEVNULL)


def large(bench: Bench, size: int) -> dict[str, float]:
    """MiB a second, and ratios."""
    path = make_large(bench.folder, size)
    pages = scanned(path)
    sending, receiving = Layout.from_pages(pages), Layout.from_pages([wire_form(page) for page in pages])
    buffer = memoryview(bytearray(BLOCK_SIZE))
    data = memoryview(os.urandom(BLOCK_SIZE))
    raw_read_large(path, buffer)
    for _ in range(bench.runs):
        bench.time("raw read, large", lambda: raw_read_large(path, buffer))
        bench.time("read, large", lambda: read_all(sending, buffer))
        bench.time("raw write, large", lambda: raw_write_large(bench.fresh() / "t", size, data))
        bench.time("write, large", lambda: write_all(bench.fresh(), receiving, data).close())
    names = [name for name in bench.seconds if name.endswith("large")]
    rates = {f"{name}, MiB/s": size / MEBIBYTE / bench.median(name) for name in names}
    return rates | {
        "read : raw read, large": bench.median("read, large") / bench.median("raw read, large"),
        "write : raw write, large": bench.median("write, large") / bench.median("raw write, large"),
    }


def main() -> None:
    """Arguments, runs, a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="where to work; must exist, is left as it becomes")
    parser.add_argument("--files", type=int, default=100_000, help="small files")
    parser.add_argument("--size", type=int, default=4096, help="bytes of a small file")
    parser.add_argument("--large", type=int, default=1 << 30, help="bytes of the large file, 0 for none")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    bench = Bench(arguments.folder, arguments.runs)
    found: dict[str, float] = {}
    if arguments.files:
        found |= small(bench, arguments.files, arguments.size)
    if arguments.large:
        found |= large(bench, arguments.large)
    if arguments.json:
        json.dump({"figures": found, "seconds": bench.seconds}, sys.stdout, indent=1)
        print()
    else:
        for name, value in found.items():
            print(f"{name:40} {value:12,.2f}")


if __name__ == "__main__":
    main()
