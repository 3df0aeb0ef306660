"""What a path takes and how long it is, learnt from reports. Pure; time is an argument.

Delivery is measured on the receiver's clock, from its reports, over at least a round trip, so that late or bunched
reports do not blur it. What is learnt ages by the path's time, not by round trips that a queue has stretched.
"""

from collections import deque
from typing import Final

RATE_ROUNDS: Final = 12
RATE_SECONDS: Final = 0.6
SAMPLE_SECONDS: Final = 0.04
LONGEST_SAMPLE: Final = 1.0
FIRST_TRIP: Final = 0.1
LONGEST_GAP: Final = 0.25
GAP_FADES: Final = 0.98


class Trips:
    """Round trips, in seconds.

    :param trip: a first idea, from elsewhere.
    """

    def __init__(self, now: float, trip: float | None = None) -> None:
        self._shortest = self._smooth = trip
        self._lowest = float("inf")
        self.seen = now
        """When the shortest one was seen last."""

    @property
    def shortest(self) -> float:
        """The shortest one lately."""
        return self._shortest if self._shortest is not None else FIRST_TRIP

    @property
    def smooth(self) -> float:
        """Smoothed as in RFC 6298."""
        return self._smooth if self._smooth is not None else FIRST_TRIP

    def add(self, trip: float, now: float) -> None:
        """One was measured."""
        self._smooth = trip if self._smooth is None else self._smooth + (trip - self._smooth) / 8
        if self._shortest is None or trip < self._shortest:
            self._shortest, self.seen = trip, now
        elif trip <= self._shortest * 1.05 + 0.0005:
            self.seen = now
        self._lowest = min(self._lowest, trip)

    def look_anew(self) -> None:
        """From now on the shortest one is looked for."""
        self._lowest = float("inf")

    def take_what_was_seen(self, now: float) -> None:
        """What came since :meth:`look_anew` counts, also if it is longer than what was known."""
        if self._lowest < float("inf"):
            self._shortest = self._lowest
        self.seen = now


class Delivery:
    """The highest rate of delivery lately, in bytes a second."""

    def __init__(self) -> None:
        self._history: deque[tuple[float, int, bool]] = deque()
        self._rates: deque[tuple[float, float]] = deque()
        """Falling rates with the times of their samples: the first is the highest of the window."""
        self._gap = 0.0
        self._heard: float | None = None
        self.rate = 0.0
        """0 while unknown."""

    @property
    def gap(self) -> float:
        """The longest time between two reports lately, in seconds: a busy machine is late."""
        return self._gap

    def heard(self, now: float) -> None:
        """A report came."""
        if self._heard is not None:
            self._gap = max(min(now - self._heard, LONGEST_GAP), self._gap * GAP_FADES)
        self._heard = now

    def add(self, delivered: int, clock: float, limited: bool, trip: float, keep: float, now: float) -> None:
        """So many bytes had been *delivered* in all at *clock*, the receiver's.

        :param limited: whether more could have been.
        :param trip: over how long to measure.
        :param keep: so many round trips of this length a rate counts.
        """
        history = self._history
        if history and clock <= history[-1][0]:
            if clock < history[-1][0] - 1.0:
                history.clear()  # their clock was set
            return
        history.append((clock, delivered, limited))
        window = max(SAMPLE_SECONDS, min(trip, LONGEST_SAMPLE))
        while len(history) > 2 and history[1][0] <= clock - window:
            history.popleft()
        since, before, _ = history[0]
        elapsed = clock - since
        if elapsed < window / 2:
            return
        rate = (delivered - before) / elapsed
        if rate < self.rate and any(entry[2] for entry in list(history)[1:]):
            return
        rates = self._rates
        while rates and rates[-1][1] <= rate:
            rates.pop()
        rates.append((now, rate))
        self.forget_before(now - max(RATE_ROUNDS * keep, RATE_SECONDS))

    def forget_before(self, when: float) -> None:
        """What was delivered before *when* says nothing of now, but for the newest."""
        rates = self._rates
        while len(rates) > 1 and rates[0][0] < when:
            rates.popleft()
        if rates:
            self.rate = rates[0][1]

    def begin_anew(self, rate: float) -> None:
        """Nothing counts that was measured until now; *rate* instead."""
        self._history.clear()
        self._rates.clear()
        self.rate = rate
