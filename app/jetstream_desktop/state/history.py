"""The speed graph's data: samples of one transfer, thinned for the screen, gaps kept as gaps."""

import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_KEEP: Final = 7_200
_GAP_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Point:
    """A rate in bytes per second at a time in seconds; ``rate`` is ``None`` where nothing moved or was known.

    *share* is how far the transfer was, from 0 to 1.
    """

    time: float
    rate: float | None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What the samples of some time come to, in bytes per second; the average is that of the time that is known."""

    latest: float
    average: float
    peak: Point


class SpeedHistory:
    """Keeps up to two hours of one sample a second; after that the oldest go."""

    def __init__(self) -> None:
        self._samples: deque[Point] = deque(maxlen=_KEEP)

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, time: float, rate: float | None, share: float | None = None) -> None:
        """Note *rate* at *time*, ``None`` for nothing. More than one sample a second is folded into the larger; time
        never goes back.
        """
        if self._samples:
            last = self._samples[-1]
            if time < last.time or (rate is None and last.rate is None):
                return
            if time - last.time < 1.0:
                best = rate if last.rate is None else max(last.rate, rate or 0.0)
                self._samples[-1] = Point(last.time, best, last.share if share is None else share)
                return
            if time - last.time > _GAP_SECONDS and last.rate is not None:
                self._samples.append(Point(last.time + 1.0, None))
        self._samples.append(Point(time, rate, share))

    def _within(self, now: float, seconds: float | None) -> list[Point]:
        return [p for p in self._samples if seconds is None or p.time >= now - seconds]

    def summary(self, now: float, seconds: float | None) -> Summary | None:
        """Of the last *seconds*; ``None`` where nothing is known of them."""
        known = [(p.rate, p) for p in self._within(now, seconds) if p.rate is not None]
        if not known:
            return None
        rates = [rate for rate, _ in known]
        return Summary(rates[-1], sum(rates) / len(rates), max(known, key=lambda pair: pair[0])[1])

    def points(self, now: float, seconds: float | None, most: int) -> list[Point]:
        """At most about *most* points of the last *seconds* (all for ``None``), each the mean of a piece of time.

        The pieces begin at round times, so that a curve that moves on keeps its shape; no piece reaches over a gap.
        """
        chosen = self._within(now, seconds)
        if len(chosen) <= most:
            return chosen
        width = max(1, math.ceil((chosen[-1].time - chosen[0].time) / most))
        return list(_thinned(chosen, width))

    def csv(self) -> str:
        """All samples as comma-separated values: seconds since the epoch, bytes per second."""
        lines = ["time_s,bytes_per_s"]
        lines += [f"{p.time:.0f},{'' if p.rate is None else f'{p.rate:.0f}'}" for p in self._samples]
        return "\n".join(lines) + "\n"


def _thinned(points: Sequence[Point], width: float) -> Iterator[Point]:
    for _, piece in itertools.groupby(points, lambda p: (p.time // width, p.rate is None)):
        bucket = list(piece)
        rates = [p.rate for p in bucket if p.rate is not None]
        yield Point(bucket[0].time, sum(rates) / len(rates) if rates else None, bucket[0].share)


def nice_ceiling(value: float) -> float:
    """The next 1, 1.5, 2, 3, 5 or 7.5 times a power of ten above *value*, for the top of an axis."""
    if value <= 0:
        return 1.0
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next(power * step for step in (1, 1.5, 2, 3, 5, 7.5, 10) if power * step >= value)
