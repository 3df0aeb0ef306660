"""Taking what nobody else wants. Pure; time is an argument.

After LEDBAT (RFC 6817) and LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus): who gives way to everybody watches how long
packets wait in queues, keeps its own share of that below what others take notice of, and goes down by a factor as soon
as it is more. What others need comes out of our rate before it comes out of the queue, so their growth neither stops
at packets that our queue has dropped nor at its length.

What is different here. There is no window that grows by packets but a rate that grows by a share of what the line is
known to give, so that a fast line is full within seconds. What was dropped tells how long the queue can be at all, and
less than that is kept in it. A line's own losses (:class:`.losses.Excess`) slow nothing down.
"""

from collections import deque
from typing import Final

from jetstream_server.link.udp.estimates import Lowest
from jetstream_server.link.udp.losses import Excess

FIRST_RATE: Final = 750_000.0
"""Bytes a second before anything is known: 6 Mbit/s."""
LEAST_RATE: Final = 12_000.0
LEAST_PACKETS: Final = 2
"""So many a round trip are sent however long others let us wait, to see when they are gone (as LEDBAT++)."""
WAITING_SHARE: Final = 0.125
LEAST_WAITING: Final = 0.004
MOST_WAITING: Final = 0.016
"""How long packets may wait: what ends the slow start of a newcomer with HyStart++ (RFC 9406) is what comes on top."""
SHORT_WAITING: Final = 0.002
"""Below this it may as well be the machine that is late."""
BRIM_SHARE: Final = 0.25
"""Of the longest queue, where it is known by having overflowed."""
BRIM_AGAIN: Final = 20.0
BRIM_DOUBLES: Final = 30.0
EMPTY_SHARE: Final = 0.5
BASE_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 10.0
LOOK_SHARE: Final = 0.5
LOOK_LEAST: Final = 0.1
RECENT: Final = 4
"""One of so many reports in a row came without delay by the machines at either end (RFC 6817 filters as many)."""
YIELD: Final = 0.2
KEPT_LEAST: Final = 0.5
SETTLES: Final = 0.25
SEARCH_STEP: Final = 0.25
STEP: Final = 0.03
"""By so much of what the line gave lately the rate grows in a round trip,"""
NEAR: Final = 0.85
NEAR_STEP: Final = 0.005
"""and where this is nearly reached by so much, but"""
FASTER: Final = 1.25
FASTEST_STEP: Final = 0.25
"""ever faster on a line that turns out to give more."""
SEARCH_AHEAD: Final = 2.5
AHEAD: Final = 1.6
"""A rate above that of what arrives, by more than growth and two round trips explain, is none that the line gives."""
GIVEN_HALVES: Final = 60.0


