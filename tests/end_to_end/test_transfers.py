"""Files move between two real nodes: pushed, pulled, to the node itself; and what does not go through says why."""

import asyncio
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from helpers.nodes import NodeProcess, make_tree, tree, until
from jetstream import constants as c
from jetstream.aio import AsyncClient
from jetstream.entities import Manifest, ReceiveTransfer, Transfer
from jetstream.errors import AuthenticationFailed, Conflict, NotFound, PermissionDenied
from jetstream_server.catalog.catalog import CATALOG_FILE, Catalog

Two = tuple[NodeProcess, NodeProcess]


async def manifest_of(client: AsyncClient, mappings: dict[str, str], **options: Any) -> Manifest:
    manifest = await client.send.wait_for_manifest(await client.send.create_manifest(mappings, **options), 60)
    assert manifest.status == "complete", manifest.error_message
    return manifest


async def send(client: AsyncClient, port: int, manifest: Manifest, **options: Any) -> Transfer:
    destination = await client.send.create_destination("127.0.0.1", port)
    return await client.send.create_transfer(destination, manifest, **options)


async def sent(client: AsyncClient, port: int, manifest: Manifest, **options: Any) -> Transfer:
    return await client.send.wait_for_transfer(await send(client, port, manifest, **options), 60)


async def received(client: AsyncClient, transfer: ReceiveTransfer) -> ReceiveTransfer:
    return await until(lambda: client.receive.get_transfer(transfer), lambda now: not now.processing)


async def test_a_tree_arrives_byte_for_byte_with_modes_and_times(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    source = make_tree(tmp_path / "source")
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o755)
    os.utime(source / "run.sh", ns=(1, 1_234_567_890_123_456_789))
    os.utime(source / "d1", ns=(1, 1_111_111_111_000_000_000))
    async with sender.client() as client:
        manifest = await manifest_of(client, {"in/it": str(source)})
        transfer = await sent(client, receiver.port, manifest)
    assert (transfer.status, transfer.error_message) == ("complete", None)
    assert transfer.bytes_acked == transfer.total_bytes == manifest.total_size
    assert transfer.files_done == manifest.total_files
    assert (transfer.carrier, transfer.processing) == (None, False)
    arrived = receiver.received / "in" / "it"
    assert tree(arrived) == tree(source)
    info = (arrived / "run.sh").stat()
    assert (stat.S_IMODE(info.st_mode), info.st_mtime_ns) == (0o755, 1_234_567_890_123_456_789)
    assert (arrived / "d1").stat().st_mtime_ns == 1_111_111_111_000_000_000
    async with receiver.client() as client:
        (incoming,) = await client.receive.get_transfers()
        assert (incoming.status, incoming.label, incoming.bytes_recv) == ("complete", "it", manifest.total_size)
        (origin,) = await client.receive.get_sources()
        assert (origin.complete_transfer_count, origin.destination_public_key) == (1, sender.fingerprint)


async def test_a_node_sends_to_itself_with_no_set_up(alone: NodeProcess, tmp_path: Path) -> None:
    source = make_tree(tmp_path / "source", small=5, large=1)
    async with alone.client() as client:
        transfer = await sent(client, alone.port, await manifest_of(client, {"/data/docs": str(source)}))
    assert transfer.status == "complete"
    assert tree(alone.received / "data" / "docs") == tree(source)


async def test_where_strangers_may_not_ask_the_refusal_says_what_lets_them_in(two: Two, tmp_path: Path) -> None:
    sender, receiver = two
    (tmp_path / "file").write_text("x")
    async with receiver.client() as client:
        await client.server.superuser()
        await client.receive.allow_only_authorized_clients(True)
        assert (await client.server.get_server_info()).only_authorized_clients_allowed
    async with sender.client() as client:
        transfer = await sent(client, receiver.port, await manifest_of(client, {"file": str(tmp_path / "file")}))
        assert transfer.status == "error"
        assert f"--clientPublicKey={sender.fingerprint}" in (transfer.error_message or "")
        await receiver.let_in(sender)
        await client.send.resume_transfer(transfer)
        assert (await client.send.wait_for_transfer(transfer, 60)).status == "complete"
    assert (receiver.received / "file").read_text() == "x"


