"""What came to a node over datagrams and proved nothing, summed over its sessions, also over those that have ended."""

import threading
from collections import Counter
from dataclasses import dataclass, fields


@dataclass(slots=True)
class LineStatistics:
    """What came that proves nothing, by kind."""

    forged: int = 0
    replayed: int = 0
    moved: int = 0
    """How often the other side's address changed."""
    senseless: int = 0
    unsent: int = 0
    """Reports of packets that were never sent."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Counts since the node started."""

    stray: int = 0
    """Datagrams of no session here, or of one that is over."""
    short: int = 0
    forged: int = 0
    replayed: int = 0
    senseless: int = 0
    unsent: int = 0
    """Reports of packets that were never sent."""
    moved: int = 0
    """How often a peer's address changed; nothing was dropped for it."""

    @property
    def total(self) -> int:
        """All that was dropped."""
        return self.stray + self.short + self.forged + self.replayed + self.senseless + self.unsent


class Tally:
    """Adds up the lines of sessions: those that run as they are now, those that have ended as they were in the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, LineStatistics] = {}
        self._ended: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"<Tally running={len(self._running)}>"

    def begin(self, line: LineStatistics) -> None:
        """*line* counts from now on."""
        with self._lock:
            self._running[id(line)] = line

    def end(self, line: LineStatistics) -> None:
        """The session of *line* is over. Idempotent."""
        with self._lock:
            if self._running.pop(id(line), None) is not None:
                self._ended.update(_counts(line))

    def dropped(self, sockets: Counter[str]) -> Dropped:
        """All of it, with what the *sockets* themselves threw away."""
        with self._lock:
            total = Counter(self._ended)
            for line in self._running.values():
                total.update(_counts(line))
        return Dropped(stray=sockets["of no session"], short=sockets["too short"], **total)


def _counts(line: LineStatistics) -> dict[str, int]:
    return {each.name: int(getattr(line, each.name)) for each in fields(line)}
