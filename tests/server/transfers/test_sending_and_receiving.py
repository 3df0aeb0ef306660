"""The two halves of a transfer against each other: pushed, pulled, paused, broken off, gone on with."""

import asyncio
import os
import random
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from helpers.nodes import until
from helpers.trees import Scanned, build, contents, scanned
from jetstream_server.files.writer import TreeWriter
from jetstream_server.link.errors import LinkLost
from jetstream_server.link.messages import OfferAnswer, OfferState, StopReason
from jetstream_server.transfers.sending import SendSession
from jetstream_server.transfers.states import Event, Phase, Status
from jetstream_server.transfers.trouble import Asked, Done, Failed, Outcome, Stopped, TryAgain

from .halves import Halves, halves, peers
from .made import outgoing

SLOW = 60_000  # kbit/s


def make(folder: Path, large: int = 6) -> Scanned:
    chance = random.Random(3)
    build(folder, {
        "large": chance.randbytes(large << 20), "zero": bytes(2 << 20), "empty": b"", "hollow": {},
        "small": {f"{n}": chance.randbytes(50 * n) for n in range(30)},
    })
    return scanned({"in": folder})


async def began(both: Halves, at_least: int = 1 << 20) -> None:
    """Wait until so many bytes are there."""

    async def look() -> int:
        return both.coming.record.bytes_recv

    await until(look, lambda now: now >= at_least, 30)


async def ended(both: Halves) -> Outcome:
    """How the receiving half ended."""
    assert both.taking is not None
    async with asyncio.timeout(30):
        return await both.taking


@pytest.mark.parametrize("way", ["push", "pull"])
async def test_everything_arrives_whoever_dials(tmp_path: Path, way: str) -> None:
    tree = make(tmp_path / "s")
    async with halves(tree, tmp_path / "r") as both:
        ports = (both.sender.port, both.receiver.port) if way == "push" else (both.receiver.port, both.sender.port)
        async with peers(*ports) as (first, second):
            outcome = await (both.push if way == "push" else both.pull)(first, second)
            assert outcome == await ended(both) == Done()
        assert contents(both.folder / "in") == contents(tmp_path / "s")
        assert (both.folder / "in" / "hollow").is_dir()
        size = tree.result.size
        assert both.coming.status is Status.COMPLETE
        assert (both.coming.record.bytes_recv, both.coming.record.checkpoint_bytes) == (size, size)
        record = both.out.record
        assert (record.bytes_acked, record.files_done) == (size, tree.result.files)
        assert size - (3 << 20) < record.bytes_sent < size + 100_000  # zeros do not travel
        kept = sum(run.count for run in await both.catalog.incoming.checkpoint("1"))
        assert kept == tree.stored.block_count  # the hashes stay, for verifying
        assert both.sender.near.data.refused == both.receiver.near.data.refused == 0


async def test_a_tree_without_a_byte(tmp_path: Path) -> None:
    tree = scanned({"in": build(tmp_path / "s", {"empty": b"", "folder": {"other": b""}, "hollow": {}})})
    async with halves(tree, tmp_path / "r") as both, peers(both.sender.port, both.receiver.port) as (first, second):
        assert await both.push(first, second) == await ended(both) == Done()
        assert contents(both.folder / "in") == contents(tmp_path / "s")


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (OfferState.COMPLETE, Done()), (OfferState.PAUSED, TryAgain("Not now.")),
        (OfferState.WAITING, Asked("The receiver has to say yes first; it was asked.")),
    ],
)
async def test_early_answers(tmp_path: Path, state: OfferState, outcome: Outcome) -> None:
    async with halves(make(tmp_path / "s", 1), tmp_path / "r") as both:
        both.answer = OfferAnswer(state=state, message="Not now.")
        async with peers(both.sender.port, both.receiver.port) as (first, second):
            assert await both.push(first, second) == outcome
    assert both.out.record.bytes_sent == 0


async def test_a_pause_on_either_side_reaches_the_other_with_its_words(tmp_path: Path) -> None:
    for number, paused in enumerate(("sender", "receiver")):
        folder = tmp_path / str(number)
        async with halves(make(folder / "s"), folder / "r", SLOW) as both:
            async with peers(both.sender.port, both.receiver.port) as (first, second):
                pushing = asyncio.create_task(both.push(first, second))
                await began(both)
                job = both.send_job if paused == "sender" else both.receive_job
                await both.stop(job, StopReason.SUSPENDED, "Lunch.")
                if paused == "sender":
                    assert await ended(both) == Stopped("suspended", "Lunch.")
                else:
                    assert await pushing == Stopped("suspended", "Lunch.")
                await asyncio.wait({pushing})
            # What was written is promised, though no checkpoint was due.
            promised = sum(run.count for run in await both.catalog.incoming.checkpoint("1"))
            assert promised >= 1


@pytest.mark.parametrize("event", [Event.SUSPEND, Event.CANCEL])
async def test_a_pause_or_an_end_just_before_the_first_block_stays(
    tmp_path: Path, event: Event, caplog: pytest.LogCaptureFixture
) -> None:
    async with (halves(make(tmp_path / "s"), tmp_path / "r") as both,
                peers(both.sender.port, both.receiver.port) as (first, second)):
        answer = SendSession._answer_begin

        async def begin(session: SendSession, params: dict[str, Any]) -> None:
            await both.receiving.step(both.coming, event)  # the owner's word; what stops the session comes next
            await answer(session, params)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SendSession, "_answer_begin", begin)
            outcome = await both.push(first, second)
        assert outcome == await ended(both) == TryAgain("The receiver has just paused or ended this transfer.")
    assert both.coming.status is {Event.SUSPEND: Status.SUSPENDED, Event.CANCEL: Status.CANCELLED}[event]
    assert "Traceback" not in caplog.text


