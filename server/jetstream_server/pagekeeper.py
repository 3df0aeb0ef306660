"""Puts a scan's pages into the catalog while the scan finds the next ones."""

from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any

from jetstream_server.catalog.stores import StoredPage
from jetstream_server.files.pagestream import LocalPage

Store = Callable[[Sequence[StoredPage]], Coroutine[Any, Any, None]]
"""Stores pages, all or none."""
Submit = Callable[[Coroutine[Any, Any, None]], Future[None]]
"""Runs something in the loop, called from another thread."""


class PageKeeper:
    """For one scan, to be used from its thread. One batch is under way at most, so memory is bounded."""

    def __init__(self, store: Store, submit: Submit) -> None:
        self._store = store
        self._submit = submit
        self._under_way: Future[None] | None = None

    def keep(self, pages: Sequence[LocalPage]) -> None:
        """Begin to store *pages*, once those before are stored. Raises what came of those."""
        self.settle()
        rows = [(page.number, page.first_entry, page.first_byte, page.data) for page in pages]
        self._under_way = self._submit(self._store(rows))

    def settle(self) -> None:
        """Wait until everything is stored. Raises what came of it."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()
