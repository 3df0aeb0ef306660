"""How large datagrams may be on a path: found by sending larger ones and hearing which came (RFC 8899). Pure."""

from typing import Final

from jetstream_server.link.udp.packets import DATA_HEADER

BASE: Final = 1200
"""UDP payload that every path takes: an IPv6 path has to carry 1,280 bytes."""
LINKS: Final = (1280, 1340, 1360, 1400, 1420, 1440, 1460, 1472, 1480, 1492, 1500, 2000, 4000, 8000, 9000)
"""What links carry: tunnels, DSL, Ethernet, jumbo frames."""
TRIES: Final = (0.0, 0.25, 1.0)
"""Seconds from the start at which every size is tried that is not known to pass."""
AGAIN_SECONDS: Final = 60.0
OLD_NEWS_SECONDS: Final = 10.0
"""How long after a path shrank it may still be heard of sizes that passed before."""
HEADERS_4: Final = 28
HEADERS_6: Final = 48


class PathSize:
    """The search on one path.

    :param six: whether it goes over IPv6.
    """

    def __init__(self, six: bool, now: float) -> None:
        headers = HEADERS_6 if six else HEADERS_4
        self._candidates = sorted({link - headers for link in LINKS if link - headers > BASE})
        self._schedule = [now + delay for delay in TRIES]
        self._too_long = 1 << 20
        self._deaf_until = now
        self.size = BASE
        """Bytes of UDP payload that pass."""

    @property
    def fragment(self) -> int:
        """Bytes of a slot that fit into one datagram."""
        return (self.size - DATA_HEADER) & ~3

    def probes(self, now: float) -> list[int]:
        """The sizes to try now."""
        if not self._schedule or now < self._schedule[0]:
            return []
        self._schedule.pop(0)
        if not self._schedule:
            self._schedule.append(now + AGAIN_SECONDS)
        return [size for size in self._candidates if self.size < size < self._too_long]

    def passed(self, size: int, now: float) -> bool:
        """The other side has received a datagram of *size* bytes; whether larger ones may be sent now than before."""
        if size <= self.size or size not in self._candidates or now < self._deaf_until:
            return False
        self.size = size
        return True

    def too_long(self, size: int) -> bool:
        """This machine's own way out does not take *size*; whether that changes anything for what is under way."""
        self._too_long = min(self._too_long, size)
        if self.size < size:
            return False
        self.size = max((each for each in self._candidates if each < size), default=BASE)
        return True

    def shrank(self, now: float) -> None:
        """Datagrams of this size get through no longer, though small ones do."""
        self.size = BASE
        self._deaf_until = now + OLD_NEWS_SECONDS
        self._schedule = [now + AGAIN_SECONDS]
