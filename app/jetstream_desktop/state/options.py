"""How a transfer is to go: the options that the composer folds under one line."""

from dataclasses import dataclass
from typing import Final

from jetstream.constants import (
    OVERWRITE_ALWAYS,
    OVERWRITE_BACKUP,
    OVERWRITE_KEEP_BOTH,
    OVERWRITE_NEVER,
    RATE_POLICY_BACKGROUND,
    RATE_POLICY_FAIR,
    SYMLINK_FOLLOW,
    SYMLINK_IGNORE,
    SYMLINK_PRESERVE,
)
from jetstream_desktop.i18n import tr
from jetstream_desktop.state import numbers

LABEL: Final = "label"
"""Where the label is kept among a transfer's ``userData``."""
MAX_LABEL: Final = 200
HIGH, NORMAL, LOW = 10, 100, 1000
LIMITS: Final[tuple[int | None, ...]] = (None, 800, 8_000, 40_000, 80_000, 400_000, 800_000)
"""Offered limits in kbit/s: from 100 KB/s to 100 MB/s."""
MAX_LIMIT: Final = 1_000_000_000
"""The highest limit that can be typed, in kbit/s."""


@dataclass(frozen=True, slots=True)
class Options:
    """What happens to files that are there, how fast, how important, what links become, who goes first on the line."""

    overwrite: int = OVERWRITE_ALWAYS
    limit: int | None = None
    priority: int = NORMAL
    symlinks: int = SYMLINK_FOLLOW
    folder: str = ""
    policy: str = RATE_POLICY_FAIR
    label: str = ""
    """What the transfer is called here, instead of what its files are called."""


def overwrite_names() -> dict[int, str]:
    """The choices for files that are already there, in words."""
    return {
        OVERWRITE_ALWAYS: tr("Replaces files"),
        OVERWRITE_KEEP_BOTH: tr("Keeps both"),
        OVERWRITE_NEVER: tr("Keeps files there"),
        OVERWRITE_BACKUP: tr("Keeps old as .jetbak"),
    }


def _same_names(overwrite: int) -> str:
    """What becomes of files that are there already, said so that nobody thinks of other files."""
    words = {
        OVERWRITE_ALWAYS: tr("Same names: replaced"),
        OVERWRITE_KEEP_BOTH: tr("Same names: both kept"),
        OVERWRITE_NEVER: tr("Same names: left as they are"),
        OVERWRITE_BACKUP: tr("Same names: old kept as .jetbak"),
    }
    return words.get(overwrite, str(overwrite))


def limit_name(limit: int | None) -> str:
    """A limit in words."""
    return tr("no limit") if not limit else tr("max {rate}", rate=numbers.rate(limit * 125))


def priority_names() -> dict[int, str]:
    """The priorities in words."""
    return {HIGH: tr("high priority"), NORMAL: tr("normal priority"), LOW: tr("low priority")}


def policy_names() -> dict[str, str]:
    """What to do about others on the line, in words."""
    return {RATE_POLICY_FAIR: tr("shares the line"),
            RATE_POLICY_BACKGROUND: tr("in the background: lets others go first")}


def symlink_names() -> dict[int, str]:
    """What links become, in words."""
    return {SYMLINK_FOLLOW: tr("links followed"), SYMLINK_IGNORE: tr("links left out"),
            SYMLINK_PRESERVE: tr("links kept as links")}


def summary(options: Options) -> str:
    """What happens to files that are there, the limit, and what else is not as usual, in one line."""
    parts = [_same_names(options.overwrite), limit_name(options.limit)]
    if options.priority != NORMAL:
        parts.append(priority_names().get(options.priority, tr("priority {n}", n=options.priority)))
    if options.symlinks != SYMLINK_FOLLOW:
        parts.append(symlink_names()[options.symlinks])
    if options.policy == RATE_POLICY_BACKGROUND:
        parts.append(tr("in the background"))
    if options.label:
        parts.append(tr("called “{name}”", name=options.label))
    return " · ".join(parts)
