"""Sealed blocks: what travels on the data path, whatever the carrier. Pure: bytes in, bytes out.

Each data session has a random id (16 bytes) and a random AES-256-GCM key (32 bytes), both handed over inside the peer
session's TLS. Whoever dialled opens each data connection with a *hello*; whoever sends then writes *records*.

Hello, 38 bytes::

    0   4   magic "JSD1"
    4  16   session id
    20  2   connection number, unsigned, never used twice in one session
    22 16   GCM tag over nothing, nonce = lane "H" + number, associated data = bytes 0..22

Record: a header of 24 bytes, the ciphertext of ``length`` bytes, the GCM tag of 16::

    0   8   block index, unsigned
    8   4   length of the ciphertext
    12  1   kind: 0 data, 1 zero, 2 data with gaps, 255 end of this connection
    13  3   zero
    16  8   counter, from 1, grows by one with each record of a connection

The nonce is the lane "R", a zero byte, the connection number (2 bytes) and the counter (8 bytes). The associated data
is the session id, the connection number and the header; so a record proves its session, its place in the connection,
its block and its length. All numbers are big-endian. GCM: NIST SP 800-38D.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jetstream.constants import BLOCK_SIZE

MAGIC: Final = b"JSD1"
SESSION_BYTES: Final = 16
KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
HELLO_BYTES: Final = 38
HEADER_BYTES: Final = 24

_HELLO = struct.Struct(">4s16sH")
_HEADER = struct.Struct(">QIB3sQ")
_RESERVED = bytes(3)
_NONCE = struct.Struct(">cxHQ")
_NUMBER = struct.Struct(">H")
_GAP_COUNT = struct.Struct(">I")
_GAP = struct.Struct(">Q")

MAX_GAPS: Final = 65_536
"""More files than this in one block cannot be reported as unreadable at once; the block then counts as not sent."""
MAX_PAYLOAD: Final = BLOCK_SIZE + _GAP_COUNT.size + MAX_GAPS * _GAP.size
RECORD_OVERHEAD: Final = HEADER_BYTES + TAG_BYTES


class SealBroken(Exception):
    """A hello or a record is malformed, out of order, or does not authenticate. The connection cannot be trusted."""


class Kind(IntEnum):
    """What a record holds."""

    DATA = 0
    """The bytes of the block."""
    ZERO = 1
    """Nothing: every byte of the block is zero."""
    GAPS = 2
    """A list of files whose bytes could not be read as the manifest promises, then the bytes (zeros there)."""
    END = 255
    """Nothing: the sender will write no more records on this connection."""


@dataclass(frozen=True, slots=True)
class SessionKey:
    """Id and key of one data session."""

    session: bytes
    key: bytes

    def __repr__(self) -> str:
        return f"<SessionKey {self.session.hex()[:8]}>"


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """The header of one record."""

    block: int
    length: int
    kind: Kind
    counter: int


def make_hello(key: SessionKey, number: int) -> bytes:
    """The first bytes of data connection *number*."""
    head = _HELLO.pack(MAGIC, key.session, number)
    return head + AESGCM(key.key).encrypt(_NONCE.pack(b"H", number, 0), b"", head)


def parse_hello(data: bytes) -> tuple[bytes, int]:
    """Session id and connection number in a hello; proves nothing yet.

    :raises SealBroken: if it is no hello.
    """
    if len(data) != HELLO_BYTES or data[:4] != MAGIC:
        raise SealBroken("not the start of a data connection")
    _, session, number = _HELLO.unpack_from(data)
    return session, number


def check_hello(key: SessionKey, data: bytes) -> None:
    """Prove that whoever wrote the hello holds the session's key.

    :raises SealBroken: if not.
    """
    _, number = parse_hello(data)
    try:
        AESGCM(key.key).decrypt(_NONCE.pack(b"H", number, 0), data[_HELLO.size :], data[: _HELLO.size])
    except InvalidTag as error:
        raise SealBroken("the start of the data connection does not authenticate") from error


def pack_gaps(entries: list[int]) -> bytes:
    """The prefix of a record of kind GAPS: how many entries, then their numbers."""
    return _GAP_COUNT.pack(len(entries)) + b"".join(_GAP.pack(entry) for entry in entries)


def split_gaps(payload: memoryview) -> tuple[list[int], memoryview]:
    """Entries and data of an opened GAPS payload.

    :raises SealBroken: if the list is longer than the payload.
    """
    if len(payload) < _GAP_COUNT.size:
        raise SealBroken("a list of gaps is cut short")
    (count,) = _GAP_COUNT.unpack_from(payload)
    end = _GAP_COUNT.size + count * _GAP.size
    if count > MAX_GAPS or len(payload) < end:
        raise SealBroken("a list of gaps is longer than its record")
    entries = [entry for (entry,) in _GAP.iter_unpack(payload[_GAP_COUNT.size : end])]
    return entries, payload[end:]


class Sealer:
    """Writes the records of one data connection. Not thread-safe: one connection, one thread."""

    def __init__(self, key: SessionKey, number: int) -> None:
        self._aead = AESGCM(key.key)
        self._prefix = key.session + _NUMBER.pack(number)
        self._number = number
        self._counter = 0

    def seal(self, block: int, kind: Kind, payload: memoryview | bytes, out: memoryview) -> int:
        """Write one record into *out* (at least ``len(payload) + RECORD_OVERHEAD`` bytes); returns its length."""
        self._counter += 1
        length = len(payload)
        header = _HEADER.pack(block, length, kind, _RESERVED, self._counter)
        out[:HEADER_BYTES] = header
        nonce = _NONCE.pack(b"R", self._number, self._counter)
        end = length + RECORD_OVERHEAD
        self._aead.encrypt_into(nonce, payload, self._prefix + header, out[HEADER_BYTES:end])
        return end


class Opener:
    """Reads the records of one data connection. Not thread-safe.

    :param ordered: whether they have to come in the order in which they were sealed.
    """

    def __init__(self, key: SessionKey, number: int, *, ordered: bool = True) -> None:
        self._ordered = ordered
        self._aead = AESGCM(key.key)
        self._prefix = key.session + _NUMBER.pack(number)
        self._number = number
        self._counter = 0

    def header(self, data: bytes | memoryview) -> RecordHeader:
        """Understand a header; only :meth:`open` proves it.

        :raises SealBroken: if the numbers cannot be right.
        """
        block, length, kind, reserved, counter = _HEADER.unpack(data)
        if self._ordered and counter != self._counter + 1:
            raise SealBroken("a record is missing, repeated or out of order")
        empty = kind in (Kind.ZERO, Kind.END)
        if kind not in (0, 1, 2, 255) or reserved != _RESERVED or length > MAX_PAYLOAD or (length and empty):
            raise SealBroken("a record's header makes no sense")
        return RecordHeader(block, length, Kind(kind), counter)

    def open(self, header: RecordHeader, sealed: memoryview, out: memoryview) -> memoryview:
        """Authenticate and decrypt: *sealed* is ciphertext and tag, *out* takes ``header.length`` bytes.

        :raises SealBroken: if the record is not what the sender sealed.
        """
        raw = _HEADER.pack(header.block, header.length, header.kind, _RESERVED, header.counter)
        plain = out[: header.length]
        try:
            nonce = _NONCE.pack(b"R", self._number, header.counter)
            self._aead.decrypt_into(nonce, sealed, self._prefix + raw, plain)
        except InvalidTag as error:
            raise SealBroken("a record does not authenticate") from error
        self._counter = header.counter
        return plain