async def test_valid_credentials_let_a_stranger_in(two: Two, tmp_path: Path) -> None:
    sender, receiver = two
    (tmp_path / "file").write_text("x")
    async with receiver.client() as client:
        await client.server.superuser()
        await client.server.create_user("ann", "a long secret")
        await client.server.set_sandbox_mapping("ann", {"": str(tmp_path / "only for ann")})
    async with sender.client() as client:
        manifest = await manifest_of(client, {"file": str(tmp_path / "file")})
        for password, status in (("wrong", "error"), ("a long secret", "complete")):
            destination = await client.send.create_destination(
                "127.0.0.1", receiver.port, user_name="ann", password=password
            )
            transfer = await client.send.create_transfer(destination, manifest)
            transfer = await client.send.wait_for_transfer(transfer, 60)
            assert transfer.status == status
            assert "a long secret" not in repr(await client.send.get_destinations())
    assert (tmp_path / "only for ann" / "file").read_text() == "x"


async def test_a_shared_token_is_pulled_through_no_open_port(two: Two, tmp_path: Path) -> None:
    sharer, fetcher = two
    source = make_tree(tmp_path / "source", small=10)
    async with sharer.client() as client, fetcher.client() as other:
        manifest = await manifest_of(client, {"photos": str(source)})
        token = await client.send.create_shared_token(manifest, download_limit=1, password="pass word")
        link = f"jetstream://127.0.0.1:{sharer.port}/download?token={token.token}"
        wrong = await received(other, await other.receive.create_download(link, password="nonsense"))
        assert wrong.status == "error"
        right = await received(
            other, await other.receive.create_download(link, password="pass word", destination_path="mine")
        )
        assert (right.status, right.download) == ("complete", True), right.error_message
        assert tree(fetcher.received / "mine" / "photos") == tree(source)
        await until(lambda: client.send.get_shared_token(token), lambda now: now.download_count == 1)
        again = await received(other, await other.receive.create_download(link, password="pass word"))
        assert again.status == "error"
        assert again.error_message == wrong.error_message
        (pulled,) = await client.send.get_transfers()
        assert (pulled.status, pulled.owner_token) == ("complete", token.token)


