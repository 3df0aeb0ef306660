"""Saying no: why a node does not start, and why it turns connections away, without flooding its log."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass


class StartRefused(Exception):  # noqa: N818 - named by what happened
    """The node cannot start. ``str(error)`` is one sentence that says why and what to do."""


@dataclass(slots=True)
class _Window:
    opened: float
    unsaid: int = 0


class RefusalLog:
    """Counts refusals by reason and says at most one line per reason and interval. Time is passed in.

    :param say: takes a line for the log.
    :param interval: seconds.
    """

    def __init__(self, say: Callable[[str], None], interval: float = 60.0) -> None:
        self._say = say
        self._interval = interval
        self._counts: Counter[str] = Counter()
        self._windows: dict[str, _Window] = {}

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each reason came up so far."""
        return dict(self._counts)

    def refuse(self, reason: str, who: str, now: float) -> None:
        """Count one refusal of *who*; the first of each interval is said, with the number of those that were not."""
        self._counts[reason] += 1
        window = self._windows.get(reason)
        if window is not None and now - window.opened < self._interval:
            window.unsaid += 1
            return
        more = f" ({window.unsaid} more since the last line)" if window is not None and window.unsaid else ""
        self._windows[reason] = _Window(now)
        self._say(f"Turned {who} away: {reason}{more}")
