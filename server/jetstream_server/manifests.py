"""Manifests: made by a scan in the background, kept as pages, given to transfers as a layout."""

import asyncio
import contextlib
import dataclasses
import functools
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from jetstream.entities import Manifest
from jetstream.errors import InvalidParameters, NotFound
from jetstream_server.access.sandbox import is_within
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.catalog.errors import CatalogFull
from jetstream_server.eventlog import EventLog
from jetstream_server.files.errors import ContentError, ManifestFailed, ScanCancelled
from jetstream_server.files.layout import Layout
from jetstream_server.files.pages import Page, wire_form
from jetstream_server.files.scan import ScanResult, scan
from jetstream_server.listing import file_mappings, listed_counts
from jetstream_server.pagekeeper import PageKeeper
from jetstream_server.records import ManifestRecord
from jetstream_server.transfers.states import MANIFEST_MOVES, ManifestEvent, ManifestStatus, move

log = logging.getLogger(__name__)

LOADED_AT_ONCE: Final = 256
NAMED_IN_LABEL: Final = 60
NO_ROOM: Final = (
    "The disk of the node's own records is full, so the list of files was not kept; make room and send again."
)


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A complete manifest, ready to be sent."""

    record: ManifestRecord
    layout: Layout
    stored_pages: Sequence[bytes]

    def wire_pages(self, number: int, count: int) -> list[bytes]:
        """Pages as the other node may see them: without sources."""
        return [wire_form(data) for data in self.stored_pages[number : number + count]]


class _Progress:
    """A scan under way. Counts are written by the scan's thread and read by the loop."""

    def __init__(self) -> None:
        self.files = 0
        self.size = 0
        self.cancelled = threading.Event()
        self.ended = asyncio.Event()


