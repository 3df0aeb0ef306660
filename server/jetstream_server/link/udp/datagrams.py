"""Datagrams in and out of a socket, as many as possible with each system call.

Three ways, of which the best that works here is chosen by trying when the socket is made:

``offload``  segmentation offload (UDP_SEGMENT) out, coalescing (UDP_GRO) and recvmmsg in; Linux 5.0 and later
``batch``    sendmmsg out, recvmmsg in; older or restricted Linux
``plain``    one call for each datagram; everywhere
"""

import contextlib
import ctypes
import errno
import ipaddress
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from jetstream_server.link.udp.packets import Bytes, Numbers

Address = tuple[Any, ...]

UDP_SEGMENT: Final = 103
UDP_GRO: Final = 104
SOL_UDP: Final = 17
IP_MTU_DISCOVER: Final = 10
IPV6_MTU_DISCOVER: Final = 23
SO_TIMESTAMPNS: Final = 35
SO_SNDBUFFORCE: Final = 32
SO_RCVBUFFORCE: Final = 33
PMTUDISC_PROBE: Final = 3
"""Never fragment, and believe nobody about the size of the path: it is found out by trying."""
MESSAGES: Final = 128
COALESCED: Final = 1 << 16
WANTED_BUFFER: Final = 32 << 20
"""A third of a second of a gigabit, as the kernel counts: it takes about twice a packet's size for each. Seen on a busy
machine: the thread that empties it did not run for a tenth of a second, and 8,000 packets were lost at once."""
WAYS: Final = ("offload", "batch", "plain")

_MSGHDR: Final = np.dtype([
    ("name", "u8"), ("name_length", "u4"), ("pad1", "u4"), ("vector", "u8"), ("vectors", "u8"),
    ("control", "u8"), ("control_length", "u8"), ("flags", "i4"), ("pad2", "u4"), ("length", "u4"), ("pad3", "u4"),
])
"""``struct mmsghdr`` of 64-bit Linux."""
_VECTOR: Final = np.dtype([("base", "u8"), ("length", "u8")])
_NAME_BYTES: Final = 28
_CONTROL_BYTES: Final = 64
_MSG_DONTWAIT: Final = 0x40

_SENDING_LATER: Final = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS})
PATH_ERRORS: Final = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN,
                                errno.EPERM, errno.EACCES})
"""What an ICMP message or a firewall brings up on a socket; the next datagram may well go through."""


class TooLong(OSError):
    """A datagram is longer than the way out of this machine takes."""


@dataclass(frozen=True, slots=True)
class Received:
    """Datagrams that came: where each begins in the buffer, its length, and which message it came with."""

    buffer: Bytes
    offsets: Numbers
    lengths: Numbers
    messages: Numbers
    address: Callable[[int], Address]
    """The sender of a message."""
    arrived: float
    """When the last of them came, seconds on a clock of its own: the kernel's, where it tells, which a busy program
    does not blur."""
    waited: float
    """Seconds since then."""

    def __len__(self) -> int:
        return len(self.offsets)


class Reader(Protocol):
    """Takes datagrams out of a socket."""

    def receive(self) -> Received | None:
        """What is there, without waiting; ``None`` if nothing is."""


class Writer(Protocol):
    """Puts datagrams into a socket. Any thread."""

    def send(self, pieces: Sequence[memoryview], size: int, address: Address) -> int:
        """Send *pieces*, each a whole number of datagrams of *size* bytes; how many datagrams the system took.

        :raises TooLong: if they are too long for this machine's own way out.
        """


def _linux64() -> bool:
    return sys.platform == "linux" and struct.calcsize("P") == 8


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def tune(sock: socket.socket) -> int:
    """Options of a datagram socket. Returns the size of its receive buffer, in bytes of memory."""
    for option, beyond in ((socket.SO_RCVBUF, SO_RCVBUFFORCE), (socket.SO_SNDBUF, SO_SNDBUFFORCE)):
        with contextlib.suppress(OSError):  # the system's own size stays
            sock.setsockopt(socket.SOL_SOCKET, option, WANTED_BUFFER)
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # only root may have more than the system's limit
                sock.setsockopt(socket.SOL_SOCKET, beyond, WANTED_BUFFER)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # then the kernel may fragment, which works, only slower
            sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE)
        if sock.family == socket.AF_INET6:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def possible_ways() -> tuple[str, ...]:
    """The ways that work on this machine, the best first, found by trying."""
    if not _linux64():
        return ("plain",)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
            back.bind(("127.0.0.1", 0))
            back.settimeout(0.2)
            back.setsockopt(SOL_UDP, UDP_GRO, 1)
            OffloadWriter(out).send([memoryview(bytes(3000))], 1500, back.getsockname())
            back.recv(COALESCED)
    except OSError:
        return WAYS[1:]
    return WAYS


