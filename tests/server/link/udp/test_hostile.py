"""The udp carrier on paths that lose, repeat, corrupt, reorder, move and shrink, and against forgers."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from random import Random

import pytest

from helpers.carriers import MemorySink, MemorySource
from helpers.datagrams import Meddle, Relay, loopback_port
from jetstream.constants import BLOCK_SIZE
from jetstream_server.link.limiter import Bucket, Limiter
from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.udp.packets import DATA, Control, ControlSeal, Report, heads_for, tag_of
from jetstream_server.link.udp.receiving import UdpReceiver
from jetstream_server.link.udp.sending import UdpSender

SECONDS = 90.0


def limiter() -> Limiter:
    return Limiter([Bucket(None, 0.0)], time.monotonic)


def through(datagram: bytes) -> list[bytes]:
    return [datagram]


class Lossy:
    """Loses, repeats and holds back packets by chance."""

    def __init__(self, seed: int, loss: float, repeat: float, late: float) -> None:
        self._chance = Random(seed)
        self._loss, self._repeat, self._late = loss, repeat, late
        self._held: list[bytes] = []

    def __call__(self, datagram: bytes) -> list[bytes]:
        chance = self._chance.random
        if chance() < self._loss:
            return []
        if chance() < self._late:
            self._held.append(datagram)
            return []
        out = [datagram, *self._held] if chance() < 0.3 else [datagram]
        if len(out) > 1:
            self._held.clear()
        return out * (2 if chance() < self._repeat else 1)


class Corrupting:
    """Changes a byte now and then."""

    def __init__(self, seed: int, share: float) -> None:
        self._chance, self._share = Random(seed), share

    def __call__(self, datagram: bytes) -> list[bytes]:
        if self._chance.random() < self._share:
            at = self._chance.randrange(len(datagram))
            datagram = datagram[:at] + bytes([datagram[at] ^ 0x10]) + datagram[at + 1 :]
        return [datagram]


class Small:
    """A path that stops taking large packets."""

    def __init__(self) -> None:
        self.size = 1 << 16

    def __call__(self, datagram: bytes) -> list[bytes]:
        return [datagram] if len(datagram) <= self.size else []


class Ends:
    """A sender, a relay and a receiver."""

    def __init__(self, source: MemorySource, there: Meddle = through, back: Meddle = through) -> None:
        self.source, self.sink = source, MemorySink(source)
        self.failures: list[BaseException] = []
        self.key = SessionKey(os.urandom(16), os.urandom(32))
        self._here, self._there = loopback_port(), loopback_port()
        self.sender = UdpSender(self._here, self.key, True, source, limiter(), lambda: None, self.failures.append,
                                trip=0.001)
        self.receiver = UdpReceiver(self._there, self.key, False, limiter(), lambda: None, self.failures.append,
                                    trip=0.001)
        self.port = self._there.listening[0].port
        self.relay = Relay(self.port, there, back)
        self.receiver.expect()
        self.receiver.use(self.sink)
        self.sender.dial("127.0.0.1", self.relay.port)

    def arrived(self) -> bool:
        return self.sink.complete.wait(SECONDS)

    def check(self) -> None:
        assert self.arrived(), (self.sender.rate, len(self.sink.stored))
        assert [self.sink.stored[n] for n in range(len(self.source.blocks))] == self.source.blocks
        assert set(self.sink.times.values()) == {1}
        assert self.failures == []

    def close(self) -> None:
        self.source.queue.close()
        self.sender.close()
        self.receiver.close()
        assert self.sender.join(10)
        assert self.receiver.join(10)
        self.relay.close()
        self._here.close()
        self._there.close()


@pytest.fixture
def made() -> Iterator[Callable[..., Ends]]:
    ends: list[Ends] = []

    def make(source: MemorySource, there: Meddle = through, back: Meddle = through) -> Ends:
        ends.append(Ends(source, there, back))
        return ends[-1]

    yield make
    for each in ends:
        each.close()


Make = Callable[..., Ends]


@pytest.mark.parametrize("seed", range(3))
def test_lost_repeated_and_late_packets(made: Make, seed: int) -> None:
    ends = made(MemorySource(8, 777, zero=[2]), Lossy(seed, 0.05, 0.05, 0.05), Lossy(seed + 9, 0.05, 0.05, 0.05))
    ends.check()
    assert ends.receiver.core.repeated > 0


def test_corrupted_packets_are_found_out_and_their_blocks_sent_anew(made: Make) -> None:
    ends = made(MemorySource(6, BLOCK_SIZE), Corrupting(1, 0.0006), Corrupting(2, 0.01))
    ends.check()


def test_a_changed_address_costs_nothing_but_a_moment(made: Make) -> None:
    ends = made(MemorySource(60, BLOCK_SIZE))
    while len(ends.sink.stored) < 5:
        time.sleep(0)
    ends.relay.move()
    ends.check()
    assert ends.receiver.line.statistics.moved == 1


def test_a_path_that_shrinks_under_the_way(made: Make) -> None:
    small = Small()
    ends = made(MemorySource(60, BLOCK_SIZE), small)
    while len(ends.sink.stored) < 5:
        time.sleep(0)
    small.size = 1300
    ends.check()


def test_a_path_for_small_packets_only(made: Make) -> None:
    small = Small()
    small.size = 1250
    ends = made(MemorySource(3, 100), small)
    ends.check()


def hostile_datagrams(key: SessionKey) -> list[bytes]:
    """What somebody can send who saw the tag go by but has no key, and somebody who has not even seen it."""
    chance = Random(1)
    tag = tag_of(key.session)
    control, data = heads_for(tag, False, True)
    stranger = ControlSeal(SessionKey(key.session, bytes(32)), True)
    senseless = [b"", b"x", bytes(36), chance.randbytes(1400), bytes([DATA]) + chance.randbytes(60),
                 control, control + bytes(28), control + chance.randbytes(1300), data, data + bytes(12),
                 data + chance.randbytes(1452), data + b"\xff" * 1464, stranger.seal(Control(answer=True), 1400)]
    far = data + (1 << 31).to_bytes(4) + (0).to_bytes(4) + (0).to_bytes(2) + (1452).to_bytes(2) + bytes(1452)
    many_slots = [
        data + number.to_bytes(4) + (1 << 20).to_bytes(4) + (0).to_bytes(2) + (1452).to_bytes(2) + bytes(1452)
        for number in range(1, 50)
    ]
    return [*senseless, far, *many_slots]


def test_forged_and_senseless_packets_change_nothing_and_are_counted(made: Make) -> None:
    ends = made(MemorySource(40, BLOCK_SIZE))
    stop = threading.Event()

    def attack() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
            while not stop.is_set():
                for datagram in hostile_datagrams(ends.key):
                    forger.sendto(datagram, ("127.0.0.1", ends.port))
                stop.wait(0.01)

    attacker = threading.Thread(target=attack)
    attacker.start()
    try:
        ends.check()
    finally:
        stop.set()
        attacker.join()
    statistics = ends.receiver.line.statistics
    assert statistics.forged > 0
    assert statistics.senseless > 0
    assert ends.receiver.line.heard


def test_a_forged_fragment_costs_its_block_a_second_journey_and_no_more(made: Make) -> None:
    """Somebody on the path puts their own packet in the place of one: the block is not believed, and comes again."""
    forged = 0

    def replace(datagram: bytes) -> list[bytes]:
        nonlocal forged
        if datagram[0] == DATA and forged < 3 and len(datagram) > 1000 and datagram[17] == 9:
            forged += 1
            return [datagram[:20] + bytes(len(datagram) - 20)]
        return [datagram]

    ends = made(MemorySource(8, BLOCK_SIZE), replace)
    ends.check()
    assert forged
    assert ends.receiver.statistics.refused > 0


def test_a_record_that_is_repeated_in_another_slot_takes_nobodys_place(made: Make) -> None:
    """It authenticates, for it was sealed with the key; but it belongs to the slot that it was sealed for."""
    first: dict[int, bytes] = {}

    def replay(datagram: bytes) -> list[bytes]:
        if datagram[0] != DATA:
            return [datagram]
        slot, fragment = int.from_bytes(datagram[12:16]), int.from_bytes(datagram[16:18])
        size = len(datagram) - 20
        if slot == 0:
            first[fragment] = datagram[20:]
        elif slot == 3:
            record = b"".join(first[number] for number in sorted(first))
            return [datagram[:20] + record[fragment * size : (fragment + 1) * size].ljust(size, b"\0")]
        return [datagram]

    ends = made(MemorySource(6, 20_000), replay)
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
    assert ends.receiver.line.statistics.replayed > 0


def test_a_receiver_that_claims_what_was_never_sent_gains_nothing(made: Make) -> None:
    """It has the key, so it is believed to be itself; but not that packets came which never left."""
    ends = made(MemorySource(1, 10), lambda _: [])  # nothing that is sent arrives
    seal = ControlSeal(ends.key, False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
        liar.connect(("127.0.0.1", ends._here.listening[0].port))
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
