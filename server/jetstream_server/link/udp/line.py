"""One session's line over datagrams: who is on the other end, whether they hear us, and the control packets both ways.

Whoever dialled speaks first and goes on until it is heard. Only a control packet that proves itself says where the
other side may be, and it has to echo from there what was sent there before anything but a question goes there: whoever
sees a control packet go by can pass it on from any address, but cannot hear what is sent to that address.
"""

import ipaddress
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from jetstream_server.link.sealed import SealBroken, SessionKey
from jetstream_server.link.udp.datagrams import Address, TooLong
from jetstream_server.link.udp.packets import CONTROL_OVERHEAD, Control, ControlSeal, Report, tag_of
from jetstream_server.link.udp.port import Endpoint, UdpPort
from jetstream_server.link.udp.tally import LineStatistics

KNOCK_SECONDS: Final = 0.05
"""Between the first words of the dialler; grows to :data:`ALIVE_SECONDS`."""
ALIVE_SECONDS: Final = 0.1
REMEMBERED: Final = 64
FRESH_SECONDS: Final = 2.0
"""How long the largest datagram that came is spoken of."""
SMALLEST_ANSWER: Final = CONTROL_OVERHEAD + 64


@dataclass(slots=True)
class _Other:
    """The other end, as far as it has proven itself."""

    endpoint: Endpoint
    address: Address
    proven: bool = False
    """Whether it has echoed from this address what was sent there."""
    counter: int = 0
    heard: float = 0.0
    largest: int = 0
    floor: int = 0
    trips: dict[int, tuple[float, Endpoint, Address]] = field(default_factory=dict)
    """When our latest control packets left, and for where, by their counters."""


