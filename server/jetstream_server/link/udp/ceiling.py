"""Making room for others on a line whose queue overflows. Pure; time is an argument."""

from typing import Final

CUBIC_GROWTH: Final = 0.4
CUBIC_SHARE: Final = 0.7
RENO_GROWTH: Final = 0.53
LONGEST_QUEUE_FADES: Final = 0.995
SHORT_QUEUE: Final = 0.002
NOTICEABLE_LOSS: Final = 0.005
STREAK_TRIPS: Final = 4
STREAK: Final = 5
STUBBORN_SECONDS: Final = 10.0
SQUEEZED: Final = 0.55
REFERENCE_SECONDS: Final = 20.0
LEAST_PACKETS: Final = 16


class Ceiling:
    """How much may be under way at most on a path whose queue overflows.

    Loss with a short queue is the line's own. Loss with a long one is a queue that overflows, and whoever shares it has
    to make room: as CUBIC does (RFC 9438), to the same share and back by the same curve, so that it and we get alike.
    Where we make room and are only squeezed, others do not: then neither do we, for a while or until the losses end.
    """

    def __init__(self) -> None:
        self._most = 0.0
        """Packets under way when the queue overflowed last; 0 if it never did."""
        self._since = 0.0
        self._curve = 0.0
        self._longest_queue = 0.0
        self._ambient = 0.0
        self._excess = 0.0
        self._streak = 0
        self._reference = 0.0
        """The highest rate lately."""
        self._looked = 0.0
        self._stubborn_until = 0.0
        self.bytes = float("inf")

    def on_round(
        self, loss: float, queue: float, trip: float, in_flight: float, packet: int, rate: float, now: float
    ) -> None:
        """A round trip is over.

        :param loss: share of its packets that was lost.
        :param queue: seconds that packets wait in queues now.
        :param in_flight: the most bytes that were on the path in it.
        :param rate: the bottleneck's rate, as far as we get it.
        """
        self._longest_queue = max(queue, self._longest_queue * LONGEST_QUEUE_FADES)
        self._reference = max(rate, self._reference * 0.5 ** ((now - self._looked) / REFERENCE_SECONDS))
        self._looked = now
        long = queue > max(0.5 * self._longest_queue, 0.1 * trip, SHORT_QUEUE)
        if not long:
            self._ambient += (loss - self._ambient) / 8
        excess = loss - 1.5 * self._ambient
        self._excess += (excess - self._excess) / 8
        if now < self._stubborn_until:
            if self._excess < NOTICEABLE_LOSS:
                self._stubborn_until = now
        elif long and excess > NOTICEABLE_LOSS:
            self._overflow(in_flight / packet, queue + trip, rate, now)
        self.bytes = self._allowed(queue + trip, now) * packet

    def _allowed(self, trip: float, now: float) -> float:
        if now < self._stubborn_until or not self._most:
            return float("inf")
        grown = CUBIC_GROWTH * (now - self._since - self._curve) ** 3
        steady = CUBIC_SHARE * self._most + RENO_GROWTH * (now - self._since) / trip
        return max(self._most + grown, steady, LEAST_PACKETS)

    def _overflow(self, packets: float, trip: float, rate: float, now: float) -> None:
        again = bool(self._most) and now - self._since < STREAK_TRIPS * trip
        self._streak = self._streak + 1 if again else 1
        self._most, self._since = max(packets, LEAST_PACKETS), now
        self._curve = (self._most * (1 - CUBIC_SHARE) / CUBIC_GROWTH) ** (1 / 3)
        if self._streak >= STREAK or rate < SQUEEZED * self._reference:
            self._stubborn_until, self._streak = now + STUBBORN_SECONDS, 0
            self._excess = max(self._excess, 4 * NOTICEABLE_LOSS)
            self._reference = rate
