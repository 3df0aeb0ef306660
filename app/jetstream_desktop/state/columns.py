"""How the table's columns stand: which are shown, in which order, how wide, sorted by which. Kept in the settings."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jetstream_desktop.state.filters import Column

USUAL: Final = (Column.DIRECTION, Column.NAME, Column.PROGRESS, Column.STATUS, Column.DONE, Column.RATE,
                Column.TIME_LEFT, Column.AVERAGE, Column.ADDED)
"""Shown until the person chooses; the other side and the number of files stand below the name."""
YIELDING: Final = ((Column.ADDED, 152), (Column.AVERAGE, 152), (Column.DONE, 136))
"""These give way, one after the other, where the status would have less room than that many pixels."""
MOVING: Final = (Column.RATE, Column.TIME_LEFT)
"""These say something only while something moves."""
ORDER: Final = (Column.DIRECTION, Column.NAME, Column.OTHER, *(
    column for column in Column if column not in (Column.DIRECTION, Column.NAME, Column.OTHER)))
_WIDEST: Final = 4000
LEAST_STATUS: Final = 136
_TIGHT_STATUS: Final = 112
_LEAST_NAME: Final = 120
_ENOUGH_STATUS: Final = 330
"""A sentence of some length in one line; what is left then is shared out."""
_GROWING: Final = ((Column.NAME, 460, 0.5), (Column.PROGRESS, 300, 0.25))
"""These grow up to that many pixels, by that share of what is left."""
_FIXED: Final = (Column.DIRECTION, Column.NAME, Column.PROGRESS, Column.STATUS)
_AIR: Final = 40
"""By more than that the other columns do not grow."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """*order* has every column once; *widths* only those that the person has changed something about."""

    order: tuple[Column, ...] = ORDER
    shown: frozenset[Column] = frozenset(USUAL)
    widths: tuple[tuple[Column, int], ...] = ()
    sort: Column | None = None
    descending: bool = False


def yielding(shown: Collection[Column], widths: Mapping[Column, int], room: int) -> tuple[Column, ...]:
    """Which of the *shown* columns are left out so that the status keeps enough of the *room* between *widths*."""
    left = room - sum(widths[column] for column in shown if column is not Column.STATUS)
    gone: list[Column] = []
    for column, enough in YIELDING:
        if column in shown and Column.STATUS in shown and left < enough:
            gone.append(column)
            left += widths[column]
    return tuple(gone)


def shared_out(widths: Mapping[Column, int], shown: Collection[Column], room: int) -> dict[Column, int]:
    """All widths, so that those *shown* fill the *room*: a little less where it is little, and where there is much all
    get some of it, so that the status does not stand alone between what belongs together.
    """
    result = dict(widths)
    rest = room - sum(widths[column] for column in shown if column is not Column.STATUS)
    if rest < LEAST_STATUS:  # before a bar to scroll sideways is needed
        least = max(_TIGHT_STATUS, rest)
        result[Column.NAME] = max(_LEAST_NAME, widths[Column.NAME] - (least - rest))
        result[Column.STATUS] = least
        return result
    spare = max(0, rest - _ENOUGH_STATUS)
    for column, most, share in _GROWING:
        more = min(round(spare * share), max(0, most - widths[column])) if column in shown else 0
        result[column] += more
        rest -= more
    others = [column for column in shown if column not in _FIXED]
    for column in others:
        more = min(_AIR, max(0, rest - _ENOUGH_STATUS) // len(others))
        result[column] += more
    result[Column.STATUS] = room - sum(result[column] for column in shown if column is not Column.STATUS)
    return result


def dump(arrangement: Arrangement) -> str:
    """The text for the settings, by names, so that later columns change nothing; empty for the usual arrangement."""
    if arrangement == Arrangement():
        return ""
    return json.dumps({
        "order": [column.name for column in arrangement.order],
        "shown": [column.name for column in arrangement.order if column in arrangement.shown],
        "widths": {column.name: width for column, width in arrangement.widths},
        "sort": None if arrangement.sort is None else arrangement.sort.name,
        "descending": arrangement.descending,
    })


def parse(text: str) -> Arrangement:
    """Reads what :func:`dump` wrote; what cannot be used is as usual, and a new column stands at the end."""
    try:
        value = json.loads(text)
    except ValueError:
        return Arrangement()
    if not isinstance(value, dict):
        return Arrangement()
    order = list(dict.fromkeys(_columns(value.get("order"))))
    order += [column for column in ORDER if column not in order]
    shown = frozenset(_columns(value.get("shown"))) or frozenset(USUAL)
    given = value.get("widths")
    widths: dict[str, Any] = given if isinstance(given, dict) else {}
    sort = _columns([value.get("sort")])
    return Arrangement(
        tuple(order), shown | {Column.NAME},
        tuple((column, widths[column.name]) for column in Column if _is_width(widths.get(column.name))),
        sort[0] if sort else None, value.get("descending") is True)


def _columns(names: Any) -> list[Column]:
    if not isinstance(names, list):
        return []
    return [Column[name] for name in names if isinstance(name, str) and name in Column.__members__]


def _is_width(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _WIDEST