def reader_for(sock: socket.socket, way: str) -> Reader:
    """How to receive from *sock*."""
    if way == "plain":
        return PlainReader(sock)
    if way == "offload":
        with contextlib.suppress(OSError):  # then they come one by one
            sock.setsockopt(SOL_UDP, UDP_GRO, 1)
    return BatchReader(sock, COALESCED if way == "offload" else 1 << 14)


def writer_for(sock: socket.socket, way: str) -> Writer:
    """How to send with *sock*."""
    if way == "plain":
        return PlainWriter(sock)
    return OffloadWriter(sock) if way == "offload" else BatchWriter(sock)


class PlainReader:
    """One call for each datagram."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = np.empty(MESSAGES * COALESCED, dtype=np.uint8)
        self._view = self._buffer.data

    def receive(self) -> Received | None:
        """See :class:`Reader`."""
        lengths: list[int] = []
        addresses: list[Address] = []
        while len(lengths) < MESSAGES:
            at = len(lengths) * COALESCED
            try:
                length, address = self._sock.recvfrom_into(self._view[at : at + COALESCED], COALESCED)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno in PATH_ERRORS or error.errno == errno.ECONNRESET:  # an earlier one did not get through
                    continue
                raise
            lengths.append(length)
            addresses.append(address)
        if not lengths:
            return None
        messages = np.arange(len(lengths), dtype=np.int64)
        return Received(self._buffer, messages * COALESCED, np.array(lengths, dtype=np.int64), messages,
                        addresses.__getitem__, time.time(), 0.0)


class BatchReader:
    """recvmmsg: up to 128 messages with each call, each of which may be several datagrams that the kernel joined."""

    def __init__(self, sock: socket.socket, room: int) -> None:
        self._sock = sock
        self._room = room
        self._recvmmsg = _libc().recvmmsg
        self._buffer = np.empty(MESSAGES * room, dtype=np.uint8)
        self._names = np.zeros((MESSAGES, _NAME_BYTES), dtype=np.uint8)
        self._control = np.zeros((MESSAGES, _CONTROL_BYTES), dtype=np.uint8)
        self._vectors = np.zeros(MESSAGES, dtype=_VECTOR)
        self._headers = np.zeros(MESSAGES, dtype=_MSGHDR)
        steps = np.arange(MESSAGES, dtype=np.uint64)
        self._vectors["base"] = self._buffer.ctypes.data + steps * np.uint64(room)
        self._vectors["length"] = room
        self._headers["name"] = self._names.ctypes.data + steps * np.uint64(_NAME_BYTES)
        self._headers["vector"] = self._vectors.ctypes.data + steps * np.uint64(_VECTOR.itemsize)
        self._headers["vectors"] = 1
        self._headers["control"] = self._control.ctypes.data + steps * np.uint64(_CONTROL_BYTES)
        self._pointer = ctypes.c_void_p(self._headers.ctypes.data)
        self._places = np.arange(MESSAGES, dtype=np.int64)
        self._kinds = self._control.view("=i4")
        """Control messages are a length of eight bytes, level and type of four each, and what they say."""
        with contextlib.suppress(OSError):  # then the time of the system call is what there is
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def receive(self) -> Received | None:
        """See :class:`Reader`."""
        self._headers["name_length"] = _NAME_BYTES
        self._headers["control_length"] = _CONTROL_BYTES
        count = self._recvmmsg(self._sock.fileno(), self._pointer, MESSAGES, _MSG_DONTWAIT, None)
        if count <= 0:
            number = ctypes.get_errno() if count < 0 else errno.EAGAIN
            if number in (errno.EAGAIN, errno.EINTR) or number in PATH_ERRORS:
                return None
            raise OSError(number, "receiving datagrams failed")
        lengths = self._headers["length"][:count].astype(np.int64)
        messages = self._places[:count]
        now = time.time()
        last = self._kinds[count - 1]
        stamped = last[2] == socket.SOL_SOCKET and last[3] == SO_TIMESTAMPNS
        arrived = now
        if stamped:
            seconds, nanoseconds = self._control[count - 1, 16:32].view("=i8").tolist()
            arrived = seconds + nanoseconds * 1e-9
        waited = max(0.0, now - arrived)
        at = 8 if stamped else 0
        joined = (self._headers["control_length"][:count] >= 4 * at + 20) & (self._kinds[:count, at + 3] == UDP_GRO)
        if joined.any():
            sizes = np.where(joined, self._kinds[:count, at + 4], lengths)
            return self._split(lengths, sizes, arrived, waited)
        return Received(self._buffer, messages * self._room, lengths, messages, self._address, arrived, waited)

    def _split(self, lengths: Numbers, sizes: Numbers, arrived: float, waited: float) -> Received:
        """Joined datagrams apart again: all of a message have its size, but for the last, which may be shorter."""
        sizes = np.maximum(sizes.astype(np.int64), 1)
        counts = np.maximum((lengths + sizes - 1) // sizes, 1)
        messages = np.repeat(self._places[: len(lengths)], counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        inside = (np.arange(len(messages), dtype=np.int64) - first) * sizes[messages]
        left = np.minimum(sizes[messages], lengths[messages] - inside)
        return Received(self._buffer, messages * self._room + inside, left, messages, self._address, arrived, waited)

    def _address(self, message: int) -> Address:
        name = self._names[message].tobytes()
        (family,) = struct.unpack_from("=H", name)
        (port,) = struct.unpack_from(">H", name, 2)
        if family == socket.AF_INET6:
            (scope,) = struct.unpack_from("=I", name, 24)
            return str(ipaddress.IPv6Address(name[8:24])), port, 0, scope
        return socket.inet_ntoa(name[4:8]), port


class PlainWriter:
    """One call for each datagram."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def send(self, pieces: Sequence[memoryview], size: int, address: Address) -> int:
        """See :class:`Writer`."""
        sent = 0
        for piece in pieces:
            for at in range(0, len(piece), size):
                try:
                    self._sock.sendto(piece[at : at + size], address)
                except OSError as error:
                    if _tell(error):
                        return sent
                    continue
                sent += 1
        return sent


