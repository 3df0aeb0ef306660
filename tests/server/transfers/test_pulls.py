"""Nodes that fetch and go away: what stays taken, what counts, and how the record ends."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jetstream.errors import AuthenticationFailed, Conflict, NotFound
from jetstream_server.catalog import Catalog
from jetstream_server.eventlog import EventLog
from jetstream_server.link.data import DataPlane
from jetstream_server.link.limiter import Bucket
from jetstream_server.link.peer import Liveness
from jetstream_server.records import TokenRecord, TransferRecord
from jetstream_server.transfers.delivering import Delivering
from jetstream_server.transfers.live import Live, sending_table
from jetstream_server.transfers.outgoing import Outgoing
from jetstream_server.transfers.pulls import COME_BACK_WITHIN, CONFIRM_WITHIN, Pulls
from jetstream_server.transfers.pushing import Pushing
from jetstream_server.transfers.session import Surroundings
from jetstream_server.transfers.states import Event, Status

from .made import Clock, MemoryStore, outgoing

TOKEN = TokenRecord(token="T", owner="ann", manifest_id="1")


class MadeDownloads:
    """A token with one download."""

    def __init__(self) -> None:
        self.taken = self.count = 0

    def reserve_download(self, token: str) -> None:
        if self.taken + self.count >= 1:
            raise AuthenticationFailed("All downloads of this token are used or under way.")
        self.taken += 1

    async def release_download(self, token: str, completed: bool) -> None:
        self.taken -= 1
        self.count += completed


class Bench:
    def __init__(self, catalog: Catalog, threads: ThreadPoolExecutor) -> None:
        nothing: Any = None
        self.clock = Clock()
        self.catalog = catalog
        self.table = sending_table(MemoryStore(), self.clock)
        near = Surroundings(DataPlane(), threads, Bucket(None, 0.0), Bucket(None, 0.0), self.clock)
        delivering = Delivering(self.table, nothing, nothing, near)
        pushing = Pushing(self.table, catalog, nothing, nothing, delivering, nothing, Liveness(), self.clock)
        events = EventLog(catalog, self.clock)
        self.outgoing = Outgoing(self.table, catalog, nothing, events, delivering, pushing, near, max_active=2)
        self.downloads = MadeDownloads()
        self.pulls = Pulls(self.downloads, self.outgoing, delivering, "Studio A", self.clock)

    async def pulled(self, id: str = "1", **fields: Any) -> Live[TransferRecord]:
        """The record of a node that fetched and is away."""
        values = {"destination_id": None, "shared_token": "T", "total_bytes": 1000, "total_files": 3,
                  "bytes_acked": 610, "start_time": 1, "peer_name": "Bob", **fields}
        return await self.table.add(outgoing(id, **values))

    async def wait(self, microseconds: int) -> None:
        await self.pulls.end_lost()
        self.clock.now += microseconds
        await self.pulls.end_lost()

    async def events(self) -> list[str]:
        return [event.name for event in await self.catalog.events.since(None, 100)]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    with ThreadPoolExecutor(1) as threads:
        async with await Catalog.open(tmp_path / "catalog.db") as catalog:
            yield Bench(catalog, threads)


async def test_a_node_that_has_everything_gets_minutes_for_its_last_word(bench: Bench) -> None:
    live = await bench.pulled(bytes_acked=1000)
    await bench.wait(CONFIRM_WITHIN - 1)
    assert live.status is Status.PENDING
    await bench.wait(1)
    assert live.status is Status.ERROR
    assert live.record.error_message == (
        "Bob has stored everything, but went away before it said that it is finished. If it comes back and says so, "
        "this download still counts.")
    await bench.pulls.finished(TOKEN, live.record.uid)
    assert (live.status, live.record.error_message, live.record.files_done) == (Status.COMPLETE, None, 3)
    assert (bench.downloads.count, bench.downloads.taken) == (1, 0)
    await bench.pulls.finished(TOKEN, live.record.uid)  # said twice: counted once
    assert bench.downloads.count == 1
    assert await bench.events() == ["transferFailed", "transferCompleted"]


async def test_a_node_that_has_a_part_gets_a_day(bench: Bench) -> None:
    live = await bench.pulled()
    await bench.wait(COME_BACK_WITHIN - 1)
    assert live.status is Status.PENDING
    await bench.wait(1)
    assert "has not come back for a day; it has 61 % of the files" in (live.record.error_message or "")


@pytest.mark.parametrize("fields", [
    {"destination_id": "5"}, {"shared_token": None}, {"status": "suspended"}, {"status": "complete"},
])
async def test_others_wait_as_long_as_they_like(bench: Bench, fields: dict[str, Any]) -> None:
    live = await bench.pulled(**fields)
    before = live.status
    await bench.wait(2 * COME_BACK_WITHIN)
    assert live.status is before


async def test_a_download_stays_taken_for_the_last_word(bench: Bench) -> None:
    live = await bench.pulled(bytes_acked=1000)
    bench.downloads.reserve_download("T")
    bench.pulls._kept[live.id] = "T"  # as a session leaves it whose other node hangs up at the very end
    await bench.wait(CONFIRM_WITHIN - 1)
    with pytest.raises(AuthenticationFailed):
        bench.downloads.reserve_download("T")
    await bench.pulls.finished(TOKEN, live.record.uid)
    assert (live.status, bench.downloads.count, bench.downloads.taken) == (Status.COMPLETE, 1, 0)
    again = await bench.pulled("2", bytes_acked=1000)
    with pytest.raises(AuthenticationFailed):  # somebody else has used it up meanwhile
        await bench.pulls.finished(TOKEN, again.record.uid)


async def test_the_place_is_free_again_when_nobody_comes_back(bench: Bench) -> None:
    for ends in ("time", "cancelled"):
        live = await bench.pulled(ends, bytes_acked=1000)
        bench.downloads.reserve_download("T")
        bench.pulls._kept[live.id] = "T"
        if ends == "time":
            await bench.wait(CONFIRM_WITHIN)
        else:
            await bench.table.step(live, Event.CANCEL)
            await bench.pulls.end_lost()
        assert bench.downloads.taken == 0


async def test_who_is_not_believed(bench: Bench) -> None:
    with pytest.raises(NotFound):
        await bench.pulls.finished(TOKEN, "never heard of")
    live = await bench.pulled()
    with pytest.raises(NotFound):
        await bench.pulls.finished(TokenRecord(token="other", owner="ann", manifest_id="1"), live.record.uid)
    for id, status, words in (("3", "cancelled", "cancelled"), ("4", "suspended", "paused")):
        with pytest.raises(Conflict, match=words):
            await bench.pulls.finished(TOKEN, (await bench.pulled(id, status=status)).record.uid)
    assert bench.downloads.count == 0


async def test_revoking_ends_what_goes_on_by_the_token(bench: Bench) -> None:
    live, done = await bench.pulled(), await bench.pulled("2", status="complete")
    other = await bench.pulled("3", shared_token="other")
    await bench.pulls.revoke("T")
    assert (live.status, live.record.error_message) == (Status.CANCELLED, "Its shared token was deleted.")
    assert (done.status, other.status) == (Status.COMPLETE, Status.PENDING)
