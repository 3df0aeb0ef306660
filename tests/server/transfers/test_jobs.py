"""Running transfers: who goes first, how many at once, when again, and what becomes of each outcome."""

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from helpers.nodes import until
from jetstream.errors import LimitExceeded
from jetstream_server.catalog import Catalog, CatalogFull
from jetstream_server.eventlog import EventLog
from jetstream_server.link.messages import StopReason
from jetstream_server.records import TransferRecord
from jetstream_server.transfers.jobs import Job
from jetstream_server.transfers.live import Live, sending_table, transfer_entity
from jetstream_server.transfers.scheduler import Scheduler
from jetstream_server.transfers.states import Event, Phase, Status
from jetstream_server.transfers.trouble import Asked, Done, Failed, Outcome, Stopped, TryAgain

from .made import Clock, MemoryStore, outgoing

SECOND = 1_000_000


class Bench:
    """A scheduler of tries that a test ends by hand."""

    def __init__(self, catalog: Catalog, at_once: int = 2) -> None:
        self.clock = Clock()
        self.catalog = catalog
        self.store = MemoryStore()
        self.table = sending_table(self.store, self.clock)
        self.running: dict[str, asyncio.Future[Outcome]] = {}
        self.begun: list[str] = []
        self.jobs: Scheduler[TransferRecord] = Scheduler(
            self.table, EventLog(catalog, self.clock), "transfer", self.clock, self._attempt,
            lambda live: (live.record.priority, int(live.id)), lambda live: live.status is Status.PENDING, at_once,
        )

    async def _attempt(self, live: Live[TransferRecord], job: Job) -> Outcome:
        self.begun.append(live.id)
        self.running[live.id] = asyncio.get_running_loop().create_future()
        try:
            return await self.running[live.id]
        finally:
            del self.running[live.id]

    async def add(self, id: str, **fields: object) -> Live[TransferRecord]:
        return await self.table.add(outgoing(id, **fields))

    async def runs(self, *ids: str) -> None:
        """Wait until exactly these run."""

        async def look() -> set[str]:
            return set(self.running)

        await until(look, lambda now: now == set(ids), 10)

    def job(self, live: Live[TransferRecord]) -> Job:
        """The try that runs."""
        job = self.jobs.running(live)
        assert job is not None
        return job

    async def ended(self, live: Live[TransferRecord], outcome: Outcome) -> None:
        """Let its try end so, and wait until that is written down."""
        task = self.job(live).task
        assert task is not None
        self.running[live.id].set_result(outcome)
        await task

    async def raises(self, live: Live[TransferRecord], error: Exception) -> None:
        """Let its try raise, and wait until that is written down."""
        task = self.job(live).task
        assert task is not None
        self.running[live.id].set_exception(error)
        await task

    async def events(self) -> list[str]:
        return [event.name for event in await self.catalog.events.since(None, 100)]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with await Catalog.open(tmp_path / "catalog.db") as catalog:
        bench = Bench(catalog)
        yield bench
        await bench.jobs.shut_down("over")


async def test_the_most_urgent_first_and_so_many_at_once(bench: Bench) -> None:
    lives = [await bench.add(id, priority=priority) for id, priority in (("1", 100), ("2", 100), ("3", 5), ("4", 100))]
    bench.jobs.wake()
    await bench.runs("3", "1")
    assert bench.begun == ["3", "1"]
    assert [live.phase for live in lives] == [Phase.CONNECTING, Phase.QUEUED, Phase.CONNECTING, Phase.QUEUED]
    await bench.ended(lives[2], Done())
    await bench.runs("1", "2")
    assert lives[2].status is Status.COMPLETE


async def test_growing_pauses_between_tries(bench: Bench) -> None:
    live = await bench.add("1")
    pauses = [1, 2, 4, *[8] * 7, 16, 32, 60, 60]
    for pause in pauses:
        bench.jobs.wake()
        await bench.runs("1")
        await bench.ended(live, TryAgain("Nobody answers."))
        assert (live.status, live.phase, live.waiting_message) == (
            Status.PENDING, Phase.WAITING_FOR_PEER, "Nobody answers."
        )
        assert live.next_retry_time == bench.clock.now + pause * SECOND
        bench.clock.now = live.next_retry_time - 1
        bench.jobs.wake()
        assert bench.jobs.running(live) is None
        bench.clock.now += 1
    assert len(bench.begun) == len(pauses)  # never begun beside the end of an earlier try
    assert await bench.events() == ["transferWaiting"]  # the same reason is told once


async def test_a_clock_that_is_set_back_holds_nothing_up(bench: Bench) -> None:
    live = await bench.add("1")
    bench.clock.now = 7200 * SECOND
    bench.jobs.wake()
    await bench.runs("1")
    await bench.ended(live, TryAgain("Nobody answers."))
    bench.clock.now -= 3600 * SECOND
    assert bench.jobs.running(live) is None
    bench.jobs.wake()
    await bench.runs("1")
    assert bench.jobs.running(live) is not None


