"""The sidebar's list: shelves with live counts, sharing, destinations."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QObject, Qt

from jetstream.entities import Destination
from jetstream_desktop.i18n import tr
from jetstream_desktop.models.roles import KEY, ROOT, SNAPSHOT, Index
from jetstream_desktop.state import numbers
from jetstream_desktop.state.address import reachable, titles
from jetstream_desktop.state.book import group_of
from jetstream_desktop.state.filters import Filter
from jetstream_desktop.state.text import plain_tooltip, printable


class EntryKind(enum.Enum):
    """What a line of the sidebar is."""

    SHELF = "shelf"
    HEADING = "heading"
    SHARED = "shared"
    OFFERS = "offers"
    GROUP = "group"
    """A group of the address book, above its destinations."""
    DESTINATION = "destination"
    ALL_DESTINATIONS = "all destinations"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the sidebar. *reachable* is known for destinations that were tried."""

    kind: EntryKind
    key: str
    text: str
    icon: str = ""
    count: int | None = None
    reachable: bool | None = None


HEADINGS = (EntryKind.HEADING, EntryKind.GROUP)
"""Lines that cannot be chosen."""
SHARED_KEY = "shared"
OFFERS_KEY = "offers"
ALL_DESTINATIONS_KEY = "destinations"
_SHELVES = ((Filter.ALL, "list"), (Filter.ACTIVE, "play"), (Filter.WAITING, "clock"), (Filter.PAUSED, "pause"),
            (Filter.DONE, "check"), (Filter.FAILED, "alert"))


def shelf_name(shelf: Filter) -> str:
    """What a shelf is called."""
    return {Filter.ALL: tr("All transfers"), Filter.ACTIVE: tr("Active"), Filter.WAITING: tr("Waiting"),
            Filter.PAUSED: tr("Paused"), Filter.DONE: tr("Done"), Filter.FAILED: tr("Failed"),
            Filter.RECEIVED: tr("Received")}[shelf]


def _book(destinations: Sequence[Destination]) -> list[Entry]:
    """Destinations in their order, those of a group together below its name; the ones without a group first."""
    groups: dict[str, list[Destination]] = {"": []}
    for one in destinations:
        groups.setdefault(group_of(one), []).append(one)
    lines: list[Entry] = []
    names = titles(destinations)
    for name, members in groups.items():
        if name:
            lines.append(Entry(EntryKind.GROUP, f"group:{name}", printable(name)))
        lines += [Entry(EntryKind.DESTINATION, d.id, printable(names[d.id]), reachable=reachable(d)) for d in members]
    return lines


class SidebarModel(QAbstractListModel):
    """Shelves, Shared, Received, and the destinations used last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._counts: Mapping[Filter, int] = {}
        self._shared = 0
        self._offers = 0
        self._destinations: Sequence[Destination] = ()
        self._entries: list[Entry] = self._build()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._entries):
            return None
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(entry)
        if role == Qt.ItemDataRole.ToolTipRole and entry.kind is EntryKind.DESTINATION:
            return plain_tooltip(entry.text)
        if role == SNAPSHOT:
            return entry
        return entry.key if role == KEY else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self._entries[index.row()].kind in HEADINGS:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def row_of(self, key: str) -> int | None:
        """The line with this key."""
        return next((row for row, entry in enumerate(self._entries) if entry.key == key), None)

    def set_counts(self, counts: Mapping[Filter, int]) -> None:
        """Live counts of the shelves."""
        if counts != self._counts:
            self._counts = dict(counts)
            self._update()

    def set_shared(self, number: int) -> None:
        """How many shared tokens still work."""
        if number != self._shared:
            self._shared = number
            self._update()

    def set_offers(self, number: int) -> None:
        """How many offers wait for a yes; the line is there while one does."""
        if number != self._offers:
            self._offers = number
            self._update()

    def set_destinations(self, destinations: Sequence[Destination]) -> None:
        """Destinations, most recently used first; the first eight are shown."""
        self._destinations = tuple(destinations[:8])
        self._update()

    def _build(self) -> list[Entry]:
        def shelf(which: Filter, icon: str) -> Entry:
            return Entry(EntryKind.SHELF, which.value, shelf_name(which), icon, self._counts.get(which, 0))

        lines = [shelf(which, icon) for which, icon in _SHELVES]
        lines.append(Entry(EntryKind.HEADING, "h1", tr("Sharing")))
        lines.append(Entry(EntryKind.SHARED, SHARED_KEY, tr("Shared"), "share", self._shared))
        lines.append(shelf(Filter.RECEIVED, "inbox"))
        if self._offers:
            lines.append(Entry(EntryKind.OFFERS, OFFERS_KEY, tr("Asking you"), "bell", self._offers))
        lines.append(Entry(EntryKind.HEADING, "h2", tr("Destinations")))
        lines += _book(self._destinations)
        lines.append(Entry(EntryKind.ALL_DESTINATIONS, ALL_DESTINATIONS_KEY, tr("All destinations…"), "book"))
        return lines

    def _update(self) -> None:
        fresh = self._build()
        if [e.key for e in fresh] != [e.key for e in self._entries]:
            self.beginResetModel()
            self._entries = fresh
            self.endResetModel()
            return
        for row, (old, new) in enumerate(zip(self._entries, fresh, strict=True)):
            if old != new:
                self._entries[row] = new
                self.dataChanged.emit(self.index(row), self.index(row))

    def _spoken(self, entry: Entry) -> str:
        if entry.kind is EntryKind.DESTINATION and entry.reachable is not None:
            return f"{entry.text}, {tr('reachable') if entry.reachable else tr('not reachable')}"
        return entry.text if entry.count is None else f"{entry.text}, {numbers.count(entry.count)}"
