"""Making room for others on a line whose queue overflows. Pure; time is an argument."""

import math
from typing import Final

CUBIC_GROWTH: Final = 0.4
CUBIC_SHARE: Final = 0.7
FAR_BELOW: Final = 0.75
NEWCOMER_SHARE: Final = 0.5
"""Where a queue overflows while we are far below what it bore before, somebody has come, and gets half at once."""
RENO_GROWTH: Final = 0.53
LONGEST_QUEUE_FADES: Final = 0.995
SHORT_QUEUE: Final = 0.002
NOTICEABLE_LOSS: Final = 0.005
AMBIENT_ROUNDS: Final = 8
SHORTEST_SECONDS: Final = 30.0
EMPTY_QUEUE: Final = 0.15
EMPTY_ROUNDS: Final = 3
"""Where the queue has been empty for so many round trips the line is ours."""
LEAST_PACKETS: Final = 16
EVENT_TRIPS: Final = 4
"""An overflow that lasts longer is another one."""
ANSWERED: Final = 0.82
"""Where all make room for :data:`CUBIC_SHARE`, round trips become shorter than this share of what they were."""
BRIM: Final = 0.7
"""A queue so long, as a share of the longest one, may be full."""
ALONE_SECONDS: Final = 60.0
BIG: Final = 0.6
"""Who has more than this share of what the line gave when its queue was empty has most of it still."""
STREAK: Final = 3
SQUEEZED: Final = 0.4
"""Beside one more who makes room, too, we keep half of what we had, by and by."""
REFERENCE_SECONDS: Final = 20.0
SQUEEZED_TRIPS: Final = 8
RESIST_SECONDS: Final = 10.0
RESIST_MOST: Final = 80.0
CLAIM: Final = 0.65
CLAIM_SECONDS: Final = 20.0


