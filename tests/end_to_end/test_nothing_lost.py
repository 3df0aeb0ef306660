"""kill -9, cut cables, damaged files, full disks: it goes on by itself, and every byte is right."""

import asyncio
import os
import random
import subprocess
from pathlib import Path

import pytest

from helpers.nodes import NodeProcess, make_tree, nodes, tree, until
from helpers.wire import cable_to
from jetstream.aio import AsyncClient
from jetstream.entities import Transfer

Two = tuple[NodeProcess, NodeProcess]
RATE = 120_000  # kbit/s: 15 MB a second
CHECKPOINT_SECONDS = 1
LONGEST = 60
KILL_SEEDS = 20
LONG_SEEDS = 200


async def begin(client: AsyncClient, port: int, source: Path, rate: int = RATE) -> Transfer:
    manifest = await client.send.wait_for_manifest(await client.send.create_manifest({"in": str(source)}), LONGEST)
    destination = await client.send.create_destination("127.0.0.1", port)
    return await client.send.create_transfer(
        destination, manifest, send_rate_max=rate, checkpoint_frequency_seconds=CHECKPOINT_SECONDS
    )


async def _kill_at_random(pair: Two, source: Path, seed: int) -> None:
    sender, receiver = pair
    chance = random.Random(seed)
    async with sender.client() as client:
        transfer = await begin(client, receiver.port, source)
    kills = chance.randrange(1, 4)
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(0.0, 0.6))
        victims = chance.choice([(sender,), (receiver,), (sender, receiver)])
        for victim in victims:
            victim.kill()
        for victim in victims:
            victim.start()
    async with sender.client() as client:
        await client.send.update_transfer(transfer, send_rate_max=0)
        done = await client.send.wait_for_transfer(transfer, LONGEST)
        assert done.status == "complete", (seed, done.error_message)
        again = done.bytes_sent - (done.total_bytes or 0)
        # At most one checkpoint interval is sent twice for each kill, and what was in buffers and under way.
        allowed = kills * (CHECKPOINT_SECONDS * RATE * 125 + (8 << 20))
        assert again <= allowed, (seed, again, allowed)
    assert tree(receiver.received / "in") == tree(source), seed
    assert not [name for name in tree(receiver.received) if name.endswith(b".jetpart")], seed


@pytest.mark.parametrize("seed", range(KILL_SEEDS))
async def test_kill_nine_anywhere(pair: Two, tmp_path: Path, seed: int) -> None:
    source = make_tree(tmp_path / "source", small=300, large=3, large_size=4 << 20, seed=seed)
    await _kill_at_random(pair, source, seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(KILL_SEEDS, LONG_SEEDS))
async def test_kill_nine_anywhere_many_times(pair: Two, tmp_path: Path, seed: int) -> None:
    source = make_tree(tmp_path / "source", small=300, large=3, large_size=4 << 20, seed=seed)
    await _kill_at_random(pair, source, seed)


