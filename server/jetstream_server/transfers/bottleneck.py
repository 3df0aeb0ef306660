"""What limits a transfer right now, in a few words. Pure.

Each side's threads spend their time in stages. The sender reads, seals and waits for the line to take the block; the
receiver waits for the line to bring one, opens it and writes. Where they spend most of it is what limits. A sender that
waits for the line while the receiver writes most of the time is held up by the receiver's disk, not by the line.
"""

from dataclasses import dataclass

from jetstream_server.link.carrier import CarrierStatistics

MOSTLY = 0.5
"""Share of its time from which on a stage is what limits."""
AT_LIMIT = 0.85
"""Share of a rate limit from which on the limit is what limits."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Seconds that the threads of one side have spent in each stage so far."""

    disk: float
    sealing: float
    line: float

    @classmethod
    def of(cls, statistics: CarrierStatistics) -> "Stages":
        """The stages of a carrier so far."""
        disk = statistics.seconds_reading + statistics.seconds_writing
        return cls(disk, statistics.seconds_sealing, statistics.seconds_moving)

    def __sub__(self, earlier: "Stages") -> "Stages":
        # Several threads add to the sums without a lock, so a later sum may lie a little below an earlier one.
        return Stages(max(0.0, self.disk - earlier.disk), max(0.0, self.sealing - earlier.sealing),
                      max(0.0, self.line - earlier.line))

    @property
    def total(self) -> float:
        """All of them."""
        return self.disk + self.sealing + self.line

    @property
    def disk_percent(self) -> int:
        """How much of the time goes into the disk."""
        return round(100 * self.disk / self.total) if self.total > 0 else 0


def bottleneck(
    sender: Stages, receiver_disk_percent: int, rate: float, limit_kbps: int | None, peer: str
) -> str | None:
    """A few words; ``None`` while there is nothing to tell.

    :param sender: what the sending threads did lately.
    :param receiver_disk_percent: as the receiver says of itself.
    :param rate: bytes a second.
    :param limit_kbps: the lowest rate limit that applies, kbit/s.
    :param peer: the other node's name.
    """
    if rate <= 0 or sender.total <= 0:
        return None
    if limit_kbps is not None and rate * 8 / 1000 >= limit_kbps * AT_LIMIT:
        return f"your limit, {limit_kbps / 8000:.3g} MB/s"
    speed = f"{rate / 1e6:.3g} MB/s"
    if sender.disk / sender.total >= MOSTLY:
        return f"this computer's disk, {speed}"
    if sender.sealing / sender.total >= MOSTLY:
        return f"this computer's processor, {speed}"
    if receiver_disk_percent >= 100 * MOSTLY:
        return f"{peer}'s disk, {speed}"
    return f"the line, {rate * 8 / 1e6:.0f} Mbit/s"
