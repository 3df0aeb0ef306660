"""Records, and a catalog for one kind of record that lives in memory."""

import asyncio
from typing import Any

from jetstream_server.records import IncomingRecord, TransferRecord


class Clock:
    """Microseconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


class MemoryStore:
    """Keeps what the table writes; each write lets other tasks run first, as a database does."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    async def add(self, record: Any) -> None:
        await asyncio.sleep(0)
        self.rows[record.id] = {}

    async def update(self, key: str, **changes: Any) -> None:
        await asyncio.sleep(0)
        assert key in self.rows, "a deleted record is not written"
        self.rows[key] |= changes

    async def delete(self, key: str) -> None:
        await asyncio.sleep(0)
        del self.rows[key]


class MadePeer:
    """A session with the other node, which answers with an error or not at all."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[tuple[str, Any]] = []
        self.closed = False

    async def request(self, method: str, message: Any) -> dict[str, Any]:
        self.asked.append((method, message))
        if self.error is not None and method != "loginToken":
            raise self.error
        return {}

    async def close(self) -> None:
        self.closed = True


def outgoing(id: str, **fields: Any) -> TransferRecord:
    """A queued transfer."""
    values: dict[str, Any] = {"owner": "ann", "uid": f"u{id}", "manifest_id": "1", "destination_id": "1"}
    return TransferRecord(id=id, **{**values, **fields})


def incoming(id: str, **fields: Any) -> IncomingRecord:
    """An incoming transfer that waits."""
    return IncomingRecord(id=id, **{"owner": "ann", "uid": f"u{id}", "status": "pending", **fields})