async def test_a_cut_cable_is_waited_out(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    source = make_tree(tmp_path / "source", large=3, large_size=4 << 20)
    async with cable_to(receiver.port) as cable, sender.client() as client:
        transfer = await begin(client, cable.port, source)

        async def look() -> Transfer:
            return await client.send.get_transfer(transfer)

        await until(look, lambda now: now.bytes_acked > 2 << 20)
        cable.cut()
        waiting = await until(look, lambda now: now.phase == "waiting for the peer")
        assert (waiting.status, waiting.processing) == ("pending", True)
        assert waiting.last_error_message
        assert waiting.next_retry_time is not None
        cable.mend()
        done = await client.send.wait_for_transfer(transfer, LONGEST)
        assert done.status == "complete", done.error_message
        assert done.bytes_sent < (done.total_bytes or 0) + CHECKPOINT_SECONDS * RATE * 125 + (8 << 20)
        events = [event.event for event in await client.send.get_transfer_events(transfer)]
        assert (events[0], events[-1]) == ("transferCreated", "transferCompleted")
        assert events[1:3] == ["transferAccepted", "transferStarted"]
        assert set(events[3:-1]) == {"transferWaiting"}
    assert tree(receiver.received / "in") == tree(source)


async def test_data_connections_that_die_are_made_again(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    source = make_tree(tmp_path / "source", large=2, large_size=6 << 20)
    async with cable_to(receiver.port) as cable, sender.client() as client:
        transfer = await begin(client, cable.port, source)
        await until(lambda: client.send.get_transfer(transfer), lambda now: now.bytes_acked > 1 << 20)
        # The peer session is the oldest connection; everything younger carries blocks.
        for writer in sorted(cable._writers, key=lambda w: w.get_extra_info("socket").fileno())[-2:]:
            writer.transport.abort()
        done = await client.send.wait_for_transfer(transfer, LONGEST)
        assert done.status == "complete", done.error_message
    assert tree(receiver.received / "in") == tree(source)


async def test_a_damaged_part_file_is_noticed_and_mended(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    source = make_tree(tmp_path / "source", small=3, large=1, large_size=32 << 20)
    async with sender.client() as client:
        transfer = await begin(client, receiver.port, source)
        await until(lambda: client.send.get_transfer(transfer), lambda now: now.checkpoint_bytes > 4 << 20)
        await client.send.suspend_transfer(transfer)
        parts = [path for path in (receiver.received / "in").iterdir() if path.name.endswith(".jetpart")]
        assert len(parts) == 1
        with parts[0].open("r+b") as part:
            part.seek(2 << 20)
            part.write(b"damage" * 1000)
        await client.send.update_transfer(transfer, send_rate_max=0)
        await client.send.resume_transfer(transfer)
        done = await client.send.wait_for_transfer(transfer, LONGEST)
        assert done.status == "complete", done.error_message
    assert tree(receiver.received / "in") == tree(source)
    assert "damaged or gone" in receiver.log()


async def test_stopping_both_gracefully_and_starting_again(pair: Two, tmp_path: Path) -> None:
    sender, receiver = pair
    source = make_tree(tmp_path / "source", large=2, large_size=8 << 20)
    async with sender.client() as client:
        transfer = await begin(client, receiver.port, source)
        await until(lambda: client.send.get_transfer(transfer), lambda now: now.bytes_acked > 2 << 20)
    assert sender.stop() == 0
    assert receiver.stop() == 0
    receiver.start()
    sender.start()
    async with sender.client() as client:
        await client.send.update_transfer(transfer, send_rate_max=0)
        done = await client.send.wait_for_transfer(transfer, LONGEST)
        assert done.status == "complete", done.error_message
        # Stopped in good order, nothing that was written is sent again.
        assert done.bytes_sent < (done.total_bytes or 0) + (4 << 20)
    assert tree(receiver.received / "in") == tree(source)


def _mount_small(folder: Path, mebibytes: int) -> bool:
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "none", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0


async def test_a_full_disk_holds_the_transfer_and_room_lets_it_go_on(tmp_path: Path) -> None:
    small = tmp_path / "small disk"
    if not _mount_small(small, 12):
        pytest.skip("a small file system cannot be mounted here")
    try:
        (small / "filler").write_bytes(bytes(6 << 20))
        source = make_tree(tmp_path / "source", small=20, large=1, large_size=8 << 20)
        with nodes(tmp_path, "a", "b", options={"b": ["--sandbox-dir", str(small)]}) as (sender, receiver):
            await receiver.let_in(sender)
            async with sender.client() as client:
                transfer = await begin(client, receiver.port, source)

                async def look() -> Transfer:
                    return await client.send.get_transfer(transfer)

                held = await until(look, lambda now: now.phase == "waiting for disk space")
                assert (held.status, held.processing) == ("sending", True)
                assert held.last_error_message
                (small / "filler").unlink()
                done = await client.send.wait_for_transfer(transfer, LONGEST)
                assert done.status == "complete", done.error_message
        assert tree(small / "in") == tree(source)
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)
