"""Limits by the clock: a grid of the week's hours, each at full speed, slowed down, or at a stand."""

import datetime
import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

DAYS: Final = 7
HOURS: Final = 24
WORKING: Final = tuple((day, hour) for day in range(5) for hour in range(8, 18))
"""Monday to Friday from 8:00 to 18:00: what is slow until somebody paints it otherwise."""


class Speed(enum.IntEnum):
    """What an hour allows."""

    FULL = 0
    SLOW = 1


def rectangle(one: tuple[int, int], other: tuple[int, int]) -> list[tuple[int, int]]:
    """The cells ``(day, hour)`` between two corners, with both."""
    days, hours = sorted((one[0], other[0])), sorted((one[1], other[1]))
    return [(day, hour) for day in range(days[0], days[1] + 1) for hour in range(hours[0], hours[1] + 1)]


@dataclass(frozen=True, slots=True)
class WeekLimits:
    """The grid: 168 hours from Monday 0:00, and what "slow" means in kbit/s (``None`` switches the grid off)."""

    hours: tuple[Speed, ...] = (Speed.FULL,) * (DAYS * HOURS)
    slow_kbps: int | None = None
    enabled: bool = False

    def at(self, moment: datetime.datetime) -> int | None:
        """The limit in kbit/s at *moment* (local time), or ``None`` for none."""
        if not self.enabled or self.slow_kbps is None:
            return None
        return self.slow_kbps if self.speed(moment.weekday(), moment.hour) is Speed.SLOW else None

    def limit(self, moment: datetime.datetime, usual: int) -> int:
        """The limit of the node at *moment* in kbit/s, 0 for none, where it is *usual* without the grid."""
        now = self.at(moment)
        return min(now, usual or now) if now is not None else usual

    @property
    def empty(self) -> bool:
        """No hour is slow."""
        return Speed.SLOW not in self.hours

    def speed(self, day: int, hour: int) -> Speed:
        """What the grid says about one hour."""
        return self.hours[day * HOURS + hour]

    def painted(self, cells: Iterable[tuple[int, int]], speed: Speed) -> "WeekLimits":
        """The grid with the cells ``(day, hour)`` set to *speed*."""
        hours = list(self.hours)
        for day, hour in cells:
            if 0 <= day < DAYS and 0 <= hour < HOURS:
                hours[day * HOURS + hour] = speed
        return replace(self, hours=tuple(hours))

    def to_json(self) -> dict[str, Any]:
        """The form that the settings file keeps: one text of 168 digits."""
        return {"hours": "".join(str(int(speed)) for speed in self.hours), "slow": self.slow_kbps, "on": self.enabled}


def from_json(value: Mapping[str, Any]) -> WeekLimits:
    """Reads what :meth:`WeekLimits.to_json` made; anything damaged becomes an empty grid."""
    text, slow, enabled = value.get("hours"), value.get("slow"), value.get("on")
    if not isinstance(text, str) or len(text) != DAYS * HOURS or not set(text) <= {"0", "1"}:
        return WeekLimits()
    return WeekLimits(
        tuple(Speed(int(digit)) for digit in text),
        slow if isinstance(slow, int) and not isinstance(slow, bool) and slow > 0 else None,
        enabled is True,
    )
