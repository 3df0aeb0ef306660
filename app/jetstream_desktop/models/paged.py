"""A list that comes in pages, like the files of a manifest: the view asks for the next page when it is scrolled to."""

from collections.abc import Sequence
from typing import Any, TypeVar

from PySide6.QtCore import Signal

from jetstream_desktop.models.lists import ValueTableModel
from jetstream_desktop.models.roles import ROOT, Index

Value = TypeVar("Value", bound=Any)


class PagedTableModel(ValueTableModel[Any]):
    """Emits ``wanted(offset)`` when more is needed; :meth:`add_page` answers."""

    wanted = Signal(int)

    _finished = True
    _asked = False

    def restart(self) -> None:
        """Forget everything and ask for the first page."""
        self.replace(())
        self._finished = False
        self._asked = True
        self.wanted.emit(0)

    def clear(self) -> None:
        """Forget everything and ask for nothing."""
        self._finished = True
        self._asked = False
        self.replace(())

    def add_page(self, offset: int, values: Sequence[Any], *, last: bool) -> None:
        """The page that starts at *offset*; one that nobody waits for any more is dropped."""
        if offset != len(self.values) or self._finished:
            return
        self._asked = False
        self._finished = last
        self.append(values)

    def canFetchMore(self, parent: Index = ROOT) -> bool:
        return not parent.isValid() and not self._finished and not self._asked

    def fetchMore(self, parent: Index = ROOT) -> None:
        if self.canFetchMore(parent):
            self._asked = True
            self.wanted.emit(len(self.values))
