"""The difference between two polls, so that a model touches only what moved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jetstream_desktop.state.rows import Row


@dataclass(frozen=True, slots=True)
class Changes:
    """What became different. *updated* holds rows that were known and have other values now."""

    added: tuple[Row, ...] = ()
    updated: tuple[Row, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.updated or self.removed)


def between(known: Mapping[str, Row], fresh: Iterable[Row], *, complete: bool) -> Changes:
    """What *fresh* changes about *known*.

    :param complete: whether *fresh* is all there is, so that what it lacks is gone; else it is only what moved.
    """
    added: list[Row] = []
    updated: list[Row] = []
    seen: set[str] = set()
    for row in fresh:
        seen.add(row.key)
        old = known.get(row.key)
        if old is None:
            added.append(row)
        elif old != row:
            updated.append(row)
    removed = tuple(key for key in known if key not in seen) if complete else ()
    return Changes(tuple(added), tuple(updated), removed)


def runs(positions: Iterable[int]) -> list[tuple[int, int]]:
    """Positions as closed ranges, ascending: ``[1, 2, 3, 7]`` is ``[(1, 3), (7, 7)]``."""
    result: list[tuple[int, int]] = []
    for position in sorted(set(positions)):
        if result and position == result[-1][1] + 1:
            result[-1] = (result[-1][0], position)
        else:
            result.append((position, position))
    return result
