"""The receiving side of a session over datagrams: packets in, slots and reports out. No sockets, threads or clocks."""

from collections import deque
from typing import Final

from jetstream_server.link.udp.arrivals import Arrivals
from jetstream_server.link.udp.assembly import WINDOW, Assembly, SlotIn
from jetstream_server.link.udp.packets import (
    DATA_HEADER,
    MAX_DAMAGED,
    WIRE_OVERHEAD,
    Bytes,
    Columns,
    Numbers,
    Report,
)
from jetstream_server.link.udp.proofs import DataSeal

SHORTEST_INTERVAL: Final = 0.004
LONGEST_INTERVAL: Final = 0.020
REPORT_EVERY_PACKETS: Final = 4096
QUIET_INTERVAL: Final = 0.1
"""How often to report when nothing comes."""


def report_interval(trip: float) -> float:
    """Seconds between reports on a path of this round trip: an eighth of it, within bounds."""
    return min(LONGEST_INTERVAL, max(SHORTEST_INTERVAL, trip / 8))


class ReceiverCore:
    """What came, and what to say of it. Not thread-safe, but for :meth:`settled`.

    :param interval: seconds between reports.
    """

    def __init__(self, seal: DataSeal, interval: float, window: int = WINDOW) -> None:
        self.interval = interval
        self._seal = seal
        self._arrivals = Arrivals()
        self._assembly = Assembly(window)
        self._damaged: deque[int] = deque(maxlen=MAX_DAMAGED)
        self._clock = self._came = 0.0
        self._reported = float("-inf")
        self._unreported = 0
        self._odd = 0
        self.forged = 0
        """Packets whose fragments are not those that the sender sent under their headers."""
        self.limit: int | None = None
        """kbit/s that this side wants to be sent at most."""

    @property
    def packets(self) -> int:
        """Different packets that came."""
        return self._arrivals.packets

    @property
    def repeated(self) -> int:
        """Packets that came more than once."""
        return self._arrivals.repeated

    @property
    def nonsense(self) -> int:
        """Packets that could not be right: stale, out of bounds, of a wrong size, or with a header that is not the
        sender's, which says anything.
        """
        return self._odd + self._arrivals.stale + self._assembly.nonsense

    @property
    def received(self) -> int:
        """Bytes of different packets, on the wire."""
        return self._arrivals.received

    def on_packets(
        self, buffer: Bytes, offsets: Numbers, lengths: Numbers, now: float, clock: float
    ) -> list[SlotIn]:
        """Data packets that lie at *offsets* in *buffer* came *now*; returns the slots that are whole with them.

        :param clock: the same time on the clock that reports speak of.
        """
        columns = self._believable(buffer, offsets, lengths)
        if not len(columns):
            return []
        fresh = self._arrivals.add(columns.numbers, columns.sizes + (DATA_HEADER + WIRE_OVERHEAD))
        self._clock, self._came = clock, now
        columns = columns.where(fresh)
        self._unreported += len(columns)
        return self._assembly.add(buffer, columns)

    def _believable(self, buffer: Bytes, offsets: Numbers, lengths: Numbers) -> Columns:
        """The packets that are the sender's and new. What costs least is asked first."""
        columns = self._seal.read(buffer, offsets, lengths)
        self._odd += len(offsets) - len(columns)
        columns = columns.where(self._assembly.allowed(columns))
        columns = columns.where(self._arrivals.sensible(columns.numbers))
        columns = columns.where(self._arrivals.news(columns.numbers))
        right = self._seal.right(buffer, columns)
        self.forged += len(right) - int(right.sum())
        return columns.where(right)

    def settled(self, slot: SlotIn, damaged: bool = False) -> None:
        """*slot* is written, or does not authenticate. Any thread."""
        if damaged:
            self._damaged.append(slot.number)
        self._assembly.give_back(slot)

    def abandon_below(self, floor: int) -> None:
        """The sender sends no more of the slots below *floor*. One that is not whole now never will be: something that
        was not the sender's has taken the place of one of its packets, so its block has to be sent anew.
        """
        self._damaged.extend(self._assembly.abandon_below(floor))

    def clear(self) -> None:
        """It is over: nothing comes any more, and no memory is kept."""
        self._assembly.clear()

    def due(self, now: float) -> float:
        """Seconds until the next report; 0 or less if it is due."""
        if self._unreported >= REPORT_EVERY_PACKETS:
            return 0.0
        interval = self.interval if self._unreported else QUIET_INTERVAL
        return self._reported + interval - now

    def report(self, now: float) -> Report:
        """What to say now."""
        self._reported = now
        self._unreported = 0
        return Report(
            highest=self._arrivals.highest,
            hold=max(0.0, now - self._came) if self._clock else 0.0,
            clock=self._clock,
            received=self._arrivals.received,
            room=self._assembly.room(),
            limit=self.limit,
            damaged=tuple(self._damaged),
            arrived=self._arrivals.window(),
        )
