"""Other people's flows on the simulated path: TCP with CUBIC (RFC 9438), and the first BBR, as far as they matter here.

They always have something to send, acknowledge every packet, and repair losses without a model of how: a packet is
lost when three later ones have arrived, which costs what the algorithm says.
"""

from collections import deque

from .simulator import Link, World

PACKET = 1500
BUSY = 0.002
QUANTUM = 0.001
"""Who paces sends so many seconds' worth at a time."""
BETA = 0.7
CUBIC_C = 0.4


class Rival:
    """A flow that is clocked by acknowledgements."""

    def __init__(self, world: World, there: Link, back: Link, start: float = 0.0) -> None:
        self.world, self.there, self.back = world, there, back
        self.window = 10.0
        self.next = 0
        self.out: dict[int, tuple[float, int, float]] = {}
        """Packets under way: when sent, delivered then, when that was."""
        self.delivered = 0
        self.delivered_time = start
        self.trip = float("inf")
        self.recovering = -1
        self.marks: list[tuple[float, int]] = []
        self.free = start
        self._order: deque[int] = deque()
        self._waiting = False
        self._heard = 0.0
        world.at(start, self.fill)
        world.at(start + 0.5, self._look)

    def goodput(self, since: float, until: float) -> float:
        """Bytes a second between two times."""
        marks = [(when, count) for when, count in self.marks if since <= when <= until]
        return (marks[-1][1] - marks[0][1]) * PACKET / (until - since) if len(marks) > 1 else 0.0

    def pace(self) -> float:
        """Bytes a second; 0: as fast as the window lets."""
        return 0.0

    def fill(self) -> None:
        """Send what the window and the pace allow."""
        now = self.world.now
        pace = self.pace()
        while len(self.out) < self.window:
            if pace and self.free > now:
                if not self._waiting:
                    self._waiting = True
                    self.world.at(self.free + QUANTUM, self._go_on)
                return
            self.free = max(self.free, now - QUANTUM) + (PACKET / pace if pace else 0.0)
            number, self.next = self.next, self.next + 1
            self.out[number] = (now, self.delivered, self.delivered_time)
            self._order.append(number)
            arrives = self.there.carry(PACKET, now)
            if arrives is not None:
                self.world.at(arrives, lambda number=number: self._answer(number))

    def _answer(self, number: int) -> None:
        """The packet is there, and its acknowledgement goes back."""
        back = self.back.carry(60, self.world.now)
        if back is not None:
            # A machine answers when it gets to it. Without this, packets of one flow would always find the
            # place that a departure has just made in a full queue, and those of the other never.
            self._heard = max(self._heard, back + self.there.random.random() * BUSY)
            self.world.at(self._heard, lambda: self._acked(number))

    def _go_on(self) -> None:
        self._waiting = False
        self.fill()

    def _acked(self, number: int) -> None:
        sent = self.out.pop(number, None)
        if sent is None:
            return
        now = self.world.now
        self.trip = min(self.trip, now - sent[0])
        self.delivered += 1
        self.delivered_time = now
        self.marks.append((now, self.delivered))
        lost = 0
        while self._order and self._order[0] < number - 3:
            oldest = self._order.popleft()
            if self.out.pop(oldest, None) is not None:
                lost += 1
        self.on_ack(number, now - sent[0], sent, now)
        if lost:
            self.on_loss(number, lost, now)
        self.fill()

    def _look(self) -> None:
        """A timeout: what is older than a second is gone."""
        now = self.world.now
        for number in [number for number, sent in self.out.items() if now - sent[0] > 1.0 + 4 * min(self.trip, 1.0)]:
            del self.out[number]
        self.fill()
        self.world.at(now + 0.5, self._look)

    def on_ack(self, number: int, trip: float, sent: tuple[float, int, float], now: float) -> None:
        raise NotImplementedError

    def on_loss(self, number: int, count: int, now: float) -> None:
        raise NotImplementedError


