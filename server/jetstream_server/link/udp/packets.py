"""What a datagram looks like. Pure: bytes and columns in, bytes and columns out. docs/protocol.md, section 5.2.

*Data packets* carry a piece of a slot. A slot is one sealed record, exactly as it goes over TCP, laid out in
fragments of one size; the last one is filled up with zeros. Header, 24 bytes::

    0   1   0xD5
    1   7   tag: the first bytes of the session id
    8  16   packet number, slot, place in the slot and a proof of the fragment, encrypted (:mod:`.proofs`)

*Control packets* carry everything else, sealed: what arrived, what may be sent, signs of life. Header, 16 bytes::

    0   1   0xC6 from the dialler, 0xC5 from the answerer
    1   7   tag
    8   8   counter, from 1, grows with each control packet of this side

The nonce is the lane ("D" from the dialler, "A" from the answerer), three zeros and the counter; the associated data is
the header. All numbers are big-endian, if nothing else is said.
"""

import struct
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jetstream_server.link.sealed import TAG_BYTES, SealBroken, SessionKey

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Numbers = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

DATA: Final = 0xD5
CONTROL: Final = (0xC5, 0xC6)
"""Of control packets: from the answerer, from the dialler."""
TAG_LENGTH: Final = 7
DATA_HEADER: Final = 24
CONTROL_HEADER: Final = 16
CONTROL_OVERHEAD: Final = CONTROL_HEADER + TAG_BYTES
FRAGMENTS: Final = 2048
"""More fragments than this a slot never has."""
MAX_SPAN: Final = 8192
"""Packets that one report speaks of."""
MAX_DAMAGED: Final = 32
WIRE_OVERHEAD: Final = 28
"""Headers of IPv4 and UDP, which rates count; those of IPv6 are 20 bytes longer, which is close enough."""

_CONTROL = struct.Struct(">B7sQ")
_NONCE = struct.Struct(">c3xQ")
_BODY = struct.Struct(">BBHQII")
_REPORT = struct.Struct(">QIQQIIBH")

ANSWER: Final = 1
REPORT: Final = 2


@dataclass(frozen=True, slots=True)
class Report:
    """What the receiving side says of the packets that came.

    :ivar highest: the highest packet number that came; 0 if none did.
    :ivar hold: seconds between its arrival and this report.
    :ivar clock: seconds on the receiver's own steady clock when it came.
    :ivar received: bytes of all different data packets that came, each with :data:`WIRE_OVERHEAD`.
    :ivar room: slots below this number may be sent.
    :ivar limit: kbit/s that the receiver wants at most; ``None`` for no limit.
    :ivar damaged: slots that came whole and did not authenticate; their blocks have to be sent anew.
    :ivar arrived: one flag for each of the packets that end with *highest*, oldest first.
    """

    highest: int
    hold: float
    clock: float
    received: int
    room: int
    limit: int | None = None
    damaged: tuple[int, ...] = ()
    arrived: Flags = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


@dataclass(frozen=True, slots=True)
class Control:
    """The content of a control packet.

    :ivar echo: the newest counter that came from the other side; 0 if none did.
    :ivar hold: seconds since it came.
    :ivar largest: the largest control packet that came from the other side lately, bytes of UDP payload.
    :ivar floor: slots below this number will get no more packets.
    :ivar answer: whether the other side is asked to answer at once.
    """

    echo: int = 0
    hold: float = 0.0
    largest: int = 0
    floor: int = 0
    answer: bool = False
    report: Report | None = None


def tag_of(session: bytes) -> bytes:
    """The tag by which a session's datagrams are known."""
    return session[:TAG_LENGTH]


def heads_for(tag: bytes, dialled: bool, takes_data: bool) -> list[bytes]:
    """The first eight bytes of the datagrams that are for one side of a session. A node may be both sides of one."""
    heads = [bytes([CONTROL[not dialled]]) + tag]
    if takes_data:
        heads.append(bytes([DATA]) + tag)
    return heads


def micros(seconds: float) -> int:
    """Seconds as the microseconds of a 32-bit field."""
    return min(0xFFFFFFFF, max(0, round(seconds * 1e6)))


