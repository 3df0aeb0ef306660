"""Trials of carriers between two nodes' halves: real sockets, both directions, what is in the way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from helpers.datagrams import Meddle, Relay
from helpers.nodes import until
from jetstream.errors import InvalidParameters, LimitExceeded
from jetstream_server.link.errors import LinkError
from jetstream_server.link.messages import CarrierName, CarrierTried, TrialState, TryCarrier
from jetstream_server.link.peer import PeerConnection, ask
from jetstream_server.transfers import carriertrial
from jetstream_server.transfers.carriertrial import AT_ONCE, CarrierTrials, Half, carrier_works_here, try_carrier
from jetstream_server.transfers.trialblocks import MOST_BLOCKS, NoiseSource

from .halves import Side, peers, side

BOTH = ("udp", "tcp")


@contextlib.asynccontextmanager
async def two(
    here: tuple[str, ...] = BOTH, there: tuple[str, ...] = BOTH, port: Callable[[Side], int] = lambda side: side.port
) -> AsyncIterator[tuple[Side, PeerConnection, PeerConnection, CarrierTrials]]:
    """A node that asks, with its session, and the session of one that answers. *port*: where the first one dials."""
    async with side(here) as first, side(there) as second, peers(first.port, port(second)) as (asking, answering):
        trials = CarrierTrials(second.near)

        async def answer(params: dict[str, Any]) -> CarrierTried:
            return await trials.answer(answering, params)

        answering.on_request("tryCarrier", answer)
        yield first, asking, answering, trials


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carriertrial, "SIZE", 4 << 20)
    monkeypatch.setattr(carriertrial, "HEAR_SECONDS", 1.0)
    monkeypatch.setattr(carriertrial, "SHORTEST", 0.1)


def noted(monkeypatch: pytest.MonkeyPatch) -> list[Half]:
    """All halves that are made from now on."""
    halves: list[Half] = []
    made = Half.__init__

    def note(self: Half, *given: Any, **more: Any) -> None:
        made(self, *given, **more)
        halves.append(self)

    monkeypatch.setattr(Half, "__init__", note)
    return halves


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("carrier", BOTH)
async def test_blocks_get_through_and_are_measured(carrier: CarrierName, back: bool) -> None:
    async with two() as (first, asking, _, trials):
        ours, theirs = await try_carrier(first.near, asking, carrier, back)
        sender, receiver = (theirs, ours) if back else (ours, theirs)
        assert ours.state is theirs.state is TrialState.OK
        assert receiver.received >= 4 << 20
        assert receiver.rate > 0
        assert sender.received == sender.rate == 0
        if carrier == "udp":
            assert sender.datagram >= 1200
            assert sender.sent > 100
            assert sender.rtt
            assert first.near.udp is not None
        assert not trials._running


async def test_connections_that_end_before_the_answer_comes_are_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    # There is always more to send, so that the sender notices when the connections end.
    monkeypatch.setattr(carriertrial, "NoiseSource", lambda block, _: NoiseSource(block, MOST_BLOCKS))
    halves = noted(monkeypatch)
    async with two() as (first, asking, answering, trials):

        async def late(params: dict[str, Any]) -> CarrierTried:
            found = await trials.answer(answering, params)
            (asks,) = (half for half in halves if half._dialled)
            assert asks._tcp is not None
            await until(lambda: _now(asks._tcp.open_connections), lambda left: not left, 30)
            return found

        answering.on_request("tryCarrier", late)
        ours, theirs = await try_carrier(first.near, asking, "tcp", False)
        assert (ours.problem, theirs.problem) == ("", "")
        assert theirs.received >= 4 << 20


async def test_one_after_the_other_on_the_same_session() -> None:
    async with two() as (first, asking, _, _trials):
        for carrier in BOTH:
            for back in (False, True):
                found = await try_carrier(first.near, asking, carrier, back)  # type: ignore[arg-type]
                assert {each.state for each in found} == {TrialState.OK}


async def _now(number: int) -> int:
    return number


def nothing(_: bytes) -> list[bytes]:
    return []


def all_of_it(datagram: bytes) -> list[bytes]:
    return [datagram]


@pytest.mark.parametrize(("there", "back", "heard"), [(nothing, all_of_it, False), (all_of_it, nothing, True)])
async def test_datagrams_that_are_held_back(there: Meddle, back: Meddle, heard: bool) -> None:
    relays: list[Relay] = []

    def behind(second: Side) -> int:
        assert second.near.udp is not None
        relays.append(Relay(second.port, there, back))
        return relays[0].port

    try:
        async with two(port=behind) as (first, asking, _, _trials):
            ours, theirs = await try_carrier(first.near, asking, "udp", False)
            assert (ours.heard, theirs.heard) == (False, heard)
            assert ours.state is TrialState.UNHEARD
    finally:
        for relay in relays:
            relay.close()


async def test_a_port_that_takes_no_connections() -> None:
    async with two(port=lambda _: 1) as (first, asking, _, _trials):
        ours, theirs = await try_carrier(first.near, asking, "tcp", False)
        assert ours.state is TrialState.BROKEN
        assert "could not be made" in ours.problem
        assert theirs.received == 0


async def test_a_node_that_does_not_use_a_carrier() -> None:
    async with two(there=("tcp",)) as (first, asking, _, _trials):
        assert carrier_works_here(first.near, "udp")
        _, theirs = await try_carrier(first.near, asking, "udp", False)
        assert theirs == CarrierTried(state=TrialState.OFF)


def plan(**changes: Any) -> TryCarrier:
    values = {"carrier": "udp", "session": bytes(16), "key": bytes(32), "size": 1 << 20, "seconds": 0.5,
              "block": 1 << 16}
    return TryCarrier(**(values | changes))


async def test_one_trial_for_each_node_and_few_in_all() -> None:
    async with two() as (_, asking, _answering, trials):
        running = asyncio.ensure_future(ask(asking, "tryCarrier", plan(), CarrierTried))
        await until(lambda: _now(len(trials._running)), bool, 30)
        with pytest.raises(LimitExceeded):
            await ask(asking, "tryCarrier", plan(session=b"2" * 16), CarrierTried)
        assert (await running).state is TrialState.UNHEARD
        trials._running.update(map(str, range(AT_ONCE)))
        with pytest.raises(LimitExceeded):
            await ask(asking, "tryCarrier", plan(), CarrierTried)


@pytest.mark.parametrize("changes", [
    {"carrier": "pigeon"}, {"seconds": 1e9}, {"size": 1 << 40}, {"block": 1}, {"block": 1 << 30}, {"session": b""},
])
async def test_plans_that_make_no_sense(changes: dict[str, Any]) -> None:
    async with two() as (_, asking, _answering, trials):
        with pytest.raises(InvalidParameters, match="malformed"):
            await ask(asking, "tryCarrier", plan(**changes), CarrierTried)
        assert not trials._running


@pytest.mark.parametrize("carrier", BOTH)
async def test_a_session_that_ends_leaves_nothing_behind(carrier: CarrierName, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carriertrial, "SIZE", 1 << 28)
    halves = noted(monkeypatch)
    async with two() as (first, asking, answering, trials):
        running = asyncio.ensure_future(try_carrier(first.near, asking, carrier, False))
        await until(lambda: _now(sum(half._heard.is_set() for half in halves)), lambda heard: heard == 2, 30)
        await answering.close()
        with pytest.raises(LinkError):
            await running
        assert not trials._running
        for half in halves:
            for part in (half._tcp, half._udp):
                assert part is None or part.join(0)
        assert first.near.udp is not None
        assert not any(endpoint._sessions for endpoint in first.near.udp.listening)
