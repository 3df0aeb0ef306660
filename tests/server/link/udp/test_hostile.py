"""The udp carrier against those who watch the path and send what they like, and against peers that lie."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import numpy as np
import pytest

from helpers.carriers import MemorySource
from helpers.ends import SECONDS, Make
from jetstream.constants import BLOCK_SIZE
from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.udp import sending
from jetstream_server.link.udp.line import SMALLEST_ANSWER
from jetstream_server.link.udp.packets import DATA, DATA_HEADER, Control, ControlSeal, Report, heads_for, tag_of
from jetstream_server.link.udp.proofs import DataSeal


def hostile_datagrams(key: SessionKey) -> list[bytes]:
    """What somebody can send who saw the tag go by but has no key, and somebody who has not even seen it."""
    chance = Random(1)
    control, data = heads_for(tag_of(key.session), False, True)
    stranger = ControlSeal(SessionKey(key.session, bytes(32)), True)
    other = DataSeal(SessionKey(key.session, bytes(32)))
    fragment = np.zeros((1, 1448), dtype=np.uint8)
    far = [data + other.headers(np.array([number]), slot, np.array([0]), other.prove(fragment)).tobytes() + bytes(1448)
           for number, slot in ((1, 0), (1 << 17, 0), (1 << 31, 0), (1, 1 << 20), (5, 103))]
    return [b"", b"x", bytes(36), chance.randbytes(1400), bytes([DATA]) + chance.randbytes(60), control,
            control + bytes(28), control + chance.randbytes(1300), control + chance.randbytes(60_000), data,
            data + bytes(12), data + chance.randbytes(1464), data + b"\xff" * 1464, data + chance.randbytes(65_000),
            stranger.seal(Control(answer=True), 1400), *far]


@contextmanager
def meanwhile(datagrams: list[bytes], port: int, pause: float = 0.0) -> Iterator[None]:
    """Somebody sends *datagrams* to *port* again and again."""
    stop = threading.Event()

    def attack() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
            while not stop.is_set():
                for datagram in datagrams:
                    forger.sendto(datagram, ("127.0.0.1", port))
                stop.wait(pause)

    attacker = threading.Thread(target=attack)
    attacker.start()
    try:
        yield
    finally:
        stop.set()
        attacker.join()


def test_forged_and_senseless_packets_change_nothing_and_are_counted(made: Make) -> None:
    ends = made(MemorySource(40, BLOCK_SIZE))
    with meanwhile(hostile_datagrams(ends.key), ends.port, pause=0.01):
        ends.check()
    dropped = ends.dropped()
    assert min(dropped.forged, dropped.senseless, dropped.stray, dropped.short) > 0
    assert ends.receiver.line.heard


def test_a_flood_slows_down_and_breaks_nothing(made: Make) -> None:
    """To both ends, from the first moment to the last."""
    ends = made(MemorySource(30, BLOCK_SIZE))
    hostile = hostile_datagrams(ends.key)
    with meanwhile(hostile, ends.port, pause=0.002), meanwhile(hostile, ends.sending_port, pause=0.002):
        ends.check()
    assert ends.dropped().total > 100
    assert ends.receiver.statistics.refused == 0


class Observer:
    """Sees every data packet before the receiver does, has no key, and is faster: what it makes of a packet arrives
    before the packet itself.

    :param loses: the share of the true packets that never arrive, though the forged ones do.
    """

    def __init__(self, loses: float = 0.0) -> None:
        self._chance, self._loses = Random(5), loses
        self._seen: list[bytes] = []
        self.sent = 0

    def __call__(self, datagram: bytes) -> list[bytes]:
        if datagram[0] != DATA:
            return [datagram]
        self._seen.append(datagram)
        made = self.forge(datagram, self._chance)
        self.sent += len(made)
        return made if self._chance.random() < self._loses else [*made, datagram]

    def forge(self, datagram: bytes, chance: Random) -> list[bytes]:
        raise NotImplementedError

    def earlier(self) -> bytes:
        return self._seen[self._chance.randrange(len(self._seen))]


class Poisoner(Observer):
    """Other fragments under true headers: they would spoil their blocks, and acknowledge what was lost."""

    def forge(self, datagram: bytes, chance: Random) -> list[bytes]:
        head, length = datagram[:DATA_HEADER], len(datagram) - DATA_HEADER
        return [head + chance.choice((bytes(length), chance.randbytes(length), self.earlier()[DATA_HEADER:]))]


class Renumberer(Observer):
    """True fragments under other headers: numbers far ahead, other places, other slots."""

    def forge(self, datagram: bytes, chance: Random) -> list[bytes]:
        at = chance.randrange(8, DATA_HEADER)
        changed = datagram[:at] + bytes([datagram[at] ^ 1 << chance.randrange(8)]) + datagram[at + 1 :]
        return [chance.choice((changed, datagram[:8] + chance.randbytes(16) + datagram[24:],
                               self.earlier()[:DATA_HEADER] + datagram[DATA_HEADER:]))]


class Resizer(Observer):
    """Cut short, or made longer: the first packet of a slot would say how large its fragments are."""

    def forge(self, datagram: bytes, chance: Random) -> list[bytes]:
        return [datagram[: chance.randrange(36, len(datagram))], datagram + bytes(chance.choice((1, 4, 5000)))]


class Replayer(Observer):
    """The same again, and what went by before."""

    def forge(self, datagram: bytes, chance: Random) -> list[bytes]:
        return [datagram, self.earlier()]


@pytest.mark.parametrize("loses", [0.0, 0.05])
@pytest.mark.parametrize("kind", [Poisoner, Renumberer, Resizer, Replayer])
def test_who_watches_the_path_spoils_no_block_and_no_report(
    made: Make, kind: type[Observer], loses: float
) -> None:
    """For each packet there is a forged one, which comes first; the true one is taken all the same. What was lost is
    not acknowledged by it, no block makes a second journey, and the receiver claims nothing that was never sent.
    """
    observer = kind(loses)
    ends = made(MemorySource(12, BLOCK_SIZE), observer)
    ends.check()
    assert observer.sent > 500
    dropped = ends.dropped()
    assert dropped.forged + dropped.senseless + dropped.replayed > 500
    assert ends.receiver.statistics.refused == ends.sender.statistics.refused == 0
    assert ends.sender.line.statistics.unsent == 0
    if loses and kind is not Replayer:
        assert ends.sender.path()[0].retransmitted > 0


def test_a_record_that_is_repeated_in_another_slot_takes_nobodys_place(made: Make) -> None:
    """Only a sender that has the key can do that. The record authenticates; but it belongs to the slot that it was
    sealed for, so the block that should have been there is asked for again.
    """
    key = SessionKey(bytes(16), bytes(32))
    seal, first = DataSeal(key), dict[int, bytes]()

    def replay(datagram: bytes) -> list[bytes]:
        if datagram[0] != DATA:
            return [datagram]
        buffer = np.frombuffer(datagram, dtype=np.uint8)
        columns = seal.read(buffer, np.zeros(1, dtype=np.int64), np.array([len(datagram)]))
        slot, fragment, size = int(columns.slots[0]), int(columns.fragments[0]), int(columns.sizes[0])
        if slot == 0:
            first[fragment] = datagram[DATA_HEADER:]
        elif slot == 3:
            record = b"".join(first[number] for number in sorted(first))
            other = record[fragment * size : (fragment + 1) * size].ljust(size, b"\0")
            proof = seal.prove(np.frombuffer(other, dtype=np.uint8).reshape(1, -1))
            return [datagram[:8] + seal.headers(columns.numbers, slot, columns.fragments, proof).tobytes() + other]
        return [datagram]

    ends = made(MemorySource(6, 20_000), replay, key=key)
    ends.check()
    assert ends.receiver.statistics.refused > 0


def test_old_control_packets_are_not_believed_again(made: Make) -> None:
    old: list[bytes] = []

    def replay(datagram: bytes) -> list[bytes]:
        if datagram[0] != DATA:
            old.append(datagram)
            return [datagram, old[len(old) // 2]]
        return [datagram]

    ends = made(MemorySource(30, BLOCK_SIZE), replay, replay)
    ends.check()
    assert ends.dropped().replayed > 0


def test_a_receiver_that_claims_what_was_never_sent_gains_nothing(made: Make) -> None:
    """It has the key, so it is believed to be itself; but not that packets came which never left."""
    ends = made(MemorySource(1, 10), lambda _: [])  # nothing that is sent arrives
    seal = ControlSeal(ends.key, False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
        liar.connect(("127.0.0.1", ends.sending_port))
        for highest in (5_000, 1 << 40, 1 << 60):
            liar.send(seal.seal(Control(report=Report(highest, 0.0, 1.0, 0, 100))))
            liar.send(seal.seal(Control(report=Report(0, 0.0, 1.0, 1 << 60, 100))))
        until = time.monotonic() + SECONDS
        while ends.sender.line.statistics.unsent < 3 and time.monotonic() < until:
            time.sleep(0.01)
    assert ends.sender.line.statistics.unsent >= 3
    assert ends.source.queue.left == 1


def test_who_proves_nothing_is_not_answered(made: Make) -> None:
    ends = made(MemorySource(1, 10))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
        forger.bind(("127.0.0.1", 0))
        for datagram in hostile_datagrams(ends.key):
            forger.sendto(datagram, ("127.0.0.1", ends.port))
        ends.check()
        forger.settimeout(0.3)
        with pytest.raises(TimeoutError):
            forger.recv(2000)


class Elsewhere:
    """Passes on every control packet from an address of its own, before the packet itself arrives.

    :ivar heard: what was sent to that address.
    """

    def __init__(self) -> None:
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self._sock.setblocking(False)
        self.target: int | None = None
        self.sent = 0
        self.heard: list[bytes] = []

    def __call__(self, datagram: bytes) -> list[bytes]:
        if self.target is not None and datagram[0] != DATA:
            self._sock.sendto(datagram, ("127.0.0.1", self.target))
            self.sent += 1
            self.listen()
        return [datagram]

    def listen(self) -> None:
        while True:
            try:
                self.heard.append(self._sock.recv(65536))
            except BlockingIOError:
                return

    def close(self) -> None:
        self._sock.close()


def test_a_control_packet_from_elsewhere_moves_nobody(made: Make) -> None:
    """It proves who wrote it, not where they are: nothing but questions goes there until one is answered from there."""
    before_receiver, before_sender = Elsewhere(), Elsewhere()
    ends = made(MemorySource(100, BLOCK_SIZE), before_receiver, before_sender)
    before_sender.target = ends.sending_port
    until = time.monotonic() + SECONDS
    while (other := ends.receiver.line._other) is None or not other.proven:
        assert time.monotonic() < until
        time.sleep(0)
    before_receiver.target = ends.port
    ends.check()
    for each in (before_receiver, before_sender):
        each.listen()
        each.close()
        assert each.sent > 0
        assert {len(datagram) for datagram in each.heard} <= {SMALLEST_ANSWER}
        assert len(each.heard) <= each.sent
    assert before_sender.heard
    assert ends.dropped().moved == 0
    assert ends.sender.line.statistics.moved == 0


@pytest.mark.parametrize("flood", [False, True])
def test_a_peer_that_never_says_what_came_is_given_up(
    made: Make, monkeypatch: pytest.MonkeyPatch, flood: bool
) -> None:
    """It has the key and is heard, but reports nothing; or nothing but that, as often as it can."""
    monkeypatch.setattr(sending, "NO_PROGRESS_SECONDS", 1.2)
    monkeypatch.setattr(sending, "USELESS_SECONDS", 1.2)
    ends = made(MemorySource(4, BLOCK_SIZE), lambda _: [], lambda _: [])
    seal = ControlSeal(ends.key, False)
    until = time.monotonic() + SECONDS
    most = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.connect(("127.0.0.1", ends.sending_port))
        while not ends.sender.useless and time.monotonic() < until:
            for _ in range(20 if flood else 1):
                peer.send(seal.seal(Control(report=Report(0, 0.0, 1.0, 0, 100) if flood else None)))
            most = max(most, len(ends.sender._reports))
            time.sleep(0.01)
    assert ends.sender.useless
    assert most <= sending.REPORTS
    assert ends.source.queue.left == 4
