"""How much room the columns of the transfer table need, in the language and the fonts of the window."""

from PySide6.QtGui import QFontMetrics

from jetstream_desktop.models.transfers import NUMERIC, titles
from jetstream_desktop.state import numbers
from jetstream_desktop.state.columns import LEAST_STATUS
from jetstream_desktop.state.filters import Column
from jetstream_desktop.state.sharing import day_and_time
from jetstream_desktop.views.theme import Theme

_APART = 18
_TIGHT = 760
_MONTHS = [28 * 86_400_000_000 + number * 2_629_800_000_000 for number in range(12)]
"""A late day of each month, in µs."""


def is_tight(room: int) -> bool:
    """Whether *room* pixels are little for the usual columns."""
    return room < _TIGHT


def needed(theme: Theme, room: int) -> dict[Column, int]:
    """What each column needs of *room* pixels; it depends on nothing that a poll brings."""
    widths = dict.fromkeys(Column, 110) | {
        Column.DIRECTION: 36, Column.OTHER: 150, Column.FILES: 100, Column.ERROR: 200,
        Column.NAME: max(150, min(300, room * 21 // 100)),
        Column.PROGRESS: 92 if is_tight(room) else max(130, min(220, room * 13 // 100)),
        Column.STATUS: LEAST_STATUS}
    body, heading = QFontMetrics(theme.font("body")), QFontMetrics(theme.font("header"))
    when = max(map(day_and_time, _MONTHS), key=body.horizontalAdvance)
    left = numbers.span(40, 180) if is_tight(room) else numbers.span(2880, 32_400)
    longest = {Column.DONE: numbers.part(88.8e9, 99.8e9), Column.RATE: numbers.rate(88.8e6),
               Column.AVERAGE: numbers.rate(88.8e6), Column.TIME_LEFT: left,
               Column.ADDED: when, Column.FINISHED: when}
    names = titles()
    for column in NUMERIC | {Column.PROGRESS}:  # headings are longer in some languages
        words = body.horizontalAdvance(longest[column]) if column in longest else widths[column] - _APART
        widths[column] = max(words, heading.horizontalAdvance(names[column])) + _APART
    return widths
