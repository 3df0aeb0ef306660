"""MessagePack messages on a byte stream: splitting, joining, and what is too large or too deep.

MessagePack describes its own length, so the stream carries message after message with nothing between them.
Strings that are not UTF-8 (file names) travel as the same bytes by Python's ``surrogateescape`` convention.
"""

import re
from collections.abc import Iterator
from typing import Any, NoReturn

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
    """One message is beyond a limit, so the stream cannot be followed. The connection must be closed."""

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
        self._fed = 0
        self._start = 0
        """Where in the stream the message under way begins."""
        # The unpacker reads ahead into a message that is not complete, so its buffer says nothing about the length of
        # the message; that is counted here. An array is allocated when its header is read, so its header is limited;
        # a map's is not, but every pair takes two bytes at least.
        self._unpacker = msgpack.Unpacker(
            raw=False,
            strict_map_key=False,
            unicode_errors="surrogateescape",
            ext_hook=_refuse_extension,
            max_buffer_size=2 * limits.max_frame,
            max_str_len=limits.max_frame,
            max_bin_len=limits.max_frame,
            max_array_len=min(limits.max_items, limits.max_frame),
            max_map_len=limits.max_frame // 2,
            max_ext_len=0,
        )

    def feed(self, data: bytes | bytearray | memoryview) -> Iterator[Any]:
        """Take *data* in and yield each message that is complete now.

        :raises FrameTooLarge: if a message does not end within the limit, or nests far deeper than allowed.
        :raises StreamBroken: if the bytes are no MessagePack.
        """
        view = memoryview(data)
        step = max(1, self._limits.max_frame // 2)
        for start in range(0, len(view), step):
            chunk = view[start : start + step]
            try:
                self._unpacker.feed(chunk)
                self._fed += len(chunk)
                for message in self._unpacker:
                    end = self._unpacker.tell()
                    self._check_length(end)
                    self._start = end
                    yield message
            except msgpack.StackError as error:
                limit = self._limits.max_depth
                raise FrameTooLarge(f"A message may nest at most {limit} levels deep.", limit=limit) from error
            except (ValueError, TypeError, RecursionError, MemoryError) as error:  # msgpack's own are ValueErrors
                if _is_too_long(error):
                    raise FrameTooLarge("A part of a message is longer than any may be.") from error
                raise StreamBroken("The bytes on this connection are no MessagePack messages.") from error
            self._check_length(self._fed)

    def _check_length(self, end: int) -> None:
        limit = self._limits.max_frame
        if end - self._start > limit:
            raise FrameTooLarge(f"A message may have at most {limit} bytes.", limit=limit)


def _is_too_long(error: Exception) -> bool:
    return re.search("exceeds max_(str|bin|array|map)_len", str(error)) is not None


def _refuse_extension(code: int, data: bytes) -> NoReturn:
    raise ValueError(f"extension type {code}")


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
