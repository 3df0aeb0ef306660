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
_LENGTH: Final = 140
"""Offsets in ``struct tcp_info`` of <linux/tcp.h>: tcpi_rtt (microseconds), tcpi_total_retrans, tcpi_segs_out."""


@dataclass(frozen=True, slots=True)
class PathFacts:
    """One connection: round trip in seconds, segments sent and sent again in all."""

    rtt: float
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
    numbers = (_RTT.unpack_from(info, at)[0] for at in (_RTT_AT, _SENT_AT, _RETRANSMITTED_AT))
    rtt, sent, retransmitted = numbers
    return PathFacts(rtt / 1e6, sent, retransmitted)


def round_trip(sock: Any) -> float | None:
    """Seconds; ``None`` where nobody knows."""
    facts = path_facts(sock)
    return facts.rtt if facts is not None and facts.rtt else None
