"""Patterns of what a scan leaves out. Pure.

In the manner of rsync and git:

- a pattern without ``/`` matches a name anywhere: ``*.tmp``;
- one with ``/`` (other than at its end) matches the path below the mapped folder: ``build/*.o``, ``/notes.txt``;
- one that ends in ``/`` matches folders alone: ``cache/``. A folder that matches is left out with all it holds;
- ``*`` and ``?`` match anything but ``/``, ``**`` anything at all, ``[a-z]`` and ``[!a-z]`` one character of a set.
"""

import os
import re
from collections.abc import Iterable


class Exclude:
    """Compiled patterns."""

    def __init__(self, patterns: Iterable[str]) -> None:
        names: list[str] = []
        folder_names: list[str] = []
        paths: list[str] = []
        folder_paths: list[str] = []
        for pattern in patterns:
            body = pattern.rstrip("/")
            if not body:
                continue
            only_folders = pattern.endswith("/")
            if "/" in body:
                (folder_paths if only_folders else paths).append(_expression(body.lstrip("/")))
            else:
                (folder_names if only_folders else names).append(_expression(body))
        self._names = _any(names)
        self._folder_names = _any(names + folder_names)
        self._paths = _any(paths)
        self._folder_paths = _any(paths + folder_paths)
        self.active = bool(names or folder_names or paths or folder_paths)
        """Whether there is anything to match."""

    def matches(self, below: bytes, name: str, *, folder: bool) -> bool:
        """Whether *name*, in the folder *below* the mapped one (``b""`` for itself), is left out."""
        by_name = self._folder_names if folder else self._names
        if by_name is not None and by_name.fullmatch(name):
            return True
        by_path = self._folder_paths if folder else self._paths
        if by_path is None:
            return False
        return by_path.fullmatch(f"{os.fsdecode(below)}/{name}" if below else name) is not None


def _any(expressions: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{e})" for e in expressions), re.DOTALL) if expressions else None


def _expression(pattern: str) -> str:
    """The regular expression of one glob pattern."""
    result = []
    at = 0
    while at < len(pattern):
        sign = pattern[at]
        at += 1
        if sign == "*":
            if pattern.startswith("*/", at):
                result.append("(?:.*/)?")
                at += 2
            elif pattern.startswith("*", at):
                result.append(".*")
                at += 1
            else:
                result.append("[^/]*")
        elif sign == "?":
            result.append("[^/]")
        elif sign == "[":
            end = pattern.find("]", at + 2 if pattern.startswith("!", at) else at + 1)
            if end < 0:
                result.append(r"\[")
            else:
                result.append(_set(pattern[at:end]))
                at = end + 1
        else:
            result.append(re.escape(sign))
    return "".join(result)


def _set(body: str) -> str:
    """One character of a set; a range that runs backwards matches nothing rather than failing."""
    negated = body.startswith("!")
    body = body[1:] if negated else body
    parts = []
    at = 0
    while at < len(body):
        if body[at + 1 : at + 2] == "-" and at + 2 < len(body):
            if body[at] <= body[at + 2]:
                parts.append(f"{re.escape(body[at])}-{re.escape(body[at + 2])}")
            at += 3
        else:
            parts.append(re.escape(body[at]))
            at += 1
    if not parts:
        return "[^/]" if negated else "(?!)"
    return f"(?:(?!/)[{'^' if negated else ''}{''.join(parts)}])"
