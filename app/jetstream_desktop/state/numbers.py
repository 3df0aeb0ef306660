"""Numbers as people read them: sizes, rates, durations, counts. No more digits than mean something.

Sizes and rates are decimal (1 MB is 1,000,000 bytes), as file managers and network people have them.
"""

from typing import Final

from jetstream_desktop.i18n import apart, digits, tr, trn

_UNITS: Final = ("B", "KB", "MB", "GB", "TB", "PB", "EB")
MICROSECONDS: Final = 1_000_000


def _unit(size: float) -> int:
    index = 0
    while index < len(_UNITS) - 1 and round(size / 1000**index) >= 1000:
        index += 1
    return index


def _in_unit(size: float, index: int) -> str:
    value = size / 1000**index
    return digits(f"{value:,.1f}" if index >= 2 and value < 99.95 else f"{value:,.0f}")


def size(value: float) -> str:
    """Bytes as ``18.2 GB``."""
    index = _unit(value)
    return apart(f"{_in_unit(value, index)} {_UNITS[index]}")


def part(done: float, total: float | None) -> str:
    """``11.2 of 18.2 GB``; only the total when everything is done; only what is done while none is known."""
    if total is None:
        return size(done)
    if done >= total:
        return size(total)
    index = _unit(total)
    whole = f"{_in_unit(total, index)} {_UNITS[index]}"
    return apart(tr("{done} of {total}", done=_in_unit(done, index) if done > 0 else "0", total=whole))


def counted(done: int, total: int) -> str:
    """``5 of 2,310``."""
    return apart(tr("{done} of {total}", done=count(done), total=count(total)))


def rate(bytes_per_second: float | None) -> str:
    """``98.3 MB/s``; empty for nothing, because zeros only hide the rows that move."""
    if bytes_per_second is None or bytes_per_second < 1:
        return ""
    return apart(f"{size(bytes_per_second)}/s")


def rate_step(bytes_per_second: float, top: float) -> str:
    """A round rate on a scale up to *top*, in the unit of that: ``50``, and ``150 MB/s`` for the top itself."""
    index = _unit(top)
    number = digits(f"{bytes_per_second / 1000**index:,g}")
    return number if bytes_per_second < top else apart(f"{number} {_UNITS[index]}/s")


def bits(bytes_per_second: float) -> str:
    """The same rate as network people say it: ``786 Mbit/s``."""
    value = bytes_per_second * 8
    for unit in ("bit/s", "kbit/s", "Mbit/s"):
        if round(value) < 1000:
            return apart(f"{value:.0f} {unit}")
        value /= 1000
    return apart(digits(f"{value:.1f} Gbit/s"))


def percent(fraction: float | None) -> str:
    """``61 %``. 100 % is said only when all is there."""
    if fraction is None:
        return ""
    return apart(f"{100 if fraction >= 1 else min(99, int(fraction * 100))} %")


def count(value: int) -> str:
    """``2,310``."""
    return digits(f"{value:,}")


def files(value: int) -> str:
    """``1 file``, ``2,310 files``."""
    return apart(trn("{count} file", "{count} files", value))


def duration(seconds: float) -> str:
    """A rough length of time: ``42 s``, ``7 min``, ``2 h 10 min``, ``3 days``."""
    return apart(_duration(seconds))


def _duration(seconds: float) -> str:
    whole = max(0, round(seconds))
    if whole < 60:
        return tr("{n} s", n=whole)
    minutes = round(whole / 60)
    if minutes < 60:
        return tr("{n} min", n=minutes)
    hours, rest = divmod(minutes, 60)
    if hours < 10 and rest:
        return tr("{h} h {m} min", h=hours, m=rest)
    hours = round(minutes / 60)
    return tr("{n} h", n=hours) if hours < 48 else trn("{count} day", "{count} days", round(hours / 24))


def clock(seconds: float) -> str:
    """An exact length of time: ``0:42``, ``12:05``, ``1:02:03``."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def span(low: float, high: float) -> str:
    """A range of times left: ``1–2 min``, and one value where both ends read alike."""
    if _duration(low) != _duration(high):  # of two that differ the minutes of hours say nothing
        low, high = (round(value / 3600) * 3600 if value >= 3570 else value for value in (low, high))
    return apart(_span(_duration(low), _duration(high)))


def longest(high: float) -> str:
    """The end of such a range, where there is no room for both."""
    return duration(round(high / 3600) * 3600 if high >= 36_000 else high)


def _span(first: str, last: str) -> str:
    if first == last:
        return first
    number, _, unit = last.partition(" ")
    head, _, head_unit = first.partition(" ")
    return f"{head}–{last}" if unit == head_unit and number != head and " " not in unit else f"{first} – {last}"
