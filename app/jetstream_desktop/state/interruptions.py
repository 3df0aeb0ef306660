"""Where the speed graph has gaps, and why: the gaps are the samples', the causes the events'."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from jetstream.entities import Event
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.state import numbers
from jetstream_desktop.state.history import Point
from jetstream_desktop.state.text import printable
from jetstream_desktop.state.words import PAUSED_THERE, first_sentence

_SILENT_SECONDS: Final = 5.0
"""What moves is heard of once a second; after that long without a word it stands."""
_EARLIER_SECONDS: Final = 15.0
"""An event may be older than the gap by as much: the clock of the node may be behind, and a rate dies away."""
_LATER_SECONDS: Final = 2.0
_CAUSES: Final = ("Waiting", "Suspended", "Failed", "Asked")
"""How the names of the events end that tell why something stands still."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """From *start* to *end* (seconds) nothing moved. *words* say it in short, *reason* is the event's own sentence."""

    start: float
    end: float
    words: str
    reason: str = ""

    def at(self, time: float) -> bool:
        """Whether it was at *time*."""
        return self.start <= time < self.end


@dataclass(frozen=True, slots=True)
class _Gap:
    start: float
    end: float
    after: Point | None
    """What comes then; ``None`` while it lasts."""


def interruptions(points: Sequence[Point], events: Sequence[Event], end: float, *,
                  live: bool) -> tuple[Interruption, ...]:
    """The gaps between *points* with their causes.

    :param events: those of the transfer, in any order.
    :param end: where the axis ends, in seconds; *live* says that this is now, so that what lasts until then counts.
    """
    return tuple(_explained(gap, events) for gap in _gaps(points, end, live=live))


def _gaps(points: Sequence[Point], end: float, *, live: bool) -> Iterator[_Gap]:
    last: Point | None = None
    opened: float | None = None
    for point in points:
        if point.rate is None:
            if last is not None and opened is None:
                opened = point.time
            continue
        if opened is not None:
            yield _Gap(opened, point.time, point)
        last, opened = point, None
    if live and last is not None and (opened is not None or end - last.time > _SILENT_SECONDS):
        yield _Gap(last.time if opened is None else opened, end, None)


def _explained(gap: _Gap, events: Sequence[Event]) -> Interruption:
    cause = _cause(gap, events)
    words = _what(cause, numbers.duration(gap.end - gap.start))
    if gap.after is not None and gap.after.share is not None:
        words = tr("{what}, resumed at {percent}", what=words, percent=numbers.percent(gap.after.share))
    reason = "" if cause is None else first_sentence(printable(say(cause.message)))
    return Interruption(gap.start, gap.end, words, reason)


def _cause(gap: _Gap, events: Sequence[Event]) -> Event | None:
    """The event that tells of it: the one nearest to its beginning."""
    fitting = [event for event in events if event.event.endswith(_CAUSES)
               and gap.start - _EARLIER_SECONDS <= event.timestamp / 1e6 <= gap.end + _LATER_SECONDS]
    return min(fitting, key=lambda event: abs(event.timestamp / 1e6 - gap.start), default=None)


def _what(cause: Event | None, time: str) -> str:
    if cause is None:
        return tr("nothing known for {time}", time=time)
    if cause.event.endswith("Suspended"):
        return tr("paused {time}", time=time)
    if cause.event.endswith("Failed"):
        return tr("stopped {time}", time=time)
    if cause.event.endswith("Asked"):
        return tr("waited {time} for a yes", time=time)
    if cause.message.startswith(PAUSED_THERE.rstrip(".")):
        return tr("paused by the other side for {time}", time=time)
    return tr("link lost {time}", time=time)
