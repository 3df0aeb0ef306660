"""What a carrier is: the seam between transfers and the ways that sealed blocks travel.

A carrier moves blocks between a :class:`BlockSource` on the sending node and a :class:`BlockSink` on the receiving
one. Source and sink are called from the carrier's threads, several at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Final, Protocol

NEAR_SECONDS: Final = 0.003
"""A round trip shorter than this is the same machine or room: two connections keep both ends busy."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a source put into the buffer: *length* bytes, or nothing if *zero*; *gaps* are entries without content."""

    length: int
    zero: bool = False
    gaps: Sequence[int] = ()


class BlockSource(Protocol):
    """Where blocks come from."""

    def take(self, connection: int) -> int | None:
        """The next block to send on *connection*; blocks while more may come; ``None`` when nothing more will."""

    def fill(self, block: int, buffer: memoryview) -> Filled:
        """Read *block* into *buffer* (``BLOCK_SIZE`` bytes)."""

    def lost(self, connection: int, last: int | None = None) -> None:
        """The connection died, or all from it to *last*; what was under way there has to be taken again."""


class BlockSink(Protocol):
    """Where blocks go."""

    def block_length(self, block: int) -> int:
        """The true length of *block*; raises IndexError if there is no such block."""

    def store(self, block: int, data: memoryview, *, zero: bool, gaps: Sequence[int]) -> None:
        """Keep *block*. May wait (for disk space). Raises OSError-like errors that end the session."""


@dataclass(slots=True)
class CarrierStatistics:
    """Running counts of one carrier. Written by its threads, read by anybody; each field by one kind of thread only."""

    bytes_sent: int = 0
    bytes_received: int = 0
    records_sent: int = 0
    records_received: int = 0
    refused: int = 0
    seconds_reading: float = 0.0
    seconds_sealing: float = 0.0
    seconds_moving: float = 0.0
    seconds_writing: float = 0.0
    connections: int = 0
    lost: list[str] = field(default_factory=list)


def total(parts: Iterable[CarrierStatistics]) -> CarrierStatistics:
    """What several carriers did together."""
    result = CarrierStatistics()
    for part in parts:
        for name in _COUNTS:
            setattr(result, name, getattr(result, name) + getattr(part, name))
        result.lost += part.lost
    return result


_COUNTS: Final = tuple(each.name for each in fields(CarrierStatistics) if each.name != "lost")


class Carrier(Protocol):
    """One carrier in use for one data session, on one side."""

    name: str
    statistics: CarrierStatistics

    def close(self) -> None:
        """Stop at once; returns without waiting. Idempotent."""

    def join(self, timeout: float) -> bool:
        """Wait until all threads have ended; whether they have."""