class Line:
    """Control packets of one session, both ways.

    Its methods are called from the sockets' threads and from the carrier's own; a lock makes them take turns.

    :param on_up: called once, from a socket's thread, when the other side has proven itself.
    """

    def __init__(self, port: UdpPort, key: SessionKey, dialled: bool, on_up: Callable[[], None]) -> None:
        self.tag = tag_of(key.session)
        self.dialled = dialled
        self.statistics = LineStatistics()
        self.lock = threading.Lock()
        self.floor = 0
        """What we say of the slots that we send."""
        self._port = port
        self._seal = ControlSeal(key, dialled)
        self._on_up = on_up
        self._other: _Other | None = None
        self._up = False
        self._next_word = 0.0
        self._knock = KNOCK_SECONDS
        self._silent = False
        self._largest_heard = 0
        self._largest_time = 0.0

    def __repr__(self) -> str:
        return f"<Line up={self._up}>"

    @property
    def up(self) -> bool:
        """Whether the other side has proven itself."""
        return self._up

    @property
    def heard(self) -> float:
        """When the other side was last heard; 0 if never."""
        return self._other.heard if self._other is not None else 0.0

    @property
    def largest_passed(self) -> int:
        """The largest of our control packets that the other side got lately."""
        return self._other.largest if self._other is not None else 0

    @property
    def other_floor(self) -> int:
        """Slots below this one get no more packets, the other side says."""
        return self._other.floor if self._other is not None else 0

    @property
    def six(self) -> bool:
        """Whether the line goes over IPv6."""
        return self._other is not None and ":" in self._other.address[0] and "::ffff:" not in self._other.address[0]

    @property
    def host(self) -> str:
        """The other side's address; empty while it is not known."""
        return str(self._other.address[0]) if self._other is not None else ""

    def dial(self, address: str, port: int) -> Endpoint:
        """The other side is at *address*: from the next tick on we speak to it."""
        endpoint = self._port.for_dialling(address)
        # The peer session has proven that it is there.
        self._other = _Other(endpoint, endpoint.address_of(address, port), proven=True)
        return endpoint

    def mute(self) -> None:
        """Say nothing any more and hear nothing: this line is of no use, and the other side is to notice."""
        self._silent = True

    @property
    def muted(self) -> bool:
        """Whether :meth:`mute` was called."""
        return self._silent

    # -- what comes -----------------------------------------------------------------------------------------------

    def hear(self, endpoint: Endpoint, datagram: bytes, address: Address, now: float) -> tuple[Control, float] | None:
        """A control packet: its content and a round trip in seconds (0: unknown), if it is news."""
        if self._silent:
            return None
        try:
            counter, control = self._seal.open(datagram)
        except SealBroken:
            self.statistics.forged += 1
            return None
        other = self._other
        if other is None:
            other = self._other = _Other(endpoint, address)
        if counter <= other.counter:
            self.statistics.replayed += 1
            return None
        sent, through, where = other.trips.pop(control.echo, (None, None, address))
        echoed = through is endpoint and _same(where, address)
        known = bool(other.counter)
        other.counter, other.heard, other.largest = counter, now, control.largest
        other.floor = max(other.floor, control.floor)
        if len(datagram) >= self._largest_heard or now - self._largest_time > FRESH_SECONDS:
            self._largest_heard, self._largest_time = len(datagram), now
        self._place(other, endpoint, address, echoed, known, now)
        trip = max(1e-5, now - sent - control.hold) if sent is not None else 0.0
        if not self._up:
            self._up = True
            self._on_up()
        return control, trip

    def _place(
        self, other: _Other, endpoint: Endpoint, address: Address, echoed: bool, known: bool, now: float
    ) -> None:
        """The other side was heard from *address*.

        :param echoed: whether it echoes what was sent there.
        :param known: whether it was heard before.
        """
        if other.endpoint is endpoint and _same(other.address, address):
            other.address, other.proven = address, other.proven or echoed
        elif echoed or not other.proven:
            self.statistics.moved += known
            other.endpoint, other.address, other.proven = endpoint, address, echoed
        else:
            self._say_to(other, endpoint, address, Control(other.counter, 0.0, self._largest_heard, self.floor, True),
                         SMALLEST_ANSWER, now)

    # -- what goes ------------------------------------------------------------------------------------------------

    def say(self, now: float, *, report: Report | None = None, size: int = 0, answer: bool = False) -> int:
        """Send a control packet to where the other side was last heard; how many bytes it had.

        :param size: fill it up to so many bytes.
        :param answer: ask for an answer at once.
        :raises TooLong: if this machine's way out does not take so many bytes.
        """
        other = self._other
        if other is None or self._silent:
            return 0
        hold = now - other.heard if other.heard else 0.0
        control = Control(other.counter, hold, self._largest_heard, self.floor, answer, report)
        self._next_word = now + ALIVE_SECONDS
        return self._say_to(other, other.endpoint, other.address, control, size, now)

    def _say_to(self, other: _Other, endpoint: Endpoint, address: Address, control: Control, size: int,
                now: float) -> int:
        datagram = self._seal.seal(control, size)
        other.trips[self._seal.counter] = now, endpoint, address
        if len(other.trips) > REMEMBERED:
            del other.trips[next(iter(other.trips))]
        endpoint.send([memoryview(datagram)], len(datagram), address)
        return len(datagram)

    def probe(self, sizes: list[int], now: float) -> int | None:
        """Send control packets of these sizes. Returns the smallest that this machine does not take, if one is."""
        for size in sizes:
            try:
                self.say(now, size=size, answer=True)
            except TooLong:
                return size
        return None

    def keep_alive(self, now: float) -> float:
        """A sign of life when one is due; returns seconds until the next one."""
        if self._other is None or self._silent:
            return ALIVE_SECONDS
        if now >= self._next_word:
            self.say(now, answer=not self._up)
            if not self._up:
                self._next_word = now + self._knock
                self._knock = min(ALIVE_SECONDS, self._knock * 1.5)
        return self._next_word - now

    def send(self, pieces: list[memoryview], size: int) -> int:
        """Send data packets; how many the system took. Raises as :meth:`say`."""
        other = self._other
        return other.endpoint.send(pieces, size, other.address) if other is not None and not self._silent else 0

    def wait_writable(self, seconds: float) -> None:
        """Until the system takes datagrams again."""
        if self._other is not None:
            self._other.endpoint.wait_writable(seconds)

    def endpoint(self) -> Endpoint | None:
        """The socket that the other side was last heard on, or is dialled by."""
        return self._other.endpoint if self._other is not None else None


def _same(one: Address, other: Address) -> bool:
    """Whether it is one place: there are several ways to write an address, and who dials may not know its scope."""
    return one == other or (one[1] == other[1] and _packed(one) == _packed(other))


def _packed(address: Address) -> bytes:
    return ipaddress.ip_address(address[0].partition("%")[0]).packed
