"""A link is looked at before it is fetched, and a part of it is fetched: only that part travels and is counted."""

from pathlib import Path
from typing import Any

import pytest

from helpers.nodes import NodeProcess, make_tree, tree, until
from jetstream.aio import AsyncClient
from jetstream.choosing import matches, ranges_of
from jetstream.errors import AuthenticationFailed, ConnectionFailed, InvalidParameters

from .test_transfers import manifest_of, received

Two = tuple[NodeProcess, NodeProcess]


async def listed(client: AsyncClient, link: str, password: str | None = None, limit: int = 7) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = []
    offset: int | None = 0
    while offset is not None:
        page = await client.receive.preview_download(link, password, offset, limit)
        files += page["files"]
        offset = page["nextOffset"]
    return files


async def test_a_link_is_looked_at_page_by_page(two: Two, tmp_path: Path) -> None:
    sharer, fetcher = two
    source = make_tree(tmp_path / "source", small=20)
    async with sharer.client() as client, fetcher.client() as other:
        manifest = await manifest_of(client, {"photos": str(source)})
        token = await client.send.create_shared_token(
            manifest, description="For Ann", download_limit=2, password="pass", expiry_time=(1 << 52)
        )
        link = f"jetstream://127.0.0.1:{sharer.port}/download?token={token.token}"
        with pytest.raises(AuthenticationFailed):
            await other.receive.preview_download(link, "wrong")
        page = await other.receive.preview_download(link, "pass")
        assert (page["label"], page["description"], page["downloadsLeft"]) == ("photos", "For Ann", 2)
        assert (page["totalFiles"], page["totalSize"]) == (manifest.total_files, manifest.total_size)
        assert (page["expiryTime"], page["sourcePublicKey"]) == (1 << 52, sharer.fingerprint)
        assert page["nextOffset"] is None
        files = await listed(other, link, "pass")
        assert files == page["files"]
        assert not any("srcPath" in file for file in files)
        ours = await client.send.get_manifest_files(manifest)
        assert [file["destPath"] for file in files] == [file["destPath"] for file in ours["fileMappings"]]
        assert (await client.send.get_shared_token(token)).download_count == 0
        assert await client.send.get_transfers() == await other.receive.get_transfers() == []


async def test_only_what_was_chosen_travels(two: Two, tmp_path: Path) -> None:
    sharer, fetcher = two
    source = make_tree(tmp_path / "source", small=20)
    async with sharer.client() as client, fetcher.client() as other:
        manifest = await manifest_of(client, {"photos": str(source)})
        token = await client.send.create_shared_token(manifest, download_limit=1)
        link = f"jetstream://127.0.0.1:{sharer.port}/download?token={token.token}"
        chosen = [file for file in await listed(other, link) if matches(file["destPath"], ["d1", "large0*"])]
        entries = ranges_of(file["entry"] for file in chosen)
        with pytest.raises(InvalidParameters, match="Nothing is chosen"):
            await other.receive.create_download(link, entries=[])
        nonsense = await other.receive.create_download(link, entries=[(manifest.total_files or 0, 99)])
        wrong = await received(other, nonsense)
        assert (wrong.status, "not shared here" in (wrong.error_message or "")) == ("error", True)
        made = await received(other, await other.receive.create_download(link, entries=entries))
        assert made.status == "complete", made.error_message
        size = sum(file["fileSize"] for file in chosen)
        assert (made.total_files, made.files_done, made.total_size, made.bytes_recv) == (
            len(chosen), len(chosen), size, size)
        page = await other.receive.get_transfer_files(made, limit=2)
        rest = await other.receive.get_transfer_files(made, offset=page["nextOffset"])
        assert [f["destPath"] for f in page["files"] + rest["files"]] == [f["destPath"] for f in chosen]
        assert rest["nextOffset"] is None
        whole = tree(source)
        arrived = tree(fetcher.received / "photos")
        assert {name for name, what in arrived.items() if what} == {
            file["destPath"].removeprefix("photos/").encode("utf-8", "surrogateescape") for file in chosen}
        assert all(whole[name] == what for name, what in arrived.items())
        pulled = await until(lambda: client.send.get_transfers(), lambda now: now[-1].status == "complete")
        assert (pulled[-1].total_bytes, pulled[-1].bytes_acked, pulled[-1].files_done) == (size, size, len(chosen))
        await until(lambda: client.send.get_shared_token(token), lambda now: now.download_count == 1)


async def test_a_part_goes_on_where_it_stopped(two: Two, tmp_path: Path) -> None:
    sharer, fetcher = two
    source = make_tree(tmp_path / "source", small=3, large=4, large_size=6 << 20)
    async with sharer.client() as client, fetcher.client() as other:
        manifest = await manifest_of(client, {"photos": str(source)})
        token = await client.send.create_shared_token(manifest)
        link = f"jetstream://127.0.0.1:{sharer.port}/download?token={token.token}"
        chosen = [file for file in await listed(other, link) if matches(file["destPath"], ["large[13].bin"])]
        await client.server.superuser()
        await client.server.update_bandwidth_limits(outgoing=40_000)
        made = await other.receive.create_download(link, entries=ranges_of(file["entry"] for file in chosen))
        await until(lambda: other.receive.get_transfer(made), lambda now: now.bytes_recv > 2 << 20)
        stopped = await other.receive.suspend_transfer(made)
        await until(lambda: other.receive.get_transfer(made), lambda now: now.status == "suspended")
        await client.server.update_bandwidth_limits(outgoing=0)
    fetcher.stop()
    fetcher.start()
    async with fetcher.client() as other:
        before = await other.receive.get_transfer(stopped.transfer_id)
        assert before.bytes_recv > 0
        await other.receive.resume_transfer(stopped.transfer_id)
        done = await received(other, before)
        assert done.status == "complete", done.error_message
        assert done.total_size == sum(file["fileSize"] for file in chosen)
    async with sharer.client() as client:
        pulled = await client.send.get_transfers()
        (pulled,) = await until(client.send.get_transfers, lambda now: now[0].status == "complete")
        assert pulled.blocks_sent < 2 * (done.total_size or 0) >> 20
    arrived = tree(fetcher.received / "photos")
    assert arrived == {name: what for name, what in tree(source).items() if name in (b"large1.bin", b"large3.bin")}


async def test_nobody_answers_at_the_link(two: Two) -> None:
    _, fetcher = two
    async with fetcher.client() as other:
        with pytest.raises(InvalidParameters):
            await other.receive.preview_download("jetstream://127.0.0.1:1/connect")
        with pytest.raises(ConnectionFailed, match="refused"):
            await other.receive.preview_download("jetstream://127.0.0.1:1/download?token=MAYWEBRO.TRUPO.VEVEEBLU")
