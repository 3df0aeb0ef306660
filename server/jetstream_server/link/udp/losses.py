"""What a round trip lost, and whether the start overfilled a queue. Pure."""

from typing import Final

ENOUGH_PACKETS: Final = 40
"""Fewer in a round trip say nothing of the path's own losses."""
START_LOSS: Final = 0.05
MOST_LOSS: Final = 0.25


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
        over = self.share > min(START_LOSS + 2 * self._least, MOST_LOSS)
        self._least = min(self._least, self.share)
        return over
