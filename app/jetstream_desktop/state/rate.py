"""How fast it goes and how long it takes: smoothed, as a range where the rate varies. The clock is an argument."""

import math
from dataclasses import dataclass
from typing import Final

BLOCK: Final = 1 << 20
"""Bytes of a block: progress is told in whole ones."""
_MEMORY_SECONDS: Final = 8.0
"""Time after which an old observation has lost two thirds of its weight."""
_STEADY: Final = 1.25
"""Ends of a range that are closer than this are told as one value."""
_SILENCE_SECONDS: Final = 20.0
_FIRST_SECONDS: Final = 0.2
_STEP_SECONDS: Final = 1.5
"""Progress comes in blocks; looking at shorter times would take their rhythm for a change of speed."""
_BLOCKS_AWAITED: Final = 3.0
_LONGEST_STEP_SECONDS: Final = 10.0
"""A step ends when something has come, so that it is as long as its blocks took. Where nothing comes it ends after the
time of some blocks at the rate so far, but not later than this: then it is a slower line, and no pause between two.
"""


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """Seconds left, between *low* and *high*; ``None`` for both while the total still grows ("counting")."""

    low: float | None
    high: float | None

    @property
    def counting(self) -> bool:
        """Whether nobody can tell yet because the total still grows."""
        return self.low is None


COUNTING: Final = TimeLeft(None, None)


class RateEstimator:
    """Turns growing byte counts into a smoothed rate.

    Weights decay with time rather than with the number of observations, so the result does not depend on how often
    someone looks. A count that falls (another transfer, a new session) starts it anew.
    """

    def __init__(self) -> None:
        self._time: float | None = None
        self._bytes = 0
        self._mean = 0.0
        self._deviation = 0.0
        self._weight = 0.0

    def observe(self, now: float, total_bytes: int) -> None:
        """Note that *total_bytes* were done at the time *now* (seconds, any epoch)."""
        if self._time is None or total_bytes < self._bytes:
            self._time, self._bytes = now, total_bytes
            self._mean = self._deviation = self._weight = 0.0
            return
        passed = now - self._time
        if passed < (_FIRST_SECONDS if not self._weight else _STEP_SECONDS):
            return
        if total_bytes == self._bytes and passed < self._patience():
            return
        current = (total_bytes - self._bytes) / passed
        keep = math.exp(-passed / _MEMORY_SECONDS)
        before, self._weight = self._weight, self._weight * keep + (1 - keep)
        share = before * keep / self._weight
        error = abs(current - self._mean) if before else 0.0
        self._mean = share * self._mean + (1 - share) * current
        self._deviation = share * self._deviation + (1 - share) * error
        self._time, self._bytes = now, total_bytes

    def _patience(self) -> float:
        """Seconds without anything that are no reason to think that it has become slower."""
        if self._mean < 1:
            return _LONGEST_STEP_SECONDS
        return min(_LONGEST_STEP_SECONDS, max(_STEP_SECONDS, _BLOCKS_AWAITED * BLOCK / self._mean))

    @property
    def rate(self) -> float | None:
        """Bytes per second, or ``None`` before there are two observations."""
        return self._mean if self._weight else None

    def time_left(self, remaining: int) -> TimeLeft | None:
        """How long *remaining* bytes take at this rate; ``None`` while it cannot be told."""
        if not self._weight or self._mean < 1:
            return None
        slow = max(self._mean - self._deviation, self._mean / 4)
        fast = self._mean + self._deviation
        low, high = remaining / fast, remaining / slow
        if high <= low * _STEADY:
            low = high = remaining / self._mean
        return TimeLeft(low, high)

    def stale(self, now: float) -> bool:
        """Whether the last observation is too old to say anything about *now*."""
        return self._time is None or now - self._time > _SILENCE_SECONDS
