"""The sending side of a session over datagrams: slots in, bursts out, reports in. No sockets, threads or clocks."""

from collections import deque
from typing import Final

import numpy as np

from jetstream_server.link.udp.estimates import FIRST_TRIP
from jetstream_server.link.udp.flight import Acknowledged, Flight, place_of
from jetstream_server.link.udp.outbox import Burst, SlotOut
from jetstream_server.link.udp.packets import FRAGMENTS, WIRE_OVERHEAD, Numbers, Report
from jetstream_server.link.udp.rate import KBIT, RateControl, Sample

BURST_BYTES: Final = 62 << 10
BURST_PACKETS: Final = 44
"""What one system call may carry, with segmentation offload."""
SHORTEST_SAVING: Final = 0.003
LONGEST_SAVING: Final = 0.010
"""How long a sender that woke up late may make up for: seconds of its rate."""
SPARE: Final = 4 * 1500
"""Who could send so much more and has nothing to send is held up by something else than the path."""
FIRST_ROOM: Final = 16
"""Slots that may go before the receiver has said how many it has room for."""
SILENCE: Final = 0.25
LONGEST_SILENCE: Final = 2.0
IDLE_COPIES: Final = 2
"""How many more times a lost packet goes when nothing else is left to send."""
REORDERING: Final = 0.125
"""Share of a round trip by which packets may overtake each other."""


