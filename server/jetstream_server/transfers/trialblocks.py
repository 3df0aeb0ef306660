"""Blocks of a trial: random bytes out of memory, counted and forgotten where they arrive."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from jetstream.constants import BLOCK_SIZE
from jetstream_server.link.carrier import Filled

MOST_BLOCKS: Final = 1 << 16
FEWEST: Final = 16
"""Blocks from which on the beginning is left out of the rate."""


class NoiseSource:
    """Random bytes without end: what is lost on the way needs no second try, there is always a next block.

    :param block: bytes of one.
    :param most: how many blocks there are at most; who wants more waits for :meth:`stop`.
    """

    def __init__(self, block: int, most: int) -> None:
        self._noise = os.urandom(BLOCK_SIZE)
        self._block = block
        self._most = min(most, MOST_BLOCKS)
        self._next = 0
        self._stopped = False
        self._turn = threading.Condition()

    def take(self, connection: int) -> int | None:
        """The next block; ``None`` after :meth:`stop`."""
        with self._turn:
            while self._next >= self._most and not self._stopped:
                self._turn.wait()
            if self._stopped:
                return None
            self._next += 1
            return self._next - 1

    def fill(self, block: int, buffer: memoryview) -> Filled:
        """Random bytes."""
        at = block * 4099 % (BLOCK_SIZE - self._block + 1)
        buffer[: self._block] = self._noise[at : at + self._block]
        return Filled(self._block)

    def lost(self, connection: int, last: int | None = None) -> None:
        """There are others."""

    def stop(self) -> None:
        """No more blocks."""
        with self._turn:
            self._stopped = True
            self._turn.notify_all()


class CountingSink:
    """Notes when how much arrived.

    :param enough: bytes after which *on_enough* is called, once, from a carrier's thread.
    """

    def __init__(self, block: int, enough: int, on_enough: Callable[[], None],
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._block = block
        self._enough = enough
        self._on_enough = on_enough
        self._clock = clock
        self._lock = threading.Lock()
        self._arrivals: list[float] = []
        self._told = False

    @property
    def received(self) -> int:
        """Bytes so far."""
        return len(self._arrivals) * self._block

    def block_length(self, block: int) -> int:
        """All are alike."""
        if not 0 <= block < MOST_BLOCKS:
            raise IndexError(block)
        return self._block

    def store(self, block: int, data: memoryview, *, zero: bool, gaps: Sequence[int]) -> None:
        """Count it."""
        with self._lock:
            if len(self._arrivals) < MOST_BLOCKS:
                self._arrivals.append(self._clock())
            tell = self.received >= self._enough and not self._told
            self._told = self._told or tell
        if tell:
            self._on_enough()

    def rate(self, began: float) -> float:
        """Bytes a second. See :func:`rate_of`."""
        with self._lock:
            return rate_of(self._arrivals, self._block, began)


def rate_of(arrivals: Sequence[float], block: int, began: float) -> float:
    """Bytes a second of the second half of the time, in which a line has found its speed; of all of it if little came.

    :param arrivals: when each block arrived, in order.
    :param began: when the line was open.
    """
    if not arrivals:
        return 0.0
    last = arrivals[-1]
    middle = (arrivals[0] + last) / 2
    late = sum(1 for when in arrivals if when > middle)
    if len(arrivals) < FEWEST or last <= middle:
        late, middle = len(arrivals), began
    return late * block / max(last - middle, 1e-6)
