"""How fast a destination takes files: a real transfer of a test file, for a few seconds."""

import asyncio
import contextlib
import os
import tempfile
import time
from pathlib import Path
from typing import Final

from jetstream.aio import AsyncClient
from jetstream.checks import Check, check
from jetstream.entities import Destination, Transfer
from jetstream.errors import Conflict

TEST_FILE: Final = "jetstream-doctor.bin"
TEST_BYTES: Final = 64 << 20
LONGEST_SECONDS: Final = 15.0
_LOOK_SECONDS: Final = 0.1


async def measure(client: AsyncClient, destination: Destination) -> Check:
    """Send the test file and see how long it takes. What is over after a few seconds is cancelled."""
    with tempfile.TemporaryDirectory(prefix="jetstream-doctor-") as folder:
        source = Path(folder, TEST_FILE)
        await asyncio.to_thread(_fill, source)
        manifest = await client.send.wait_for_manifest(await client.send.create_manifest({TEST_FILE: str(source)}))
        transfer = await client.send.create_transfer(destination, manifest)
        began = time.monotonic()
        bottleneck = None
        try:
            while transfer.processing and time.monotonic() - began < LONGEST_SECONDS:
                await asyncio.sleep(_LOOK_SECONDS)
                transfer = await client.send.get_transfer(transfer)
                bottleneck = transfer.bottleneck or bottleneck
        finally:
            await _tidy_up(client, transfer, manifest.id)
        return verdict(transfer, bottleneck, time.monotonic() - began)


def verdict(transfer: Transfer, bottleneck: str | None, elapsed: float) -> Check:
    """What the transfer of the test file tells, *elapsed* seconds after it was asked for. Pure."""
    seconds = elapsed
    if transfer.status == "complete" and transfer.start_time is not None and transfer.end_time is not None:
        seconds = max((transfer.end_time - transfer.start_time) / 1e6, 1e-3)
    elif transfer.status == "error" or not transfer.bytes_acked:
        reason = transfer.error_message or transfer.last_error_message or "Nothing arrived in time."
        return check("throughput-failed", reason=reason)
    facts = {"size": transfer.bytes_acked, "seconds": seconds, "rate": round(transfer.bytes_acked * 8 / 1000 / seconds)}
    if bottleneck is None:
        return check("throughput-ok", **facts)
    return check("throughput-limited", bottleneck=bottleneck.partition(",")[0], **facts)


async def _tidy_up(client: AsyncClient, transfer: Transfer, manifest_id: str) -> None:
    if transfer.processing:
        with contextlib.suppress(Conflict):  # it has ended by itself meanwhile
            await client.send.cancel_transfer(transfer)
    await client.send.delete_transfer(transfer)
    await client.send.delete_manifest(manifest_id)


def _fill(path: Path) -> None:
    block = os.urandom(1 << 20)
    with path.open("wb") as file:
        for number in range(TEST_BYTES >> 20):
            file.write(number.to_bytes(8, "big") + block[8:])
