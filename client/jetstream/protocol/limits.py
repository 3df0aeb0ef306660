"""Limits that are part of the protocol. Each has a number, an error the other side understands, and a test."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RpcLimits:
    """What one side accepts from the other on one RPC connection."""

    max_frame: int = 16 << 20
    """Bytes of one MessagePack message."""
    max_depth: int = 32
    """Levels of nested arrays and maps in one message."""
    max_items: int = 1 << 20
    """Elements of one array."""
    max_outstanding: int = 256
    """Requests that were received and not answered yet."""


DEFAULT_RPC_LIMITS: Final = RpcLimits()

LOGIN_FRAME: Final = 512 << 10
"""Bytes of one message of a client that has not logged in."""

HANDSHAKE_SECONDS: Final = 10.0
"""From the accepted connection to the end of TLS and of the first message."""

LOGIN_SECONDS: Final = 60.0
"""An API connection that has not logged in is closed after this long without a message."""

IDLE_SECONDS: Final = 900.0
"""A logged-in API connection without a message is closed after this long; clients reconnect on their next call."""

MAX_CONNECTIONS: Final = 2048
"""Open TCP connections of one node."""

MAX_CONNECTIONS_PER_ADDRESS: Final = 1024
"""Open TCP connections from one address."""

REQUEST_RESULT_SECONDS: Final = 3600.0
"""How long the result of an ``...Async`` call is kept."""

MAX_KEPT_RESULTS: Final = 1024
"""Results of ``...Async`` calls that one connection may have waiting."""

ALPN_RPC: Final = "jetstream-rpc/1"
ALPN_PEER: Final = "jetstream-peer/1"
