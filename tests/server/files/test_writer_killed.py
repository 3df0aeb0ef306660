"""The writing process is killed, for real, at moments of nobody's choosing."""

import contextlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.receiving import verified
from helpers.trees import Scanned, all_blocks, build, scanned, snapshot
from jetstream.constants import OVERWRITE_ALWAYS, OVERWRITE_BACKUP, OVERWRITE_IN_PLACE_NEVER, OVERWRITE_KEEP_BOTH
from jetstream_server.files.layout import Layout
from jetstream_server.files.writer import TreeWriter

CHILD = """
import random, sys, threading
from pathlib import Path
from helpers.trees import all_blocks, scanned
from jetstream_server.files.writer import TreeWriter

source, target, mode, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
have = [int(block) for block in sys.argv[5].split(",") if block]
found = scanned({"s": source})
blocks = all_blocks(found.stored)
writer = TreeWriter(target, "", found.wire, mode, "uid")
writer.prepare()
assert not writer.mark_have(have)
order = [block for block in range(len(blocks)) if block not in have]
random.Random(seed).shuffle(order)

turns = threading.Semaphore(2)  # a little at a time, so that there is much to interrupt

def work(numbers):
    for number in numbers:
        turns.acquire()
        data, zero, gaps = blocks[number]
        writer.write(number, data, zero=zero)

threads = [threading.Thread(target=work, args=(order[part::2],), daemon=True) for part in range(2)]
for thread in threads:
    thread.start()
while True:
    alive = any(thread.is_alive() for thread in threads)
    for block in writer.flush():
        print(block, flush=True)
    turns.release(2)
    if not alive:
        break
print("done", flush=True)
"""


@pytest.mark.parametrize("mode", [OVERWRITE_ALWAYS, OVERWRITE_KEEP_BOTH, OVERWRITE_IN_PLACE_NEVER])
def test_killed_again_and_again(tmp_path: Path, mode: int) -> None:
    rng = random.Random(mode)
    sizes = [0, 100, 5000, 5001, 300_000, 300_001, 3_000_000, 3_500_000, 1 << 20] * 2
    rng.shuffle(sizes)
    spec = {f"d{number % 3}/f{number}": rng.randbytes(size) for number, size in enumerate(sizes * 2)}
    source = build(tmp_path / "s", spec)
    found = scanned({"s": source})
    (tmp_path / "t").mkdir()
    have: set[int] = set()
    for seed in range(40):
        promised, done = one_life(tmp_path, mode, seed, have, kill_after=rng.randrange(1, 6))
        with TreeWriter(tmp_path / "t", "", found.wire, mode, "uid") as writer:
            writer.prepare()
            check = Check(found.wire, found)
            good = set(verified(check, writer, sorted(have | promised)))  # type: ignore[arg-type]
            assert have | promised <= good
            have = good - set(writer.mark_have(good))
            assert have == good
            if done:
                report = writer.finish()
                assert report.files == found.result.files
                break
    else:
        pytest.fail("it never came to an end")
    assert seed > 0, "it was never killed"
    assert snapshot(tmp_path / "t" / "s") == snapshot(source)


class Check:
    """What :func:`verified` needs."""

    def __init__(self, layout: Layout, found: Scanned) -> None:
        self.layout = layout
        self.blocks = all_blocks(found.stored)


def one_life(folder: Path, mode: int, seed: int, have: set[int], kill_after: int) -> tuple[set[int], bool]:
    """Blocks that a process promised before it was killed, and whether it came to the end."""
    arguments = [folder / "s", folder / "t", str(mode), str(seed), ",".join(map(str, sorted(have)))]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    promised: set[int] = set()
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments], stdout=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == "done":
                return promised, True
            promised.add(int(line))
            if len(promised) >= kill_after:
                child.send_signal(signal.SIGKILL)
    # What it had printed when it was killed was promised as well; an unfinished line was not.
    return promised, False


SMALL_CHILD = """
import sys
from pathlib import Path
from helpers.trees import all_blocks, scanned
from jetstream_server.files.writer import TreeWriter

source, target, mode = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
found = scanned({"s": source})
writer = TreeWriter(target, "", found.wire, mode, "uid")
writer.prepare()
blocks = all_blocks(found.stored)
print("begins", flush=True)
for number, (data, zero, gaps) in enumerate(blocks):
    writer.write(number, data, zero=zero)
print("done", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("mode", [OVERWRITE_ALWAYS, OVERWRITE_BACKUP, OVERWRITE_KEEP_BOTH])
def test_small_files_are_never_seen_half(tmp_path: Path, mode: int) -> None:
    """Killed in the middle of rows of small files: what has its name is whole, and nothing hidden stays in the end."""
    rng = random.Random(mode)
    spec = {f"d{folder}/f{file}": rng.randbytes(2000 + file) for folder in range(20) for file in range(100)}
    source = build(tmp_path / "s", spec)
    target = tmp_path / "t"
    target.mkdir()
    interrupted = 0
    for _ in range(7):
        interrupted += small_life(source, target, mode, rng.random() * 0.06)
        for path in target.rglob("*"):
            inside = path.relative_to(target / "s").parts if path.is_file() else ()
            if inside and not any(part.startswith(".") for part in inside):
                assert path.read_bytes() == spec["/".join(inside)]
    found = scanned({"s": source})
    with TreeWriter(target, "", found.wire, mode, "uid") as writer:
        writer.prepare()
        for number, (data, zero, _) in enumerate(all_blocks(found.stored)):
            writer.write(number, data, zero=zero)
        report = writer.finish()
    assert interrupted > 0, "it was never killed in time"
    assert report.renamed_count == report.skipped_count == 0
    assert snapshot(target / "s") == snapshot(source)


def small_life(source: Path, target: Path, mode: int, seconds: float) -> bool:
    """Let a process write for *seconds* and kill it; whether it was still at it."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    arguments = [sys.executable, "-c", SMALL_CHILD, source, target, str(mode)]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "begins\n"
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
        child.send_signal(signal.SIGKILL)
        return "done" not in child.stdout.read()
