"""Rates and time left, from byte counts. Pure: *now* is seconds on any steady clock."""

from collections import deque
from typing import Final

WINDOW_SECONDS: Final = 4.0
BITS_PER_KBIT: Final = 1000
LONGEST_PAUSE: Final = 60.0
"""Seconds between two tries at most."""
SOON_AGAIN: Final = 10
"""Tries in about the first minute; only then the pauses grow further."""
ASK_AGAIN: Final = ((120.0, 1.0), (1800.0, 2.0), (8 * 3600.0, 5.0))
"""Until so many seconds have passed a person's yes is asked for again at this interval; then four times a minute."""


class RateEstimator:
    """The rate over the last few seconds.

    A sliding window, because a mean over a short past follows a change within seconds and does not jump with every
    report. Samples closer than a twentieth of the window are merged.
    """

    def __init__(self, window: float = WINDOW_SECONDS) -> None:
        self._window = window
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, total: int, now: float) -> None:
        """*total* bytes have moved until *now*. A total that shrinks begins a new count."""
        samples = self._samples
        if samples and total < samples[-1][1]:
            samples.clear()
        if len(samples) > 1 and now - samples[-2][0] < self._window / 20:
            samples[-1] = (now, total)
        else:
            samples.append((now, total))
        while len(samples) > 2 and now - samples[1][0] >= self._window:
            samples.popleft()

    def bytes_per_second(self, now: float) -> float | None:
        """The rate; ``None`` before there is enough to tell."""
        if len(self._samples) < 2:
            return None
        began, first = self._samples[0]
        _, last = self._samples[-1]
        elapsed = max(now, self._samples[-1][0]) - began
        return (last - first) / elapsed if elapsed >= 0.2 else None

    def reset(self) -> None:
        """Forget everything: the transfer stopped."""
        self._samples.clear()


def kilobits(bytes_per_second: float | None) -> int | None:
    """The API's unit of rates."""
    return None if bytes_per_second is None else round(bytes_per_second * 8 / BITS_PER_KBIT)


def seconds_left(missing: int, bytes_per_second: float | None) -> int | None:
    """Whole seconds until *missing* bytes have moved; ``None`` if nothing moves."""
    if not missing:
        return 0
    if not bytes_per_second or bytes_per_second < 1:
        return None
    return max(1, round(missing / bytes_per_second))


def ask_interval(waited: float) -> float:
    """Seconds until a receiver is asked again whose people have been asked for *waited* seconds.

    Short while somebody is likely to sit there, so that it starts at once when they say yes.
    """
    return next((pause for until, pause in ASK_AGAIN if waited < until), 15.0)


def backoff(attempt: int) -> float:
    """Seconds to wait before try *attempt* (from 1): 1, 2, 4, then 8 for a minute, in which a node that was started
    again, or a line that broke, is back in most cases; then up to a minute.
    """
    doublings = attempt - 1 if attempt <= 4 else max(3, attempt - SOON_AGAIN + 3)
    return float(min(LONGEST_PAUSE, 2 ** min(doublings, 6)))
