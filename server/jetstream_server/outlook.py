"""Looks before anything is sent: what would go, whether it can go there, and what is there already.

The way to the other node is gone as a test of the destination goes it (:mod:`jetstream_server.trial`), while the files
are found (:mod:`jetstream_server.pagefeed`); then the other node is asked about the names, page by page. Nothing is
stored on either side, and all of it is bounded in names and in time.
"""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from jetstream.checks import Check
from jetstream.errors import JetStreamError
from jetstream.previews import Preview
from jetstream_server.files.pages import Page, wire_form
from jetstream_server.link.errors import LinkError
from jetstream_server.link.messages import Admission, SurveyAnswer
from jetstream_server.link.peer import PeerConnection
from jetstream_server.pagefeed import Feed, Listing, PageStore, scanned, stored
from jetstream_server.prospect import Contents, Prospect
from jetstream_server.records import ManifestRecord
from jetstream_server.transfers.surveying import AHEAD, ask_about, named
from jetstream_server.trial import PREVIEW_WALK, Target, Trials, Walk

MOST_NAMES: Final = 1_000_000
SECONDS: Final = 20.0
"""How long it looks at names once the way is known."""
TELL_SECONDS: Final = 0.2

Tell = Callable[[Preview], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A transfer that might be made: either a *manifest*, or a *listing*."""

    manifest: ManifestRecord | None
    listing: Listing | None
    destination_path: str
    overwrite_mode: int
    skip_unreadable: bool


class Outlooks:
    """Makes previews.

    :param scans: threads for scans.
    :param steady: seconds that only grow.
    """

    def __init__(self, trials: Trials, pages: PageStore, scans: Executor, steady: Callable[[], float]) -> None:
        self._trials = trials
        self._pages = pages
        self._scans = scans
        self._steady = steady

    async def run(self, target: Target, wanted: Wanted, tell: Tell) -> Preview:
        """Look at everything. *tell* hears what is known so far, now and then.

        :raises JetStreamError: if what is wanted cannot be a transfer.
        """
        outlook = _Outlook(self._steady, wanted, tell)
        async with outlook.feeding(self._pages, self._scans), \
                self._trials.walked(target, outlook.on_the_way, PREVIEW_WALK) as walk:
            return await outlook.look(walk)


class _Outlook:
    """One preview."""

    def __init__(self, steady: Callable[[], float], wanted: Wanted, tell: Tell) -> None:
        self._steady = steady
        self._wanted = wanted
        self._tell = tell
        self._prospect = Prospect(skip=wanted.skip_unreadable)
        self._feed = Feed()
        self._end: float | None = None

    @contextlib.asynccontextmanager
    async def feeding(self, pages: PageStore, scans: Executor) -> AsyncIterator[None]:
        """While the block lasts, pages are found and what is known is told."""
        wanted = self._wanted
        if wanted.manifest is not None:
            source = stored(wanted.manifest, pages)
        else:
            assert wanted.listing is not None
            source = scanned(wanted.listing, scans, self._enough)
        async with source as self._feed:
            telling = asyncio.create_task(self._keep_telling(), name="outlook")
            try:
                yield
            finally:
                telling.cancel()
                await asyncio.gather(telling, return_exceptions=True)

    def on_the_way(self, found: Sequence[Check]) -> None:
        """The walk has come so far."""
        self._prospect.found = list(found)
        self._say()

    async def look(self, walk: Walk) -> Preview:
        """The way is known: take the pages, and ask about them if the other node answers."""
        prospect = self._prospect
        prospect.answer = walk.answer
        self._end = self._steady() + SECONDS
        error = None
        try:
            async with asyncio.timeout(SECONDS):
                error = await self._take(walk)
        except TimeoutError:
            prospect.partly = True
        prospect.partly = prospect.partly or (error is not None and prospect.surveyed > 0)
        contents = self._contents()
        return prospect.preview(contents, prospect.conclusions(contents, walk.stopped, error))

    async def _take(self, walk: Walk) -> JetStreamError | None:
        """Take all pages; what the questions about them ended with, if it was no answer."""
        peer, error = walk.peer, None
        if walk.stopped or walk.answer is None or walk.answer.admission is not Admission.YES:
            peer = None
        asked: deque[tuple[Page, asyncio.Task[SurveyAnswer]]] = deque()
        entries = 0
        try:
            async for batch in self._feed.batches:
                for data in batch:
                    if peer is None or error is not None or entries >= MOST_NAMES:
                        self._prospect.partly = self._prospect.partly or entries >= MOST_NAMES
                        continue
                    page = Page.decode_stored(data)
                    entries += len(page)
                    asked.append((page, asyncio.create_task(self._ask(peer, page, data))))
                    if len(asked) >= AHEAD:
                        error = await self._heard(asked)
            while asked and error is None:
                error = await self._heard(asked)
        finally:
            for _, task in asked:
                task.cancel()
            await asyncio.gather(*(task for _, task in asked), return_exceptions=True)
        return error

    async def _ask(self, peer: PeerConnection, page: Page, data: bytes) -> SurveyAnswer:
        return await ask_about(peer, wire_form(data), len(page), self._wanted.destination_path,
                               self._wanted.overwrite_mode)

    async def _heard(self, asked: "deque[tuple[Page, asyncio.Task[SurveyAnswer]]]") -> JetStreamError | None:
        """Wait for the oldest question; what it failed with."""
        page, task = asked.popleft()
        try:
            answer = await task
        except LinkError as error:
            return JetStreamError(error.message)
        except JetStreamError as error:
            return error
        finally:
            task.cancel()
        targets = {position: os.fsdecode(page.target(position)) for position in named(answer)}
        self._prospect.add(answer, len(page), targets)
        self._say()
        return None

    def _enough(self, feed: Feed) -> bool:
        return feed.files >= MOST_NAMES or (self._end is not None and self._steady() > self._end)

    def _contents(self) -> Contents:
        feed = self._feed
        return Contents(feed.files, feed.size, feed.whole, tuple(feed.unreadable), feed.unreadable_total)

    def _say(self) -> None:
        self._tell(self._prospect.preview(self._contents()))

    async def _keep_telling(self) -> None:
        while True:
            self._say()
            await asyncio.sleep(TELL_SECONDS)

