"""The udp carrier on paths that lose, repeat, corrupt, reorder, move and shrink."""

from random import Random

import pytest

from helpers.carriers import MemorySource
from helpers.ends import Make
from jetstream.constants import BLOCK_SIZE


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
    """Changes a bit of one byte in so many."""

    def __init__(self, seed: int, bytes_apart: float) -> None:
        self._chance, self._apart = Random(seed), bytes_apart
        self._next = 0
        self.changed = 0

    def __call__(self, datagram: bytes) -> list[bytes]:
        while self._next < len(datagram):
            at, bit = self._next, 1 << self._chance.randrange(8)
            datagram = datagram[:at] + bytes([datagram[at] ^ bit]) + datagram[at + 1 :]
            self._next += 1 + int(self._chance.expovariate(1 / self._apart))
            self.changed += 1
        self._next -= len(datagram)
        return [datagram]


class Small:
    """A path that stops taking large packets."""

    def __init__(self) -> None:
        self.size = 1 << 16

    def __call__(self, datagram: bytes) -> list[bytes]:
        return [datagram] if len(datagram) <= self.size else []


@pytest.mark.parametrize("seed", range(3))
def test_lost_repeated_and_late_packets(made: Make, seed: int) -> None:
    ends = made(MemorySource(8, 777, zero=[2]), Lossy(seed, 0.05, 0.05, 0.05), Lossy(seed + 9, 0.05, 0.05, 0.05))
    ends.check()
    assert ends.receiver.core.repeated > 0


@pytest.mark.parametrize(("apart", "blocks"), [(1e6, 48), (3e4, 8)])
def test_a_corrupted_byte_costs_its_packet_and_no_more(made: Make, apart: float, blocks: int) -> None:
    there, back = Corrupting(1, apart), Corrupting(2, 5e3)
    ends = made(MemorySource(blocks, BLOCK_SIZE), there, back)
    ends.check()
    assert there.changed > 5
    dropped = ends.dropped()
    assert dropped.forged + dropped.senseless + dropped.stray > 5
    assert ends.receiver.statistics.refused == 0


def test_a_changed_address_costs_nothing_but_a_moment(made: Make) -> None:
    ends = made(MemorySource(60, BLOCK_SIZE))
    ends.wait_for(5)
    ends.relay.move()
    ends.check()
    assert ends.dropped().moved == 1


def test_a_path_that_shrinks_under_the_way(made: Make) -> None:
    small = Small()
    ends = made(MemorySource(60, BLOCK_SIZE), small)
    ends.wait_for(5)
    before = ends.sender.datagram_bytes
    small.size = 1300
    ends.check()
    assert ends.sender.datagram_bytes <= 1300 < before


def test_a_path_for_small_packets_only(made: Make) -> None:
    small = Small()
    small.size = 1250
    ends = made(MemorySource(3, 100), small)
    ends.check()
    assert 0 < ends.sender.datagram_bytes <= 1250
