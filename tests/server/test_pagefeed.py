"""Pages of what might be sent: as they are found, never more than a few, and gone when nobody wants them."""

import asyncio
import contextlib
import functools
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from helpers.trees import build
from helpers.trees import scanned as scan_now
from jetstream.errors import Conflict, InvalidParameters
from jetstream_server import pagefeed
from jetstream_server.files import pagestream
from jetstream_server.files.pagebuilder import PageBuilder
from jetstream_server.files.pages import Page, PageLimits
from jetstream_server.pagefeed import BATCHES_AHEAD, Feed, Listing, scanned, stored
from jetstream_server.records import ManifestRecord


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """One, so that a scan that stays keeps the next one waiting."""
    with ThreadPoolExecutor(1) as executor:
        yield executor


def listing(mappings: dict[str, Any], **changes: Any) -> Listing:
    return Listing(**{"mappings": {target: str(source) for target, source in mappings.items()}, "symlink_mode": 0,
                      "exclude": [], "confined_to": None, **changes})


def never(_: Feed) -> bool:
    return False


async def targets(feed: Feed) -> list[str]:
    pages = [Page.decode_stored(data) async for batch in feed.batches for data in batch]
    return [os.fsdecode(page.target(position)) for page in pages for position in range(len(page))]


async def test_what_a_scan_finds(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    tree = build(tmp_path / "tree", {"a": b"1", "f": {"b": b"22"}, "lost": "nowhere"})
    async with scanned(listing({"t": tree}), threads, never) as feed:
        assert await targets(feed) == ["t", "t/a", "t/f", "t/f/b"]
        assert (feed.files, feed.size, feed.whole, feed.unreadable_total) == (2, 3, True, 1)
        assert [(one.path, one.reason) for one in feed.unreadable] == [(str(tree / "lost"), "the link leads nowhere")]


async def test_only_some_unreadable_things_are_named(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    tree = build(tmp_path / "tree", {f"{number}": "nowhere" for number in range(pagefeed.UNREADABLE_SAMPLE + 20)})
    async with scanned(listing({"t": tree}), threads, never) as feed:
        await targets(feed)
        assert (len(feed.unreadable), feed.unreadable_total) == (pagefeed.UNREADABLE_SAMPLE, len(os.listdir(tree)))


async def test_what_cannot_be_a_transfer(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    build(tmp_path, {"a": b"1", "b": b"2", "in": {"c": b"3"}})
    for wrong, words in (
        (listing({"x": tmp_path / "a", "./x": tmp_path / "b"}), "would go there"),
        (listing({"../x": tmp_path / "a"}), "would leave the folder"),
        (listing({"x": tmp_path / "a"}, confined_to=(str(tmp_path / "in"),)), "outside of the folders"),
    ):
        async with scanned(wrong, threads, never) as feed:
            with pytest.raises(InvalidParameters, match=words):
                await targets(feed)
            assert not feed.whole


async def test_a_scan_waits_for_whoever_takes_its_pages(
    tmp_path: Path, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagestream, "PAGES_AT_ONCE", 1)
    monkeypatch.setattr(pagestream, "PageBuilder", functools.partial(PageBuilder, PageLimits(entries=2)))
    tree = build(tmp_path / "tree", {f"{number:03}": {"x": b""} for number in range(40)})
    taken = 0
    async with scanned(listing({"t": tree}), threads, never) as feed:
        async for batch in feed.batches:
            taken += sum(len(Page.decode_stored(data)) for data in batch)
            await asyncio.sleep(0)
            assert feed.entries <= taken + 2 * (BATCHES_AHEAD + 2)
    assert taken == 81


async def test_it_ends_when_the_block_is_left(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    tree = build(tmp_path / "tree", {"a": b"1"})
    going, seen = threading.Event(), threading.Event()

    def slow(_: Feed) -> bool:
        seen.set()
        going.wait(0.05)
        return False

    for leave in (contextlib.nullcontext(), pytest.raises(ZeroDivisionError)):
        with leave:
            async with scanned(listing({"t": tree}), threads, slow):
                await asyncio.to_thread(seen.wait, 60)
                if not isinstance(leave, contextlib.nullcontext):
                    raise ZeroDivisionError
    assert await asyncio.get_running_loop().run_in_executor(threads, lambda: "free") == "free"


async def test_enough_is_enough(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    tree = build(tmp_path / "tree", {"a": b"1", "f": {"b": b"22"}, "g": {"c": b"3"}})
    async with scanned(listing({"t": tree}), threads, lambda feed: feed.files > 0) as feed:
        assert await targets(feed) == []
        assert not feed.whole


class Store:
    """Keeps pages."""

    def __init__(self, pages: list[bytes]) -> None:
        self._pages = pages

    async def pages(self, key: str, first: int, count: int) -> list[bytes]:
        return self._pages[first : first + count] if key == "7" else []


async def test_of_a_manifest(tmp_path: Path) -> None:
    tree = scan_now({"t": build(tmp_path / "tree", {"a": b"1"})})
    record = ManifestRecord(id="7", owner="ann", status="complete", total_files=1, total_size=1, entries=2, pages=1)
    async with stored(record, Store(tree.pages)) as feed:
        assert await targets(feed) == ["t", "t/a"]
        assert (feed.files, feed.size, feed.whole) == (1, 1, True)


@pytest.mark.parametrize(("status", "words"), [("pending", "still being listed"), ("error", "cannot be sent: no a")])
async def test_of_a_manifest_that_is_not_complete(status: str, words: str) -> None:
    record = ManifestRecord(id="7", owner="ann", status=status, error_message="no a")
    with pytest.raises(Conflict, match=words):
        async with stored(record, Store([])):
            raise AssertionError("there is nothing to take")
