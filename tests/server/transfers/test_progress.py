"""How many files are there, and what is said of a finished transfer."""

import random
from pathlib import Path

from helpers.trees import build, scanned
from jetstream.constants import BLOCK_SIZE
from jetstream_server.files.finishing import FinishReport
from jetstream_server.transfers.progress import FileCount, report_sentence


def test_files_count_when_their_last_block_is_there(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {
        "a": b"1", "b": bytes(BLOCK_SIZE), "c": b"", "d": b"22", "e": bytes(3 * BLOCK_SIZE), "f": {"g": b"x" * 10},
    })
    layout = scanned({"t": source}).stored
    count = FileCount(layout)
    assert count.files == 0
    count.arrived([(0, 1)])
    assert count.files == 1  # 'a'; 'b' ends in the next block
    count.arrived([(1, 1), (2, 3)])
    assert count.files == 5  # an empty file has no block: it is made in the end


def test_in_whatever_order_the_sum_is_the_same(tmp_path: Path) -> None:
    chance = random.Random(4)
    source = build(tmp_path / "s", {f"{n}": chance.randbytes(chance.randrange(1, 400_000)) for n in range(60)})
    layout = scanned({"t": source}).stored
    blocks = list(range(layout.block_count))
    chance.shuffle(blocks)
    count = FileCount(layout)
    for block in blocks:
        count.arrived([(block, 1)])
    assert count.files == 60


def test_nothing_to_count(tmp_path: Path) -> None:
    count = FileCount(scanned({"t": build(tmp_path / "s", {"empty": {}})}).stored)
    count.arrived([])
    assert count.files == 0


def test_a_report_for_people() -> None:
    assert report_sentence(FinishReport(files=3, failed=0)) == ""
    names = tuple(f"f{number}" for number in range(5))
    report = FinishReport(files=9, failed=0, kept=names, kept_count=7, skipped=("s",), skipped_count=1)
    assert report_sentence(report) == (
        "f0, f1, f2 and 4 more: kept beside an existing one. s: left as it was."
    )
