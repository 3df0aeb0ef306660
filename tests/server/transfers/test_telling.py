"""Sharing nodes that missed the end of a download are told later; whoever needs no telling is left alone."""

import asyncio
from typing import Any

import pytest

from jetstream.errors import AuthenticationFailed, LimitExceeded, NotFound
from jetstream.links import Link
from jetstream.tokens import new_token
from jetstream_server.link.errors import Unreachable
from jetstream_server.link.messages import Finished
from jetstream_server.records import IncomingRecord
from jetstream_server.transfers.live import Live, receiving_table
from jetstream_server.transfers.telling import TELL_WITHIN, Telling

from .made import Clock, MadePeer, MemoryStore, incoming

LINK = f"jetstream://192.0.2.1/download?token={new_token(bytes)}"


class MadeNodes:
    """Other nodes, one peer or error after the other."""

    def __init__(self, *found: MadePeer | Exception) -> None:
        self.found = list(found)

    async def dial(self, _link: Link) -> Any:
        found = self.found.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


class Bench:
    def __init__(self, *found: MadePeer | Exception) -> None:
        self.clock = Clock()
        self.clock.now = 10 * TELL_WITHIN
        self.store = MemoryStore()
        self.table = receiving_table(self.store, self.clock)
        self.nodes = MadeNodes(*found)
        self.telling = Telling(self.table, self.nodes, self.clock)  # type: ignore[arg-type]

    async def download(self, id: str = "1", **fields: Any) -> Live[IncomingRecord]:
        values = {"link": LINK, "status": "complete", "end_time": self.clock.now, "password": "pw", **fields}
        return await self.table.add(incoming(id, **values))

    async def run_until(self, told: Live[IncomingRecord]) -> None:
        task = asyncio.create_task(self.telling.run())
        try:
            async with asyncio.timeout(10):
                while "told_time" not in self.store.rows[told.id]:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        finally:
            task.cancel()


async def test_it_is_tried_again_until_the_other_node_has_heard() -> None:
    busy, heard = MadePeer(LimitExceeded("Later.")), MadePeer()
    bench = Bench(Unreachable("It is down."), busy, heard)
    live = await bench.download()
    await bench.run_until(live)
    assert heard.asked[1] == ("finished", Finished(uid=live.record.uid))
    assert busy.closed
    assert heard.closed
    assert bench.store.rows["1"] == {"told_time": bench.clock.now}


@pytest.mark.parametrize("error", [NotFound("There is no such download."), AuthenticationFailed("No such token.")])
async def test_whoever_refuses_is_not_asked_again(error: Exception) -> None:
    bench = Bench(MadePeer(error))
    await bench.run_until(await bench.download())
    assert bench.nodes.found == []


async def test_a_guard_against_guessing_is_no_refusal() -> None:
    bench = Bench(MadePeer(AuthenticationFailed("Slowly.", slowed="yes")), MadePeer())
    await bench.run_until(await bench.download())
    assert bench.nodes.found == []


async def test_nobody_else_is_told() -> None:
    peer = MadePeer()
    bench = Bench(peer)
    others = [
        await bench.download("2", link=None), await bench.download("3", status="error"),
        await bench.download("4", end_time=bench.clock.now - TELL_WITHIN - 1), await bench.download("5", told_time=5),
    ]
    task = asyncio.create_task(bench.telling.run())
    await asyncio.sleep(0)
    late = await bench.download("1")
    bench.telling.wake()
    async with asyncio.timeout(10):
        while late.record.told_time is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()
    assert [live.record.told_time for live in others] == [None, None, None, 5]
    assert len(peer.asked) == 2
