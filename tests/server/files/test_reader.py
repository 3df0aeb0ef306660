"""Reading blocks: the bytes of the manifest or a gap, never a mixture."""

import os
import threading
from pathlib import Path

import pytest

from helpers.trees import all_blocks, build, scanned
from jetstream.constants import BLOCK_SIZE
from jetstream_server.files.reader import OPEN_FILES, BlockReader

BIG = os.urandom(2 * BLOCK_SIZE + 12345)


def stream(root: Path, targets: list[str]) -> bytes:
    return b"".join((root.parent / target).read_bytes() for target in targets if (root.parent / target).is_file())


def test_blocks_are_the_stream(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {"a": b"1" * 700, "b": BIG, "c": {"d": b"", "e": os.urandom(BLOCK_SIZE), "f": b"2"}})
    found = scanned({"s": source})
    blocks = all_blocks(found.stored)
    assert b"".join(bytes(data) for data, _, _ in blocks) == stream(source, found.targets())
    assert not any(zero or gaps for _, zero, gaps in blocks)


def test_the_buffer_may_be_longer_but_not_shorter(tmp_path: Path) -> None:
    source = build(tmp_path / "s", {"a": b"123"})
    with BlockReader(scanned({"s": source}).stored) as reader:
        buffer = bytearray(b"x" * 10)
        assert reader.read(0, memoryview(buffer)).length == 3
        assert buffer == b"123" + b"x" * 7
        with pytest.raises(ValueError, match="3 bytes"):
            reader.read(0, memoryview(bytearray(2)))
        with pytest.raises(IndexError):
            reader.read(1, memoryview(bytearray(BLOCK_SIZE)))


def test_zero_blocks_and_holes(tmp_path: Path) -> None:
    source = tmp_path / "s"
    source.mkdir()
    with open(source / "sparse", "wb") as file:
        file.truncate(3 * BLOCK_SIZE)
        file.seek(3 * BLOCK_SIZE)
        file.write(b"end")
    (source / "zeros").write_bytes(bytes(2 * BLOCK_SIZE))
    blocks = all_blocks(scanned({"s": source}).stored)
    assert [zero for _, zero, _ in blocks] == [True, True, True, False, True, True]


def test_small_files_that_changed(tmp_path: Path) -> None:
    spec = {name: name.encode() * 10 for name in "abcdefgh"}
    source = build(tmp_path / "s", spec)
    found = scanned({"s": source})
    layout = found.stored
    entry = {os.fsdecode(layout.entry(number).target): number for number in range(layout.entries)}
    (source / "b").unlink()
    (source / "c").write_bytes(b"c" * 9)
    (source / "d").write_bytes(b"d" * 11)
    os.utime(source / "e", ns=(1, 1))
    (source / "f").unlink()
    os.mkfifo(source / "f")
    (source / "g").unlink()
    (source / "g").mkdir()
    with BlockReader(layout) as reader:
        buffer = memoryview(bytearray(b"x" * 100))
        read = reader.read(0, buffer)
        assert {gap.entry for gap in read.gaps} == {entry[f"s/{name}"] for name in "bcdefg"}
        assert bytes(buffer[:80]) == b"a" * 10 + bytes(60) + b"h" * 10
        assert all(reader.gaps[gap.entry] == gap.reason for gap in read.gaps)
    reasons = {gap.entry: gap.reason for gap in read.gaps}
    assert reasons[entry["s/b"]] == "it is gone"
    assert "size" in reasons[entry["s/c"]]
    assert reasons[entry["s/e"]] == "it was modified"


def big(tmp_path: Path) -> tuple[Path, BlockReader]:
    source = build(tmp_path / "s", {"big": BIG})
    return source / "big", BlockReader(scanned({"s": source}).stored)


def touch_back(path: Path, before: os.stat_result) -> None:
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_big_file_that_changes_under_way(tmp_path: Path) -> None:
    path, reader = big(tmp_path)
    buffer = memoryview(bytearray(BLOCK_SIZE))
    with reader:
        assert not reader.read(0, buffer).gaps
        before = path.stat()
        with open(path, "r+b") as file:
            file.write(b"new")
        touch_back(path, before)  # size and time as before: only the change time tells
        read = reader.read(1, buffer)
        assert [gap.entry for gap in read.gaps] == [1]
        assert bytes(buffer) == bytes(BLOCK_SIZE)
        assert not read.zero
        assert reader.read(2, buffer).gaps