def pack_report(report: Report) -> bytes:
    """The report section of a control packet."""
    span = len(report.arrived)
    damaged = report.damaged[-MAX_DAMAGED:]
    head = _REPORT.pack(
        report.highest, micros(report.hold), round(report.clock * 1e6), report.received, report.room,
        report.limit or 0, len(damaged), span,
    )
    return head + struct.pack(f">{len(damaged)}I", *damaged) + np.packbits(report.arrived).tobytes()


def read_report(data: bytes) -> Report:
    """Understand a report section.

    :raises SealBroken: if it makes no sense.
    """
    if len(data) < _REPORT.size:
        raise SealBroken("a report is cut short")
    highest, hold, clock, received, room, limit, damaged, span = _REPORT.unpack_from(data)
    at = _REPORT.size + 4 * damaged
    length = (span + 7) // 8
    if damaged > MAX_DAMAGED or span > min(MAX_SPAN, highest) or len(data) < at + length:
        raise SealBroken("a report makes no sense")
    slots = struct.unpack_from(f">{damaged}I", data, _REPORT.size)
    bits = np.frombuffer(data, dtype=np.uint8, count=length, offset=at)
    arrived = np.unpackbits(bits, count=span).view(np.bool_)
    return Report(highest, hold / 1e6, clock / 1e6, received, room, limit or None, slots, arrived)


class ControlSeal:
    """Seals and opens the control packets of one side of a session.

    :param dialled: whether this side dialled.
    """

    def __init__(self, key: SessionKey, dialled: bool) -> None:
        self._aead = AESGCM(key.key)
        self._tag = tag_of(key.session)
        self._ours, self._theirs = (b"D", b"A") if dialled else (b"A", b"D")
        self._kind = CONTROL[dialled]
        self.counter = 0
        """The counter of the last packet that was sealed."""

    def seal(self, control: Control, size: int = 0) -> bytes:
        """A whole datagram; filled up to *size* bytes if it is shorter."""
        self.counter += 1
        flags = (ANSWER if control.answer else 0) | (REPORT if control.report is not None else 0)
        body = _BODY.pack(flags, 0, control.largest, control.echo, micros(control.hold), control.floor)
        if control.report is not None:
            body += pack_report(control.report)
        body = body.ljust(size - CONTROL_OVERHEAD, b"\0")
        head = _CONTROL.pack(self._kind, self._tag, self.counter)
        return head + self._aead.encrypt(_NONCE.pack(self._ours, self.counter), body, head)

    def open(self, datagram: bytes) -> tuple[int, Control]:
        """The counter and the content of a datagram from the other side.

        :raises SealBroken: if it was not sealed by it, or makes no sense.
        """
        if len(datagram) < CONTROL_OVERHEAD + _BODY.size:
            raise SealBroken("a control packet is cut short")
        head = datagram[:CONTROL_HEADER]
        _, tag, counter = _CONTROL.unpack(head)
        if tag != self._tag:
            raise SealBroken("a control packet of another session")
        try:
            body = self._aead.decrypt(_NONCE.pack(self._theirs, counter), datagram[CONTROL_HEADER:], head)
        except InvalidTag as error:
            raise SealBroken("a control packet does not authenticate") from error
        flags, _, largest, echo, hold, floor = _BODY.unpack_from(body)
        report = read_report(body[_BODY.size :]) if flags & REPORT else None
        return counter, Control(echo, hold / 1e6, largest, floor, bool(flags & ANSWER), report)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the headers of data packets claim, a column each, and where each datagram begins in the buffer."""

    numbers: Numbers
    slots: Numbers
    fragments: Numbers
    proofs: Numbers
    sizes: Numbers
    """Of the fragments: what is left of each datagram."""
    offsets: Numbers

    def __len__(self) -> int:
        return len(self.offsets)

    def where(self, chosen: Flags) -> "Columns":
        """Those that are *chosen*."""
        if chosen.all():
            return self
        return Columns(self.numbers[chosen], self.slots[chosen], self.fragments[chosen], self.proofs[chosen],
                       self.sizes[chosen], self.offsets[chosen])