class OffloadWriter:
    """One call for all of them: the kernel, or the network card, cuts them apart."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._plain = BatchWriter(sock)
        self._works = True

    def send(self, pieces: Sequence[memoryview], size: int, address: Address) -> int:
        """See :class:`Writer`."""
        if not self._works:
            return self._plain.send(pieces, size, address)
        try:
            self._sock.sendmsg(pieces, [(SOL_UDP, UDP_SEGMENT, struct.pack("=H", size))], 0, address)
        except OSError as error:
            if error.errno in (errno.EIO, errno.EINVAL) and size:  # a way out that cannot do it
                self._works = False
                return self._plain.send(pieces, size, address)
            return 0 if _tell(error) else sum(map(len, pieces)) // size
        return sum(map(len, pieces)) // size


class BatchWriter:
    """sendmmsg: many datagrams with one call."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sendmmsg = _libc().sendmmsg

    def send(self, pieces: Sequence[memoryview], size: int, address: Address) -> int:
        """See :class:`Writer`."""
        bases: list[np.ndarray[Any, np.dtype[np.uint64]]] = []
        for piece in pieces:
            start = np.frombuffer(piece, dtype=np.uint8).ctypes.data
            bases.append(np.arange(start, start + len(piece), size, dtype=np.uint64))
        base = np.concatenate(bases)
        count = len(base)
        name = np.frombuffer(_packed(address, self._sock.family), dtype=np.uint8)
        vectors = np.zeros(count, dtype=_VECTOR)
        vectors["base"], vectors["length"] = base, size
        headers = np.zeros(count, dtype=_MSGHDR)
        headers["name"], headers["name_length"] = name.ctypes.data, len(name)
        headers["vector"] = vectors.ctypes.data + np.arange(count, dtype=np.uint64) * np.uint64(_VECTOR.itemsize)
        headers["vectors"] = 1
        sent = 0
        while sent < count:
            at = ctypes.c_void_p(headers.ctypes.data + sent * _MSGHDR.itemsize)
            done = self._sendmmsg(self._sock.fileno(), at, count - sent, 0)
            if done < 0:
                number = ctypes.get_errno()
                if _tell(OSError(number, "sending datagrams failed")):
                    break
                done = 1  # that one is lost, like others on their way
            sent += done
        return sent


def _packed(address: Address, family: int) -> bytes:
    if family == socket.AF_INET6:
        host, port, *more = address
        scope = more[1] if len(more) > 1 else 0
        return struct.pack("=H", socket.AF_INET6) + struct.pack(">HI", port, 0) \
            + ipaddress.IPv6Address(host).packed + struct.pack("=I", scope)
    return struct.pack("=H", socket.AF_INET) + struct.pack(">H", address[1]) + socket.inet_aton(address[0]) + bytes(8)


def _tell(error: OSError) -> bool:
    """Whether to stop and come back later. A datagram that does not get through is lost, as others are on their way.

    :raises TooLong: see :class:`Writer`. Raises *error* if the socket is of no use any more.
    """
    if error.errno == errno.EMSGSIZE:
        raise TooLong(errno.EMSGSIZE, "longer than the way out takes") from error
    if error.errno in _SENDING_LATER:
        return True
    if error.errno in PATH_ERRORS:
        return False
    raise error