class Background:
    """The rate of a sender that gives way.

    :param rate: bytes a second to begin with.
    :param trip: seconds of a round trip without queues, as far as is known.
    :param searching: whether nothing is known of how much the line takes.
    """

    def __init__(self, rate: float, trip: float, now: float, searching: bool = True) -> None:
        self._rate = self._given = rate
        self._searching = searching
        self._step = NEAR_STEP
        self._least = LEAST_RATE
        self._lowest = Lowest(BASE_SECONDS)
        self._trip = trip
        self._seen = now
        """When a round trip was as short as the shortest one last."""
        self._looks_until = self._settled = 0.0
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._arrived: deque[tuple[float, int]] = deque()
        """The receiver's clock and bytes delivered, over the last round trip."""
        self._highest = (0.0, 0.0)
        """The longest round trips of the last round and of the one that runs."""
        self._brim = float("inf")
        self._overflow = (float("-inf"), 0.0)
        """When packets were dropped last, and how long the queue was then."""
        self._excess = Excess()
        self._limited = False
        self._looked = now

    def __repr__(self) -> str:
        return f"<Background {self._rate * 8 / 1e6:.1f} Mbit/s queue={self.queue * 1e3:.1f} ms>"

    @property
    def base(self) -> float:
        """Seconds of a round trip without queues: the shortest of the last minutes, not of the last seconds, because
        others keep a queue up for longer than that.
        """
        return self._lowest.value if self._recent else self._trip

    @property
    def target(self) -> float:
        """So many seconds packets may wait in queues."""
        usual = min(MOST_WAITING, max(LEAST_WAITING, WAITING_SHARE * self.base))
        return min(usual, max(SHORT_WAITING, BRIM_SHARE * self._brim))

    @property
    def queue(self) -> float:
        """Seconds that packets wait in queues now."""
        return max(0.0, min(self._recent) - self.base) if self._recent else 0.0

    def rate(self, now: float) -> float:
        """Bytes a second to send."""
        return self._rate * (LOOK_SHARE if now < self._looks_until else 1.0)

    def begin_again(self) -> None:
        """Nothing was heard for long."""
        self._rate, self._searching = min(self._rate, FIRST_RATE), True
        self._recent.clear()
        self._arrived.clear()

    def on_report(self, trip: float, delivered: int, clock: float, limited: bool, now: float) -> None:
        """A report came, with a round trip in seconds and the bytes delivered in all at *clock*, the receiver's.

        :param limited: whether we could have sent more than we had, or were let, since the last one.
        """
        self._limited |= limited
        self._recent.append(trip)
        self._lowest.add(trip, now)
        self._highest = self._highest[0], max(self._highest[1], trip)
        if trip <= self.base * 1.05 + 0.0005:
            self._seen = now
        arrived = self._arrived
        if arrived and clock < arrived[-1][0]:
            arrived.clear()  # their clock was set
        arrived.append((clock, delivered))
        while len(arrived) > 2 and arrived[1][0] <= clock - self.base:
            arrived.popleft()
        if self.queue > self.target and not self._waits(now):
            self._make_room(max(KEPT_LEAST, 1 - YIELD * (self.queue / self.target - 1)), now)

    def on_round(self, settled: int, lost: int, given: float, packet: int, now: float) -> None:
        """A round trip is over, in which the fate of *settled* packets became known; *lost* of them were lost.

        :param given: the highest rate of delivery lately, in bytes a second.
        """
        halves = 0.5 ** ((now - self._looked) / GIVEN_HALVES)
        self._given = max(min(given, self._rate), self._given * halves)
        self._brim *= 2 ** ((now - self._looked) / BRIM_DOUBLES)
        self._looked = now
        self._least = max(LEAST_RATE, LEAST_PACKETS * packet / self.base)
        overflows = self._excess.on_round(settled, lost)
        if overflows:
            self._learn_brim(max(self._highest) - self.base, now)
        self._highest = self._highest[1], 0.0
        limited, self._limited = self._limited, False
        if self._waits(now):
            return
        if overflows:
            self._make_room(KEPT_LEAST, now)
        elif now - self._seen > LOOK_SECONDS:
            self._seen = now
            self._looks_until = now + LOOK_LEAST + 1.5 * self.base
        elif not limited and self._recent and self.queue < self.target:
            self._grow(given)

    def _learn_brim(self, queue: float, now: float) -> None:
        """The queue overflows at *queue* seconds, if it does so twice; once may have been a socket whose machine was
        busy, and then less than that is no sign of anybody.
        """
        when, before = self._overflow
        if now - when < BRIM_AGAIN:
            self._brim = max(queue, before)
        self._overflow = now, queue

    def _waits(self, now: float) -> bool:
        """Whether what is heard now is of packets from before the rate was changed."""
        return now < max(self._settled, self._looks_until + self.base)

    def _make_room(self, kept: float, now: float) -> None:
        """Go down to *kept* of what arrived: what did not arrive yet is the queue."""
        arrives = self._rate
        if len(self._arrived) > 1:
            (began, before), (ended, after) = self._arrived[0], self._arrived[-1]
            arrives = (after - before) / max(ended - began, SHORT_WAITING)
        self._rate = max(self._least, min(self._rate, arrives) * kept)
        self._step, self._searching = NEAR_STEP, False
        self._settled = now + (1 + SETTLES) * self.base + self.queue

    def _grow(self, given: float) -> None:
        """The longer the queue, the slower."""
        opens_up = self._rate > self._given and self.queue < EMPTY_SHARE * self.target
        self._step = min(FASTEST_STEP, self._step * FASTER) if opens_up else NEAR_STEP
        step = SEARCH_STEP if self._searching else STEP if self._rate < NEAR * self._given else self._step
        more = step * self._given * (1 - self.queue / self.target)
        most = (SEARCH_AHEAD if self._searching else AHEAD) * given
        self._rate = max(self._rate, min(self._rate + more, most))
