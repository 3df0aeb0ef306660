"""Where the other side is, and what has to be shown before it is believed."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from helpers.datagrams import loopback_port
from jetstream_server.link.limiter import Limiter
from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.udp.line import SMALLEST_ANSWER
from jetstream_server.link.udp.packets import Control, ControlSeal
from jetstream_server.link.udp.port import UdpPort
from jetstream_server.link.udp.receiving import UdpReceiver

SECONDS = 30.0


def both_families() -> UdpPort:
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.setblocking(False)
    sock.bind(("::", 0))
    port = UdpPort()
    port.listen([sock])
    return port


def receiver(port: UdpPort, key: SessionKey, dialled: bool, up: Callable[[], None] = lambda: None) -> UdpReceiver:
    return UdpReceiver(port, key, dialled, Limiter([], time.monotonic), up, lambda _: None)


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.005)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0:0:0:0:0:0:0:1"])
def test_who_answers_from_where_it_was_dialled_has_not_moved(host: str) -> None:
    """However the address is written: a socket of both families has forms of its own for it."""
    here, there, key = both_families(), both_families(), SessionKey(os.urandom(16), os.urandom(32))
    dialler, answerer = receiver(here, key, True), receiver(there, key, False)
    with contextlib.ExitStack() as stack:
        for each in (here.close, there.close, dialler.close, answerer.close):
            stack.callback(each)
        answerer.expect()
        dialler.dial(host, there.listening[0].port)
        until(lambda: dialler.up and answerer.up)
        seen = dialler.line.heard
        until(lambda: dialler.line.heard > seen + 0.3)
        assert (dialler.line.statistics.moved, answerer.line.statistics.moved) == (0, 0)
        assert dialler.line.six == (host != "127.0.0.1")


class Peer:
    """Somebody with the key and a socket, or several."""

    def __init__(self, key: SessionKey, target: int) -> None:
        self.seal = ControlSeal(key, True)
        self._target = ("127.0.0.1", target)
        self.socks = [self._bound() for _ in range(2)]

    @staticmethod
    def _bound() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(SECONDS)
        return sock

    def say(self, which: int, echo: int = 0) -> bytes:
        datagram = self.seal.seal(Control(echo=echo))
        self.socks[which].sendto(datagram, self._target)
        return datagram

    def hear(self, which: int) -> tuple[int, Control, int]:
        datagram = self.socks[which].recv(65536)
        counter, control = self.seal.open(datagram)
        return counter, control, len(datagram)

    def nothing_more(self, which: int) -> bool:
        """Whether nothing comes any more, but for what has come already."""
        sock = self.socks[which]
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                sock.recv(65536)
        sock.settimeout(0.35)
        try:
            sock.recv(65536)
        except TimeoutError:
            return True
        finally:
            sock.settimeout(SECONDS)
        return False

    def close(self) -> None:
        for sock in self.socks:
            sock.close()


@pytest.fixture
def ends() -> Iterator[tuple[Peer, UdpReceiver]]:
    port, key = loopback_port(), SessionKey(os.urandom(16), os.urandom(32))
    up = threading.Event()
    side = receiver(port, key, False, up.set)
    side.expect()
    peer = Peer(key, port.listening[0].port)
    peer.say(0)
    peer.say(0, echo=peer.hear(0)[0])  # so that its address is proven
    assert up.wait(SECONDS)
    yield peer, side
    side.close()
    port.close()
    peer.close()


def test_from_a_new_address_only_an_answer_to_the_question_counts(ends: tuple[Peer, UdpReceiver]) -> None:
    peer, side = ends
    until(lambda: side.line._other is not None and side.line._other.proven)
    for _ in range(3):
        peer.say(1, echo=peer.hear(0)[0])  # proves that it hears at its old address, not at the new one
        _, question, length = peer.hear(1)
        assert (question.answer, question.report, length) == (True, None, SMALLEST_ANSWER)
    assert side.line.statistics.moved == 0
    assert peer.nothing_more(1)
    peer.say(1)
    counter, _, _ = peer.hear(1)
    peer.say(1, echo=counter)
    until(lambda: side.line.statistics.moved == 1)
    assert peer.hear(1)[1].report is not None
    assert peer.nothing_more(0)


def test_an_answer_proves_the_address_to_which_the_question_went(ends: tuple[Peer, UdpReceiver]) -> None:
    peer, side = ends
    until(lambda: side.line._other is not None and side.line._other.proven)
    peer.say(1)
    counter, _, _ = peer.hear(1)
    peer.say(0, echo=counter)
    until(lambda: side.line._other is not None and side.line._other.counter == peer.seal.counter)
    assert side.line.statistics.moved == 0
    assert peer.nothing_more(1)
