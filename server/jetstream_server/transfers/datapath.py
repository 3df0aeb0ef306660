"""Which carrier a session's blocks take: both are tried, what works is kept, what breaks is replaced.

Whoever dialled the session decides. On a short path plain TCP fills the line and costs the least; on a long one
datagrams go first, and TCP is dialled if they are not heard within a moment, or stop getting through later. What was
under way then goes back into the queue; nothing else is sent twice.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, Protocol

from jetstream.errors import JetStreamError
from jetstream_server.link.carrier import NEAR_SECONDS, Carrier, CarrierStatistics, total
from jetstream_server.link.data import DataDialler, DataPlane
from jetstream_server.link.errors import LinkError, Unreachable
from jetstream_server.link.peer import PeerConnection
from jetstream_server.link.sealed import SessionKey

log = logging.getLogger(__name__)

JOIN_SECONDS: Final = 10.0
NEAR_CONNECTIONS: Final = 2
FAR_CONNECTIONS: Final = 24
GRACE_SECONDS: Final = 0.25
GRACE_TRIPS: Final = 2
"""How long datagrams may take to be heard, once the other side listens to them, before TCP is dialled."""
LOOK_SECONDS: Final = 0.5
SILENT_SECONDS: Final = 3.0
"""Datagrams that are not heard for so long, while the session itself answers, do not get through any more."""
ANSWER_SECONDS: Final = 3.0


class SocketCarrier(Carrier, Protocol):
    """A side of the carrier over connections."""

    def add(self, sock: socket.socket, number: int) -> bool:
        """Use a data connection."""


class DatagramCarrier(Carrier, Protocol):
    """A side of the carrier over datagrams."""

    @property
    def up(self) -> bool:
        """Whether the other side has proven itself."""

    @property
    def useless(self) -> bool:
        """Whether it is heard and nothing gets through all the same."""

    def silent_for(self, now: float) -> float:
        """Seconds since the other side was last heard."""

    def dial(self, address: str, port: int) -> None:
        """Speak first."""

    def expect(self) -> None:
        """Wait to be spoken to."""

    def mute(self) -> None:
        """Say nothing more."""


def connections_for(rtt: float | None) -> int:
    """How many data connections a path of this round trip (seconds) wants."""
    return NEAR_CONNECTIONS if rtt is not None and rtt < NEAR_SECONDS else FAR_CONNECTIONS


class DataPath:
    """The carriers of one session.

    :param we_dialled: whether this node made the peer session; then it makes the way for the blocks, too.
    :param offered: the carriers that both sides may use.
    :param on_unreachable: called when there is no way for the blocks.
    :param on_chosen: called with the name of the carrier when one was chosen.
    """

    def __init__(
        self, data: DataPlane, executor: Executor, peer: PeerConnection, key: SessionKey, we_dialled: bool,
        offered: tuple[str, ...], on_unreachable: Callable[[Unreachable], None], on_chosen: Callable[[str], None],
    ) -> None:
        self._data = data
        self._executor = executor
        self._peer = peer
        self._key = key
        self._we_dialled = we_dialled
        self._offered = offered
        self._on_unreachable = on_unreachable
        self._on_chosen = on_chosen
        self._loop = asyncio.get_running_loop()
        self._tcp: SocketCarrier | None = None
        self._udp: DatagramCarrier | None = None
        self._early: list[tuple[socket.socket, int]] = []
        self._dialler: DataDialler | None = None
        self._choosing: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()
        self._listening = asyncio.Event()
        """Set when the other side is known to listen to datagrams."""
        self.chosen: str | None = None
        """The carrier in use; ``None`` while there is none yet."""

    def __repr__(self) -> str:
        return f"<DataPath {self.chosen or 'undecided'} of {self._offered}>"

    @property
    def statistics(self) -> CarrierStatistics:
        """What all carriers of the session did so far."""
        return total([carrier.statistics for carrier in (self._tcp, self._udp) if carrier is not None])

    @property
    def wants_datagrams(self) -> bool:
        """Whether datagrams are to be tried here: on a short path TCP alone is better, if there is a choice."""
        if "udp" not in self._offered:
            return False
        near = self._peer.rtt is not None and self._peer.rtt < NEAR_SECONDS
        return not (self._we_dialled and near and "tcp" in self._offered)

    async def open(self, udp: DatagramCarrier | None, *, listening: bool = True) -> None:
        """Make the way, or let it come. Blocks flow once :meth:`use` has said what takes them.

        :param udp: the carrier over datagrams, if there is one here.
        :param listening: whether the other side listens already; else :meth:`now_listening` says so.
        """
        if listening:
            self._listening.set()
        self._udp = udp if self.wants_datagrams else None
        if not self._we_dialled:
            if self._udp is not None:
                self._udp.expect()
                self._choosing = asyncio.create_task(self._watch(self._udp), name="watch-datagrams")
            if "tcp" in self._offered:
                await self._data.expect(self._key, self._take_socket)
            return
        if self._udp is None:
            self._dial_tcp()
            return
        address, port = self._where()
        self._udp.dial(address, port)
        self._choosing = asyncio.create_task(self._choose(self._udp), name="choose-carrier")

    def use(self, tcp: SocketCarrier) -> None:
        """From now on *tcp* takes the data connections."""
        self._tcp = tcp
        early, self._early = self._early, []
        for sock, number in early:
            tcp.add(sock, number)

    def now_listening(self) -> None:
        """The other side has answered, so it listens: until then nothing can be told from its silence."""
        self._listening.set()

    def datagrams_heard(self) -> None:
        """The other side was heard over datagrams for the first time. Called from their thread."""
        with contextlib.suppress(RuntimeError):  # the loop is gone
            self._loop.call_soon_threadsafe(self._note_heard)

    def connection_lost(self) -> None:
        """A data connection died. Called from a carrier's thread."""
        if self._dialler is not None:
            with contextlib.suppress(RuntimeError):  # the loop is gone
                self._loop.call_soon_threadsafe(self._dialler.lost)

    async def close(self) -> None:
        """Stop the carriers and wait for their threads."""
        if self._choosing is not None:
            self._choosing.cancel()
            await asyncio.gather(self._choosing, return_exceptions=True)
        if self._dialler is not None:
            await self._dialler.close()
        self._data.forget(self._key)
        for sock, _ in self._early:
            sock.close()
        carriers = [carrier for carrier in (self._udp, self._tcp) if carrier is not None]
        for carrier in carriers:
            carrier.close()
        for carrier in carriers:
            await asyncio.shield(self._loop.run_in_executor(self._executor, carrier.join, JOIN_SECONDS))

    # -- choosing -------------------------------------------------------------------------------------------------

    def _where(self) -> tuple[str, int]:
        assert self._peer.peer is not None
        return self._peer.peer.address, self._peer.peer.port

    def _note_heard(self) -> None:
        if self.chosen is None:
            self._choose_one("udp")
        self._heard.set()

    def _choose_one(self, name: str) -> None:
        if self.chosen != name:
            self.chosen = name
            self._on_chosen(name)

    def _take_socket(self, sock: socket.socket, number: int) -> bool:
        """A data connection. If the other side dials it although datagrams are there, it gave those up."""
        if self._udp is not None and not self._we_dialled:
            self._udp.close()
        self._choose_one("tcp")
        if self._tcp is not None:
            return self._tcp.add(sock, number)
        self._early.append((sock, number))
        return True

    def _dial_tcp(self) -> None:
        address, port = self._where()
        count = connections_for(self._peer.rtt)
        self._dialler = DataDialler(address, port, self._key, count, self._take_socket, self._on_unreachable)
        self._dialler.start()

    async def _choose(self, udp: DatagramCarrier) -> None:
        may_change = "tcp" in self._offered
        grace = GRACE_SECONDS + GRACE_TRIPS * (self._peer.rtt or 0.0)
        try:
            await self._listening.wait()
            async with asyncio.timeout(grace if may_change else None):
                await self._heard.wait()
        except TimeoutError:
            log.info("datagrams to %s are not heard; the blocks go over connections", self._where()[0])
            udp.close()
            self._dial_tcp()
            return
        await self._until_broken(udp)
        if may_change:
            log.warning("datagrams to %s get through no longer; the blocks go over connections", self._where()[0])
            udp.close()
            self._dial_tcp()

    async def _watch(self, udp: DatagramCarrier) -> None:
        """The answering side cannot dial: it falls silent, so that the other one notices and does."""
        await self._heard.wait()
        await self._until_broken(udp)
        if "tcp" in self._offered:
            udp.mute()

    async def _until_broken(self, udp: DatagramCarrier) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            silent = udp.silent_for(time.monotonic()) > SILENT_SECONDS
            if udp.useless or (silent and await self._answers()):
                return

    async def _answers(self) -> bool:
        """Whether the session itself is alive. If it is not either, the line is dead, not only its datagrams."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._peer.measure()
        except (TimeoutError, LinkError, JetStreamError):
            return False
        return True