async def test_pause_stops_the_bytes_and_resume_goes_on(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    source = make_tree(tmp_path / "source", large=4, large_size=4 << 20)
    async with sender.client() as client:
        manifest = await manifest_of(client, {"in": str(source)})
        begun = await send(client, receiver.port, manifest, send_rate_max=80_000)
        transfer = await until(lambda: client.send.get_transfer(begun), lambda now: now.bytes_acked >= 3 << 20)
        assert (transfer.status, transfer.phase, transfer.carrier) == ("sending", "sending", "tcp")
        paused = await client.send.suspend_transfer(transfer)
        assert (paused.status, paused.processing) == ("suspended", False)
        assert (await client.send.wait_for_transfer(paused, 5)).status == "suspended"
        before = await client.send.get_transfer(transfer)
        with pytest.raises(Conflict, match="suspended"):
            await client.send.suspend_transfer(transfer)
        await client.send.update_transfer(transfer, send_rate_max=0)
        await client.send.resume_transfer(transfer)
        done = await client.send.wait_for_transfer(transfer, 60)
        assert done.status == "complete", done.error_message
        # What was on the receiver's disk at the pause was not sent again, only what was in buffers.
        missing = (done.total_bytes or 0) - before.bytes_acked
        assert done.bytes_sent - before.bytes_sent < missing + (8 << 20)
        assert before.bytes_acked <= done.bytes_acked
        events = await until(lambda: client.send.get_transfer_events(transfer), lambda now: len(now) > 5)
        names = [event.event for event in events]
        assert names == ["transferCreated", "transferAccepted", "transferStarted", "transferSuspended",
                         "transferResumed", "transferCompleted"]  # it starts once
    assert tree(receiver.received / "in") == tree(source)


async def test_the_receiver_pauses_and_cancels_too(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    source = make_tree(tmp_path / "source", large=3, large_size=6 << 20)
    async with sender.client() as client, receiver.client() as other:
        manifest = await manifest_of(client, {"in": str(source)})
        begun = await send(client, receiver.port, manifest, send_rate_max=40_000)

        async def look() -> Transfer:
            return await client.send.get_transfer(begun)

        await until(look, lambda now: now.bytes_acked >= 1 << 20)
        (incoming,) = await other.receive.get_transfers()
        await other.receive.suspend_transfer(incoming)
        transfer = await until(look, lambda now: now.phase == "waiting for the peer")
        assert (transfer.status, transfer.processing) == ("pending", True)
        assert transfer.next_retry_time is not None
        await other.receive.resume_transfer(incoming)
        await client.send.resume_transfer(transfer)  # now, instead of at the next retry
        await until(look, lambda now: now.status == "sending")
        await other.receive.cancel_transfer(incoming)
        transfer = await client.send.wait_for_transfer(transfer, 60)
        assert (transfer.status, transfer.error_message) == ("cancelled", "Cancelled by the receiver.")
        parts = [path for path in receiver.received.rglob("*") if path.name.endswith(".jetpart")]
        assert parts == []


async def test_a_source_that_changed_is_named_and_nothing_of_it_is_delivered(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    source = make_tree(tmp_path / "source", small=10)
    async with sender.client() as client:
        manifest = await manifest_of(client, {"in": str(source)})
        with (source / "large0.bin").open("r+b") as file:
            file.seek(2 << 20)
            file.write(b"changed")
        (source / "d1" / "deep" / "file 1.txt").unlink()
        transfer = await sent(client, receiver.port, manifest)
        assert transfer.status == "error"
        assert "large0.bin" in (transfer.error_message or "")
        assert "file 1.txt" in (transfer.error_message or "")
    arrived, expected = tree(receiver.received / "in"), tree(source)
    assert b"large0.bin" not in arrived
    del expected[b"large0.bin"]
    assert {key: value for key, value in arrived.items() if value is not None} == {
        key: value for key, value in expected.items() if value is not None
    }


async def test_what_cannot_be_listed_is_an_error_with_its_path(alone: NodeProcess, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("x")
    async with alone.client() as client:
        for mappings in ({"a": str(tmp_path / "gone")}, {"a": str(tmp_path / "pipe")}, {"a/../../b": str(tmp_path)}):
            manifest = await client.send.wait_for_manifest(await client.send.create_manifest(mappings), 30)
            assert (manifest.status, manifest.processing) == ("error", False)
            culprit = next(iter(mappings.values())) if ".." not in next(iter(mappings)) else ".."
            assert culprit in (manifest.error_message or "")
            destination = await client.send.create_destination("127.0.0.1", alone.port)
            with pytest.raises(Conflict, match="manifest failed"):
                await client.send.create_transfer(destination, manifest)
        skipped = await manifest_of(client, {"a": str(tmp_path)}, exclude=["a", "home", "state"], skip_unreadable=True)
        assert skipped.skipped >= 1
        assert any("pipe" in text for text in skipped.skipped_sample)


@pytest.mark.parametrize(
    ("mode", "content", "others"),
    [
        (c.OVERWRITE_ALWAYS, "new", set()),
        (c.OVERWRITE_NEVER, "old", {"file.txt.jetpart"}),
        (c.OVERWRITE_BACKUP, "new", {"file.txt.jetbak"}),
        (c.OVERWRITE_KEEP_BOTH, "old", {"file (2).txt"}),
        (c.OVERWRITE_IN_PLACE_ALWAYS, "new", set()),
        (c.OVERWRITE_IN_PLACE_NEVER, "old", set()),
    ],
)
async def test_overwrite_modes(alone: NodeProcess, tmp_path: Path, mode: int, content: str, others: set[str]) -> None:
    (tmp_path / "file.txt").write_text("new")
    alone.received.mkdir()
    (alone.received / "file.txt").write_text("old")
    async with alone.client() as client:
        manifest = await manifest_of(client, {"file.txt": str(tmp_path / "file.txt")})
        transfer = await sent(client, alone.port, manifest, overwrite_mode=mode)
        assert transfer.status == "complete", transfer.error_message
    assert (alone.received / "file.txt").read_text() == content
    assert {path.name for path in alone.received.iterdir()} == {"file.txt", *others}


async def test_a_link_in_the_sandbox_that_leads_out_is_refused_by_path(alone: NodeProcess, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    alone.received.mkdir()
    (alone.received / "door").symlink_to(outside)
    (tmp_path / "file").write_text("x")
    async with alone.client() as client:
        manifest = await manifest_of(client, {"door/file": str(tmp_path / "file")})
        transfer = await sent(client, alone.port, manifest)
        assert transfer.status == "error"
        assert "door" in (transfer.error_message or "")
    assert list(outside.iterdir()) == []


async def test_what_is_not_there_waits_and_what_is_no_node_fails(alone: NodeProcess, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-something else\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with alone.client() as client, server:
        manifest = await manifest_of(client, {"file": str(tmp_path / "file")})
        transfer = await sent(client, server.sockets[0].getsockname()[1], manifest)
        assert transfer.status == "error"
        assert "no JetStream node" in (transfer.error_message or "")
        queued = await send(client, 1, manifest)
        nobody = await until(lambda: client.send.get_transfer(queued), lambda now: now.phase == "waiting for the peer")
        assert "refused" in (nobody.last_error_message or "")
        assert nobody.processing
        cancelled = await client.send.cancel_transfer(nobody)
        assert cancelled.status == "cancelled"
        cursor = cancelled.modified_cursor
        await client.send.delete_transfer(nobody)
        gone = await client.send.get_transfers(modified_since=cursor)
        assert [(row.transfer_id, row.deleted) for row in gone if row.deleted] == [(nobody.transfer_id, True)]
        with pytest.raises(NotFound):
            await client.send.get_transfer(nobody)


async def test_a_changed_identity_stops_everything(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    (tmp_path / "file").write_text("x")
    async with sender.client() as client:
        manifest = await manifest_of(client, {"file": str(tmp_path / "file")})
        assert (await sent(client, receiver.port, manifest)).status == "complete"
        receiver.stop()
        import shutil

        shutil.rmtree(receiver.state)
        receiver.start()
        await receiver.let_in(sender)
        transfer = await sent(client, receiver.port, manifest)
        assert transfer.status == "error"
        assert "another identity" in (transfer.error_message or "")
        assert receiver.fingerprint in (transfer.error_message or "")
        await client.send.update_destination(
            transfer.destination_id, permittedDestinationPublicKey=receiver.fingerprint
        )
        await client.send.resume_transfer(transfer)
        assert (await client.send.wait_for_transfer(transfer, 60)).status == "complete"


async def test_a_deleted_manifest_is_still_sent(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    source = make_tree(tmp_path / "source", large=2, large_size=4 << 20)
    async with sender.client() as client:
        manifest = await manifest_of(client, {"in": str(source)})
        transfer = await send(client, receiver.port, manifest, send_rate_max=100_000)
        await client.send.delete_manifest(manifest)
        assert await client.send.get_manifests() == []
        assert (await client.send.wait_for_transfer(transfer, 60)).status == "complete"
    assert tree(receiver.received / "in") == tree(source)


async def test_a_token_login_sees_its_manifest_and_nothing_else(alone: NodeProcess, tmp_path: Path) -> None:
    from jetstream.aio import connect

    (tmp_path / "file").write_text("shared")
    (tmp_path / "other").write_text("private")
    guests = connect("127.0.0.1", alone.port, ticket=False, verify=alone.fingerprint)
    async with alone.client() as owner, guests as guest:
        shared = await manifest_of(owner, {"file": str(tmp_path / "file")})
        private = await manifest_of(owner, {"other": str(tmp_path / "other")})
        token = await owner.send.create_shared_token(shared)
        with pytest.raises(PermissionDenied):
            await guest.send.get_manifests()
        with pytest.raises(AuthenticationFailed):
            await guest.server.auth_token("MAYWEBRO.TRUPO.VEVEEBLU")
        await guest.server.auth_token(token.token)
        assert [(m.manifest_id, m.owner) for m in await guest.send.get_manifests()] == [(shared.manifest_id, "")]
        with pytest.raises(NotFound):
            await guest.send.get_manifest(private)
        with pytest.raises(PermissionDenied):
            await guest.server.ls("/")
        with pytest.raises(PermissionDenied):
            await guest.send.create_manifest({"a": "/etc/passwd"})
        with pytest.raises(PermissionDenied):
            await guest.server.superuser()
        destination = await guest.send.create_destination("localhost", alone.port)
        transfer = await guest.send.create_transfer(destination, shared, destination_path="from token")
        assert (await guest.send.wait_for_transfer(transfer, 60)).status == "complete"
        assert (await owner.send.get_shared_token(token)).download_count == 1
    assert (alone.received / "from token" / "file").read_text() == "shared"


async def test_what_the_receiver_removes_unfinished_does_not_come_back(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    source = make_tree(tmp_path / "source", small=5, large=1, large_size=8 << 20)
    async with sender.client() as client, receiver.client() as other:
        manifest = await manifest_of(client, {"in": str(source)})
        transfer = await send(client, receiver.port, manifest, send_rate_max=8_000)

        async def arriving() -> list[ReceiveTransfer]:
            return await other.receive.get_transfers()

        (incoming,) = await until(arriving, lambda now: [one.status for one in now] == ["receiving"])
        await other.receive.suspend_transfer(incoming)
        await until(lambda: client.send.get_transfer(transfer), lambda now: now.phase == "waiting for the peer")
        await other.receive.delete_transfer(incoming)
        await client.send.resume_transfer(transfer)  # as it would by itself after a while
        ended = await client.send.wait_for_transfer(transfer, 60)
        assert ended.status == "error"
        assert (ended.error_message or "").endswith("has removed this transfer. Send it as a new one.")
        assert await other.receive.get_transfers() == []
        receiver.kill()
        receiver.start()
        ended = await client.send.wait_for_transfer(await client.send.resume_transfer(transfer), 60)
        assert (ended.error_message or "").endswith("has removed this transfer. Send it as a new one.")
        again = await sent(client, receiver.port, manifest)
        assert again.status == "complete"


async def test_what_the_receiver_removed_complete_is_not_sent_again(pair: Two, tmp_path: Path) -> None:
    """The sender's last word was lost: it knows what it knew in the middle, and the receiver that it was not heard."""
    sender, receiver = pair
    source = make_tree(tmp_path / "source", small=5, large=1, large_size=2 << 20)
    async with sender.client() as client:
        transfer = await send(client, receiver.port, await manifest_of(client, {"in": str(source)}))
        await client.send.suspend_transfer(transfer)
    sender.stop()
    shutil.copytree(sender.state, tmp_path / "before")
    sender.start()
    async with sender.client() as client:
        ended = await client.send.wait_for_transfer(await client.send.resume_transfer(transfer), 60)
    assert ended.status == "complete"
    sender.stop()
    receiver.stop()
    shutil.rmtree(sender.state)
    shutil.copytree(tmp_path / "before", sender.state)
    async with await Catalog.open(receiver.state / CATALOG_FILE) as catalog:
        (record,) = await catalog.incoming.all()
        assert record.told_time is not None
        await catalog.incoming.update(record.id, told_time=None)
    receiver.start()
    async with receiver.client() as other:
        await other.receive.delete_transfer(record.id)
    shutil.rmtree(receiver.received / "in")
    sender.start()
    async with sender.client() as client, receiver.client() as other:
        again = await client.send.wait_for_transfer(await client.send.resume_transfer(transfer), 60)
        assert (again.status, again.bytes_acked) == ("complete", transfer.total_bytes)
        assert await other.receive.get_transfers() == []
    assert not (receiver.received / "in").exists()
