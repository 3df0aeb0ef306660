"""Sums over a basket while a worker still counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jetstream.constants import SYMLINK_FOLLOW, SYMLINK_PRESERVE
from jetstream_desktop.i18n import tr
from jetstream_desktop.state import numbers
from jetstream_desktop.state.basket import Basket, Kind


@dataclass(frozen=True, slots=True)
class Count:
    """Files and bytes below a source. *complete* once the worker has seen all of it."""

    files: int = 0
    size: int = 0
    complete: bool = False
    unreadable: int = 0

    def plus(self, other: "Count") -> "Count":
        """Both together."""
        return Count(self.files + other.files, self.size + other.size, self.complete and other.complete,
                     self.unreadable + other.unreadable)


def total(counts: Iterable[Count]) -> Count:
    """All together; complete when each is."""
    result = Count(complete=True)
    for count in counts:
        result = result.plus(count)
    return result


def of_basket(basket: Basket, counted: Mapping[str, Count], symlinks: int = SYMLINK_FOLLOW) -> Count:
    """The sum over *basket*; *counted* holds what is known of folders, by source.

    :param symlinks: what becomes of links, as the API has it.
    """
    parts: list[Count] = []
    for item in basket.going():
        if item.found.link and symlinks == SYMLINK_PRESERVE:
            continue  # the link itself goes
        if item.found.kind is Kind.FILE:
            parts.append(Count(1, item.found.size, True))
        elif item.found.kind is Kind.FOLDER:
            parts.append(counted.get(item.source, Count()))
    return total(parts)


def send_label(count: Count, where: str | None) -> str:
    """The text of the primary button: verb, amount, target."""
    if where is None:
        return tr("Choose where to send")
    if not count.complete or count.files == 0:
        return tr("Send to {where}", where=where)
    return tr("Send {files} to {where}", files=numbers.files(count.files), where=where)
