"""What was learnt of paths, for the next session on them.

As in "careful resume" (draft-ietf-tsvwg-careful-resume): only where the round trip is about the same, only for a while,
and only as the first guess of a model that goes on looking. Pure; time is an argument. Any thread.
"""

import threading
from typing import Final

PLACES: Final = 256
"""So many paths are remembered; those that were used last."""
SECONDS: Final = 3600.0
SAME_TRIP: Final = 0.5
"""A round trip that differs by more than this share is another path."""


class PathMemory:
    """Rates (bytes a second) and round trips (seconds) by address."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, float, float]] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<PathMemory of {len(self._known)}>"

    def keep(self, address: str, rate: float, trip: float, now: float) -> None:
        """The path to *address* took *rate*, with a round trip of *trip*."""
        with self._lock:
            self._known.pop(address, None)
            self._known[address] = (rate, trip, now)
            if len(self._known) > PLACES:
                del self._known[next(iter(self._known))]

    def rate(self, address: str, trip: float | None, now: float) -> float | None:
        """What the path took before; ``None`` if nothing is known that can be relied on."""
        with self._lock:
            known = self._known.get(address)
        if known is None or trip is None:
            return None
        rate, before, when = known
        if now - when > SECONDS or abs(trip - before) > SAME_TRIP * before:
            return None
        return rate
