"""Datagram sockets on loopback, and a relay between two of them that does to packets what a test wants."""

import socket
import threading
from collections.abc import Callable

from jetstream_server.link.udp.port import UdpPort


def bound() -> socket.socket:
    """A datagram socket at a free port of 127.0.0.1, not blocking."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind(("127.0.0.1", 0))
    return sock


def loopback_port(way: str | None = None) -> UdpPort:
    """A node's datagram sockets: one, on loopback."""
    port = UdpPort(way)
    port.listen([bound()])
    return port


Meddle = Callable[[bytes], list[bytes]]
"""What becomes of a datagram: itself, nothing, something else, or more than one."""


class Relay:
    """Stands between a dialler and *target*; dial :attr:`port`.

    :param there, back: what to do with datagrams to and from the target.
    """

    def __init__(self, target: int, there: Meddle, back: Meddle) -> None:
        self._target = ("127.0.0.1", target)
        self._there, self._back = there, back
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.bind(("127.0.0.1", 0))
        self._behind = self._new_behind()
        self.port = self._front.getsockname()[1]
        self._client: tuple[str, int] | None = None
        self._closed = False
        self._threads = [threading.Thread(target=self._forth, daemon=True)]
        self._watch(self._behind)
        self._threads[0].start()

    def _new_behind(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        return sock

    def _watch(self, sock: socket.socket) -> None:
        thread = threading.Thread(target=self._bring_back, args=(sock,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def move(self) -> None:
        """From now on the dialler seems to be at another port, as after a router forgot it."""
        old, self._behind = self._behind, self._new_behind()
        self._watch(self._behind)
        old.close()

    def _forth(self) -> None:
        while True:
            try:
                datagram, self._client = self._front.recvfrom(65536)
                if self._closed:
                    return
                for each in self._there(datagram):
                    self._behind.sendto(each, self._target)
            except OSError:
                if self._closed:
                    return

    def _bring_back(self, sock: socket.socket) -> None:
        while True:
            try:
                datagram = sock.recv(65536)
                if self._closed:
                    return
                for each in self._back(datagram):
                    if self._client is not None:
                        self._front.sendto(each, self._client)
            except OSError:
                if self._closed or sock.fileno() < 0:
                    return

    def close(self) -> None:
        self._closed = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            knock.sendto(b"", ("127.0.0.1", self.port))
            knock.sendto(b"", self._behind.getsockname())
        self._threads[0].join(5)
        self._front.close()
        self._behind.close()