class Manifests:
    """All manifests of the node.

    :param executor: threads for scans.
    :param wall: microseconds since the epoch.
    """

    def __init__(
        self,
        catalog: Catalog,
        events: EventLog,
        executor: Executor,
        wall: Callable[[], int],
    ) -> None:
        self._catalog = catalog
        self._events = events
        self._executor = executor
        self._wall = wall
        self._records: dict[str, ManifestRecord] = {}
        self._scans: dict[str, _Progress] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listed: dict[str, list[int]] = {}

    async def start(self) -> None:
        """Load what is known; begin scans again that a stop interrupted."""
        for record in await self._catalog.manifests.all():
            self._records[record.id] = record
        for record in list(self._records.values()):
            if record.status == ManifestStatus.PENDING:
                self._begin_scan(record)

    async def stop(self) -> None:
        """End scans; they begin anew at the next start."""
        for progress in self._scans.values():
            progress.cancelled.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- reading --------------------------------------------------------------------------------------------------

    def all(self) -> list[ManifestRecord]:
        """Every manifest that was not deleted, oldest first."""
        return [record for record in self._records.values() if not record.deleted]

    def get(self, id: str, *, also_deleted: bool = False) -> ManifestRecord:
        """One manifest.

        :raises NotFound: if there is none.
        """
        record = self._records.get(id)
        if record is None or (record.deleted and not also_deleted):
            raise NotFound(f"There is no manifest {id}.")
        return record

    def entity(self, record: ManifestRecord, *, owner: str | None = None) -> Manifest:
        """The documented form of a manifest."""
        progress = self._scans.get(record.id)
        processing = record.status == ManifestStatus.PENDING
        return Manifest(
            manifest_id=record.id,
            status=record.status,
            processing=processing,
            error_message=record.error_message,
            total_files=record.total_files,
            total_size=record.total_size,
            scanned_files=progress.files if progress else record.total_files or 0,
            scanned_size=progress.size if progress else record.total_size or 0,
            skipped=record.skipped,
            skipped_sample=record.skipped_sample,
            creation_time=record.creation_time,
            label=record.label,
            owner=record.owner if owner is None else owner,
            owner_token=record.owner_token,
            user_data=record.user_data,
        )

    async def wait(self, id: str) -> ManifestRecord:
        """Wait until the manifest is not being scanned any more.

        :raises NotFound: if there is none.
        """
        progress = self._scans.get(id)
        if progress is not None:
            await progress.ended.wait()
        return self.get(id, also_deleted=True)

    async def stored(self, id: str) -> StoredManifest:
        """The entries of a complete manifest."""
        record = self.get(id, also_deleted=True)
        pages: list[bytes] = []
        for first in range(0, record.pages, LOADED_AT_ONCE):
            pages += await self._catalog.manifests.pages(id, first, LOADED_AT_ONCE)
        loop = asyncio.get_running_loop()
        layout = await loop.run_in_executor(self._executor, Layout.from_pages, pages)
        return StoredManifest(record, layout, pages)

    async def files(self, id: str, offset: int, limit: int) -> tuple[list[dict[str, Any]], int | None]:
        """A page of the documented File Mapping entries, and the offset of the next page; ``None`` after the last.

        Offsets count mappings; folders that are not empty have none.
        """
        counts = await self._listed_per_page(id)
        result: list[dict[str, Any]] = []
        first = 0
        for number, count in enumerate(counts):
            if first + count > offset and len(result) < limit:
                data = await self._catalog.manifests.page(id, number)
                if data is None:
                    break  # deleted meanwhile
                wanted = slice(max(0, offset - first), offset - first + limit)
                result += file_mappings(Page.decode_stored(data), wanted)
            first += count
        following = offset + len(result)
        return result, following if following < sum(counts) else None

    async def _listed_per_page(self, id: str) -> list[int]:
        """How many mappings each page has; worked out once for a complete manifest."""
        known = self._listed.get(id)
        if known is not None:
            return known
        loop = asyncio.get_running_loop()
        counts: list[int] = []
        while pages := await self._catalog.manifests.pages(id, len(counts), LOADED_AT_ONCE):
            counts += await loop.run_in_executor(self._executor, listed_counts, pages)
        record = self._records.get(id)
        if record is not None and record.status == ManifestStatus.COMPLETE:
            self._listed[id] = counts
        return counts

    # -- changing -------------------------------------------------------------------------------------------------

    async def create(
        self,
        *,
        owner: str,
        mappings: Mapping[str, str],
        symlink_mode: int,
        exclude: Sequence[str],
        skip_unreadable: bool,
        user_data: Mapping[str, Any],
        confined_to: tuple[str, ...] | None = None,
        owner_token: str | None = None,
    ) -> ManifestRecord:
        """A new manifest; its scan runs in the background.

        :param confined_to: real paths of folders outside of which nothing is listed; ``None`` for no restriction.
        :param owner_token: the token whose login asks for it.

        :raises InvalidParameters: if there is nothing to send.
        """
        if not mappings:
            raise InvalidParameters("A manifest needs at least one mapping {target: source}.", field="mappings")
        record = ManifestRecord(
            id=await self._catalog.next_id("manifest"),
            owner=owner,
            label=label_of(mappings),
            mappings=dict(mappings),
            symlink_mode=symlink_mode,
            exclude=tuple(exclude),
            skip_unreadable=skip_unreadable,
            confined_to=confined_to,
            owner_token=owner_token,
            creation_time=self._wall(),
            user_data=dict(user_data),
        )
        await self._catalog.manifests.add(record)
        self._records[record.id] = record
        self._begin_scan(record)
        return record

    async def set_user_data(self, id: str, user_data: Mapping[str, Any]) -> None:
        """Replace the user data of a manifest."""
        await self._save(id, user_data=dict(user_data))

    async def delete(self, id: str, *, in_use: bool) -> None:
        """Forget a manifest; one that a transfer still uses is only hidden."""
        progress = self._scans.get(id)
        if in_use:
            await self._save(id, deleted=True)
            return
        if progress is not None:
            progress.cancelled.set()
            await progress.ended.wait()
        self._records.pop(id, None)
        self._listed.pop(id, None)
        await self._catalog.manifests.delete(id)

    async def forget_hidden(self, in_use: Callable[[str], Awaitable[bool]]) -> None:
        """Forget manifests that were deleted while a transfer or token used them and that nothing uses any more."""
        for record in [record for record in self._records.values() if record.deleted]:
            if not await in_use(record.id):
                await self.delete(record.id, in_use=False)

    async def _save(self, id: str, **changes: Any) -> None:
        self._records[id] = dataclasses.replace(self._records[id], **changes)
        await self._catalog.manifests.update(id, **changes)

    # -- scanning -------------------------------------------------------------------------------------------------

    def _begin_scan(self, record: ManifestRecord) -> None:
        self._scans[record.id] = progress = _Progress()
        task = asyncio.create_task(self._scan(record, progress), name=f"scan-{record.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _scan(self, record: ManifestRecord, progress: _Progress) -> None:
        try:
            await self._catalog.manifests.delete_pages(record.id)
            loop = asyncio.get_running_loop()

            def submit(work: Coroutine[Any, Any, None]) -> Future[None]:
                return asyncio.run_coroutine_threadsafe(work, loop)

            keeper = PageKeeper(functools.partial(self._catalog.manifests.add_pages, record.id), submit)
            try:
                result = await loop.run_in_executor(self._executor, _run_scan, record, progress, keeper)
            except ScanCancelled:
                log.debug("the scan of manifest %s was stopped", record.id)
            except ContentError as error:
                await self._fail(record, str(error))
            except CatalogFull:
                await self._fail(record, NO_ROOM)
            except Exception:
                log.exception("scanning manifest %s failed", record.id)
                await self._fail(record, "The node failed while listing the files; its log says more.")
            else:
                await self._succeed(record, result)
        finally:
            self._scans.pop(record.id, None)
            progress.ended.set()

    async def _fail(self, record: ManifestRecord, message: str) -> None:
        status = move(MANIFEST_MOVES, ManifestStatus(record.status), ManifestEvent.FAIL)
        await self._save(record.id, status=status.value, error_message=message)
        await self._events.record("manifestFailed", message, kind="manifest", subject=record.id, owner=record.owner,
                                  owner_token=record.owner_token)

    async def _succeed(self, record: ManifestRecord, result: ScanResult) -> None:
        status = move(MANIFEST_MOVES, ManifestStatus(record.status), ManifestEvent.SCANNED)
        await self._save(
            record.id,
            status=status.value,
            total_files=result.files,
            total_size=result.size,
            entries=result.entries,
            pages=result.pages,
            digest=result.digest,
            skipped=result.skipped,
            skipped_sample=result.skipped_sample,
        )


def _run_scan(record: ManifestRecord, progress: _Progress, keeper: PageKeeper) -> ScanResult:
    may_read = _inside(record.confined_to)
    for source in record.mappings.values():
        if may_read is not None and not may_read(os.path.realpath(source)):
            raise ManifestFailed(source, "lies outside of the folders that its maker may read")

    def on_progress(files: int, size: int) -> None:
        progress.files, progress.size = files, size

    try:
        return scan(
            record.mappings,
            symlink_mode=record.symlink_mode,
            exclude=record.exclude,
            skip_unreadable=record.skip_unreadable,
            on_pages=keeper.keep,
            on_progress=on_progress,
            cancelled=progress.cancelled.is_set,
            may_read=may_read,
        )
    finally:
        keeper.settle()


def _inside(folders: tuple[str, ...] | None) -> Callable[[str], bool] | None:
    return None if folders is None else lambda place: is_within(place, folders)


def label_of(mappings: Mapping[str, str]) -> str:
    """A name for people: the one thing, or the first and how many more."""
    names = []
    for target, source in mappings.items():
        chosen = source if target.endswith("/") or not target.strip("/") else target
        with contextlib.suppress(ValueError):
            names.append(PurePosixPath(chosen.rstrip("/\\").replace("\\", "/")).name or chosen)
        if len(names) > 1:
            break
    first = (names[0] if names else "files")[:NAMED_IN_LABEL]
    more = len(mappings) - 1
    return first if more < 1 else f"{first} and {more} more"
