"""The speed graph's data: samples of one transfer, thinned for the screen, gaps kept as gaps."""

from collections import deque
from dataclasses import dataclass
from typing import Final

_KEEP: Final = 7_200
_GAP_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Point:
    """A rate in bytes per second at a time in seconds; ``rate`` is ``None`` where nothing was known."""

    time: float
    rate: float | None


class SpeedHistory:
    """Keeps up to two hours of one sample a second; after that the oldest go."""

    def __init__(self) -> None:
        self._samples: deque[Point] = deque(maxlen=_KEEP)

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, time: float, rate: float | None) -> None:
        """Note *rate* at *time*. More than one sample a second is folded into the larger; time never goes back."""
        if self._samples:
            last = self._samples[-1]
            if time < last.time:
                return
            if time - last.time < 1.0:
                best = rate if last.rate is None else max(last.rate, rate or 0.0)
                self._samples[-1] = Point(last.time, best)
                return
            if time - last.time > _GAP_SECONDS and last.rate is not None:
                self._samples.append(Point(last.time + 1.0, None))
        self._samples.append(Point(time, rate))

    def points(self, now: float, seconds: float | None, most: int) -> list[Point]:
        """At most about *most* points of the last *seconds* (all for ``None``), each the mean of its bucket."""
        chosen = [p for p in self._samples if seconds is None or p.time >= now - seconds]
        step = max(1, -(-len(chosen) // most))
        if step == 1:
            return chosen
        result: list[Point] = []
        for start in range(0, len(chosen), step):
            bucket = chosen[start : start + step]
            rates = [p.rate for p in bucket if p.rate is not None]
            result.append(Point(bucket[0].time, sum(rates) / len(rates) if rates else None))
        return result

    def csv(self) -> str:
        """All samples as comma-separated values: seconds since the epoch, bytes per second."""
        lines = ["time_s,bytes_per_s"]
        lines += [f"{p.time:.0f},{'' if p.rate is None else f'{p.rate:.0f}'}" for p in self._samples]
        return "\n".join(lines) + "\n"


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