@pytest.mark.parametrize(
    ("outcome", "status", "event"),
    [
        (Done(message="Kept."), Status.COMPLETE, "transferCompleted"),
        (Failed("Why."), Status.ERROR, "transferFailed"),
        (Stopped("cancelled"), Status.CANCELLED, "transferCancelled"),
        (Stopped("error", "Theirs."), Status.ERROR, "transferFailed"),
        (Stopped("suspended"), Status.PENDING, "transferWaiting"),
        (TryAgain("Later."), Status.PENDING, "transferWaiting"),
    ],
)
async def test_what_becomes_of_each_outcome(bench: Bench, outcome: Outcome, status: Status, event: str) -> None:
    live = await bench.add("1")
    bench.jobs.wake()
    await bench.runs("1")
    await bench.table.step(live, Event.START)
    await bench.ended(live, outcome)
    assert live.status is status
    assert await bench.events() == [event]
    assert (live.record.end_time is not None) is (status not in (Status.PENDING,))


async def test_files_that_were_not_delivered_are_named_in_the_event(bench: Bench) -> None:
    live = await bench.add("1")
    bench.jobs.wake()
    await bench.runs("1")
    await bench.ended(live, Failed("Two.", (("a/b", "is gone"), ("c", "was changed"))))
    (event,) = await bench.catalog.events.since(None, 10)
    assert event.fields["files"] == [{"path": "a/b", "reason": "is gone"}, {"path": "c", "reason": "was changed"}]


async def test_the_goodbye_comes_when_the_outcome_is_written_down(bench: Bench) -> None:
    live = await bench.add("1")
    bench.jobs.wake()
    await bench.runs("1")
    await bench.table.step(live, Event.START)
    job = bench.job(live)
    seen = []

    async def goodbye() -> None:
        seen.append((live.status, await bench.events(), bench.jobs.running(live)))

    job.goodbye = goodbye
    await bench.ended(live, Done())
    assert seen == [(Status.COMPLETE, ["transferCompleted"], job)]


