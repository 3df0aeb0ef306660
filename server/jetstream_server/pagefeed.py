"""Pages of what might be sent, one batch after another: from a scan that stores nothing, or of a manifest.

Nobody holds the whole list: a scan waits until its pages are taken.
"""

import asyncio
import concurrent.futures
import contextlib
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from jetstream.errors import Conflict, InvalidParameters
from jetstream.previews import PathProblem
from jetstream_server.access.sandbox import is_within
from jetstream_server.files.errors import ContentError, ScanCancelled, printable
from jetstream_server.files.pagestream import LocalPage
from jetstream_server.files.scan import scan
from jetstream_server.records import ManifestRecord
from jetstream_server.transfers.states import ManifestStatus

BATCHES_AHEAD: Final = 2
LOADED_AT_ONCE: Final = 16
UNREADABLE_SAMPLE: Final = 100


@dataclass(slots=True)
class Feed:
    """Pages and what is known of all of them. The numbers grow while it goes on."""

    files: int = 0
    size: int = 0
    entries: int = 0
    whole: bool = False
    """Whether everything was found."""
    unreadable: list[PathProblem] = field(default_factory=list)
    unreadable_total: int = 0
    batches: AsyncIterator[list[bytes]] = field(init=False)
    """Pages in stored form. To be taken once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a scan is told, see :func:`jetstream_server.files.scan.scan`."""

    mappings: Mapping[str, str]
    symlink_mode: int
    exclude: Sequence[str]
    confined_to: tuple[str, ...] | None


class PageStore(Protocol):
    """What is needed of the catalog."""

    async def pages(self, key: str, first: int, count: int) -> list[bytes]:
        """Some pages of a manifest."""


@contextlib.asynccontextmanager
async def stored(record: ManifestRecord, store: PageStore) -> AsyncIterator[Feed]:
    """The pages of a manifest.

    :raises Conflict: if it is not complete.
    """
    if record.status == ManifestStatus.PENDING:
        raise Conflict("The files of this manifest are still being listed; ask again when it is complete.")
    if record.status != ManifestStatus.COMPLETE:
        raise Conflict(f"This manifest cannot be sent: {record.error_message}")
    feed = Feed(record.total_files or 0, record.total_size or 0, record.entries, whole=True)

    async def batches() -> AsyncGenerator[list[bytes], None]:
        for first in range(0, record.pages, LOADED_AT_ONCE):
            yield await store.pages(record.id, first, LOADED_AT_ONCE)

    async with contextlib.aclosing(batches()) as feed.batches:
        yield feed


@contextlib.asynccontextmanager
async def scanned(listing: Listing, executor: Executor, enough: Callable[[Feed], bool]) -> AsyncIterator[Feed]:
    """What a scan finds, while it finds it. It ends with the block.

    :param enough: asked by the scan's thread whether to stop.
    :raises InvalidParameters: where the pages are taken, if the mappings cannot be sent.
    """
    feed, loop = Feed(), asyncio.get_running_loop()
    scan_of = _Scan(feed, listing, enough, loop)
    future = loop.run_in_executor(executor, scan_of.run)
    try:
        async with contextlib.aclosing(scan_of.batches(future)) as feed.batches:
            yield feed
    finally:
        scan_of.stop()
        future.cancel()  # a folder that does not answer keeps its thread, and nobody else


class _Scan:
    """One scan: :meth:`run` in its thread, everything else in the loop."""

    def __init__(
        self, feed: Feed, listing: Listing, enough: Callable[[Feed], bool], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._feed = feed
        self._listing = listing
        self._enough = enough
        self._loop = loop
        self._queue: asyncio.Queue[list[bytes]] = asyncio.Queue(BATCHES_AHEAD)
        self._lock = threading.Lock()
        self._stopped = False
        self._handing: concurrent.futures.Future[None] | None = None

    def run(self) -> None:
        """Find everything; takes as long as pages are taken."""
        confined = self._listing.confined_to
        for source in self._listing.mappings.values():
            if confined is not None and not is_within(os.path.realpath(source), confined):
                raise InvalidParameters(f"{printable(source)} lies outside of the folders that may be read.",
                                        field="mappings")
        try:
            scan(
                self._listing.mappings, symlink_mode=self._listing.symlink_mode, exclude=self._listing.exclude,
                skip_unreadable=True, on_pages=self._hand_on, on_progress=self._progress,
                cancelled=lambda: self._stopped or self._enough(self._feed),
                may_read=None if confined is None else lambda place: is_within(place, confined),
                on_skipped=self._skipped,
            )
        except ScanCancelled:
            return
        except ContentError as error:
            raise InvalidParameters(f"This cannot be sent: {error}.", field="mappings") from error
        self._feed.whole = True

    def _progress(self, files: int, size: int) -> None:
        self._feed.files, self._feed.size = files, size

    def _skipped(self, path: str, reason: str, harmless: bool) -> None:
        if harmless:
            return
        self._feed.unreadable_total += 1
        if len(self._feed.unreadable) < UNREADABLE_SAMPLE:
            self._feed.unreadable.append(PathProblem(path=path, reason=reason))

    def _hand_on(self, pages: Sequence[LocalPage]) -> None:
        self._feed.entries = pages[-1].first_entry
        with self._lock:
            if self._stopped:
                raise ScanCancelled("scan", "was cancelled")
            work: Coroutine[Any, Any, None] = self._queue.put([page.data for page in pages])
            handing = self._handing = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            handing.result()
        except concurrent.futures.CancelledError as error:
            raise ScanCancelled("scan", "was cancelled") from error

    def stop(self) -> None:
        """Nobody takes pages any more."""
        with self._lock:
            self._stopped = True
            if self._handing is not None:
                self._handing.cancel()

    async def batches(self, scan: "asyncio.Future[None]") -> AsyncGenerator[list[bytes], None]:
        """What it hands on, until it ended. Raises what it failed with."""
        while not (scan.done() and self._queue.empty()):
            taking = asyncio.create_task(self._queue.get())
            try:
                await asyncio.wait((taking, scan), return_when=asyncio.FIRST_COMPLETED)
                if taking.done():
                    yield taking.result()
            finally:
                taking.cancel()
        scan.result()

