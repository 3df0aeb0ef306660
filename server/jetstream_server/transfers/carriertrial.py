"""Trials of a carrier between two nodes: real sealed blocks of random bytes, one carrier and one direction at a time.

Whoever dialled the session asks ``tryCarrier`` with a fresh key and dials the carrier, as a transfer would. The answer
comes when enough has arrived, or when the time is over; it has what the answering side saw.
"""

import asyncio
import contextlib
import socket
from typing import Any, Final

from jetstream.errors import LimitExceeded
from jetstream_server.link.data import DataDialler
from jetstream_server.link.errors import Unreachable
from jetstream_server.link.limiter import Limiter
from jetstream_server.link.messages import CarrierName, CarrierTried, TrialEnough, TrialState, TryCarrier, understand
from jetstream_server.link.peer import PeerConnection, ask
from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.tcp import TcpReceiver, TcpSender
from jetstream_server.link.udp.receiving import UdpReceiver
from jetstream_server.link.udp.sending import UdpSender
from jetstream_server.transfers.datapath import JOIN_SECONDS, connections_for
from jetstream_server.transfers.session import Surroundings
from jetstream_server.transfers.trialblocks import CountingSink, NoiseSource

SIZE: Final = 128 << 20
"""Bytes at most."""
SECONDS: Final = 2.0
TRIPS: Final = 10
LONGEST: Final = 5.0
HEAR_SECONDS: Final = 3.0
"""How long the first words may take."""
FIRST_TIMES: Final = 3.0
MOST_TIMES: Final = 4.0
"""So many times the usual time a receiver waits for the first block, and a sender for the end."""
SHORTEST: Final = 0.5
"""However fast the blocks are: what passes on the path has to be found out."""
SLACK_SECONDS: Final = 3.0
BLOCKS: Final = {"tcp": 64 << 10, "udp": 256 << 10}
"""Small enough that a slow line brings some of them in the time."""
MOST_CONNECTIONS: Final = 4
AT_ONCE: Final = 4
"""Trials that a node takes part in when others ask."""
LOOK_SECONDS: Final = 0.05


def carrier_works_here(near: Surroundings, carrier: str) -> bool:
    """Whether this node uses *carrier* at all."""
    return carrier in near.carriers and (carrier != "udp" or near.udp is not None)