class Cubic(Rival):
    """RFC 9438, with slow start that ends at the first loss."""

    def __init__(self, world: World, there: Link, back: Link, start: float = 0.0) -> None:
        super().__init__(world, there, back, start)
        self._threshold = float("inf")
        self._most = 0.0
        self._epoch: float | None = None
        self._reno = 0.0

    def on_ack(self, number: int, trip: float, sent: tuple[float, int, float], now: float) -> None:
        if self.window < self._threshold:
            self.window += 1
            return
        if self._epoch is None:
            self._epoch = now
            self._reno = self.window
        k = (max(0.0, self._most - self.window) / CUBIC_C) ** (1 / 3) if self._epoch == now else self._k
        self._k = k
        target = self._most + CUBIC_C * (now - self._epoch + self.trip - k) ** 3
        self._reno += 0.53 / self.window
        target = max(target, self._reno)
        if target > self.window:
            self.window += min(0.5, (target - self.window) / self.window)

    _k = 0.0

    def on_loss(self, number: int, count: int, now: float) -> None:
        if number < self.recovering:
            return
        self.recovering = self.next
        self._most = self.window
        self.window = max(2.0, self.window * BETA)
        self._threshold = self.window
        self._epoch = None


class FirstBbr(Rival):
    """BBR as Linux has it: see the paper that the rate module names."""

    GAINS = (1.25, 0.75, 1, 1, 1, 1, 1, 1)

    def __init__(self, world: World, there: Link, back: Link, start: float = 0.0) -> None:
        super().__init__(world, there, back, start)
        self._rates: deque[tuple[int, float]] = deque()
        self.rate = 0.0
        self._round = 0
        self._round_ends = 0
        self._full = 0.0
        self._full_rounds = 0
        self._mode = "startup"
        self._phase = 2
        self._phase_began = start
        self._trip_time = start
        self._short_ends = 0.0

    def pace(self) -> float:
        if not self.rate:
            return 0.0
        gain = {"startup": 2.89, "drain": 1 / 2.89, "short": 1.0}.get(self._mode) or self.GAINS[self._phase]
        return max(gain * self.rate, 4 * PACKET / 0.1)

    def on_ack(self, number: int, trip: float, sent: tuple[float, int, float], now: float) -> None:
        if trip <= self.trip or now - self._trip_time > 10.0:
            if trip > self.trip and self._mode != "short":
                self._mode, self._short_ends = "short", now + 0.2 + self.trip
            self._trip_time = now
            if self._mode == "short":
                self.trip = trip
        new_round = number >= self._round_ends
        if new_round:
            self._round_ends = self.next
            self._round += 1
        elapsed = now - sent[2]
        if elapsed > 0:
            rate = (self.delivered - sent[1]) * PACKET / elapsed
            while self._rates and self._rates[-1][1] <= rate:
                self._rates.pop()
            self._rates.append((self._round, rate))
            while self._rates[0][0] < self._round - 10:
                self._rates.popleft()
            self.rate = self._rates[0][1]
        self._step(new_round, now)
        holds = self.rate * self.trip / PACKET
        gain = {"startup": 2.89, "drain": 2.89}.get(self._mode, 2.0)
        self.window = 4.0 if self._mode == "short" else max(4.0, gain * holds, 10.0 if not self.rate else 0)

    def _step(self, new_round: bool, now: float) -> None:
        holds = self.rate * self.trip / PACKET
        if self._mode == "startup" and new_round:
            if self.rate >= self._full * 1.25:
                self._full, self._full_rounds = self.rate, 0
            else:
                self._full_rounds += 1
                if self._full_rounds >= 3:
                    self._mode = "drain"
        if self._mode == "drain" and len(self.out) <= holds:
            self._mode, self._phase, self._phase_began = "probe", 2 + self.next % 6, now
        if self._mode == "short":
            self.trip = min(self.trip, self.trip)
            if now > self._short_ends:
                self._mode, self._phase, self._phase_began = "probe", 2, now
        if self._mode == "probe":
            gain = self.GAINS[self._phase]
            long_enough = now - self._phase_began > self.trip
            over = long_enough if gain != 0.75 else long_enough or len(self.out) <= holds
            if over:
                self._phase, self._phase_began = (self._phase + 1) % 8, now

    def on_loss(self, number: int, count: int, now: float) -> None:
        """It does not care."""
