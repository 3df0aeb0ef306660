"""Scales of the speed graph: round rates at the side, and round times of the day below."""

import datetime
from typing import Final

_PARTS: Final = {1.0: 4, 1.5: 3, 2.0: 4, 3.0: 3, 5.0: 5, 7.5: 3}
_STEPS: Final = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
"""Seconds between two marks of a time axis."""


def rates(top: float, most: int) -> tuple[float, ...]:
    """Round steps from *top* down to nothing, not more than *most* besides it; *top* is a nice ceiling."""
    power = 1.0
    while power * 10 <= top * 1.000001:
        power *= 10
    while power > top * 1.000001:
        power /= 10
    parts = _PARTS.get(round(top / power, 3), 4)
    while parts > max(1, most):
        parts = parts // 2 if parts % 2 == 0 else 1
    return tuple(top * (parts - number) / parts for number in range(parts + 1))


def clock_times(start: float, end: float, most: int) -> tuple[float, ...]:
    """Round times of the local day between *start* and *end* (seconds since the epoch), at most about *most*."""
    step = next((step for step in _STEPS if (end - start) / step <= max(1, most)), _STEPS[-1])
    offset = datetime.datetime.fromtimestamp(start).astimezone().utcoffset() or datetime.timedelta()
    first = -(-(start + offset.total_seconds()) // step) * step - offset.total_seconds()
    return tuple(first + number * step for number in range(int(max(0.0, end - first) // step) + 1) if first <= end)
