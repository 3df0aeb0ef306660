"""Making room for others on a line whose queue overflows. Pure; time is an argument."""

from typing import Final

CUBIC_GROWTH: Final = 0.4
CUBIC_SHARE: Final = 0.7
RENO_GROWTH: Final = 0.53
LONGEST_QUEUE_FADES: Final = 0.995
SHORT_QUEUE: Final = 0.002
NOTICEABLE_LOSS: Final = 0.005
SHORTEST_SECONDS: Final = 30.0
LEAST_PACKETS: Final = 16
EARLY_TRIPS: Final = 8
"""A queue that overflows again so soon was not filled by those who had made room."""
EVENT_TRIPS: Final = 4
"""An overflow that lasts longer counts once more."""
STREAK: Final = 4
RESIST_SECONDS: Final = 10.0
RESIST_MOST: Final = 80.0
CLAIM: Final = 0.6
CLAIM_SECONDS: Final = 20.0


class Resistance:
    """Whether others make room, too. Who does keeps the queue from overflowing for a while; where it overflows again
    at once, time after time, they do not: then neither do we, and claim back a share of what we had when it began; for
    a while, and longer each time that it turns out to be still so.

    Such is BBR in its first version, which does not care about losses.
    """

    def __init__(self) -> None:
        self._early = 0
        """How many times in a row the queue overflowed long before it would have, had all made room."""
        self._last: float | None = None
        self._event = 0.0
        self._before = 0.0
        """Packets under way when this row began."""
        self._hold = RESIST_SECONDS
        self._began = 0.0
        self._until = 0.0

    def resists(self, now: float) -> bool:
        """Whether we make no room now."""
        return now < self._until

    def claim(self, now: float) -> float:
        """So many packets may be under way while we resist, whatever the model says; later ever fewer."""
        faded = 0.5 ** ((now - self._began) / CLAIM_SECONDS)
        return CLAIM * self._before * faded if self.resists(now) else 0.0

    def on_overflow(self, packets: float, trip: float, now: float) -> None:
        """We are asked to make room.

        :param packets: under way now.
        :param trip: seconds of a round trip, with its queue.
        """
        if self._last is None or now - self._last >= EARLY_TRIPS * trip:
            self._early, self._hold = 0, RESIST_SECONDS
            self._before, self._event = packets, now
        elif now - self._event > EVENT_TRIPS * trip:
            self._early, self._event = self._early + 1, now
        self._last = now
        if self._early >= STREAK:
            self._began, self._until = now, now + self._hold
            self._early, self._hold = STREAK - 2, min(2 * self._hold, RESIST_MOST)

    def relent(self, now: float) -> None:
        """There is nothing to resist any more."""
        self._until = min(self._until, now)


class Ceiling:
    """How much may be under way at most on a path whose queue overflows.

    Loss with a short queue is the line's own. Loss with a long one is a queue that overflows, and whoever shares it has
    to make room: as CUBIC does (RFC 9438), to the same share and back by the same curve, so that it and we get alike.
    """

    def __init__(self) -> None:
        self._most = 0.0
        """Packets under way when the queue overflowed last; 0 if it never did."""
        self._since = 0.0
        self._curve = 0.0
        self._trips = (float("inf"), float("inf"))
        """The shortest round trips of the last half minute and of the one that runs: beside others who keep the queue
        up, the model may take a queue for a part of the path."""
        self._trips_until = 0.0
        self._longest_queue = 0.0
        self._ambient = 0.0
        self._excess = 0.0
        self._resistance = Resistance()
        self.bytes = float("inf")
        self.resists = False
        """Whether others make no room, so that we make none."""
        self.claim = 0.0
        """Bytes that may be under way then, whatever the model says."""

    def on_round(self, loss: float, queue: float, trip: float, in_flight: float, packet: int, now: float) -> bool:
        """A round trip is over; whether we make room.

        :param loss: share of its packets that was lost.
        :param queue, trip: seconds that packets wait in queues now, and of a round trip without that.
        :param in_flight: the most bytes that were on the path in it.
        """
        whole = queue + trip
        queue, trip = self._split(whole, trip, now)
        self._longest_queue = max(queue, self._longest_queue * LONGEST_QUEUE_FADES)
        long = queue > max(0.5 * self._longest_queue, 0.1 * trip, SHORT_QUEUE)
        if not long and not self.resists:
            self._ambient += (loss - self._ambient) / 8
        excess = loss - 1.5 * self._ambient
        self._excess += (excess - self._excess) / 8
        overflows = long and excess > NOTICEABLE_LOSS
        if self._resistance.resists(now):
            if self._excess < NOTICEABLE_LOSS:
                self._resistance.relent(now)
        elif overflows:
            self._make_room(in_flight / packet, whole, now)
        self.resists = self._resistance.resists(now)
        self.claim = self._resistance.claim(now) * packet
        self.bytes = self._allowed(whole, now) * packet
        return overflows and not self.resists

    def _split(self, whole: float, trip: float, now: float) -> tuple[float, float]:
        """Queue and path of a round trip, by the shortest one for long."""
        if now > self._trips_until:
            self._trips, self._trips_until = (self._trips[1], trip), now + SHORTEST_SECONDS
        self._trips = self._trips[0], min(self._trips[1], trip)
        shortest = min(self._trips)
        return max(0.0, whole - shortest), shortest

    def _allowed(self, trip: float, now: float) -> float:
        if self.resists or not self._most:
            return float("inf")
        grown = CUBIC_GROWTH * (now - self._since - self._curve) ** 3
        steady = CUBIC_SHARE * self._most + RENO_GROWTH * (now - self._since) / trip
        return max(self._most + grown, steady, LEAST_PACKETS)

    def _make_room(self, packets: float, trip: float, now: float) -> None:
        self._most, self._since = max(packets, LEAST_PACKETS), now
        self._curve = (self._most * (1 - CUBIC_SHARE) / CUBIC_GROWTH) ** (1 / 3)
        self._resistance.on_overflow(packets, trip, now)
        if self._resistance.resists(now):
            self._excess = max(self._excess, 4 * NOTICEABLE_LOSS)