async def test_a_try_that_raises_is_a_failure_that_the_log_explains(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    live = await bench.add("1")
    bench.jobs.wake()
    await bench.runs("1")
    with caplog.at_level(logging.ERROR):
        await bench.raises(live, ValueError("a fault"))
    assert live.status is Status.ERROR
    assert "log says more" in (live.record.error_message or "")
    assert "a fault" in caplog.text


async def test_stopping_says_why_and_leaves_the_state_to_whoever_stops(bench: Bench) -> None:
    live = await bench.add("1")
    bench.jobs.wake()
    await bench.runs("1")
    job = bench.job(live)
    await bench.table.step(live, Event.SUSPEND)
    await bench.jobs.stop(live, StopReason.SUSPENDED, "Paused.")
    assert (job.stop_reason, job.stop_message) == (StopReason.SUSPENDED, "Paused.")
    assert (live.status, bench.jobs.running(live), bench.running) == (Status.SUSPENDED, None, {})
    await bench.jobs.stop(live, StopReason.SUSPENDED)  # again: nothing


async def test_a_try_that_is_stopped_before_it_begins_gives_its_place_back(bench: Bench) -> None:
    live = await bench.add("1")
    bench.jobs.wake()
    live.record = dataclasses.replace(live.record, status="suspended")
    await bench.jobs.stop(live, StopReason.SUSPENDED, "Paused.")  # its task has not had a turn yet
    assert (bench.jobs.running(live), bench.running) == (None, {})
    await bench.table.step(live, Event.RESUME)
    bench.jobs.wake()
    await bench.runs("1")


async def test_a_full_disk_under_the_catalog_is_waited_for(bench: Bench) -> None:
    live = await bench.add("1")
    bench.jobs.wake()
    await bench.runs("1")
    await bench.raises(live, CatalogFull(Path("catalog.db")))
    assert (live.status, live.phase, live.retries) == (Status.PENDING, Phase.WAITING_FOR_PEER, 1)
    assert live.waiting_message == "The disk that holds the catalog catalog.db is full; make room on it."
    assert live.next_retry_time == bench.clock.now + SECOND


async def test_an_end_that_cannot_be_written_down_is_no_reason_to_hurry(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await bench.add("1")
    bench.jobs.wake()
    await bench.runs("1")

    async def full(key: str, **changes: object) -> None:
        raise CatalogFull(Path("catalog.db"))

    monkeypatch.setattr(bench.store, "update", full)
    await bench.ended(live, TryAgain("The link broke."))
    assert (live.status, live.retries, live.next_retry_time) == (Status.PENDING, 1, bench.clock.now + SECOND)
    bench.jobs.wake()
    assert bench.begun == ["1"]


async def test_a_pause_that_cannot_be_written_down_is_none(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    live = await bench.add("1")
    bench.jobs.wake()
    await bench.runs("1")
    await bench.table.step(live, Event.START)

    async def full(key: str, **changes: object) -> None:
        raise CatalogFull(Path("catalog.db"))

    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "update", full)
        with pytest.raises(CatalogFull):
            await bench.jobs.step(live, Event.CANCEL, end_time=7)
    assert (live.status, live.record.end_time) == (Status.SENDING, None)
    await bench.ended(live, Done())  # it went on meanwhile
    assert live.status is Status.COMPLETE


async def test_a_pause_while_an_outcome_is_written_down_wins(bench: Bench) -> None:
    live = await bench.add("1")
    bench.jobs.wake()
    await bench.runs("1")
    bench.running["1"].set_result(TryAgain("The link broke."))
    job = bench.jobs.running(live)

    async def settling() -> bool:
        return job is not None and job.settling

    await until(settling, bool, 10)
    await bench.table.step(live, Event.SUSPEND)
    await bench.jobs.stop(live, StopReason.SUSPENDED)
    assert (live.status, live.phase, live.next_retry_time) == (Status.SUSPENDED, None, None)
    bench.jobs.wake()
    assert bench.begun == ["1"]


async def test_a_late_outcome_does_not_undo_what_somebody_decided(bench: Bench) -> None:
    live = await bench.add("1", status="suspended")
    for outcome in (TryAgain("Later."), Done()):
        await bench.jobs.settle(live, outcome)
        assert live.status is Status.SUSPENDED
    done = await bench.add("2", status="complete")
    await bench.jobs.settle(done, TryAgain("The answer got lost."))
    assert done.status is Status.COMPLETE
    assert await bench.events() == ["transferCompleted"]


async def test_while_a_person_is_asked_it_comes_back_every_second_and_tells_it_once(bench: Bench) -> None:
    live = await bench.add("1")
    bench.jobs.wake()
    for number in range(3):
        await bench.runs("1")
        assert live.phase is (Phase.WAITING_FOR_PEER if number else Phase.CONNECTING)
        cursor = live.cursor
        await bench.ended(live, Asked("Studio B has to say yes first; it was asked."))
        assert (live.status, live.phase, live.retries) == (Status.PENDING, Phase.WAITING_FOR_PEER, 0)
        assert live.next_retry_time == bench.clock.now + SECOND
        assert (live.cursor != cursor) == (number == 0)  # nothing new: nobody that polls hears of it
        shown = transfer_entity(live, 0.0)
        assert (shown.asked_time, shown.next_retry_time) == (live.asked_time, None)
        assert shown.last_error_message == "Studio B has to say yes first; it was asked."
        bench.clock.now += SECOND
        bench.jobs.wake()
    assert await bench.events() == ["transferAsked"]
    await bench.runs("1")
    await bench.ended(live, TryAgain("The line broke."))
    assert (live.asked_time, live.retries) == (None, 1)
    await bench.jobs.settle(live, Asked("Again."))
    await bench.table.step(live, Event.SUSPEND)
    assert live.asked_time is None
    await bench.jobs.settle(live, Asked("Too late."))
    assert (live.status, live.asked_time) == (Status.SUSPENDED, None)


async def test_asking_once_more_waits_for_no_place(bench: Bench) -> None:
    asked = await bench.add("1")
    bench.jobs.wake()
    await bench.runs("1")
    await bench.ended(asked, Asked("Studio B has to say yes first."))
    others = [await bench.add(id) for id in "234"]
    bench.jobs.wake()
    await bench.runs("2", "3")
    bench.clock.now += SECOND
    bench.jobs.wake()
    await bench.runs("1", "2", "3")  # and the fourth goes on waiting for its turn
    assert others[2].phase is Phase.QUEUED
    await bench.ended(asked, Asked("Studio B has to say yes first."))
    await bench.ended(others[0], Done())
    await bench.runs("3", "4")


async def test_one_session_for_a_transfer(bench: Bench) -> None:
    live = await bench.add("1")
    bench.jobs.wake()
    await bench.runs("1")
    with pytest.raises(LimitExceeded):
        bench.jobs.start(live, bench._attempt)


async def test_nothing_starts_after_the_end(bench: Bench) -> None:
    first, second = await bench.add("1"), await bench.add("2")
    third = await bench.add("3")
    bench.jobs.wake()
    await bench.runs("1", "2")
    await bench.ended(first, TryAgain("Later."))
    await bench.runs("2", "3")
    await bench.jobs.shut_down("The node stops.")
    assert bench.running == {}
    assert second.status is third.status is Status.PENDING  # as they were: they go on at the next start
    bench.clock.now += 3600 * SECOND
    bench.jobs.wake()
    assert len(bench.jobs) == 0
    with pytest.raises(LimitExceeded, match="shutting down"):
        bench.jobs.start(first, bench._attempt)
