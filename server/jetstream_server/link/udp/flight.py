"""Which packets are under way: the sending side's ledger of packet numbers. Pure; columns, no loop over packets.

Each transmission has a number of its own, also when a fragment goes a second time; so an acknowledgement is never
ambiguous. What a number stood for is its *place*: slot · 2048 + fragment.

Losses are found as in RACK (RFC 8985): a packet is lost when one that was sent later by more than the reordering window
has arrived.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from jetstream_server.link.udp.packets import FRAGMENTS, Numbers, Report

RING: Final = 1 << 18
_MASK: Final = RING - 1
_FREE, _OUT, _ACKED, _LOST = 0, 1, 2, 3

NOTHING: Final[Numbers] = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What a report told.

    :ivar places: fragments that are known to have arrived now.
    :ivar bytes: how much of it was under way.
    :ivar newest: when the newest packet of the report was sent; ``None`` if that is news no longer.
    :ivar late: how many arrived that counted as lost.
    """

    places: Numbers
    bytes: int
    newest: float | None
    late: int


class Flight:
    """The ledger. Not thread-safe. Times are seconds on any steady clock."""

    def __init__(self) -> None:
        self._place = np.zeros(RING, dtype=np.int64)
        self._sent = np.zeros(RING, dtype=np.float64)
        self._bytes = np.zeros(RING, dtype=np.int32)
        self._state = np.zeros(RING, dtype=np.uint8)
        self._next = 1
        self._oldest = 1
        """Nothing below this one is under way."""
        self._highest_acked = 0
        self.bytes_out = 0
        self.packets_out = 0
        self.packets_lost = 0

    def __repr__(self) -> str:
        return f"<Flight {self._oldest}..{self._next - 1} out={self.packets_out}>"

    @property
    def next_number(self) -> int:
        """The number of the next packet."""
        return self._next

    @property
    def room(self) -> int:
        """How many packets may be sent before the ring would meet itself."""
        return RING - 1 - (self._next - self._oldest)

    def send(self, places: Numbers, size: int, now: float) -> Numbers:
        """Packets of *size* bytes (on the wire) for *places* go out *now*; returns their numbers."""
        count = len(places)
        numbers = np.arange(self._next, self._next + count, dtype=np.int64)
        at = numbers & _MASK
        self._place[at] = places
        self._sent[at] = now
        self._bytes[at] = size
        self._state[at] = _OUT
        self._next += count
        self.packets_out += count
        self.bytes_out += count * size
        return numbers

    def acknowledge(self, report: Report) -> Acknowledged | None:
        """Take in a report; ``None`` if it speaks of packets that were never sent."""
        if report.highest >= self._next:
            return None
        span = len(report.arrived)
        first = max(report.highest - span + 1, self._next - RING, 1)
        skip = first - (report.highest - span + 1)
        numbers = first + np.flatnonzero(report.arrived[skip:])
        at = numbers & _MASK
        states = self._state[at]
        out, lost = states == _OUT, states == _LOST
        acked = at[out]
        late = int(np.count_nonzero(lost))
        places = self._place[at[out | lost]]
        self._state[at] = np.where(states == _FREE, _FREE, _ACKED)
        size = int(self._bytes[acked].sum())
        self.bytes_out -= size
        self.packets_out -= len(acked)
        self.packets_lost -= late
        newest = None
        if report.highest > self._highest_acked:
            self._highest_acked = report.highest
            newest = float(self._sent[report.highest & _MASK])
        self._move_up()
        return Acknowledged(places, size, newest, late)

    def lose_before(self, sent: float) -> Numbers:
        """Everything that is under way, was sent at or before *sent* and lies below the newest arrival is lost."""
        return self._lose(self._highest_acked, sent)

    def lose_all(self, sent: float) -> Numbers:
        """Everything that is under way and was sent at or before *sent* is lost: it has been too long."""
        return self._lose(self._next, sent)

    def _lose(self, below: int, sent: float) -> Numbers:
        first = self._oldest
        if below <= first:
            return NOTHING
        at = np.arange(first, below, dtype=np.int64) & _MASK
        gone = at[(self._state[at] == _OUT) & (self._sent[at] <= sent)]
        if not len(gone):
            return NOTHING
        self._state[gone] = _LOST
        self.bytes_out -= int(self._bytes[gone].sum())
        self.packets_out -= len(gone)
        self.packets_lost += len(gone)
        self._move_up()
        return np.asarray(self._place[gone])

    def _move_up(self) -> None:
        while self._oldest < self._next:
            stop = min(self._next, self._oldest + 4096)
            states = self._state[np.arange(self._oldest, stop, dtype=np.int64) & _MASK]
            out = np.flatnonzero(states == _OUT)
            if len(out):
                self._oldest += int(out[0])
                return
            self._oldest = stop

    def oldest_sent(self) -> float | None:
        """When the oldest packet that is still under way was sent."""
        return float(self._sent[self._oldest & _MASK]) if self.packets_out else None


def place_of(slot: int, fragment: Any) -> Any:
    """The place of one fragment, or of many."""
    return slot * FRAGMENTS + fragment
