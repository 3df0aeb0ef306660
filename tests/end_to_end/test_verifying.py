"""What arrived is compared with the hashes made then: what was touched, what is gone, what is damaged."""

import os
from pathlib import Path
from typing import Any

import pytest

from helpers.nodes import NodeProcess, make_tree
from jetstream import constants as c
from jetstream.aio import AsyncClient
from jetstream.entities import ReceiveTransfer
from jetstream.errors import Conflict, InvalidParameters

from .test_transfers import manifest_of, sent

Two = tuple[NodeProcess, NodeProcess]
KINDS = ("missing", "changed", "damaged", "unsure")


async def verified(client: AsyncClient, transfer: ReceiveTransfer, limit: int = 3) -> dict[str, Any]:
    found: dict[str, Any] = {kind: set() for kind in KINDS}
    found["same"] = 0
    offset: int | None = 0
    while offset is not None:
        step = await client.receive.verify_transfer(transfer, offset, limit)
        offset = step["nextOffset"]
        found["same"] += step["sameBlocks"]
        found["total"] = step["totalBlocks"]
        for kind in KINDS:
            found[kind] |= set(step[kind])
    return found


async def arrived(pair: Two, source: Path, **options: Any) -> ReceiveTransfer:
    sender, receiver = pair
    async with sender.client() as client:
        transfer = await sent(client, receiver.port, await manifest_of(client, {"in": str(source)}), **options)
        assert transfer.status == "complete", transfer.error_message
    async with receiver.client() as client:
        return (await client.receive.get_transfers())[-1]


async def test_untouched_touched_gone_and_damaged(pair: Two, tmp_path: Path) -> None:
    source = make_tree(tmp_path / "source", small=30, large=3, large_size=4 << 20)
    transfer = await arrived(pair, source)
    _, receiver = pair
    base = receiver.received / "in"
    receiver.stop()
    receiver.start()
    async with receiver.client() as client:
        found = await verified(client, transfer)
        assert found["same"] == found["total"] > 12
        assert not any(found[kind] for kind in KINDS)

        damaged = base / "large1.bin"
        info = damaged.stat()
        with damaged.open("r+b") as file:
            file.seek((2 << 20) + 5)
            file.write(b"!")
        os.utime(damaged, ns=(info.st_atime_ns, info.st_mtime_ns))
        (base / "large0.bin").write_bytes(b"other")
        (base / "large2.bin").unlink()
        found = await verified(client, transfer)
        assert "in/large1.bin" in found["damaged"]
        assert (found["changed"], found["missing"]) == ({"in/large0.bin"}, {"in/large2.bin"})
        assert found["same"] < found["total"]
        assert not found["unsure"] & (found["changed"] | found["missing"])
        assert (base / "large0.bin").read_bytes() == b"other"

        with pytest.raises(InvalidParameters):
            await client.receive.verify_transfer(transfer, 10_000)
        receiver.received.rename(tmp_path / "away")
        with pytest.raises(Conflict, match="cannot be verified"):
            await client.receive.verify_transfer(transfer)


@pytest.mark.parametrize("mode", [c.OVERWRITE_BACKUP, c.OVERWRITE_KEEP_BOTH, c.OVERWRITE_NEVER])
async def test_files_are_found_under_the_names_that_they_got(pair: Two, tmp_path: Path, mode: int) -> None:
    source = make_tree(tmp_path / "source", small=4, large=1)
    there = pair[1].received / "in"
    there.mkdir(parents=True)
    (there / "large0.bin").write_bytes(b"was here before")
    transfer = await arrived(pair, source, overwrite_mode=mode)
    async with pair[1].client() as client:
        found = await verified(client, transfer)
    assert found["same"] == found["total"], found


async def test_a_link_on_the_way_is_not_followed(pair: Two, tmp_path: Path) -> None:
    transfer = await arrived(pair, make_tree(tmp_path / "source", small=2, large=1))
    there = pair[1].received / "in"
    there.rename(tmp_path / "elsewhere")
    there.symlink_to(tmp_path / "elsewhere")
    async with pair[1].client() as client:
        found = await verified(client, transfer)
    assert found["same"] == 0
    assert "in/large0.bin" in found["missing"]


async def test_what_cannot_be_verified(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    (tmp_path / "empty").mkdir()
    transfer = await arrived(pair, tmp_path / "empty")
    async with receiver.client() as client:
        found = await verified(client, transfer)
        assert (found["total"], found["same"]) == (0, 0)
        link = "jetstream://127.0.0.1:1/download?token=MAYWEBRO.TRUPO.VEVEEBLU"
        waiting = await client.receive.create_download(link)
        with pytest.raises(Conflict, match="Only a complete transfer"):
            await client.receive.verify_transfer(waiting)
