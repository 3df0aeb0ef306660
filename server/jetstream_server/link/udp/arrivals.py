"""Which packets have come: the receiving side's memory of packet numbers, and what it reports of them. Pure."""

from collections import deque
from typing import Final

import numpy as np

from jetstream_server.link.udp.packets import MAX_SPAN, Flags, Numbers

RING: Final = 1 << 18
_MASK: Final = RING - 1
FARTHEST_JUMP: Final = 1 << 17
"""A packet number that is farther ahead than this cannot be right; nobody's window is so large."""
REPEATS: Final = 6
"""In how many reports a packet is spoken of: reports get lost, too."""


class Arrivals:
    """The newest packet numbers that came. Not thread-safe."""

    def __init__(self) -> None:
        self._came = np.zeros(RING, dtype=np.bool_)
        self._starts: deque[int] = deque([0] * REPEATS, maxlen=REPEATS)
        self.highest = 0
        self.packets = 0
        """How many different ones came."""
        self.received = 0
        """Bytes of them, on the wire."""
        self.repeated = 0
        """How many came more than once."""
        self.stale = 0
        """How many were so old, or so far ahead, that nothing can be told of them."""

    def sensible(self, numbers: Numbers) -> Flags:
        """Which of *numbers* can be taken: not too far ahead, not too old."""
        right = (numbers > self.highest - RING) & (numbers <= self.highest + FARTHEST_JUMP) & (numbers > 0)
        self.stale += len(numbers) - int(right.sum())
        return np.asarray(right)

    def news(self, numbers: Numbers) -> Flags:
        """Which of *numbers*, all of them sensible, have not come yet."""
        new = (numbers > self.highest) | ~self._came[numbers & _MASK]
        self.repeated += len(numbers) - int(new.sum())
        return np.asarray(new)

    def add(self, numbers: Numbers, sizes: Numbers) -> Flags:
        """*numbers* came, all of them sensible, with *sizes* bytes on the wire; which of them for the first time."""
        top = int(numbers.max())
        if top > self.highest:
            self._forget(self.highest + 1, top)
            self.highest = top
        places = numbers & _MASK
        fresh = ~self._came[places]
        if len(numbers) > 1 and fresh.any():
            # The same number twice in one go counts once.
            _, first = np.unique(numbers, return_index=True)
            if len(first) != len(numbers):
                once = np.zeros(len(numbers), dtype=np.bool_)
                once[first] = True
                fresh &= once
        self._came[places] = True
        count = int(fresh.sum())
        self.packets += count
        self.received += int(sizes[fresh].sum())
        self.repeated += len(numbers) - count
        return np.asarray(fresh)

    def _forget(self, first: int, last: int) -> None:
        if last - first + 1 >= RING:
            self._came[:] = False
            return
        start, stop = first & _MASK, (last & _MASK) + 1
        if start < stop:
            self._came[start:stop] = False
        else:
            self._came[start:] = False
            self._came[:stop] = False

    def window(self) -> Flags:
        """What the next report says: a flag for each of the newest packet numbers, the highest last."""
        start = max(self._starts[0], self.highest - MAX_SPAN)
        self._starts.append(self.highest)
        numbers = np.arange(start + 1, self.highest + 1, dtype=np.int64)
        return np.asarray(self._came[numbers & _MASK])
