"""A list that comes in pages, like the files of a manifest: the view asks for the next page when it is scrolled to."""

from collections.abc import Sequence
from typing import Any, TypeVar

from PySide6.QtCore import Signal

from jetstream_desktop.models.lists import ValueTableModel
from jetstream_desktop.models.roles import ROOT, Index

Value = TypeVar("Value", bound=Any)


class PagedTableModel(ValueTableModel[Any]):
    """Emits ``wanted(offset)`` when more is needed; :meth:`add_page` answers. Offsets are those of whoever answers:
    of what is searched through, not of what was found.
    """

    wanted = Signal(int)

    _next: int | None = None
    _asked = False

    def restart(self) -> None:
        """Forget everything and ask for the first page."""
        self.replace(())
        self._next = 0
        self._asked = True
        self.wanted.emit(0)

    def clear(self) -> None:
        """Forget everything and ask for nothing."""
        self._next = None
        self._asked = False
        self.replace(())

    @property
    def whole(self) -> bool:
        """Whether there is nothing more to come."""
        return self._next is None

    def add_page(self, offset: int, values: Sequence[Any], following: int | None) -> None:
        """The page that starts at *offset*, and where the *following* one starts; one that nobody waits for any more
        is dropped.
        """
        if offset != self._next or not self._asked:
            return
        self._asked = False
        self._next = following
        self.append(values)

    def canFetchMore(self, parent: Index = ROOT) -> bool:
        return not parent.isValid() and self._next is not None and not self._asked

    def fetchMore(self, parent: Index = ROOT) -> None:
        if self._next is not None and self.canFetchMore(parent):
            self._asked = True
            self.wanted.emit(self._next)
