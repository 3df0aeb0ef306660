"""Slots on their way out: sealed records laid out as datagrams in one piece of memory, until all of it has arrived."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from jetstream_server.link.sealed import MAX_PAYLOAD, RECORD_OVERHEAD
from jetstream_server.link.udp.packets import DATA, DATA_HEADER, FRAGMENTS, Bytes, Flags, Numbers
from jetstream_server.link.udp.pages import pages
from jetstream_server.link.udp.proofs import DataSeal, Words

SLOTS: Final = 112
"""Slots that are kept at most: about as many mebibytes, and so the most that may be under way."""
MAX_RECORD: Final = MAX_PAYLOAD + RECORD_OVERHEAD
SMALLEST_FRAGMENT: Final = -(-MAX_RECORD // FRAGMENTS)


@dataclass(slots=True, eq=False)
class SlotOut:
    """One slot that is going out."""

    number: int
    size: int
    """Of its fragments."""
    count: int
    """How many fragments it has."""
    memory: Bytes
    arrived: Flags
    lost: Flags
    """Which fragments were lost at least once."""
    left: int
    headers: Bytes = field(repr=False)
    """Of its datagrams, but for kind and tag."""
    proofs: Words = field(repr=False)
    seal: DataSeal = field(repr=False)
    next: int = 0
    """The first fragment that was not sent yet."""

    @property
    def stride(self) -> int:
        """Bytes of one datagram."""
        return DATA_HEADER + self.size

    def number_packets(self, fragments: Numbers, numbers: Numbers) -> None:
        """*fragments* go out now as the packets with these *numbers*."""
        self.headers[fragments] = self.seal.headers(numbers, self.number, fragments, self.proofs[fragments])


class Outbox:
    """Memory for slots. Not thread-safe, but for :meth:`lay_out` of different slots.

    Memory is taken when it is first needed, and the one used last is used next, so a short path takes little.
    """

    def __init__(self, tag: bytes, seal: DataSeal, slots: int = SLOTS) -> None:
        self._head = np.frombuffer(bytes([DATA]) + tag, dtype=np.uint8)
        self._seal = seal
        self._left = slots
        self._spare: list[Bytes] = []
        self._next = 0

    def take(self) -> tuple[int, Bytes] | None:
        """A number and memory for the next slot; ``None`` if all of it is in use."""
        if not self._spare and not self._left:
            return None
        if self._spare:
            memory = self._spare.pop()
        else:
            self._left -= 1
            memory = pages((MAX_RECORD // SMALLEST_FRAGMENT + 1) * (DATA_HEADER + SMALLEST_FRAGMENT) + 65_536)
        number, self._next = self._next, self._next + 1
        return number, memory

    def give_back(self, memory: Bytes) -> None:
        """It may be used for another slot."""
        self._spare.append(memory)

    def clear(self) -> None:
        """It is over: no memory is kept."""
        self._spare.clear()
        self._left = 0

    def lay_out(self, number: int, memory: Bytes, record: memoryview, size: int) -> SlotOut:
        """Spread *record* over datagrams with fragments of *size* bytes."""
        count = -(-len(record) // size)
        stride = DATA_HEADER + size
        rows = memory[: count * stride].reshape(count, stride)
        rows[:, : len(self._head)] = self._head
        source = np.frombuffer(record, dtype=np.uint8)
        full = len(record) // size
        rows[:full, DATA_HEADER:] = source[: full * size].reshape(full, size)
        if full < count:
            rest = len(record) - full * size
            rows[full, DATA_HEADER : DATA_HEADER + rest] = source[full * size :]
            rows[full, DATA_HEADER + rest :] = 0
        return SlotOut(number, size, count, memory, np.zeros(count, dtype=np.bool_),
                       np.zeros(count, dtype=np.bool_), count,
                       rows[:, len(self._head) : DATA_HEADER], self._seal.prove(rows[:, DATA_HEADER:]), self._seal)


@dataclass(frozen=True, slots=True)
class Burst:
    """Datagrams of one size that go out together: pieces of one slot's memory."""

    slot: SlotOut
    first: int
    count: int
    scattered: Numbers | None = None
    """Fragments that do not lie side by side; ``None``: *count* from *first* on."""

    def pieces(self) -> list[memoryview]:
        """The bytes, whole datagrams one after another."""
        memory, stride = self.slot.memory.data, self.slot.stride
        if self.scattered is None:
            return [memory[self.first * stride : (self.first + self.count) * stride]]
        return [memory[at : at + stride] for at in (self.scattered * stride).tolist()]
