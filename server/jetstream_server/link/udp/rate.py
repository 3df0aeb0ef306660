"""How fast to send: a model of the path. Pure; time is an argument.

The model is that of BBR (Cardwell and others, "BBR: Congestion-Based Congestion Control", ACM Queue 14(5), 2016): the
rate of the bottleneck is the highest delivery rate seen lately, the length of the path is the shortest round trip seen
lately, and what is under way is held near their product. Loss alone slows nothing down, because a long line loses
packets that nobody's queue has dropped.

What is different here. A probe that finds more goes on and grows, so that a line that opens up is full again within a
few round trips. On short paths probes are as small as the path. On a line whose queue overflows room is made for
others, as long as they do the same (:mod:`.ceiling`).
"""

import enum
from dataclasses import dataclass
from random import Random
from typing import Final

from jetstream_server.link.udp.ceiling import EMPTY_QUEUE, LEAST_PACKETS, SHORT_QUEUE, Ceiling
from jetstream_server.link.udp.estimates import Delivery, Trips
from jetstream_server.link.udp.losses import LineLoss, Losses

KBIT: Final = 125
"""Bytes per second in one kbit/s."""


class Policy(enum.Enum):
    """What to do about others on the line."""

    FAIR = "fair"
    """Shares with TCP and with its own kind."""
    BACKGROUND = "background"
    """Takes what nobody else wants."""
    FIXED = "fixed"
    """Sends at a given rate, whatever happens."""


class Phase(enum.Enum):
    """What the model is doing."""

    STARTUP = "startup"
    DRAIN = "drain"
    UP = "up"
    DOWN = "down"
    CRUISE = "cruise"
    SHORTEST = "shortest"
    """Less than the path holds is under way for a moment, to see its shortest round trip."""


STARTUP_GAIN: Final = 2.89
KNOWN_SHARE: Final = 0.5
KNOWN_AGAIN: Final = 0.8
"""Share of what a path took before that shows that it is the same still."""
DRAIN_GAIN: Final = 0.5
PROBE: Final = 0.25
"""What a probe adds, as a share of what the path holds."""
CRUISE_PHASES: Final = 4
LONG_DOWN: Final = 3
LONG_DOWN_GAIN: Final = 0.5
CROWDED_CYCLES: Final = 8
CROWDED_GAIN: Final = 3.0
"""Where others keep up a queue, a share of the line takes as much of the queue."""
FASTEST_PROBE: Final = 2.0
FULL_GROWTH: Final = 1.25
FULL_ROUNDS: Final = 3
CROWDED_SHARE: Final = 0.7
"""Of what the path holds, so much may be under way whatever the ceiling says, while there is a queue."""
SHORTEST_SHARE: Final = 0.5
QUIET_SHARE: Final = 0.1
SHORTEST_PHASE: Final = 0.025
TRIP_SECONDS: Final = 10.0
SHORT_SECONDS: Final = 0.2
FIRST_RATE: Final = 6_000_000.0
"""Bytes a second before anything is known: 48 Mbit/s."""
SMALLEST_RATE: Final = 12_000.0
DRAINED_QUEUE: Final = 0.05
SMALLEST_PROBE: Final = 0.05
NOTICEABLE_QUEUE: Final = 0.010
"""Seconds; below this it may as well be the machine that is late."""
BACKGROUND_QUEUE: Final = 0.25
BACKGROUND_SECONDS: Final = 0.005


@dataclass(frozen=True, slots=True)
class Sample:
    """What one report tells the model.

    :ivar delivered: bytes that have arrived so far, in all.
    :ivar clock: seconds on the receiver's clock when the newest of them arrived.
    :ivar trip: a round trip in seconds, without the time the report was held back; ``None`` if the report has none.
    :ivar in_flight: bytes under way now.
    :ivar round_over: whether everything that was under way when this round began has been spoken of.
    :ivar packet: bytes of one packet.
    :ivar settled, lost: packets of which is known what became of them, and those of them that were lost, in all so far.
        (Not those that were sent: while the rate changes those are others than the ones that losses are told of.)
    :ivar limited: whether we could have sent more than we had, or were let, since the last sample.
    """

    delivered: int
    clock: float
    trip: float | None
    in_flight: int
    round_over: bool
    limited: bool
    packet: int = 1500
    settled: int = 0
    lost: int = 0


