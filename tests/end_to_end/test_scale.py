"""Large listings and long histories, with memory that stays bounded."""

import os
import shutil
from pathlib import Path

import pytest

from helpers.nodes import NodeProcess
from jetstream.aio import AsyncClient

IN_A_FOLDER = 1000
PAGE = 10_000
MEBIBYTE = 1 << 20


def wide(folder: Path, files: int) -> Path:
    """A tree of *files* empty files but for every thousandth."""
    for number in range(files // IN_A_FOLDER):
        below = folder / f"{number:04}"
        below.mkdir(parents=True)
        descriptor = os.open(below, os.O_RDONLY)
        for name in range(IN_A_FOLDER):
            os.close(os.open(f"file {name:04}", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=descriptor))
        os.close(descriptor)
        (below / "file 0000").write_bytes(b"x" * 10)
    return folder


def most_memory(node: NodeProcess) -> int:
    """The most bytes of memory that the node has used so far."""
    assert node.process is not None
    status = Path(f"/proc/{node.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


async def paged(client: AsyncClient, manifest: str, files: int) -> None:
    """Read the whole listing page by page: every file once, in order of folders."""
    names: set[str] = set()
    offset: int | None = 0
    while offset is not None:
        page = await client.send.get_manifest_files(manifest, offset, PAGE)
        names.update(mapping["destPath"] for mapping in page["fileMappings"])
        offset = page["nextOffset"]
    assert len(names) == files


@pytest.mark.parametrize(
    ("files", "most"),
    [(20_000, 200), pytest.param(1_000_000, 300, marks=[pytest.mark.long, pytest.mark.timeout(900)])],
)
async def test_a_large_tree_is_listed_and_paged_in_little_memory(
    alone: NodeProcess, tmp_path: Path, files: int, most: int
) -> None:
    source = wide(tmp_path / "source", files)
    async with alone.client() as client:
        begun = await client.send.create_manifest({"in": str(source)})
        manifest = await client.send.wait_for_manifest(begun, 600)
        assert (manifest.status, manifest.total_files) == ("complete", files), manifest.error_message
        assert manifest.total_size == files // IN_A_FOLDER * 10
        scanned = most_memory(alone)
        await paged(client, manifest.manifest_id, files)
        read = most_memory(alone)
        destination = await client.send.create_destination("127.0.0.1", alone.port)
        transfer = await client.send.create_transfer(destination, manifest)
        done = await client.send.wait_for_transfer(transfer, 800)
        assert (done.status, done.files_done) == ("complete", files), done.error_message
    sent = most_memory(alone)
    for folder in (source, alone.received):
        shutil.rmtree(folder)
    print(f"{files} files: {scanned / MEBIBYTE:.0f} MiB after the scan, {read / MEBIBYTE:.0f} after reading, "
          f"{sent / MEBIBYTE:.0f} after sending to itself")
    assert read < most * MEBIBYTE