def test_a_big_file_that_is_replaced_under_way(tmp_path: Path) -> None:
    path, reader = big(tmp_path)
    buffer = memoryview(bytearray(BLOCK_SIZE))
    with reader:
        assert not reader.read(0, buffer).gaps
        before = path.stat()
        twin = path.with_name("twin")
        twin.write_bytes(BIG)
        touch_back(twin, before)
        os.replace(twin, path)
        reader.close()  # as if other files had pushed it out
        assert reader.read(1, buffer).gaps


def test_a_big_file_that_shrinks_stays_a_gap(tmp_path: Path) -> None:
    path, reader = big(tmp_path)
    buffer = memoryview(bytearray(BLOCK_SIZE))
    with reader:
        before = path.stat()
        os.truncate(path, BLOCK_SIZE + 7)
        assert reader.read(1, buffer).gaps
        path.write_bytes(BIG)
        touch_back(path, before)
        assert reader.read(0, buffer).gaps


def test_a_block_in_a_hole_of_a_changed_file_is_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with open(path, "wb") as file:
        file.truncate(4 * BLOCK_SIZE)
    with BlockReader(scanned({"s": path}).stored) as reader:
        buffer = memoryview(bytearray(BLOCK_SIZE))
        assert reader.read(0, buffer).zero
        os.utime(path, ns=(5, 5))
        assert reader.read(1, buffer).gaps


def test_permissions(open_tmp: Path, ordinary_user: None) -> None:
    source = build(open_tmp / "s", {"a": b"1", "b": b"2"})
    layout = scanned({"s": source}).stored
    (source / "a").chmod(0)
    with BlockReader(layout) as reader:
        read = reader.read(0, memoryview(bytearray(2)))
    assert [gap.reason for gap in read.gaps] == ["permission denied"]


def test_many_threads_and_few_descriptors(tmp_path: Path) -> None:
    spec = {f"{number:03}": bytes([number]) * (BLOCK_SIZE + number) for number in range(OPEN_FILES + 8)}
    source = build(tmp_path / "s", spec)
    found = scanned({"s": source})
    layout = found.stored
    expected = stream(source, found.targets())
    wrong: list[int] = []
    with BlockReader(layout) as reader:
        descriptors = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

        def work(first: int) -> None:
            buffer = memoryview(bytearray(BLOCK_SIZE))
            for block in range(first, layout.block_count, 8):
                read = reader.read(block, buffer)
                if read.gaps or buffer[: read.length] != expected[block * BLOCK_SIZE : (block + 1) * BLOCK_SIZE]:
                    wrong.append(block)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if descriptors:
            assert len(os.listdir("/proc/self/fd")) <= descriptors + OPEN_FILES + 1
    assert not wrong
    if descriptors:
        assert len(os.listdir("/proc/self/fd")) == descriptors


def test_sources_longer_than_the_system_allows(tmp_path: Path) -> None:
    top = os.open(tmp_path, os.O_RDONLY)
    for letter in range(17):
        name = bytes([97 + letter]) * 250
        os.mkdir(name, dir_fd=top)
        below = os.open(name, os.O_RDONLY, dir_fd=top)
        os.close(top)
        top = below
    file = os.open("f", os.O_WRONLY | os.O_CREAT, dir_fd=top)
    os.write(file, b"deep")
    os.close(file)
    os.close(top)
    inner = tmp_path.joinpath(*("a" * 250, "b" * 250))
    with BlockReader(scanned({"s": inner}).stored) as reader:
        buffer = memoryview(bytearray(4))
        assert not reader.read(0, buffer).gaps
        assert bytes(buffer) == b"deep"


def test_too_many_open_files_is_no_gap(tmp_path: Path) -> None:
    import resource

    source = build(tmp_path / "s", {"a": b"1"})
    with BlockReader(scanned({"s": source}).stored) as reader:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        buffer = memoryview(bytearray(1))
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            with pytest.raises(OSError, match="open files"):
                reader.read(0, buffer)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert not reader.read(0, buffer).gaps
