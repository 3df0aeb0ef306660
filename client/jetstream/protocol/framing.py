"""MessagePack messages on a byte stream: splitting, joining, and what is too large or too deep.

MessagePack describes its own length, so the stream carries message after message with nothing between them.
Strings that are not UTF-8 (file names) travel as the same bytes by Python's ``surrogateescape`` convention.
"""

from collections.abc import Iterator
from typing import Any

import msgpack

from jetstream.errors import InvalidParameters, LimitExceeded
from jetstream.protocol.limits import DEFAULT_RPC_LIMITS, RpcLimits


class StreamBroken(InvalidParameters):
    """The bytes are no MessagePack, so nothing after them can be trusted. The connection must be closed."""

    @property
    def code(self) -> str:
        """On the wire this is ``InvalidParameters``: the other side needs no class of its own for it."""
        return "InvalidParameters"


class FrameTooLarge(LimitExceeded):
    """One message is longer than the limit, so the stream cannot be followed. The connection must be closed."""

    @property
    def code(self) -> str:
        """On the wire this is ``LimitExceeded``."""
        return "LimitExceeded"


def pack(message: object) -> bytes:
    """The MessagePack form of *message*.

    :raises InvalidParameters: if it holds a value that MessagePack has no form for.
    """
    try:
        return bytes(msgpack.packb(message, unicode_errors="surrogateescape"))
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidParameters(f"This value cannot be sent: {error}.") from error


class MessageReader:
    """Splits a byte stream into MessagePack messages. Feed bytes, then iterate."""

    def __init__(self, limits: RpcLimits = DEFAULT_RPC_LIMITS) -> None:
        self._limits = limits
        # Every element takes at least one byte, so a header that promises more elements than a frame has bytes lies.
        self._unpacker = msgpack.Unpacker(
            raw=False,
            strict_map_key=False,
            unicode_errors="surrogateescape",
            max_buffer_size=limits.max_frame,
            max_str_len=limits.max_frame,
            max_bin_len=limits.max_frame,
            max_array_len=limits.max_frame,
            max_map_len=limits.max_frame // 2,
            max_ext_len=0,
        )

    def feed(self, data: bytes | bytearray | memoryview) -> Iterator[Any]:
        """Take *data* in and yield each message that is complete now.

        :raises FrameTooLarge: if a message does not end within the limit.
        :raises StreamBroken: if the bytes are no MessagePack.
        """
        view = memoryview(data)
        step = max(1, min(len(view), self._limits.max_frame // 2))
        for start in range(0, len(view), step):
            try:
                self._unpacker.feed(view[start : start + step])
                yield from self._unpacker
            except msgpack.BufferFull as error:
                raise FrameTooLarge(
                    f"A message may have at most {self._limits.max_frame} bytes.", limit=self._limits.max_frame
                ) from error
            except (ValueError, TypeError, RecursionError) as error:  # msgpack's own errors are ValueErrors
                raise StreamBroken("The bytes on this connection are no MessagePack messages.") from error


def depth_within(message: object, limit: int) -> bool:
    """Whether *message* nests arrays and maps at most *limit* levels deep. Never recurses."""
    level = [message]
    for _ in range(limit + 1):
        deeper: list[object] = []
        for value in level:
            if isinstance(value, dict):
                deeper.extend(value.values())
            elif isinstance(value, list | tuple):
                deeper.extend(value)
        if not deeper:
            return True
        level = deeper
    return False