class RateControl:
    """The model of one path. Rates are bytes a second on the wire, times seconds.

    :param trip: a first idea of the round trip, from elsewhere.
    :param fixed: with ``Policy.FIXED``: the rate.
    """

    def __init__(self, policy: Policy, now: float, random: Random, trip: float | None = None,
                 fixed: float | None = None) -> None:
        self.policy = policy
        self.phase = Phase.STARTUP
        self.report_seconds = 0.01
        """How often the receiver is to report; what arrived and is not reported yet counts as under way here."""
        self._packet = 1500
        self._fixed = fixed
        self._random = random
        self._phase_began = now
        self._cruises = 0
        self._crowded = 0
        """For how many more cycles others are taken to keep the queue up."""
        self._gain = STARTUP_GAIN
        self._probe_from = 0.0
        self._delivery = Delivery()
        self._queue_before = float("inf")
        self._full = 0.0
        self._full_rounds = 0
        self._trips = Trips(now, trip)
        self._line_loss = LineLoss()
        self._first = FIRST_RATE
        self._known: float | None = None
        """What the path took in an earlier session."""
        self.ceiling = Ceiling()
        self._losses = Losses()
        self._overfilled = False
        """Whether the start ran into a queue that others keep full, so that no round trip was without it."""
        self._peak = 0
        """The most that was under way in this round."""
        self._share = 1.0
        self._share_time = now

    def __repr__(self) -> str:
        return f"<RateControl {self.phase.value} {self.bandwidth * 8 / 1e6:.1f} Mbit/s trip={self.trip * 1e3:.1f} ms>"

    # -- what it says ---------------------------------------------------------------------------------------------

    @property
    def bandwidth(self) -> float:
        """The bottleneck's rate; 0 while unknown."""
        return self._delivery.rate

    @property
    def trip(self) -> float:
        """The shortest round trip seen lately."""
        return self._trips.shortest

    @property
    def smooth_trip(self) -> float:
        """The round trip, smoothed as in RFC 6298."""
        return self._trips.smooth

    @property
    def queue(self) -> float:
        """Seconds that packets wait in queues on the path."""
        return max(0.0, self.smooth_trip - self.trip)

    @property
    def pacing(self) -> float:
        """How fast to send."""
        if self.policy is Policy.FIXED:
            return self._fixed or FIRST_RATE
        if not self.bandwidth:
            return self._first
        rate = self.bandwidth * self._gain * self._for_losses
        if not self._empty:
            rate = min(rate, max(self.ceiling.bytes / self.smooth_trip, self.bandwidth * self._for_losses))
        rate = max(rate, self.ceiling.claim)
        if self.phase is Phase.STARTUP:
            rate = max(min(rate, self._known or rate), self._first)
        return max(rate * self._share, SMALLEST_RATE)

    @property
    def limit(self) -> float:
        """How many bytes may be under way."""
        if self.policy is Policy.FIXED:
            return (self._fixed or FIRST_RATE) * (self.smooth_trip * 2 + 1.0)
        if not self.bandwidth:
            return self._first * (self.trip * 2 + 0.1)
        held = self.bandwidth * self._reports_every * 2
        least = LEAST_PACKETS * self._packet
        if self.phase is Phase.SHORTEST:
            quiet = QUIET_SHARE if self._overfilled else SHORTEST_SHARE
            return max(self.bandwidth * self.trip * quiet + held / 2, least)
        share = self._share_of_path * self._share
        crowded = self._crowded and self.ceiling.bytes < float("inf")
        most = share * (STARTUP_GAIN if self.phase is Phase.STARTUP else CROWDED_GAIN if crowded else 2.0)
        return max(min(most, max(self.ceiling.bytes, self._least_share * self._share)) + held, least,
                   self.ceiling.claim * self._share * self.smooth_trip)

    @property
    def _for_losses(self) -> float:
        """How much more has to be sent for as much to arrive as the bottleneck takes."""
        return 1 / (1 - self._line_loss.share)

    @property
    def _share_of_path(self) -> float:
        """How many bytes of ours the path holds without a queue."""
        # On a short path the machines themselves may take longer than the path, and nothing may stand still meanwhile.
        return self.bandwidth * max(self.trip, min(self.smooth_trip, NOTICEABLE_QUEUE))

    @property
    def _least_share(self) -> float:
        """How many bytes of ours may be under way at least, whatever the ceiling says."""
        share = max(1.0, self._gain) if self._empty else CROWDED_SHARE
        return self._share_of_path * self._for_losses * share

    @property
    def _empty(self) -> bool:
        return self.queue < max(EMPTY_QUEUE * self.trip, SHORT_QUEUE)

    @property
    def _reports_every(self) -> float:
        return max(self.report_seconds, self._delivery.gap)

    def follow(self, policy: Policy, fixed: float | None, now: float) -> None:
        """From now on *policy* counts. Who gave way until now, or sent at a rate of its own, has not seen what can be
        had of the line: to share it, begin as on a new line of the same length.
        """
        self._fixed = fixed
        if policy is self.policy:
            return
        self.policy, self._share = policy, 1.0
        if policy is Policy.FAIR:
            self._delivery.begin_anew(0.0)
            self._full, self._full_rounds = 0.0, 0
            self.ceiling = Ceiling()
            self._enter(Phase.STARTUP, now)

    # -- what it hears --------------------------------------------------------------------------------------------

    def on_sample(self, sample: Sample, now: float) -> None:
        """A report came."""
        self._packet = sample.packet
        self._delivery.heard(now)
        if sample.trip is not None:
            self._trips.add(sample.trip, now)
        # A path whose queue is long is measured over no more than its length. While the rate doubles within a round
        # trip, the last half of it says more.
        self._delivery.add(sample.delivered, sample.clock, sample.limited,
                           self.trip * (0.5 if self.phase is Phase.STARTUP else 1.0),
                           self.smooth_trip if self.ceiling.resists else self.trip, now)
        self._peak = max(self._peak, sample.in_flight)
        if sample.round_over:
            self._end_round(sample, now)
        if self.policy is Policy.BACKGROUND:
            self._yield(now)
        self._step(sample, now)

    def _end_round(self, sample: Sample, now: float) -> None:
        losses = self._losses
        told = losses.on_round(sample.settled, sample.lost)
        self._line_loss.on_round(losses.settled, losses.lost)
        overfilled = self.phase is Phase.STARTUP and losses.overfills()
        # What the start lost is one overflow, however long it takes until the last of it is known.
        if told and self.policy is Policy.FAIR and not self._overfilled:
            loss = losses.share
            on_the_path = max(0.0, self._peak - self.bandwidth * self.report_seconds) * (1 - loss)
            if self.ceiling.on_round(loss, self.queue, self.trip, on_the_path, sample.packet, self.bandwidth, now,
                                     overfilled):
                self._delivery.forget_before(now - 2 * (self.smooth_trip + self._reports_every))
        self._peak = sample.in_flight
        if overfilled:
            self._overfilled = True
            self._enter(Phase.DRAIN, now)

    def begin_at(self, known: float) -> None:
        """The path took *known* in an earlier session: begin at half of that. Where it takes as much again, there is no
        need to find its end by overfilling it.
        """
        if not self.bandwidth:
            self._first = max(self._first, known * KNOWN_SHARE)
            self._known = known

    def on_silence(self, now: float) -> None:
        """Nothing was heard for so long that everything under way counts as lost: begin again, carefully."""
        self._known = None
        # So it begins at the rate that was right before, and sees what becomes of it.
        self._delivery.begin_anew(self.bandwidth / STARTUP_GAIN)
        self._first = max(SMALLEST_RATE, min(self._first, self.bandwidth or self._first / 2))
        self._full, self._full_rounds = 0.0, 0
        self._enter(Phase.STARTUP, now)

    # -- phases ---------------------------------------------------------------------------------------------------

    def _step(self, sample: Sample, now: float) -> None:
        phase, elapsed = self.phase, now - self._phase_began
        holds = self.bandwidth * self._for_losses * (self.trip + self._reports_every / 2)
        if phase is Phase.STARTUP:
            self._look_for_the_end_of_startup(sample, now)
        elif phase is Phase.DRAIN:
            if sample.in_flight <= holds or elapsed > 3 * self.trip + 0.1:
                if self._overfilled:
                    self._trips.look_anew()
                self._enter(Phase.SHORTEST if self._overfilled else Phase.CRUISE, now)
        elif phase is Phase.SHORTEST:
            if elapsed > max(SHORT_SECONDS, self.trip * 1.5):
                self._trips.take_what_was_seen(now)
                self._overfilled = False
                self._enter(Phase.UP, now)
        elif now - self._trips.seen > TRIP_SECONDS:
            self._trips.look_anew()
            self._enter(Phase.SHORTEST, now)
        elif phase is Phase.UP:
            self._look_for_the_end_of_up(elapsed, now)
        elif phase is Phase.DOWN:
            self._look_for_the_end_of_down(sample.in_flight <= 1.05 * holds, elapsed, now)
        elif elapsed > self._phase_seconds * self._cruises:
            self._enter(Phase.UP, now)

    @property
    def _phase_seconds(self) -> float:
        return max(self.trip, SHORTEST_PHASE)

    @property
    def _probe(self) -> float:
        """How much faster a probe is: on a path that is shorter than a phase it may add no more than the path holds."""
        return max(SMALLEST_PROBE, PROBE * min(1.0, (self.trip + 0.001) / self._phase_seconds))

    def _look_for_the_end_of_startup(self, sample: Sample, now: float) -> None:
        if not self.bandwidth:
            return
        # A queue that was there before is somebody else's and says nothing of how much more the path takes.
        self._queue_before = min(self._queue_before, self.queue)
        if self.queue - self._queue_before > max(0.25 * self.trip, NOTICEABLE_QUEUE) and not sample.limited:
            self._enter(Phase.DRAIN, now)
            return
        if self._known and self.bandwidth > KNOWN_AGAIN * self._known:
            self._known = None
            self._enter(Phase.UP, now)
            return
        if not sample.round_over or sample.limited:
            return
        if self.bandwidth >= self._full * FULL_GROWTH:
            self._full, self._full_rounds = self.bandwidth, 0
            return
        self._full_rounds += 1
        if self._full_rounds >= FULL_ROUNDS:
            self._enter(Phase.DRAIN, now)

    def _look_for_the_end_of_up(self, elapsed: float, now: float) -> None:
        """A probe ends when it fills the queue, or has found nothing; then what it put into the queue is given back.
        One that finds more goes on, faster. What it does shows a round trip later.
        """
        self._queue_before = min(self._queue_before, self.queue)
        if self.queue - self._queue_before > max(0.15 * self.trip, NOTICEABLE_QUEUE / 2) and elapsed > self.trip / 2:
            self._enter(Phase.DOWN, now)
        elif elapsed > self._phase_seconds:
            if self.bandwidth > self._probe_from * (1 + self._probe / 2):
                if self._gain > 1 + PROBE:  # more again: others who made room would not leave that much
                    self.ceiling.lift()
                self._gain = min(FASTEST_PROBE, 1 + 2 * (self._gain - 1))
                self._probe_from, self._phase_began = self.bandwidth, now
            elif elapsed > 2 * self._phase_seconds:
                self._enter(Phase.DOWN, now)

    def _look_for_the_end_of_down(self, drained: bool, elapsed: float, now: float) -> None:
        """Until the queue is gone. A queue that stays, whatever we do, is kept up by others: then waiting for its end
        only gives our share away, and the phase is short; now and then we look again.
        """
        if drained or self.queue < max(DRAINED_QUEUE * self.trip, SHORT_QUEUE):
            self._crowded = 0
        elif elapsed > self._phase_seconds * (1 if self._crowded else LONG_DOWN):
            self._crowded = self._crowded - 1 if self._crowded else CROWDED_CYCLES
        else:
            if elapsed > self._phase_seconds:
                self._gain = min(self._gain, max(LONG_DOWN_GAIN, 1 - 4 * self._probe))
            return
        self._enter(Phase.CRUISE, now)

    def _enter(self, phase: Phase, now: float) -> None:
        self.phase, self._phase_began = phase, now
        if phase is Phase.STARTUP:
            self._gain, self._queue_before = STARTUP_GAIN, float("inf")
        elif phase is Phase.DRAIN:
            self._gain = DRAIN_GAIN
        elif phase is Phase.UP:
            self._gain, self._probe_from, self._queue_before = 1 + self._probe, self.bandwidth, float("inf")
        elif phase is Phase.DOWN:
            self._gain = 1 - self._probe
        else:
            self._gain, self._queue_before = 1.0, float("inf")
            # Neighbours that probe in step would see each other's probes for the line.
            self._cruises = CRUISE_PHASES + self._random.randrange(-1, 2)

    def _yield(self, now: float) -> None:
        """Background: a queue that is there although we drain ours is somebody else's, and the line is theirs."""
        elapsed = min(1.0, max(0.0, now - self._share_time)) / max(self.trip, 0.01)
        self._share_time = now
        if self.phase is not Phase.CRUISE:
            return
        self._queue_before = min(self._queue_before, self.queue)
        if now - self._phase_began < self.trip:
            return
        if self._queue_before > max(BACKGROUND_QUEUE * self.trip, BACKGROUND_SECONDS):
            self._share = max(0.02, self._share * 0.7 ** elapsed)
        else:
            self._share = min(1.0, self._share + 0.02 * elapsed)
