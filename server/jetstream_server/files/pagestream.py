"""Turns entries into pages and hands them on in batches, so that a scan keeps nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from blake3 import blake3

from jetstream_server.files.pagebuilder import PageBuilder
from jetstream_server.files.pages import Kind, wire_form

PAGES_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class LocalPage:
    """A finished page in stored form."""

    number: int
    first_entry: int
    first_byte: int
    data: bytes


class PageStream:
    """Collects entries; *on_pages* receives finished pages in order."""

    def __init__(self, on_pages: Callable[[list[LocalPage]], None]) -> None:
        self._on_pages = on_pages
        self._builder = PageBuilder()
        self._waiting: list[LocalPage] = []
        self._hash = blake3()
        self._first_entry = 0
        self._first_byte = 0
        self.entries = self.files = self.size = self.pages = 0

    @property
    def digest(self) -> bytes:
        return self._hash.digest()

    def add(
        self, folder: bytes, name: bytes, kind: Kind, size: int, mtime_ns: int, mode: int, *,
        source_folder: bytes, source_name: bytes, empty: bool = False, link: bytes | None = None,
    ) -> None:  # fmt: skip
        self._builder.add(
            folder, name, kind, size, mtime_ns, mode,
            source_folder=source_folder, source_name=source_name, empty=empty, link=link,
        )  # fmt: skip
        self.entries += 1
        self.files += kind is Kind.FILE
        self.size += size
        self._turn()

    def add_files(
        self, folder: bytes, source: bytes, names: list[bytes], sizes: list[int], mtimes: list[int], modes: list[int]
    ) -> None:
        done = 0
        while done < len(names):
            count = self._builder.add_files(folder, source, names, sizes, mtimes, modes, done)
            self.entries += count
            self.files += count
            self.size += sum(sizes[done : done + count])
            done += count
            self._turn()

    def _turn(self) -> None:
        if self._builder.full:
            self._page()
            if len(self._waiting) >= PAGES_AT_ONCE:
                self._hand_on()

    def _page(self) -> None:
        data = self._builder.take()
        self._hash.update(wire_form(data))
        self._waiting.append(LocalPage(self.pages, self._first_entry, self._first_byte, data))
        self.pages += 1
        self._first_entry = self.entries
        self._first_byte = self.size

    def _hand_on(self) -> None:
        if self._waiting:
            self._on_pages(self._waiting)
            self._waiting = []

    def finish(self) -> None:
        """Hand on what is left."""
        if len(self._builder):
            self._page()
        self._hand_on()
