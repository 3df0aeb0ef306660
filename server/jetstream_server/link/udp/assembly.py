"""Slots on their way in: fragments are laid side by side until a slot is whole. Pure but for the memory it keeps."""

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from jetstream_server.link.sealed import HEADER_BYTES, MAX_PAYLOAD, RECORD_OVERHEAD, TAG_BYTES
from jetstream_server.link.udp.packets import DATA_HEADER, FRAGMENTS, Bytes, Columns, Flags
from jetstream_server.link.udp.pages import pages
from jetstream_server.link.udp.proofs import LARGEST_FRAGMENT

SMALLEST_FRAGMENT: Final = 512
MAX_RECORD: Final = MAX_PAYLOAD + RECORD_OVERHEAD
WINDOW: Final = 104
"""Slots that may be under way at once: about as many mebibytes."""
_SPARE: Final = 32
"""Buffers that are kept for the next slots; the rest goes back to the system."""


@dataclass(slots=True)
class SlotIn:
    """One slot that is coming."""

    number: int
    size: int
    """Of its fragments."""
    memory: Bytes
    seen: Flags
    count: int = 0
    needed: int | None = None
    """How many fragments it has; unknown until the first one is here."""
    length: int = 0
    """Bytes of the record, once known."""

    @property
    def record(self) -> memoryview:
        """The sealed record; only of a slot that is whole."""
        return self.memory.data[: self.length]


class Assembly:
    """The slots that are under way. Not thread-safe, but for :meth:`give_back`."""

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._open: dict[int, SlotIn] = {}
        self._done: set[int] = set()
        """Slots that are over, not below *_floor*."""
        self._floor = 0
        """Every slot below this one is over."""
        self._settled = 0
        self._spare: list[Bytes] = []
        self._returned: deque[SlotIn] = deque()
        self.nonsense = 0
        """Packets that fit nothing."""

    def __repr__(self) -> str:
        return f"<Assembly open={len(self._open)} settled={self._settled}>"

    def room(self) -> int:
        """Slots below this number may come."""
        while self._returned:
            self._settle(self._returned.popleft())
        return self._settled + self._window

    @property
    def open_slots(self) -> int:
        """How many slots are not whole yet."""
        return len(self._open)

    def allowed(self, columns: Columns) -> Flags:
        """Which packets may be taken at all: those of slots that there is room for, and of a sensible size."""
        right = (columns.slots < self.room()) & (columns.sizes >= SMALLEST_FRAGMENT)
        self.nonsense += len(columns) - int(right.sum())
        return np.asarray(right)

    def add(self, buffer: Bytes, columns: Columns) -> list[SlotIn]:
        """Lay fragments in their places; returns the slots that became whole."""
        whole: list[SlotIn] = []
        count = len(columns)
        if not count:
            return whole
        slots, fragments, sizes, offsets = columns.slots, columns.fragments, columns.sizes, columns.offsets
        # A run is what lies in one slot, side by side there and evenly spaced here.
        breaks = (np.diff(slots) != 0) | (np.diff(fragments) != 1) | (np.diff(sizes) != 0)
        if count > 2:
            steps = np.diff(offsets)
            breaks[1:] |= steps[1:] != steps[:-1]
        starts = [0, *(np.flatnonzero(breaks) + 1).tolist(), count]
        for start, stop in zip(starts, starts[1:], strict=False):
            slot = self._slot(int(slots[start]), int(sizes[start]))
            if slot is None:
                self.nonsense += stop - start if int(slots[start]) in self._open else 0
                continue
            step = int(offsets[start + 1] - offsets[start]) if stop - start > 1 else 1
            if self._lay(slot, int(fragments[start]), stop - start, buffer, int(offsets[start]), step):
                whole.append(self._finish(slot))
        return whole

    def _slot(self, number: int, size: int) -> SlotIn | None:
        slot = self._open.get(number)
        if slot is None:
            if number < self._floor or number in self._done:
                return None  # came late: the slot is over
            slots = -(-MAX_RECORD // size)
            slot = SlotIn(number, size, self._memory(), np.zeros(min(slots, FRAGMENTS), dtype=np.bool_))
            self._open[number] = slot
        return slot if slot.size == size else None

    def _memory(self) -> Bytes:
        if self._spare:
            return self._spare.pop()
        return pages(MAX_RECORD + LARGEST_FRAGMENT)

    def _lay(self, slot: SlotIn, first: int, count: int, buffer: Bytes, offset: int, step: int) -> bool:
        """Lay *count* fragments from *first* on; whether the slot is whole now."""
        last = first + count
        if last > len(slot.seen) or (slot.needed is not None and last > slot.needed):
            self.nonsense += 1
            return False
        size = slot.size
        came = np.lib.stride_tricks.as_strided(buffer[offset + DATA_HEADER :], (count, size), (step, 1))
        np.copyto(slot.memory[first * size : last * size].reshape(count, size), came)
        seen = slot.seen[first:last]
        slot.count += count - int(np.count_nonzero(seen))
        seen[:] = True
        if slot.needed is None and first == 0:
            slot.length = min(MAX_RECORD, RECORD_OVERHEAD + int.from_bytes(slot.memory[8:12].tobytes()))
            slot.needed = -(-slot.length // size)
            slot.count = int(np.count_nonzero(slot.seen[: slot.needed]))
        return slot.needed is not None and slot.count == slot.needed

    def _finish(self, slot: SlotIn) -> SlotIn:
        del self._open[slot.number]
        self._over(slot.number)
        return slot

    def _over(self, number: int) -> None:
        self._done.add(number)
        while self._floor in self._done:
            self._done.discard(self._floor)
            self._floor += 1

    def give_back(self, slot: SlotIn) -> None:
        """*slot* has been written, or thrown away: its memory may be used again, and one more slot may come.
        Any thread.
        """
        self._returned.append(slot)

    def _settle(self, slot: SlotIn) -> None:
        if len(self._spare) < _SPARE:
            self._spare.append(slot.memory)
        self._settled += 1

    def clear(self) -> None:
        """It is over: nothing comes any more, and no memory is kept."""
        self._open.clear()
        self._spare.clear()
        self._returned.clear()
        self._window = -self._settled

    def abandon_below(self, floor: int) -> list[int]:
        """Slots below *floor* get no more packets; those that are not whole are thrown away. Returns which."""
        thrown: list[int] = []
        for number in range(self._floor, min(floor, self.room())):
            if number in self._done:
                continue
            slot = self._open.pop(number, None)
            if slot is None:
                self._settled += 1  # nothing of it ever came
            else:
                self._settle(slot)
            self._done.add(number)
            thrown.append(number)
        if thrown:
            self._over(thrown[-1])
        return thrown


assert HEADER_BYTES + TAG_BYTES == RECORD_OVERHEAD