class SenderCore:
    """What to send when. Not thread-safe.

    :param rate: the model of the path.
    """

    def __init__(self, rate: RateControl, now: float) -> None:
        self.rate = rate
        self.flight = Flight()
        self.room = FIRST_ROOM
        self.remote_limit: int | None = None
        """kbit/s that the receiver wants at most."""
        self.local_limit: int | None = None
        """kbit/s that this node wants at most."""
        self._ready: deque[SlotOut] = deque()
        self._open: dict[int, SlotOut] = {}
        self._again: deque[int] = deque()
        self._next = 0
        self._finished: list[SlotOut] = []
        self._damaged: list[int] = []
        self._told_damaged: set[int] = set()
        self._delivered = 0
        self._packet_bytes = 1500
        self._round_ends = 1
        self._limited = False
        self._last_report = now
        self._silences = 0
        self._probes: int | None = None
        """Packets that may go out until a report comes, after a silence; ``None``: no silence."""
        self._tokens = 0.0
        self._token_time = now
        self._reorder = REORDERING
        self._heard = False
        self.fragments_arrived = 0
        self.packets_sent = 0
        self.packets_repeated = 0
        self.bytes_sent = 0
        self.nonsense = 0
        """Reports of what was never sent."""

    def __repr__(self) -> str:
        return f"<SenderCore open={len(self._open)} ready={len(self._ready)} again={len(self._again)} {self.rate!r}>"

    # -- slots ----------------------------------------------------------------------------------------------------

    def add(self, slot: SlotOut) -> None:
        """*slot* is sealed and may go."""
        self._open[slot.number] = slot
        self._next = slot.number + 1
        self._ready.append(slot)

    @property
    def waiting(self) -> int:
        """Slots that were not begun yet."""
        return len(self._ready)

    @property
    def open_slots(self) -> int:
        """Slots of which something has not arrived yet."""
        return len(self._open)

    def take_finished(self) -> list[SlotOut]:
        """Slots that have arrived whole; their memory is free."""
        finished, self._finished = self._finished, []
        return finished

    def take_damaged(self) -> list[int]:
        """Slots that arrived and did not authenticate: their blocks have to be sealed and sent anew."""
        damaged, self._damaged = self._damaged, []
        return damaged

    def abandon(self) -> list[SlotOut]:
        """Give up every slot that has not arrived whole; returns them."""
        given_up = list(self._open.values())
        self._open.clear()
        self._ready.clear()
        self._again.clear()
        self._told_damaged.update(slot.number for slot in given_up)
        return given_up

    @property
    def floor(self) -> int:
        """Slots below this number will get no more packets."""
        return min(self._open, default=self._next)

    # -- what comes back ------------------------------------------------------------------------------------------

    def on_report(self, report: Report, now: float) -> None:
        """The receiver reported; *now* is when it arrived here."""
        told = self.flight.acknowledge(report) if report.received <= self.bytes_sent else None
        if told is None:
            self.nonsense += 1
            return
        self._heard = True
        self._last_report = now
        self._silences, self._probes = 0, None
        self.room = max(self.room, report.room)
        self.remote_limit = report.limit
        self._note_damage(report.damaged)
        if told.late:
            self._reorder = min(1.0, self._reorder * 1.5)
        self._mark(told.places)
        if told.newest is not None:
            # Nothing that was sent a reordering window before the newest arrival is still to come.
            window = max(self._reorder * self.rate.trip, 0.002)
            self._repeat(self.flight.lose_before(told.newest - window))
        if report.highest:
            self._model(report, told, now)

    def _model(self, report: Report, told: Acknowledged, now: float) -> None:
        round_over = report.highest >= self._round_ends
        if round_over:
            self._round_ends = self.flight.next_number
        trip = None
        if told.newest is not None:
            trip = max(1e-5, now - told.newest - report.hold)
        self.rate.on_sample(
            Sample(report.received, report.clock, trip, self.flight.bytes_out, round_over, self._limited,
                   self._packet_bytes, self.packets_sent - self.flight.packets_out, self.flight.packets_lost), now,
        )
        self._limited = False

    def _note_damage(self, damaged: tuple[int, ...]) -> None:
        for number in damaged:
            if number not in self._told_damaged:
                self._told_damaged.add(number)
                self._damaged.append(number)

    def _mark(self, places: Numbers) -> None:
        """Fragments have arrived."""
        if not len(places):
            return
        slots = places // FRAGMENTS
        for number in np.unique(slots).tolist():
            slot = self._open.get(number)
            if slot is None:
                continue
            fragments = places[slots == number] % FRAGMENTS
            slot.arrived[fragments] = True
            left = slot.count - int(np.count_nonzero(slot.arrived))
            self.fragments_arrived += slot.left - left
            slot.left = left
            if not slot.left:
                del self._open[number]
                self._finished.append(slot)

    def _repeat(self, places: Numbers) -> None:
        """Fragments are lost and have to go again. Who is lost a second time goes twice, and when there is nothing else
        to send several times: each further loss would cost the whole slot another round trip.
        """
        if not len(places):
            return
        slots = places // FRAGMENTS
        twice: list[int] = []
        for number in np.unique(slots).tolist():
            slot = self._open.get(number)
            if slot is None:
                continue
            those = places[slots == number]
            fragments = those % FRAGMENTS
            self._again.extend(those.tolist())
            twice.extend(those[slot.lost[fragments]].tolist())
            slot.lost[fragments] = True
        self._again.extend(twice)
        if not self._ready:
            self._again.extend(places.tolist() * IDLE_COPIES)

    # -- what goes out --------------------------------------------------------------------------------------------

    def poll(self, now: float) -> list[Burst]:
        """What to send now."""
        self._look_for_silence(now)
        self._fill_tokens(now)
        bursts: list[Burst] = []
        while True:
            burst = self._next_burst(now)
            if burst is None:
                return bursts
            bursts.append(burst)

    def wait_seconds(self) -> float:
        """How long until there are tokens for a burst that is worth a system call; for the time after a poll."""
        rate = max(self._pacing(), 1.0)
        size = self._packet_bytes
        worth = min(BURST_PACKETS * size, max(size, rate * 0.001))
        return min(0.05, max(0.0, (worth - self._tokens) / rate))

    @property
    def idle(self) -> bool:
        """Whether there is nothing that could go out, so that only news from outside matters."""
        return not self._again and (not self._ready or self._ready[0].number >= self.room)

    @property
    def settled(self) -> bool:
        """Whether nothing is under way, and nothing that was has to go again."""
        return not self.flight.packets_out and not self._again

    @property
    def held_back(self) -> bool:
        """Whether as much is under way as may be, so that only a report makes room."""
        full = self.flight.bytes_out + SPARE > self.rate.limit
        return full or self._probes == 0

    def _pacing(self) -> float:
        rate = self.rate.pacing
        for limit in (self.remote_limit, self.local_limit):
            if limit and limit * KBIT < rate:
                rate = float(limit * KBIT)
                self._limited = True
        return rate

    def _fill_tokens(self, now: float) -> None:
        rate = self._pacing()
        saving = min(LONGEST_SAVING, max(SHORTEST_SAVING, self.rate.trip / 8))
        packet = self._ready[0].stride + WIRE_OVERHEAD if self._ready else self._packet_bytes
        most = max(rate * saving, 2 * max(1500, packet))
        self._tokens = min(most, self._tokens + (now - self._token_time) * rate)
        self._token_time = now

    def _allowed(self, size: int) -> int:
        """How many packets of *size* bytes may go now."""
        by_tokens = int(self._tokens // size)
        if self._probes is not None:
            return min(by_tokens, self._probes)
        by_limit = int((self.rate.limit - self.flight.bytes_out) // size)
        return max(0, min(by_tokens, by_limit, self.flight.room))

    def _next_burst(self, now: float) -> Burst | None:
        burst = self._repeated() if self._again else None
        if burst is None:
            burst = self._fresh()
        if burst is None:
            if self.idle and self._tokens > SPARE and self.flight.bytes_out + SPARE < self.rate.limit:
                self._limited = True
            return None
        slot = burst.slot
        chosen = burst.scattered
        fragments = np.arange(burst.first, burst.first + burst.count) if chosen is None else chosen
        wire = slot.stride + WIRE_OVERHEAD
        numbers = self.flight.send(place_of(slot.number, fragments), wire, now)
        slot.number_packets(fragments, numbers)
        if chosen is not None:
            self.packets_repeated += burst.count
        self._packet_bytes = wire
        self._tokens -= burst.count * wire
        if self._probes is not None:
            self._probes -= burst.count
        self.packets_sent += burst.count
        self.bytes_sent += burst.count * wire
        return burst

    def _most(self, slot: SlotOut) -> int:
        return min(BURST_PACKETS, BURST_BYTES // slot.stride, self._allowed(slot.stride + WIRE_OVERHEAD))

    def _fresh(self) -> Burst | None:
        if not self._ready or self._ready[0].number >= self.room:
            return None
        slot = self._ready[0]
        count = min(slot.count - slot.next, max(1, BURST_BYTES // slot.stride), self._most(slot))
        if count <= 0:
            return None
        burst = Burst(slot, slot.next, count)
        slot.next += count
        if slot.next == slot.count:
            self._ready.popleft()
        return burst

    def _repeated(self) -> Burst | None:
        """The next lost fragments of one slot that have not arrived after all."""
        slot: SlotOut | None = None
        chosen: list[int] = []
        most = 0
        while self._again:
            place = self._again[0]
            number, fragment = divmod(place, FRAGMENTS)
            if slot is None or number != slot.number:
                if chosen:
                    break
                slot = self._open.get(number)
                if slot is None:
                    self._again.popleft()
                    continue
                most = self._most(slot)
            if slot.arrived[fragment]:
                self._again.popleft()
                continue
            if len(chosen) >= most or fragment in chosen:
                break
            chosen.append(fragment)
            self._again.popleft()
        if slot is None or not chosen:
            return None
        return Burst(slot, chosen[0], len(chosen), np.array(chosen, dtype=np.int64))

    # -- silence --------------------------------------------------------------------------------------------------

    def silence(self, now: float) -> float:
        """Seconds since the last report, while something is under way; else 0."""
        return now - self._last_report if self.flight.packets_out or self._silences else 0.0

    def _look_for_silence(self, now: float) -> None:
        """Packets are under way and nothing is heard of them: the last ones were lost, or the line is dead.

        A dead line gets two packets, after twice the time two more, and so on, until a report comes.
        """
        oldest = self.flight.oldest_sent()
        if oldest is None:
            return
        trip = self.rate.smooth_trip
        if now - self._last_report < self._patience(trip):
            tail = 1.5 * trip + 2 * self.rate.report_seconds + 0.03
            if self._probes is None and now - oldest > tail:
                self._repeat(self.flight.lose_all(now - tail))
        elif now - max(self._last_report, oldest) >= self._patience(trip):
            self._repeat(self.flight.lose_all(now))
            if not self._silences:
                self.rate.on_silence(now)
            self._silences += 1
            self._probes = 2

    def _patience(self, trip: float) -> float:
        """Seconds without a report after which something is wrong."""
        if not self._heard:
            trip = max(trip, FIRST_TRIP)
        return min(LONGEST_SILENCE, (SILENCE + 2.5 * trip) * float(1 << min(self._silences, 5)))
