"""Choosing some of the files that a link gives: patterns, and entries as ranges. Pure."""

import re
from collections.abc import Iterable
from fnmatch import translate
from functools import lru_cache


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of the *patterns* fits *path* (``/``-separated), without regard to case.

    A pattern with a slash is for the whole path, one without for the name of the file or of any folder above it:
    ``*.jpg`` takes all JPEGs, ``raw`` everything below folders of that name, ``2024/*`` everything below ``2024``.
    """
    return any(_fits(path, pattern) for pattern in patterns)


def _fits(path: str, pattern: str) -> bool:
    if "/" in pattern:
        return _compiled(pattern.strip("/")).match(path) is not None
    return any(_compiled(pattern).match(name) for name in path.split("/"))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> "re.Pattern[str]":
    return re.compile(translate(pattern), re.IGNORECASE)


def ranges_of(entries: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as ascending ranges (first, count), for ``createDownload(entries=...)``."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(set(entries)):
        if ranges and sum(ranges[-1]) == number:
            ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1)
        else:
            ranges.append((number, 1))
    return ranges
