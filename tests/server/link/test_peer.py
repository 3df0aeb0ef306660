"""One session between nodes: asking, telling, order, limits, silence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from helpers.nodes import until
from jetstream.errors import Conflict, InvalidParameters, LimitExceeded, ServerError
from jetstream.protocol.framing import pack
from jetstream_server.link.errors import LinkLost, PeerViolation
from jetstream_server.link.messages import (
    Held,
    OfferAnswer,
    OfferState,
    PageRequest,
    Pages,
    Ping,
    Stage,
    Stop,
    StopReason,
    understand,
)
from jetstream_server.link.peer import Liveness, PeerConnection, ask

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def streams() -> AsyncIterator[tuple[Streams, Streams]]:
    """Both ends of one connection."""
    accepted: asyncio.Future[Streams] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda *ends: accepted.set_result(ends), "127.0.0.1", 0)
    async with server:
        dialled = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        theirs = await accepted
        try:
            yield dialled, theirs
        finally:
            for _, writer in (dialled, theirs):
                writer.close()


@contextlib.asynccontextmanager
async def pair(liveness: Liveness | None = None) -> AsyncIterator[tuple[PeerConnection, PeerConnection]]:
    """Two sessions that are open to each other."""
    async with streams() as ends:
        made = [PeerConnection(*end, stage=Stage.OPEN, liveness=liveness) for end in ends]
        for peer in made:
            peer.start()
        yield made[0], made[1]
        for peer in made:
            await peer.close()


async def test_both_sides_ask_and_tell() -> None:
    async with pair() as (one, two):
        heard: asyncio.Future[Held] = asyncio.get_running_loop().create_future()

        async def pages(params: dict[str, Any]) -> Pages:
            request = understand(PageRequest, params)
            return Pages(pages=[bytes([request.number])] * request.count)

        for peer in (one, two):
            peer.on_request("page", pages)
        two.on_notification("held", lambda params: heard.set_result(understand(Held, params)))
        answers = await asyncio.gather(
            *(ask(peer, "page", PageRequest(number=number, count=2), Pages) for number in range(9)
              for peer in (one, two))
        )
        assert answers[4].pages == [b"\x02"] * 2
        one.tell("held", Held(message="full"))
        one.tell("a newer node's word", Ping())
        assert (await heard).message == "full"
        assert await one.measure() > 0
        assert one.rtt is not None


async def test_what_goes_wrong_in_a_handler_is_said_by_kind(caplog: pytest.LogCaptureFixture) -> None:
    async with pair() as (one, two):
        async def refuse(params: dict[str, Any]) -> None:
            raise Conflict("Not now.")

        async def fault(params: dict[str, Any]) -> None:
            raise KeyError("inside")

        two.on_request("page", refuse)
        two.on_request("begin", fault)
        with pytest.raises(Conflict, match="Not now"):
            await one.request("page", Ping())
        with pytest.raises(ServerError, match="log says more"):
            await one.request("begin", Ping())
        assert "inside" in caplog.text
        with pytest.raises(InvalidParameters, match="knows no 'nonsense'"):
            await one.request("nonsense", Ping())


async def test_an_answer_that_is_malformed_is_a_violation() -> None:
    async with pair() as (one, two):
        async def nonsense(params: dict[str, Any]) -> Held:
            return Held(message="?")

        two.on_request("offer", nonsense)
        with pytest.raises(PeerViolation, match="malformed"):
            await ask(one, "offer", Ping(), OfferAnswer)
        assert OfferAnswer(state=OfferState.PAUSED).message == ""


async def test_no_answer_in_time_ends_the_session() -> None:
    async with pair() as (one, two):
        asked = asyncio.Event()

        async def never(params: dict[str, Any]) -> None:
            asked.set()
            await asyncio.Event().wait()

        two.on_request("page", never)
        waiting = asyncio.create_task(one.request("page", Ping(), 60))
        await asked.wait()
        with pytest.raises(LinkLost, match="did not answer"):
            await one.request("page", Ping(), 0.01)
        with pytest.raises(LinkLost):
            await waiting  # everything that is pending ends with it
        with pytest.raises(LinkLost):
            await one.request("ping", Ping())
        assert not one.is_open
        one.tell("held", Held(message="nobody hears it"))


async def test_before_the_proof_only_the_proof() -> None:
    async with streams() as (mine, theirs):
        one = PeerConnection(*mine, stage=Stage.OPEN)
        two = PeerConnection(*theirs, stage=Stage.HELLO)
        for peer in (one, two):
            peer.start()
        for method in ("offer", "ping", "prove", "fetch"):
            with pytest.raises(Conflict, match="cannot come now"):
                await one.request(method, Ping())
        for peer in (one, two):
            await peer.close()


async def test_a_malformed_notification_and_garbage_end_it() -> None:
    async with pair() as (one, two):
        two.on_notification("stop", lambda params: understand(Stop, params) and None)
        one.tell("stop", Stop(reason=StopReason.ERROR))
        one.tell("stop", Ping())
        assert isinstance(await two.wait_closed(), PeerViolation)
    async with streams() as (mine, theirs):
        two = PeerConnection(*theirs, stage=Stage.OPEN)
        two.start()
        mine[1].write(b"\xc1" * 10)
        why = await two.wait_closed()
        assert isinstance(why, PeerViolation)
        assert b"protocolError" in await mine[0].read()
        await two.close()


async def test_a_flood_is_refused_beyond_the_limit() -> None:
    async with streams() as (mine, theirs):
        two = PeerConnection(*theirs, stage=Stage.OPEN)
        let_go = asyncio.Event()
        begun = 0

        async def slow(params: dict[str, Any]) -> None:
            nonlocal begun
            begun += 1
            await let_go.wait()

        two.on_request("page", slow)
        two.start()
        mine[1].write(b"".join(pack([0, number, "page", {}]) for number in range(500)))

        async def count() -> int:
            return begun

        await until(count, lambda now: now == 64, 10)
        let_go.set()
        answers = await mine[0].readuntil(pack([1, 63, None, {}]))
        assert LimitExceeded.__name__.encode() in answers
        await two.close()


async def test_silence_is_noticed_and_signs_of_life_hold_it_open() -> None:
    async with streams() as (mine, theirs):
        two = PeerConnection(*theirs, stage=Stage.OPEN, liveness=Liveness(0.02, 0.1))
        two.start()
        why = await two.wait_closed()
        assert isinstance(why, LinkLost)
        assert "no sign of life" in str(why) or "did not answer" in str(why)
        await two.close()
    async with pair(Liveness(0.02, 5.0)) as (one, two):
        async def pings() -> float | None:
            return two.rtt

        await until(pings, bool, 10)
        assert one.is_open
        assert two.is_open


async def test_closing_sends_what_was_told_and_ends_tasks() -> None:
    async with pair() as (one, two):
        heard: asyncio.Future[Stop] = asyncio.get_running_loop().create_future()
        two.on_notification("stop", lambda params: heard.set_result(understand(Stop, params)))
        one.tell("stop", Stop(reason=StopReason.SHUTDOWN, message="Bye."))
        await one.close()
        await one.close()
        assert (await heard).message == "Bye."
        assert isinstance(await two.wait_closed(), LinkLost)