class Half:
    """This node's side of one trial.

    :param dialled: whether this node dialled the session; then it dials the carrier, too.
    """

    def __init__(self, near: Surroundings, peer: PeerConnection, plan: TryCarrier, dialled: bool) -> None:
        self._near = near
        self._peer = peer
        self._plan = plan
        self._dialled = dialled
        self._loop = asyncio.get_running_loop()
        self._key = SessionKey(plan.session, plan.key)
        self._heard = asyncio.Event()
        self._over = asyncio.Event()
        self._problem = ""
        self._began = 0.0
        self._dialler: DataDialler | None = None
        self._source = NoiseSource(plan.block, 2 * plan.size // plan.block)
        self._sink = CountingSink(plan.block, plan.size, lambda: self._from_thread(self._over.set))
        self._limiter = Limiter([near.outgoing if self.sends else near.incoming], near.steady)
        self._tcp: TcpSender | TcpReceiver | None = None
        self._udp: UdpSender | UdpReceiver | None = None
        self._path = (0, 0, 0, 0)
        """Round trip in microseconds; packets sent, and lost; bytes of a datagram."""

    def __repr__(self) -> str:
        return f"<Half of {self._plan.carrier} {'out' if self.sends else 'in'}>"

    @property
    def sends(self) -> bool:
        """Whether the blocks leave this node."""
        return self._plan.back != self._dialled

    @property
    def full(self) -> bool:
        """Whether enough has arrived here."""
        return not self.sends and self._sink.received >= self._plan.size

    async def run(self, other: "asyncio.Future[Any]") -> CarrierTried:
        """Open the carrier, let the blocks flow until enough has arrived, the time is over or *other* is done."""
        try:
            await self._open()
            hearing = asyncio.ensure_future(self._heard.wait())
            await _either(hearing, other, HEAR_SECONDS)
            if self._heard.is_set():
                await self._flow(other)
            return self._found()
        finally:
            await self._close()

    async def _open(self) -> None:
        if self._plan.carrier == "udp":
            self._open_datagrams()
            return
        self._tcp = self._connections()
        if not self._dialled:
            await self._near.data.expect(self._key, self._take_socket)
            return
        address, port = self._where()
        count = min(MOST_CONNECTIONS, connections_for(self._peer.rtt))
        self._dialler = DataDialler(address, port, self._key, count, self._take_socket, self._on_unreachable)
        self._dialler.start()

    def _connections(self) -> TcpSender | TcpReceiver:
        if self.sends:
            return TcpSender(self._key, self._source, self._limiter, self._on_lost, self._on_failed)
        return TcpReceiver(self._key, self._sink, self._limiter, self._on_lost, self._on_failed)

    def _open_datagrams(self) -> None:
        port, trip = self._near.udp, self._peer.rtt
        assert port is not None  # looked at before
        if self.sends:
            self._udp = UdpSender(port, self._key, self._dialled, self._source, self._limiter, self._on_up,
                                  self._on_failed, trip=trip)
        else:
            self._udp = UdpReceiver(port, self._key, self._dialled, self._limiter, self._on_up, self._on_failed,
                                    trip=trip)
            self._udp.use(self._sink)
        if self._dialled:
            try:
                self._udp.dial(*self._where())
            except OSError as error:
                self._end(f"{error.strerror or error}")
        else:
            self._udp.expect()

    async def _flow(self, other: "asyncio.Future[Any]") -> None:
        self._began = self._near.steady()
        while not other.done():
            await _either(None, other, LOOK_SECONDS)
            self._look()
            spent = self._near.steady() - self._began
            if spent >= self._patience() or (self._over.is_set() and (self._problem or spent >= SHORTEST)):
                return

    def _patience(self) -> float:
        """Seconds for the blocks. The receiver decides; on a slow line it waits longer for the first of them."""
        seconds = self._plan.seconds
        if self.sends:
            return MOST_TIMES * seconds + (SLACK_SECONDS if self._dialled else 0.0)
        return seconds if self._sink.received else FIRST_TIMES * seconds

    def _look(self) -> None:
        """What the sender knows of the path, while it is there."""
        sender = self._tcp or self._udp
        if not isinstance(sender, TcpSender | UdpSender) or not (facts := sender.path()):
            return
        trip = min(each.smallest_rtt or each.rtt for each in facts)
        size = sender.datagram_bytes if isinstance(sender, UdpSender) else 0
        self._path = (round(trip * 1e6), sum(each.sent for each in facts), sum(each.retransmitted for each in facts),
                      size)

    def _found(self) -> CarrierTried:
        trip, sent, lost, size = self._path
        heard = self._heard.is_set()
        state = TrialState.BROKEN if self._problem else TrialState.OK if heard else TrialState.UNHEARD
        rate = self._sink.rate(self._began) if not self.sends else 0.0
        return CarrierTried(
            state=state, heard=heard, received=self._sink.received, rate=round(rate / 125), rtt=trip or None,
            sent=sent, lost=min(lost, sent), datagram=size, problem=self._problem[:1000],
        )

    async def _close(self) -> None:
        self._source.stop()
        self._limiter.close()
        if self._dialler is not None:
            await self._dialler.close()
        self._near.data.forget(self._key)
        for carrier in (self._tcp, self._udp):
            if carrier is not None:
                carrier.close()
                await asyncio.shield(self._loop.run_in_executor(self._near.executor, carrier.join, JOIN_SECONDS))

    # -- what the carriers tell -----------------------------------------------------------------------------------

    def _where(self) -> tuple[str, int]:
        assert self._peer.peer is not None
        return self._peer.peer.address, self._peer.peer.port

    def _take_socket(self, sock: socket.socket, number: int) -> bool:
        assert self._tcp is not None
        self._heard.set()
        return self._tcp.add(sock, number)

    def _end(self, problem: str) -> None:
        self._problem = self._problem or problem
        self._heard.set()
        self._over.set()

    def _on_unreachable(self, error: Unreachable) -> None:
        self._end(error.message)

    def _on_up(self) -> None:
        self._from_thread(self._heard.set)

    def _on_lost(self, number: int, why: str) -> None:
        # To a sender the end of its connections may only mean that the receiver has enough, which it is about to say.
        if not self.sends and self._tcp is not None and not self._tcp.open_connections:
            self._from_thread(lambda: self._all_lost(why))

    def _all_lost(self, why: str) -> None:
        if not self._over.is_set():
            self._end(why)

    def _on_failed(self, error: BaseException) -> None:
        self._from_thread(lambda: self._end(str(error) or type(error).__name__))

    def _from_thread(self, work: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone: the node is shutting down
            self._loop.call_soon_threadsafe(work)


class CarrierTrials:
    """Answers ``tryCarrier``: a few trials at once, one for each node."""

    def __init__(self, near: Surroundings) -> None:
        self._near = near
        self._running: set[str] = set()

    async def answer(self, peer: PeerConnection, params: dict[str, Any]) -> CarrierTried:
        """Take part in a trial of *peer*, which may send here."""
        plan = understand(TryCarrier, params)
        assert peer.peer is not None
        who = peer.peer.fingerprint
        if not carrier_works_here(self._near, plan.carrier) or (plan.carrier == "udp" and not self._listens()):
            return CarrierTried(state=TrialState.OFF)
        if who in self._running or len(self._running) >= AT_ONCE:
            raise LimitExceeded("Another trial is running here; try again in a few seconds.")
        enough: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def hear_enough(params: dict[str, Any]) -> None:
            if understand(TrialEnough, params).session == plan.session and not enough.done():
                enough.set_result(None)

        peer.on_notification("trialEnough", hear_enough)
        self._running.add(who)
        try:
            return await Half(self._near, peer, plan, dialled=False).run(enough)
        finally:
            self._running.discard(who)

    def _listens(self) -> bool:
        return self._near.udp is not None and bool(self._near.udp.listening)


async def try_carrier(
    near: Surroundings, peer: PeerConnection, carrier: CarrierName, back: bool
) -> tuple[CarrierTried, CarrierTried]:
    """Try *carrier* with the node of *peer*, which we dialled; *back*: the blocks come here. What both sides saw.

    :raises JetStreamError: if the other node does not take part.
    :raises LinkError: if the session ends.
    """
    key = near.new_key()
    seconds = min(LONGEST, SECONDS + TRIPS * (peer.rtt or 0.0))
    plan = TryCarrier(carrier=carrier, back=back, session=key.session, key=key.key, size=SIZE, seconds=seconds,
                      block=BLOCKS[carrier])
    patience = HEAR_SECONDS + MOST_TIMES * seconds + SLACK_SECONDS + JOIN_SECONDS
    asked = asyncio.ensure_future(ask(peer, "tryCarrier", plan, CarrierTried, patience))
    half = Half(near, peer, plan, dialled=True)
    try:
        ours = await half.run(asked)
        if not asked.done():
            peer.tell("trialEnough", TrialEnough(session=key.session))
        return ours, await asked
    finally:
        if not asked.done():
            asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)


async def _either(first: "asyncio.Future[Any] | None", second: "asyncio.Future[Any]", seconds: float) -> None:
    """Wait until one of them is done; *first* is cancelled after it."""
    waiting = [second] if first is None else [first, second]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if first is not None:
            first.cancel()
