"""Numbers and names as a terminal shows them, and as people type them. Pure.

Sizes and rates are decimal (1 MB is 1,000,000 bytes), as file managers and network people have them.
"""

import re
from typing import Final

from jetstream.errors import InvalidParameters

_UNITS: Final = ("B", "KB", "MB", "GB", "TB", "PB", "EB")
_SECONDS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_KBITS: Final = {"": 1.0, "k": 1.0, "m": 1e3, "g": 1e6, "t": 1e9}

MAX_SECONDS: Final = 100 * 365 * 86_400
MAX_KBITS: Final = 1 << 40


def size(value: float) -> str:
    """Bytes as ``18.2 GB``."""
    index = 0
    while index < len(_UNITS) - 1 and round(value) >= 1000:
        value, index = value / 1000, index + 1
    return f"{value:.1f} {_UNITS[index]}" if index >= 2 and value < 99.95 else f"{value:.0f} {_UNITS[index]}"


def part(done: int, total: int | None) -> str:
    """``11.2 GB of 18.2 GB``; only what is done while no total is known."""
    return size(done) if total is None else size(total) if done >= total else f"{size(done)} of {size(total)}"


def rate(kbits: int | None) -> str:
    """A rate of the API (kbit/s) in bytes: ``98.3 MB/s``; empty for none."""
    return f"{size(kbits * 125)}/s" if kbits else ""


def files(count: int) -> str:
    """``1 file``, ``2,310 files``."""
    return "1 file" if count == 1 else f"{count:,} files"


def duration(seconds: float) -> str:
    """A rough length of time: ``42 s``, ``7 min``, ``2 h 10 min``, ``3 days``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 10 and rest:
        return f"{hours} h {rest} min"
    hours = round(minutes / 60)
    return f"{hours} h" if hours < 48 else f"{round(hours / 24)} days"


def percent(fraction: float) -> str:
    """``61 %``. 100 % is said only when all is there."""
    return f"{100 if fraction >= 1 else min(99, int(fraction * 100))} %"


def shown(name: str) -> str:
    """A name from outside on one line: control characters and broken bytes are shown, not obeyed."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in name)


def read_duration(text: str) -> int:
    """Seconds in ``90s``, ``30m``, ``12h``, ``3d``, ``2w``.

    :raises InvalidParameters: if *text* is no such length of time.
    """
    found = re.fullmatch(r"\s*(\d{1,10})\s*(s|m|min|h|d|w)\s*", text.lower())
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= MAX_SECONDS:
        raise InvalidParameters(f"{text!r} is no length of time; write 30m, 12h, 3d or 2w.")
    return seconds


def read_rate(text: str) -> int:
    """kbit/s in ``800k``, ``50M``, ``1.5G`` (bits per second; a plain number is kbit/s).

    :raises InvalidParameters: if *text* is no such rate.
    """
    found = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*([kmgt]?)(?:bit(?:/s|ps)?|bps)?\s*", text.lower())
    kbits = round(float(found[1]) * _KBITS[found[2]]) if found else 0
    if not 0 < kbits <= MAX_KBITS:
        raise InvalidParameters(f"{text!r} is no rate; write 800k, 50M or 1.5G (bits per second).")
    return kbits
