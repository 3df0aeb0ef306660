"""A sender takes an offer back: once, and nobody minds where it cannot."""

import asyncio
from typing import Any

from jetstream.errors import NotFound
from jetstream_server.link.errors import Unreachable
from jetstream_server.link.messages import StopReason, Withdraw
from jetstream_server.transfers.withdrawing import Withdrawing

from .made import MadePeer, outgoing


async def test_an_offer_is_taken_back_once_and_nobody_minds_a_failure() -> None:
    peer = MadePeer()
    found: list[MadePeer | Exception] = [Unreachable("It is down."), MadePeer(NotFound("Unknown.")), peer]

    async def reach(_record: object) -> Any:
        one = found.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    withdrawing = Withdrawing(reach)
    for _ in range(3):
        withdrawing.begin(outgoing("7"), StopReason.CANCELLED, "Cancelled.")
    async with asyncio.timeout(10):
        while not peer.closed:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert peer.asked == [("withdraw", Withdraw(uid="u7", reason=StopReason.CANCELLED, message="Cancelled."))]


async def test_a_node_that_stops_does_not_wait_for_it() -> None:
    dialling, given_up = asyncio.Event(), asyncio.Event()

    async def reach(_record: object) -> Any:
        dialling.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    withdrawing = Withdrawing(reach)
    withdrawing.begin(outgoing("7"), StopReason.CANCELLED, "Cancelled.")
    await dialling.wait()
    await withdrawing.close()
    assert given_up.is_set()
