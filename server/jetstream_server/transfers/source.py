"""Where blocks come from that are sent: the queue says which, the reader what is in them."""

import threading

from jetstream_server.files.reader import BlockReader
from jetstream_server.link.carrier import Filled
from jetstream_server.link.queue import BlockQueue


class SendSource:
    """Feeds the carrier: which block next, and its bytes. Called from the carrier's threads."""

    def __init__(self, queue: BlockQueue, reader: BlockReader) -> None:
        self._queue = queue
        self._reader = reader
        self._lock = threading.Lock()
        self.gaps: dict[int, str] = {}
        """Entries that could not be read as the manifest promises, and why."""
        self.last_block: int | None = None

    def take(self, connection: int) -> int | None:
        """See :class:`~jetstream_server.link.carrier.BlockSource`."""
        return self._queue.take(connection)

    def fill(self, block: int, buffer: memoryview) -> Filled:
        """See :class:`~jetstream_server.link.carrier.BlockSource`."""
        read = self._reader.read(block, buffer)
        self.last_block = block
        if not read.gaps:
            return Filled(read.length, read.zero)
        with self._lock:
            for gap in read.gaps:
                self.gaps.setdefault(gap.entry, gap.reason)
        if read.zero:  # a record of zeros could not name the gaps, and they would pass for content
            buffer[: read.length] = bytes(read.length)
        return Filled(read.length, False, [gap.entry for gap in read.gaps])

    def lost(self, connection: int, last: int | None = None) -> None:
        """See :class:`~jetstream_server.link.carrier.BlockSource`."""
        self._queue.lost(connection, last)