async def test_a_link_that_breaks_is_tried_again_and_only_the_rest_is_sent(tmp_path: Path) -> None:
    tree = make(tmp_path / "s")
    async with halves(tree, tmp_path / "r", SLOW) as both:
        async with peers(both.sender.port, both.receiver.port) as (first, second):
            pushing = asyncio.create_task(both.push(first, second))
            await began(both, 3 << 20)
            first.abort(LinkLost("A cable."))
            assert isinstance(await pushing, TryAgain)
            assert isinstance(await ended(both), TryAgain)
        kept = sum(run.count for run in await both.catalog.incoming.checkpoint("1"))
        assert kept >= 2
        before = both.out.record.bytes_sent
        (both.coming.record,) = await both.catalog.incoming.all()  # as after a restart: only what the catalog knows
        both.out.record = outgoing("1", total_bytes=tree.result.size, checkpoint_seconds=1)
        async with peers(both.sender.port, both.receiver.port) as (first, second):
            assert await both.push(first, second) == await ended(both) == Done()
        assert contents(both.folder / "in") == contents(tmp_path / "s")
        assert before > 0
        assert both.out.record.bytes_sent <= tree.result.size - ((kept - 2) << 20)


async def test_what_changed_meanwhile_is_named_by_both_and_never_appears(tmp_path: Path) -> None:
    tree = make(tmp_path / "s", 2)
    with (tmp_path / "s" / "large").open("r+b") as file:
        file.write(b"another")
    os.unlink(tmp_path / "s" / "small" / "7")
    async with halves(tree, tmp_path / "r") as both, peers(both.sender.port, both.receiver.port) as (first, second):
        outcome = await both.push(first, second)
        assert isinstance(outcome, Failed)
        assert "large" in outcome.message
        assert "2 files were not delivered" in outcome.message
        assert [path for path, reason in outcome.files if reason] == ["in/large", "in/small/7"]
        there = await ended(both)
        assert isinstance(there, Failed)
        assert [path for path, reason in there.files if reason] == ["in/large", "in/small/7"]
        assert both.coming.status is Status.ERROR
        expected = contents(tmp_path / "s")
        del expected["large"]
        assert contents(both.folder / "in") == expected


async def test_the_last_answer_may_get_lost(tmp_path: Path) -> None:
    tree = make(tmp_path / "s", 1)
    async with halves(tree, tmp_path / "r") as both:
        async with peers(both.sender.port, both.receiver.port) as (first, second):

            async def vanish(params: dict[str, Any]) -> None:
                first.abort(LinkLost("At the worst moment."))

            pushing = asyncio.create_task(both.push(first, second))

            async def offered() -> bool:
                return both.taking is not None

            await until(offered, bool, 10)
            first.on_request("complete", vanish)
            assert isinstance(await pushing, TryAgain)
            with pytest.raises(LinkLost):
                await ended(both)
        assert both.coming.status is Status.COMPLETE
        both.answer = OfferAnswer(state=OfferState.COMPLETE)
        async with peers(both.sender.port, both.receiver.port) as (first, second):
            assert await both.push(first, second) == Done()
        assert both.out.record.bytes_acked == tree.result.size


async def test_a_stop_waits_for_work_on_files_before_they_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on, let_go, order = threading.Event(), threading.Event(), []
    finish, close = TreeWriter.finish, TreeWriter.close

    def slow_finish(self: TreeWriter, failed: Sequence[int] = ()) -> Any:
        going_on.set()
        let_go.wait(10)
        report = finish(self, failed)
        order.append("finished")
        return report

    def noted_close(self: TreeWriter) -> None:
        order.append("closed")
        close(self)

    monkeypatch.setattr(TreeWriter, "finish", slow_finish)
    monkeypatch.setattr(TreeWriter, "close", noted_close)
    async with halves(make(tmp_path / "s", 1), tmp_path / "r") as both:
        async with peers(both.sender.port, both.receiver.port) as (first, second):
            pushing = asyncio.create_task(both.push(first, second))
            await asyncio.to_thread(going_on.wait, 10)
            assert both.coming.phase is Phase.VERIFYING
            stopping = asyncio.create_task(both.stop(both.receive_job, StopReason.SUSPENDED, "Stop."))
            await asyncio.sleep(0)
            let_go.set()
            await stopping
            assert await pushing == Stopped("suspended", "Stop.")
    assert order == ["finished", "closed"]
    assert both.coming.status is not Status.COMPLETE


async def test_stages_of_a_session_show(tmp_path: Path) -> None:
    async with halves(make(tmp_path / "s"), tmp_path / "r", SLOW) as both:
        async with peers(both.sender.port, both.receiver.port) as (first, second):
            pushing = asyncio.create_task(both.push(first, second))
            await began(both)

            async def rate() -> float | None:
                return both.out.rate.bytes_per_second(both.sender.near.steady())

            await until(rate, bool, 20)
            assert (both.out.phase, both.out.carrier, both.out.status) == (Phase.SENDING, "tcp", Status.SENDING)
            assert (both.coming.phase, both.coming.carrier) == (Phase.RECEIVING, "tcp")
            assert both.out.current_file == "in/large"
            both.session.limiter.close()
            await both.stop(both.send_job, StopReason.SHUTDOWN, "Studio A is shutting down.")
            assert await ended(both) == TryAgain("Studio A is shutting down.")
            await asyncio.wait({pushing})
