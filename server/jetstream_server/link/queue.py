"""The one queue of blocks that all connections of a transfer feed from, so that the slowest decides nothing."""

import threading
from collections import deque
from collections.abc import Iterable

from jetstream_server.link.blockmap import Range


class BlockQueue:
    """Blocks to send, blocks under way, and blocks that the receiver has. Thread-safe.

    A block is *waiting*, then *under way* on one connection, then *stored* when the receiver says so. When a
    connection dies, what was under way on it waits again, before everything else.

    :param missing: what the receiver wants; ``None`` if it has not said so yet (see :meth:`begin`).
    """

    def __init__(self, missing: Iterable[Range] | None = None) -> None:
        self._ranges: deque[Range] = deque(missing or ())
        self._again: deque[int] = deque()
        self._under_way: dict[int, int] = {}
        self._left = sum(count for _, count in self._ranges)
        self._ready = threading.Condition()
        self._begun = missing is not None
        self._closed = False
        self.sent = 0
        self.resent = 0

    def __repr__(self) -> str:
        return f"<BlockQueue left={self._left} under_way={len(self._under_way)}>"

    @property
    def left(self) -> int:
        """Blocks that the receiver has not reported yet."""
        return self._left

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    @property
    def begun(self) -> bool:
        """Whether the receiver has said what it wants."""
        return self._begun

    def begin(self, missing: Iterable[Range]) -> None:
        """The receiver wants *missing*; connections that wait for their first block get it now."""
        with self._ready:
            self._ranges.extend(missing)
            self._left = sum(count for _, count in self._ranges)
            self._begun = True
            self._ready.notify_all()

    def take(self, connection: int) -> int | None:
        """The next block for *connection*; waits while others may still come back. ``None``: nothing more, ever."""
        with self._ready:
            while not self._closed and (self._left or not self._begun):
                block = self._next()
                if block is not None:
                    self._under_way[block] = connection
                    self.sent += 1
                    return block
                self._ready.wait()
            return None

    def _next(self) -> int | None:
        if self._again:
            self.resent += 1
            return self._again.popleft()
        if not self._ranges:
            return None
        first, count = self._ranges[0]
        if count == 1:
            self._ranges.popleft()
        else:
            self._ranges[0] = (first + 1, count - 1)
        return first

    def stored(self, blocks: Iterable[Range]) -> int:
        """The receiver has *blocks*; returns how many of them were news. Claims of what was not sent count nothing."""
        news = 0
        with self._ready:
            for first, count in blocks:
                for block in range(first, first + count):
                    if self._under_way.pop(block, None) is not None:
                        news += 1
            self._left -= news
            if not self._left:
                self._ready.notify_all()
        return news

    def lost(self, connection: int, last: int | None = None) -> int:
        """*connection* died, or all to *last*: what was under way there waits again. Returns how many blocks."""
        last = connection if last is None else last
        with self._ready:
            back = sorted(block for block, number in self._under_way.items() if connection <= number <= last)
            for block in back:
                del self._under_way[block]
            self._again.extend(back)
            if back:
                self._ready.notify_all()
        return len(back)

    def close(self) -> None:
        """No more blocks for anybody."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()
