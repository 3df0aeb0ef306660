"""What round trips lose: what the line takes by itself, and whether the start overfilled a queue. Pure."""

from collections import deque
from typing import Final

ENOUGH_PACKETS: Final = 40
"""Fewer in a round trip say nothing of the path's own losses."""
START_LOSS: Final = 0.05
START_MOST: Final = 0.25
LOSS_ROUNDS: Final = 12
LOSS_PACKETS: Final = 100
"""In a round of fewer packets chance says too much."""
MOST_LOSS: Final = 0.1
"""A line that loses more by itself may well be one that lets no more through."""


class Losses:
    """Losses by round trips."""

    def __init__(self) -> None:
        self._counted = (0, 0)
        self._least = 1.0
        self.settled = self.lost = 0
        """Packets of the last round trip of which is known what became of them, and those that were lost."""

    @property
    def share(self) -> float:
        """Of the packets of the last round trip, so many were lost."""
        return max(0, self.lost) / self.settled if self.settled > 0 else 0.0

    def on_round(self, settled: int, lost: int) -> bool:
        """A round trip is over: so many packets are settled and lost in all; whether that says anything."""
        self.settled, self.lost = settled - self._counted[0], lost - self._counted[1]
        self._counted = settled, lost
        return self.settled > 0

    def overfills(self) -> bool:
        """While the rate still grows: whether it has grown too far. A queue that others keep full can't become longer,
        and only what is lost tells of it; a line's own losses are those that were there before we grew.
        """
        if self.settled < ENOUGH_PACKETS:
            return False
        over = self.share > min(START_LOSS + 2 * self._least, START_MOST)
        self._least = min(self._least, self.share)
        return over


class LineLoss:
    """The share of packets that the line loses by itself, however little is sent.

    The least that a round trip lost lately: a queue that overflows, or a meter that lets no more than so much through,
    takes nothing while less is sent, which happens after every probe.
    """

    def __init__(self) -> None:
        self._rounds: deque[float] = deque(maxlen=LOSS_ROUNDS)

    @property
    def share(self) -> float:
        """From 0 to :data:`MOST_LOSS`."""
        return min(MOST_LOSS, min(self._rounds, default=0.0))

    def on_round(self, settled: int, lost: int) -> None:
        """A round trip is over: what became of *settled* packets is known now, and *lost* of them were lost."""
        if settled >= LOSS_PACKETS:
            self._rounds.append(min(1.0, max(0, lost) / settled))
