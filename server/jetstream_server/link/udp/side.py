"""What both sides of the ``udp`` carrier share: the line, its registration at the sockets, threads, the end."""

import threading
import time
from collections.abc import Callable
from typing import Final

from jetstream_server.link.carrier import CarrierStatistics
from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.tcp import Failed
from jetstream_server.link.udp.datagrams import Address, Received
from jetstream_server.link.udp.line import ALIVE_SECONDS, SMALLEST_ANSWER, Line
from jetstream_server.link.udp.packets import Numbers, Report, heads_for
from jetstream_server.link.udp.port import Endpoint, UdpPort

RECORD_NUMBER: Final = 0
"""The connection number in the nonces of slots; TCP connections begin with 1."""

Up = Callable[[], None]


class Side:
    """What both sides share: the line, its registration, threads, the end."""

    name = "udp"
    takes_data = False

    def __init__(self, port: UdpPort, key: SessionKey, dialled: bool, on_up: Up, on_failed: Failed) -> None:
        self.statistics = CarrierStatistics()
        self.line = Line(port, key, dialled, self._went_up)
        self._heads = heads_for(self.line.tag, dialled, self.takes_data)
        self._port = port
        self._key = key
        self._on_up = on_up
        self._on_failed = on_failed
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._closed = threading.Event()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.line!r}>"

    @property
    def up(self) -> bool:
        """Whether the other side has proven itself."""
        return self.line.up

    def silent_for(self, now: float) -> float:
        """Seconds since the other side was last heard."""
        return now - self.line.heard if self.line.heard else 0.0

    def dial(self, address: str, port: int) -> None:
        """The other side is there; speak first."""
        self._port.tally.begin(self.line.statistics)
        self.line.dial(address, port).add(self._heads, self)

    def mute(self) -> None:
        """Say nothing more and hear nothing: the other side is to notice that this carrier is of no use."""
        self.line.mute()

    def expect(self) -> None:
        """The other side will dial."""
        self._port.tally.begin(self.line.statistics)
        self._port.expect(self._heads, self)

    def close(self) -> None:
        """Stop at once; returns without waiting. Idempotent."""
        with self._starting:
            self._closed.set()
        self._port.forget(self._heads)
        self._port.tally.end(self.line.statistics)

    def join(self, timeout: float) -> bool:
        """Wait until all threads have ended; whether they have."""
        deadline = time.monotonic() + timeout
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _went_up(self) -> None:
        self.statistics.connections = 1
        self._on_up()

    def _start(self, work: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=self._guard, args=(work,), name=name, daemon=True)
        with self._starting:
            if not self._closed.is_set():
                thread.start()
                self._threads.append(thread)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # source or sink: the session decides what it means
            if not self._closed.is_set():
                self._on_failed(error)

    # -- from the socket's thread ---------------------------------------------------------------------------------

    def on_data(self, endpoint: Endpoint, received: Received, offsets: Numbers, lengths: Numbers, now: float) -> None:
        """See :class:`~jetstream_server.link.udp.port.Handler`."""
        self.line.statistics.senseless += len(offsets)

    def on_control(self, endpoint: Endpoint, datagram: bytes, address: Address, now: float) -> None:
        """See :class:`~jetstream_server.link.udp.port.Handler`."""
        with self.line.lock:
            heard = self.line.hear(endpoint, datagram, address, now)
            if heard is None:
                return
            control, trip = heard
            if control.answer and len(datagram) >= SMALLEST_ANSWER:
                self._answer(now)
        self._heard(control.report, trip, now)

    def _answer(self, now: float) -> None:
        self.line.say(now)

    def _heard(self, report: Report | None, trip: float, now: float) -> None:
        """A proven control packet came."""

    def tick(self, endpoint: Endpoint, now: float) -> float:
        """See :class:`~jetstream_server.link.udp.port.Handler`."""
        if self.line.endpoint() is not endpoint:
            return ALIVE_SECONDS
        with self.line.lock:
            return self._tick(now)

    def _tick(self, now: float) -> float:
        return self.line.keep_alive(now)
