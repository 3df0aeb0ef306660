"""Which carrier a transfer takes: datagrams on a long path, connections on a short one or where datagrams fail."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from helpers.nodes import until
from helpers.trees import contents
from jetstream_server.link.udp.port import UdpPort
from jetstream_server.link.udp.rate import Policy
from jetstream_server.link.udp.sending import UdpSender
from jetstream_server.transfers import sending
from jetstream_server.transfers.datapath import GRACE_SECONDS, GRACE_TRIPS
from jetstream_server.transfers.trouble import Done

from .halves import Halves, halves, peers
from .test_sending_and_receiving import ended, make

BOTH = ("udp", "tcp")
FAR, NEAR = 0.02, 0.0001


def ports_of(both: Halves, way: str) -> tuple[int, int]:
    ports = both.sender.port, both.receiver.port
    return ports if way == "push" else ports[::-1]


@pytest.mark.parametrize("way", ["push", "pull"])
@pytest.mark.parametrize(("carriers", "rtt", "taken"), [
    (("udp",), NEAR, "udp"), (("udp",), FAR, "udp"), (BOTH, FAR, "udp"), (BOTH, NEAR, "tcp"), (("tcp",), FAR, "tcp"),
])
async def test_everything_arrives_by_the_carrier_that_fits(
    tmp_path: Path, way: str, carriers: tuple[str, ...], rtt: float, taken: str
) -> None:
    tree = make(tmp_path / "s")
    async with halves(tree, tmp_path / "r", carriers=carriers) as both:
        async with peers(*ports_of(both, way), rtt) as (first, second):
            outcome = await (both.push if way == "push" else both.pull)(first, second)
            assert outcome == await ended(both) == Done()
            assert {first.carrier, second.carrier} == {taken}
        assert contents(both.folder / "in") == contents(tmp_path / "s")
        counters = both.out.record
        assert counters.bytes_sent > tree.result.size // 2


async def test_the_policy_of_a_transfer_reaches_its_carrier_and_may_change(tmp_path: Path) -> None:
    tree = make(tmp_path / "s")
    async with halves(tree, tmp_path / "r", rate=20_000, carriers=("udp",)) as both:
        async def sent() -> int:
            return both.out.record.bytes_acked

        async def policy() -> Policy:
            return udp_of(both).rate.policy

        await both.sending.save(both.out, rate_policy="fixed")
        async with peers(*ports_of(both, "push"), FAR) as (first, second):
            pushing = asyncio.create_task(both.push(first, second))
            await until(sent, lambda count: count > 0)
            model = udp_of(both).rate
            assert (model.policy, model.pacing) == (Policy.FIXED, 2_500_000.0)
            await both.sending.save(both.out, rate_policy="background")
            both.session.follow_limits()
            await until(policy, lambda now: now is Policy.BACKGROUND)
            assert await pushing == await ended(both) == Done()
        assert contents(both.folder / "in") == contents(tmp_path / "s")


def udp_of(both: Halves) -> UdpSender:
    assert both.session._udp is not None
    return both.session._udp


@pytest.mark.parametrize("way", ["push", "pull"])
async def test_blocked_datagrams_cost_less_than_a_second(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert GRACE_SECONDS < 1
    tree = make(tmp_path / "s")
    monkeypatch.setattr("jetstream_server.link.udp.port.Endpoint.send", lambda *_: 1)
    async with halves(tree, tmp_path / "r", carriers=BOTH) as both:
        async with peers(*ports_of(both, way), FAR) as (first, second):
            outcome = await (both.push if way == "push" else both.pull)(first, second)
            assert outcome == await ended(both) == Done()
            assert {first.carrier, second.carrier} == {"tcp"}
        assert contents(both.folder / "in") == contents(tmp_path / "s")


async def test_an_offer_that_comes_late_says_nothing_of_datagrams(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost packet of the session holds the offer up, and nobody listens to datagrams before it is there."""
    tree = make(tmp_path / "s")
    asked = sending.ask

    async def late(*given: Any) -> Any:
        await asyncio.sleep(3 * (GRACE_SECONDS + GRACE_TRIPS * FAR))
        return await asked(*given)

    monkeypatch.setattr(sending, "ask", late)
    async with halves(tree, tmp_path / "r", carriers=BOTH) as both:
        async with peers(*ports_of(both, "push"), FAR) as (first, second):
            assert await both.push(first, second) == await ended(both) == Done()
            assert {first.carrier, second.carrier} == {"udp"}


@pytest.mark.parametrize("way", ["push", "pull"])
async def test_datagrams_that_stop_getting_through_are_replaced(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was under way goes again, and nothing else does."""
    tree = make(tmp_path / "s", large=12)
    blocked = False
    whole = UdpPort.for_dialling

    def dialled(self: UdpPort, address: str) -> Any:
        endpoint = whole(self, address)
        send = endpoint.send
        endpoint.send = lambda *given: 1 if blocked else send(*given)  # type: ignore[method-assign]
        return endpoint

    monkeypatch.setattr(UdpPort, "for_dialling", dialled)
    monkeypatch.setattr("jetstream_server.transfers.datapath.SILENT_SECONDS", 0.5)
    monkeypatch.setattr("jetstream_server.link.udp.sending.USELESS_SECONDS", 1.0)
    async with halves(tree, tmp_path / "r", 30_000, carriers=BOTH) as both:
        async with peers(*ports_of(both, way), FAR) as (first, second):
            work = asyncio.ensure_future((both.push if way == "push" else both.pull)(first, second))

            async def look() -> int:
                return both.coming.record.bytes_recv

            await until(look, lambda now: now >= 2 << 20, 30)
            assert {first.carrier, second.carrier} == {"udp"}
            blocked = True
            assert await work == await ended(both) == Done()
            assert {first.carrier, second.carrier} == {"tcp"}
        assert contents(both.folder / "in") == contents(tmp_path / "s")
        record = both.out.record
        assert record.blocks_retransmitted <= 8 + record.blocks_sent // 2


