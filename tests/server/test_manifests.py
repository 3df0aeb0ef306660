"""Manifests: scanned in the background, read in pages, kept while something uses them, forgotten when nothing does."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jetstream.errors import InvalidParameters, NotFound
from jetstream_server import manifests as manifests_module
from jetstream_server.catalog import Catalog
from jetstream_server.catalog.errors import CatalogFull
from jetstream_server.catalog.stores import StoredPage
from jetstream_server.eventlog import EventLog
from jetstream_server.manifests import Manifests, label_of
from jetstream_server.records import ManifestRecord

NOW = 1_700_000_000_000_000


class Bench:
    def __init__(self, catalog: Catalog, executor: ThreadPoolExecutor) -> None:
        self.catalog, self.executor = catalog, executor
        self.manifests = self.fresh()

    def fresh(self) -> Manifests:
        """As after a restart."""
        return Manifests(self.catalog, EventLog(self.catalog, lambda: NOW), self.executor, lambda: NOW)

    async def create(self, source: Path, **options: Any) -> ManifestRecord:
        values: dict[str, Any] = {
            "owner": "ann", "mappings": {"in": str(source)}, "symlink_mode": 0, "exclude": (),
            "skip_unreadable": False, "user_data": {},
        }
        return await self.manifests.create(**{**values, **options})


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    with ThreadPoolExecutor(2) as executor:
        async with await Catalog.open(tmp_path / "catalog.db") as catalog:
            bench = Bench(catalog, executor)
            yield bench
            await bench.manifests.stop()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    for number in range(25):
        (folder / f"d{number % 3}").mkdir(parents=True, exist_ok=True)
        (folder / f"d{number % 3}" / f"{number:02}").write_bytes(b"x" * number)
    return folder


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Scans wait: *begun*, *go on*."""
    begun, go_on = threading.Event(), threading.Event()
    scan = manifests_module.scan

    def slow(*arguments: Any, cancelled: Any, **options: Any) -> Any:
        begun.set()
        while not go_on.wait(0.005) and not cancelled():
            pass
        return scan(*arguments, cancelled=cancelled, **options)

    monkeypatch.setattr(manifests_module, "scan", slow)
    return begun, go_on


async def test_a_manifest_from_beginning_to_end(bench: Bench, source: Path) -> None:
    record = await bench.create(source)
    assert bench.manifests.entity(record).processing
    done = await bench.manifests.wait(record.id)
    entity = bench.manifests.entity(done)
    assert (entity.status, entity.processing, entity.total_files, entity.total_size) == ("complete", False, 25, 300)
    stored = await bench.manifests.stored(record.id)
    assert (stored.layout.total_bytes, len(stored.wire_pages(0, 9))) == (300, done.pages)
    listed: list[str] = []
    offset: int | None = 0
    while offset is not None:
        page, offset = await bench.manifests.files(record.id, offset, 7)
        listed += [mapping["destPath"] for mapping in page]
    assert len(listed) == len(set(listed)) == 25
    again = bench.fresh()
    await again.start()
    assert again.get(record.id) == done


async def test_what_cannot_be_made(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(InvalidParameters):
        await bench.create(tmp_path, mappings={})
    failed = await bench.manifests.wait((await bench.create(tmp_path / "missing")).id)
    assert failed.status == "error"
    assert "missing" in (failed.error_message or "")
    (event,) = await bench.catalog.events.since(None, 9)
    assert (event.name, event.subject, event.owner) == ("manifestFailed", failed.id, "ann")
    with pytest.raises(NotFound):
        bench.manifests.get("99")


async def test_a_full_disk_of_the_catalog_is_named(
    bench: Bench, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(key: str, pages: Sequence[StoredPage]) -> None:
        raise CatalogFull(Path("catalog.db"))

    monkeypatch.setattr(bench.catalog.manifests, "add_pages", full)
    failed = await bench.manifests.wait((await bench.create(source)).id)
    assert (failed.status, failed.error_message) == ("error", manifests_module.NO_ROOM)


async def test_deletion_ends_a_scan(
    bench: Bench, source: Path, held: tuple[threading.Event, threading.Event]
) -> None:
    record = await bench.create(source)
    await asyncio.to_thread(held[0].wait, 10)
    await asyncio.gather(*(bench.manifests.delete(record.id, in_use=False) for _ in range(2)))
    assert bench.manifests.all() == await bench.catalog.manifests.all() == []
    with pytest.raises(NotFound):
        await bench.manifests.wait(record.id)


async def test_a_scan_that_a_stop_interrupted_begins_anew(
    bench: Bench, source: Path, held: tuple[threading.Event, threading.Event]
) -> None:
    record = await bench.create(source, confined_to=(str(source),), owner_token="T")
    await asyncio.to_thread(held[0].wait, 10)
    await bench.manifests.stop()
    held[1].set()
    bench.manifests = bench.fresh()
    await bench.manifests.start()
    done = await bench.manifests.wait(record.id)
    assert (done.status, done.total_files, done.confined_to, done.owner_token) == ("complete", 25, (str(source),), "T")


async def test_a_deleted_one_is_kept_while_it_is_used(bench: Bench, source: Path) -> None:
    record = await bench.manifests.wait((await bench.create(source)).id)
    await bench.manifests.delete(record.id, in_use=True)
    assert bench.manifests.all() == []
    with pytest.raises(NotFound):
        bench.manifests.get(record.id)
    assert (await bench.manifests.stored(record.id)).layout.total_bytes == 300
    used = True

    async def in_use(id: str) -> bool:
        return used

    await bench.manifests.forget_hidden(in_use)
    assert len(await bench.catalog.manifests.all()) == 1
    used = False
    await bench.manifests.forget_hidden(in_use)
    assert await bench.catalog.manifests.all() == []


@pytest.mark.parametrize(
    ("mappings", "label"),
    [
        ({"a/b": "/x/y"}, "b"), ({"a/": "/x/y"}, "y"), ({"/": "/x/y"}, "y"), ({"x" * 99: "/1"}, "x" * 60),
        ({"a": "/1", "b": "/2", "c": "/3"}, "a and 2 more"),
    ],
)
def test_labels_for_people(mappings: dict[str, str], label: str) -> None:
    assert label_of(mappings) == label
