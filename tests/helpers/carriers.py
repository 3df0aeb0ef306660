"""In-memory source and sink."""

import os
import threading
from collections.abc import Sequence

from jetstream.constants import BLOCK_SIZE
from jetstream_server.link.blockmap import BlockMap
from jetstream_server.link.carrier import Filled
from jetstream_server.link.queue import BlockQueue


class MemorySource:
    """Blocks of random bytes; some zero, some with gaps."""

    def __init__(
        self, count: int, last_length: int, zero: Sequence[int] = (), gaps: dict[int, list[int]] | None = None
    ) -> None:
        self.blocks = [os.urandom(BLOCK_SIZE if n < count - 1 else last_length) for n in range(count)]
        for number in zero:
            self.blocks[number] = bytes(len(self.blocks[number]))
        self._zero = set(zero)
        self._gaps = gaps or {}
        self.queue = BlockQueue([(0, count)] if count else [])

    def take(self, connection: int) -> int | None:
        return self.queue.take(connection)

    def fill(self, block: int, buffer: memoryview) -> Filled:
        data = self.blocks[block]
        if block in self._zero:
            return Filled(len(data), zero=True)
        buffer[: len(data)] = data
        return Filled(len(data), gaps=self._gaps.get(block, []))

    def lost(self, connection: int, last: int | None = None) -> None:
        self.queue.lost(connection, last)


class MemorySink:
    """Keeps blocks, and tells the source's queue that they are stored."""

    def __init__(self, source: MemorySource) -> None:
        self._source = source
        self._lengths = [len(block) for block in source.blocks]
        self.stored: dict[int, bytes] = {}
        self.gaps: dict[int, list[int]] = {}
        self.times: dict[int, int] = {}
        self.complete = threading.Event()
        self._lock = threading.Lock()
        self.have = BlockMap(len(self._lengths))

    def block_length(self, block: int) -> int:
        if block >= len(self._lengths):
            raise IndexError(block)
        return self._lengths[block]

    def store(self, block: int, data: memoryview, *, zero: bool, gaps: Sequence[int]) -> None:
        with self._lock:
            self.stored[block] = bytes(self._lengths[block]) if zero else bytes(data)
            self.times[block] = self.times.get(block, 0) + 1
            if gaps:
                self.gaps[block] = list(gaps)
            self.have.add(block)
            if self.have.full:
                self.complete.set()
        self._source.queue.stored([(block, 1)])
