"""A sender and a receiver of the udp carrier with real sockets, and a relay between them."""

import os
import time
from collections.abc import Callable

from helpers.carriers import MemorySink, MemorySource
from helpers.datagrams import Meddle, Relay, loopback_port
from jetstream_server.link.limiter import Bucket, Limiter
from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.udp.receiving import UdpReceiver
from jetstream_server.link.udp.sending import UdpSender
from jetstream_server.link.udp.tally import Dropped

SECONDS = 90.0


def limiter() -> Limiter:
    return Limiter([Bucket(None, 0.0)], time.monotonic)


def through(datagram: bytes) -> list[bytes]:
    return [datagram]


class Ends:
    """A sender, a relay and a receiver."""

    def __init__(self, source: MemorySource, there: Meddle = through, back: Meddle = through,
                 key: SessionKey | None = None) -> None:
        self.source, self.sink = source, MemorySink(source)
        self.failures: list[BaseException] = []
        self.key = key or SessionKey(os.urandom(16), os.urandom(32))
        self._here, self._there = loopback_port(), loopback_port()
        self.sender = UdpSender(self._here, self.key, True, source, limiter(), lambda: None, self.failures.append,
                                trip=0.001)
        self.receiver = UdpReceiver(self._there, self.key, False, limiter(), lambda: None, self.failures.append,
                                    trip=0.001)
        self.port = self._there.listening[0].port
        """Where the receiver is."""
        self.sending_port = self._here.listening[0].port
        self.sockets = self._there
        self.relay = Relay(self.port, there, back)
        self.receiver.expect()
        self.receiver.use(self.sink)
        self.sender.dial("127.0.0.1", self.relay.port)

    def wait_for(self, blocks: int) -> None:
        """Until so many blocks are stored."""
        until = time.monotonic() + SECONDS
        while len(self.sink.stored) < blocks:
            assert time.monotonic() < until, len(self.sink.stored)
            time.sleep(0)

    def arrived(self) -> bool:
        return self.sink.complete.wait(SECONDS)

    def check(self) -> None:
        assert self.arrived(), (self.sender.rate, len(self.sink.stored))
        assert [self.sink.stored[n] for n in range(len(self.source.blocks))] == self.source.blocks
        assert set(self.sink.times.values()) == {1}
        assert self.failures == []
        assert not self.sender.useless

    def dropped(self) -> Dropped:
        """What the receiver's doctor tells of datagrams that proved nothing."""
        return self.sockets.facts().dropped

    def close(self) -> None:
        self.source.queue.close()
        self.sender.close()
        self.receiver.close()
        assert self.sender.join(10)
        assert self.receiver.join(10)
        self.relay.close()
        self._here.close()
        self._there.close()


Make = Callable[..., Ends]