class Resistance:
    """Whether others make room, too. Where all do, the queue is shorter soon after. Where it overflows again and was
    never shorter, time after time, they do not, nor where making room leaves us with ever less: then neither do we, and
    claim back a share of what we had; for a while, and longer each time that it turns out to be still so.

    Such is BBR in its first version, which does not care about losses.
    """

    def __init__(self) -> None:
        self._unanswered = 0
        """How many times in a row we made room and the queue stayed."""
        self._asked: float | None = None
        """When we made room last; ``None`` if others have answered since."""
        self._trip = 0.0
        """The longest round trip of this row then."""
        self._had = 0.0
        """The highest rate lately, in bytes a second."""
        self._looked = 0.0
        self._squeezed_rounds = 0
        self._hold = RESIST_SECONDS
        self._began = 0.0
        self._until = 0.0
        self._claimed = 0.0

    def resists(self, now: float) -> bool:
        """Whether we make no room now."""
        return now < self._until

    def claim(self, now: float) -> float:
        """So many bytes a second we send while we resist, whatever the model says; later ever fewer."""
        return self._claimed * 0.5 ** ((now - self._began) / CLAIM_SECONDS) if self.resists(now) else 0.0

    def on_overflow(self, trip: float, now: float) -> None:
        """We make room; *trip* is the seconds of a round trip, with its queue."""
        if self._asked is None:
            self._asked, self._trip = now, trip
        elif now - self._asked > EVENT_TRIPS * trip:
            self._asked, self._trip = now, max(self._trip, trip)
            self._unanswered += 1
            if self._unanswered >= STREAK:
                self._resist(now)

    def on_round(self, rate: float, trip: float, long: bool, now: float) -> None:
        """A round trip is over.

        :param rate: bytes a second that we get.
        :param trip: seconds, with its queue.
        :param long: whether the queue is.
        """
        self._had = max(rate, self._had * 0.5 ** ((now - self._looked) / REFERENCE_SECONDS))
        self._looked = now
        if self.resists(now):
            return
        if self._asked is not None and trip < ANSWERED * self._trip:
            self._asked, self._unanswered = None, 0
        # Who has little under way hardly ever loses anything, however full the queue is.
        self._squeezed_rounds = self._squeezed_rounds + 1 if long and rate < SQUEEZED * self._had else 0
        if self._squeezed_rounds >= SQUEEZED_TRIPS:
            self._resist(now)

    def _resist(self, now: float) -> None:
        again = now - self._until < 2 * self._hold
        self._hold = min(2 * self._hold, RESIST_MOST) if again and self._until else RESIST_SECONDS
        self._began, self._until = now, now + self._hold
        self._claimed = CLAIM * self._had
        self._asked, self._unanswered, self._squeezed_rounds = None, STREAK - 2, 0

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
        """Packets under way to which the ceiling returns; 0 if the queue never overflowed."""
        self._kept = 0.0
        """Packets under way that were left when room was made last."""
        self._since = 0.0
        self._curve = 0.0
        self._trips = (float("inf"), float("inf"))
        """The shortest round trips of the last half minute and of the one that runs: beside others who keep the queue
        up, the model may take a queue for a part of the path."""
        self._trips_until = 0.0
        self._longest_queue = 0.0
        self._empty_rounds = 0
        self._alone = self._looked = 0.0
        self._big = False
        self._ambient = 0.0
        self._ambient_rounds = 0
        self._excess = 0.0
        self._resistance = Resistance()
        self.bytes = float("inf")
        self.resists = False
        """Whether others make no room, so that we make none."""
        self.claim = 0.0
        """Bytes a second that we send then, whatever the model says."""

    def on_round(
        self, loss: float, queue: float, trip: float, in_flight: float, packet: int, rate: float, now: float,
        overfilled: bool = False,
    ) -> bool:
        """A round trip is over; whether we make room.

        :param loss: share of its packets that was lost.
        :param queue, trip: seconds that packets wait in queues now, and of a round trip without that.
        :param in_flight: the most bytes that were on the path in it.
        :param rate: bytes a second that we get of the path.
        :param overfilled: whether our own start has just grown too far, however long the queue seems.
        """
        whole = queue + trip
        queue, trip = self._split(whole, trip, now)
        self._longest_queue = max(queue, self._longest_queue * LONGEST_QUEUE_FADES)
        self._empty_rounds = self._empty_rounds + 1 if queue < EMPTY_QUEUE * trip else 0
        self._alone *= 0.5 ** ((now - self._looked) / ALONE_SECONDS)
        if self._big and not self._empty_rounds:
            self._since += now - self._looked
        self._looked = now
        if self._empty_rounds >= EMPTY_ROUNDS:
            self._alone = max(self._alone, rate)
        self._big = rate > BIG * self._alone > 0
        long = queue > max(0.5 * self._longest_queue, 0.1 * trip, SHORT_QUEUE)
        if not long and not self.resists and not overfilled:
            # At first a mean: what is taken for nothing would make the line's own losses those of a queue. Later what
            # is less counts more, because some of the rest is a queue's.
            self._ambient_rounds = min(self._ambient_rounds + 1, AMBIENT_ROUNDS)
            slow = self._ambient_rounds if loss > self._ambient else min(self._ambient_rounds, 2)
            self._ambient += (loss - self._ambient) / slow
        excess = loss - 1.5 * self._ambient
        self._excess += (excess - self._excess) / 8
        overflows = (long or overfilled) and excess > NOTICEABLE_LOSS
        brims = overflows or (long and queue > BRIM * self._longest_queue
                              and self._stands_out(loss, in_flight / packet))
        if self._resistance.resists(now):
            if self._excess < NOTICEABLE_LOSS:
                self._resistance.relent(now)
        elif brims:
            self._make_room(in_flight / packet, self.bytes / packet, now)
            if overflows:
                self._resistance.on_overflow(whole, now)
        self._resistance.on_round(rate, whole, long, now)
        if self._resistance.resists(now) and not self.resists:
            self._excess = max(self._excess, 4 * NOTICEABLE_LOSS)
        self.resists = self._resistance.resists(now)
        self.claim = self._resistance.claim(now)
        self.bytes = self._allowed(whole, now) * packet
        return brims and not self.resists

    def _stands_out(self, loss: float, packets: float) -> bool:
        """Whether the line itself would hardly lose so many. CUBIC makes room for a single one."""
        expected = self._ambient * packets
        return loss * packets > 0.5 + 1.5 * expected + 3 * math.sqrt(expected)

    def lift(self) -> None:
        """The line has opened up."""
        self._most, self.bytes = 0.0, float("inf")

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
        steady = self._kept + RENO_GROWTH * (now - self._since) / trip
        return max(self._most + grown, steady, LEAST_PACKETS)

    def _make_room(self, packets: float, below: float, now: float) -> None:
        """*packets* were under way, and *below* is how many of them might have been."""
        share = NEWCOMER_SHARE if packets < FAR_BELOW * below or self._big else CUBIC_SHARE
        # Who has less than the last time leaves others some more ("fast convergence").
        top = packets * (1 + share) / 2 if packets < self._most else packets
        self._most, self._since = max(top, LEAST_PACKETS), now
        self._kept = min(share * packets, self._most)
        self._curve = ((self._most - self._kept) / CUBIC_GROWTH) ** (1 / 3)
