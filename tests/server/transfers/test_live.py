"""The table of transfers: cursors, tombstones, steps, and the documented forms."""

import asyncio

import pytest

from jetstream_server.transfers import live as live_module
from jetstream_server.transfers.live import (
    SendingTable,
    receive_entity,
    receiving_table,
    sending_table,
    transfer_entity,
)
from jetstream_server.transfers.states import Event, IllegalMove, Phase, Status

from .made import Clock, MemoryStore, incoming, outgoing


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def table(clock: Clock, store: MemoryStore) -> SendingTable:
    return sending_table(store, clock)


async def test_every_change_takes_a_later_cursor(table: SendingTable, clock: Clock) -> None:
    first, second = await table.add(outgoing("1")), await table.add(outgoing("2"))
    assert first.cursor < second.cursor
    seen = second.cursor
    assert table.changed_since(seen) == []
    table.show(first, bytes_acked=5)
    table.touch(second)
    table.touch(first)
    assert [live.id for live in table.changed_since(seen)] == ["2", "1"]  # in order of their last change
    assert table.changed_since(0) == table.changed_since(seen)
    clock.now += 10_000_000
    table.touch(second)
    assert second.cursor == second.snapshot_time == clock.now
    clock.now -= 5_000_000  # the wall clock is set back
    table.touch(first)
    assert first.cursor == second.cursor + 1


async def test_cursors_of_a_new_launch_are_later_than_all_before(store: MemoryStore, clock: Clock) -> None:
    before = sending_table(store, clock)
    live = await before.add(outgoing("1"))
    for _ in range(100):
        before.touch(live)
    clock.now += 1_000_000  # a restart takes longer than a hundred changes
    after = sending_table(store, clock)
    after.load(live.record)
    assert [found.id for found in after.changed_since(live.cursor)] == ["1"]


async def test_deleted_ones_are_told_and_forgotten_in_the_end(
    table: SendingTable, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "KEPT_TOMBSTONES", 2)
    lives = [await table.add(outgoing(str(number), owner_token="T")) for number in range(4)]
    seen = lives[-1].cursor
    for live in lives[:3]:
        await table.delete(live)
    assert (len(table), table.get("0"), list(store.rows)) == (1, None, ["3"])
    assert [(id, owner, token) for id, _, owner, token in table.deleted_since(seen)] == [
        ("1", "ann", "T"), ("2", "ann", "T")
    ]
    assert table.deleted_since(lives[2].cursor) == []
    await table.save(lives[0], priority=1)  # a session that is winding up
    await table.step(lives[0], Event.LOSE)
    assert list(store.rows) == ["3"]


async def test_a_step_follows_the_table_and_ends_what_only_matters_on_the_way(
    table: SendingTable, store: MemoryStore
) -> None:
    live = await table.add(outgoing("1"))
    await table.step(live, Event.START, start_time=7)
    assert (live.status, live.record.start_time, live.processing) == (Status.SENDING, 7, True)
    assert store.rows["1"] == {"status": "sending", "start_time": 7}
    live.phase, live.waiting_message, live.next_retry_time, live.rtt = Phase.SENDING, "why", 9, 0.1
    live.carrier = live.current_file = live.bottleneck = "x"
    await table.step(live, Event.SUSPEND)
    assert (live.phase, live.waiting_message, live.next_retry_time, live.rtt) == (None, None, None, None)
    assert (live.carrier, live.current_file, live.bottleneck, live.processing) == (None, None, None, False)
    cursor = live.cursor
    with pytest.raises(IllegalMove):
        await table.step(live, Event.FINISH)
    assert (live.cursor, live.status) == (cursor, Status.SUSPENDED)


async def test_whoever_asked_may_be_gone_before_it_is_kept(clock: Clock) -> None:
    kept = asyncio.Event()

    class Slow(MemoryStore):
        async def add(self, record: object) -> None:
            await asyncio.shield(asyncio.create_task(kept.wait()))

    table = sending_table(Slow(), clock)
    adding = asyncio.create_task(table.add(outgoing("1")))
    await asyncio.sleep(0)
    adding.cancel()
    await asyncio.wait({adding})
    assert table.get("1") is not None
    kept.set()


async def test_what_the_catalog_refuses_is_not_there(clock: Clock) -> None:
    class Full(MemoryStore):
        async def add(self, record: object) -> None:
            raise OSError("full")

    table = sending_table(Full(), clock)
    with pytest.raises(OSError, match="full"):
        await table.add(outgoing("1"))
    assert table.get("1") is None


async def test_forms_for_people(table: SendingTable, clock: Clock) -> None:
    live = await table.add(outgoing("1", total_bytes=3 << 20, bytes_acked=1 << 20, active_seconds=2.0))
    await table.step(live, Event.START)
    live.rate.add(0, 0.0)
    live.rate.add(1 << 20, 1.0)
    shown = transfer_entity(live, 1.0)
    assert (shown.rate, shown.eta, shown.total_blocks, shown.blocks_acked) == (8389, 2, 3, 1)
    assert shown.average_rate == 4194
    await table.step(live, Event.SUSPEND)
    paused = transfer_entity(live, 2.0)
    assert (paused.rate, paused.eta, paused.processing) == (None, None, False)
    receiving = receiving_table(MemoryStore(), clock)
    coming = await receiving.add(incoming("1", link="jetstream://x", total_size=10, bytes_recv=5))
    fetched = receive_entity(coming, 0.0)
    assert (fetched.download, fetched.rate, fetched.bytes_recv) == (True, None, 5)
    assert "jetstream://x" not in repr(coming.record)


async def test_ten_changes_among_ten_thousand(table: SendingTable) -> None:
    for number in range(10_000):
        table.load(outgoing(str(number), status="complete"))
    seen = max(live.cursor for live in table)
    for number in range(10):
        found = table.get(str(number * 7))
        assert found is not None
        table.touch(found)
    assert [live.id for live in table.changed_since(seen)] == [str(number * 7) for number in range(10)]


async def test_a_cursor_from_before_the_clock_was_set_back_misses_nothing() -> None:
    clock = Clock()
    clock.now = 1000
    table = sending_table(MemoryStore(), clock)
    await table.add(outgoing("1"))
    gone = await table.add(outgoing("2"))
    await table.delete(gone)
    of_an_earlier_launch = 5000
    assert [live.id for live in table.changed_since(of_an_earlier_launch)] == ["1"]
    assert [id for id, *_ in table.deleted_since(of_an_earlier_launch)] == ["2"]
    assert table.changed_since(gone.cursor) == []
