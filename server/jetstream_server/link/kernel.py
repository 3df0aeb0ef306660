"""What the kernel knows of a TCP connection. Linux tells; elsewhere the answer is ``None``."""

import socket
import struct
import sys
from dataclasses import dataclass
from typing import Any, Final

_RTT: Final = struct.Struct("=I")
_RTT_AT: Final = 68
_RETRANSMITTED_AT: Final = 100
_SENT_AT: Final = 136
_SMALLEST_RTT_AT: Final = 148
_LENGTH: Final = 152
"""Offsets in ``struct tcp_info`` of <linux/tcp.h>: tcpi_rtt, tcpi_min_rtt (microseconds), tcpi_total_retrans,
tcpi_segs_out."""


@dataclass(frozen=True, slots=True)
class PathFacts:
    """One connection: round trip in seconds, smoothed and the smallest so far; segments sent and sent again in all."""

    rtt: float
    smallest_rtt: float
    sent: int
    retransmitted: int


def path_facts(sock: Any) -> PathFacts | None:
    """What the kernel knows of the path of *sock* (a socket, or what asyncio gives for one)."""
    if sys.platform != "linux":
        return None
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LENGTH)
    except OSError:
        return None  # closed meanwhile
    if len(info) < _LENGTH:
        return None
    rtt, smallest, sent, retransmitted = (
        _RTT.unpack_from(info, at)[0] for at in (_RTT_AT, _SMALLEST_RTT_AT, _SENT_AT, _RETRANSMITTED_AT)
    )
    return PathFacts(rtt / 1e6, smallest / 1e6, sent, retransmitted)


def round_trip(sock: Any) -> float | None:
    """The smallest round trip so far in seconds, which a busy machine does not blur; ``None`` where nobody knows."""
    facts = path_facts(sock)
    return facts.smallest_rtt if facts is not None and facts.smallest_rtt else None
