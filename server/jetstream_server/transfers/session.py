"""What the sending and the receiving session share: their neighbours, their end, and the way of their blocks."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from jetstream.errors import JetStreamError, LimitExceeded
from jetstream_server.files.lane import Lane
from jetstream_server.link.data import DataPlane
from jetstream_server.link.errors import LinkError, NotJetStream, Unreachable
from jetstream_server.link.limiter import Bucket
from jetstream_server.link.messages import Stop, StopReason, understand
from jetstream_server.link.peer import PeerConnection
from jetstream_server.link.sealed import KEY_BYTES, SESSION_BYTES, SessionKey
from jetstream_server.link.udp.port import UdpPort
from jetstream_server.transfers.datapath import DataPath
from jetstream_server.transfers.trouble import Failed, Outcome, Stopped, TryAgain

TICK_SECONDS: Final = 0.2
T = TypeVar("T")


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
    udp: UdpPort | None = None
    """The node's datagram sockets, where it has any."""
    carriers: tuple[str, ...] = ("tcp",)
    """What this node may use for blocks."""

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run blocking *work* beside the loop."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, work, *arguments)

    def new_key(self) -> SessionKey:
        """Id and key for a new data session."""
        return SessionKey(self.entropy(SESSION_BYTES), self.entropy(KEY_BYTES))


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
        self._way: DataPath | None = None
        self.tell: Callable[[str, str], Awaitable[None]] | None = None
        """Writes into the event log what happens: its name, and a sentence."""
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

    async def _tell(self, what: str, message: str) -> None:
        if self.tell is not None:
            await self.tell(what, message)

    # -- the way of the blocks ------------------------------------------------------------------------------------

    def _make_way(self, key: SessionKey, offered: Iterable[str]) -> DataPath:
        """The carriers of this session, of those that the sender *offered*."""
        both = tuple(name for name in offered if name in self._near.carriers)
        self._way = DataPath(self._near.data, self._near.executor, self._peer, key, self._we_dialled, both,
                             self._on_unreachable, self._on_chosen)
        return self._way

    def _on_unreachable(self, error: Unreachable) -> None:
        self.end(TryAgain(error.message))

    def _on_chosen(self, carrier: str) -> None:
        """The blocks take this carrier from now on."""
        self._peer.carrier = carrier

    def _on_up(self) -> None:
        """The other side was heard over datagrams. Called from their thread."""
        if self._way is not None:
            self._way.datagrams_heard()

    def _connection_lost(self, number: int, why: str) -> None:
        """Called from a carrier's thread."""
        if self._way is not None:
            self._way.connection_lost()

    async def _close_data(self) -> None:
        """Stop the carriers and wait for their threads."""
        if self._way is not None:
            await self._way.close()


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


def outcome_of_refusal(error: JetStreamError) -> Outcome:
    """How a transfer takes the other node's *no*."""
    if isinstance(error, LimitExceeded):
        return TryAgain(str(error))
    return Failed(str(error))
