"""What the sending and the receiving session share: their neighbours, their end, and their data connections."""

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from jetstream_server.files.lane import Lane
from jetstream_server.link.data import DataDialler, DataPlane
from jetstream_server.link.errors import LinkError, NotJetStream, Unreachable
from jetstream_server.link.limiter import Bucket
from jetstream_server.link.messages import Stop, StopReason, understand
from jetstream_server.link.peer import PeerConnection
from jetstream_server.link.sealed import KEY_BYTES, SESSION_BYTES, SessionKey
from jetstream_server.transfers.trouble import Failed, Outcome, Stopped, TryAgain

TICK_SECONDS: Final = 0.2
JOIN_SECONDS: Final = 10.0
NEAR_SECONDS: Final = 0.003
"""A round trip shorter than this is the same machine or room: two connections keep both ends busy."""
NEAR_CONNECTIONS: Final = 2
FAR_CONNECTIONS: Final = 24

T = TypeVar("T")


class SocketCarrier(Protocol):
    """What both sides of a carrier over sockets offer."""

    def add(self, sock: socket.socket, number: int) -> bool:
        """Use a data connection."""

    def close(self) -> None:
        """Stop at once."""

    def join(self, timeout: float) -> bool:
        """Wait for the threads."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a session needs of the node."""

    data: DataPlane
    executor: Executor
    """Threads for work on files; never the loop's own default."""
    outgoing: Bucket
    incoming: Bucket
    wall: Callable[[], int]
    steady: Callable[[], float] = time.monotonic
    lane: Lane = field(default_factory=Lane)
    """Where rows of small files take turns, whoever reads or writes them."""
    entropy: Callable[[int], bytes] = field(default=secrets.token_bytes)

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run blocking *work* beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, work, *arguments)

    def new_key(self) -> SessionKey:
        """Id and key for a new data session."""
        return SessionKey(self.entropy(SESSION_BYTES), self.entropy(KEY_BYTES))


def connections_for(rtt: float | None) -> int:
    """How many data connections a path of this round trip (seconds) wants."""
    return NEAR_CONNECTIONS if rtt is not None and rtt < NEAR_SECONDS else FAR_CONNECTIONS


class Session:
    """The common half of a session: how it ends, and who makes its data connections.

    :param we_dialled: whether this node made the peer session; then it makes the data connections too.
    """

    def __init__(self, peer: PeerConnection, near: Surroundings, we_dialled: bool) -> None:
        self._peer = peer
        self._near = near
        self._we_dialled = we_dialled
        self._loop = asyncio.get_running_loop()
        self._ending: asyncio.Future[Outcome] = self._loop.create_future()
        self._key: SessionKey | None = None
        self._carrier: SocketCarrier | None = None
        self._dialler: DataDialler | None = None
        self._early: list[tuple[socket.socket, int]] = []
        peer.on_notification("stop", self._on_stop)

    async def run(self) -> Outcome:
        """The whole session, from its first message to its end."""
        raise AssertionError("a half of a transfer runs")

    # -- the end --------------------------------------------------------------------------------------------------

    def end(self, outcome: Outcome) -> None:
        """The session is to end like this; the first word counts."""
        if not self._ending.done():
            self._ending.set_result(outcome)

    def _end_from_thread(self, outcome: Outcome) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone: the node is shutting down
            self._loop.call_soon_threadsafe(self.end, outcome)

    def _on_stop(self, params: dict[str, Any]) -> None:
        stop = understand(Stop, params)
        if stop.reason is StopReason.SHUTDOWN:
            self.end(TryAgain(stop.message or "The other node is shutting down."))
        else:
            self.end(Stopped(stop.reason.value, stop.message))

    async def _wait_for_end(self) -> Outcome:
        closed = asyncio.ensure_future(self._peer.wait_closed())
        try:
            both: set[asyncio.Future[Any]] = {closed, self._ending}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if self._ending.done():
                return self._ending.result()
            return outcome_of(closed.result())
        finally:
            closed.cancel()

    async def say_stop(self, reason: StopReason, message: str) -> None:
        """Tell the other node that we end it."""
        self._peer.tell("stop", Stop(reason=reason, message=message))

    async def say_outcome(self, outcome: Outcome) -> None:
        """The session ended by something on our side: the other node hears what, so that it need not wait."""
        if isinstance(outcome, Failed):
            await self.say_stop(StopReason.ERROR, outcome.message)
        elif isinstance(outcome, TryAgain):
            await self.say_stop(StopReason.SHUTDOWN, outcome.message)

    # -- data connections -----------------------------------------------------------------------------------------

    async def _open_data(self, key: SessionKey) -> None:
        """Let data connections come, or make them. They may be there before the carrier that uses them."""
        self._key = key
        if not self._we_dialled:
            await self._near.data.expect(key, self._take_socket)
            return
        assert self._peer.peer is not None
        address, port = self._peer.peer.address, self._peer.peer.port
        count = connections_for(self._peer.rtt)
        self._dialler = DataDialler(address, port, key, count, self._take_socket, self._on_unreachable)
        self._dialler.start()

    def _take_socket(self, sock: socket.socket, number: int) -> bool:
        if self._carrier is not None:
            return self._carrier.add(sock, number)
        self._early.append((sock, number))
        return True

    def _use(self, carrier: SocketCarrier) -> None:
        """From now on *carrier* has the data connections."""
        self._carrier = carrier
        early, self._early = self._early, []
        for sock, number in early:
            carrier.add(sock, number)

    def _on_unreachable(self, error: Unreachable) -> None:
        self.end(TryAgain(error.message))

    def _connection_lost(self, number: int, why: str) -> None:
        """Called from a carrier's thread."""
        if self._dialler is not None:
            with contextlib.suppress(RuntimeError):  # the loop is gone
                self._loop.call_soon_threadsafe(self._dialler.lost)

    async def _close_data(self) -> None:
        """Stop the carrier and wait for its threads."""
        if self._dialler is not None:
            await self._dialler.close()
        if self._key is not None:
            self._near.data.forget(self._key)
        for sock, _ in self._early:
            sock.close()
        if self._carrier is not None:
            self._carrier.close()
            await asyncio.shield(self._near.in_thread(self._carrier.join, JOIN_SECONDS))


def outcome_of(error: LinkError) -> Outcome:
    """How a transfer takes the end of its link."""
    return TryAgain(error.message) if error.retry else Failed(error.message)


def outcome_of_dialling(error: LinkError, *, known: bool) -> Outcome:
    """How a transfer takes that its other side could not be reached.

    :param known: whether a node has answered there before; then what is no node now may be one again soon.
    """
    if known and isinstance(error, NotJetStream):
        return TryAgain(error.message)
    return outcome_of(error)
