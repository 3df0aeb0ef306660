"""The receiving half of a transfer's session: learns the manifest, checks what is there, takes and promises blocks."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from jetstream.constants import BLOCK_SIZE
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.files.errors import ContentError, DamagedPage, DiskFull, TargetBusy, WriteFailed, reason_of
from jetstream_server.files.lane import Lane
from jetstream_server.files.layout import Layout
from jetstream_server.files.writer import TreeWriter
from jetstream_server.link.blockmap import BlockMap, as_ranges
from jetstream_server.link.errors import PeerViolation
from jetstream_server.link.limiter import Limiter
from jetstream_server.link.messages import (
    Begin,
    Checkpoint,
    Complete,
    Held,
    Offer,
    Stored,
)
from jetstream_server.link.peer import PeerConnection
from jetstream_server.link.sealed import SessionKey
from jetstream_server.link.tcp import TcpReceiver
from jetstream_server.link.udp.receiving import UdpReceiver
from jetstream_server.records import IncomingRecord
from jetstream_server.transfers.bottleneck import Stages
from jetstream_server.transfers.fetching import OTHER_MANIFEST, fetch_manifest
from jetstream_server.transfers.live import Live, ReceivingTable
from jetstream_server.transfers.progress import FileCount, failures, report_sentence
from jetstream_server.transfers.session import TICK_SECONDS, Session, Surroundings
from jetstream_server.transfers.sink import ReceiveSink, still_good, verify_stored
from jetstream_server.transfers.states import Event, IllegalMove, Phase, Status
from jetstream_server.transfers.trouble import Done, Failed, Outcome, TryAgain

log = logging.getLogger(__name__)

COMPLETE_SECONDS: Final = 60.0

T = TypeVar("T")


class ReceiveSession(Session):
    """Receives one transfer over one peer session."""

    def __init__(
        self,
        peer: PeerConnection,
        live: Live[IncomingRecord],
        table: ReceivingTable,
        catalog: Catalog,
        offer: Offer,
        near: Surroundings,
        we_dialled: bool,
    ) -> None:
        super().__init__(peer, near, we_dialled)
        self._live = live
        self._table = table
        self._catalog = catalog
        self._offer = offer
        self._stop_verifying = threading.Event()
        self._writer: TreeWriter | None = None
        self._sink: ReceiveSink | None = None
        self._udp: UdpReceiver | None = None
        self._layout: Layout | None = None
        self._arrived = BlockMap(0)
        self._count: FileCount | None = None
        self._checkpointed = 0
        self._stages = Stages(0.0, 0.0, 0.0)
        self._all_here = asyncio.Event()
        self._under_way: set[asyncio.Future[Any]] = set()
        self.limiter = Limiter([near.incoming], near.steady)

    async def run(self) -> Outcome:
        """Receive until everything is on the disk or the session ends."""
        work = asyncio.create_task(self._receive(), name=f"receive-{self._live.id}")
        end = asyncio.create_task(self._wait_for_end(), name=f"receive-end-{self._live.id}")
        try:
            await asyncio.wait({work, end}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return await self._outcome_of_work(work)
            return end.result()
        finally:
            await self._wind_up(work, end)

    async def _outcome_of_work(self, work: "asyncio.Task[Outcome]") -> Outcome:
        try:
            return await work
        except (DiskFull, TargetBusy) as error:
            return TryAgain(str(error))
        except IllegalMove:  # somebody has paused or ended it meanwhile; the other node comes again and hears so
            return TryAgain("The receiver has just paused or ended this transfer.")
        except DamagedPage as error:
            return Failed(f"The other node sent a manifest that makes no sense: {error}")
        except (ContentError, PeerViolation) as error:
            return Failed(str(error))

    async def _wind_up(self, work: "asyncio.Task[Outcome]", end: "asyncio.Task[Outcome]") -> None:
        self._stop_verifying.set()
        self.limiter.close()
        if self._sink is not None:
            self._sink.stop()
        for task in (work, end):
            task.cancel()
        results = await asyncio.gather(work, end, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                log.debug("incoming transfer %s ended with %r", self._live.id, result)
        await self._close_data()
        while self._under_way:
            await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._writer is not None and self._live.record.status != Status.COMPLETE:
            with contextlib.suppress(ContentError):  # what is not covered is sent again
                await self._checkpoint()
        if self._writer is not None:
            await self._near.in_thread(self._writer.close)

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run *work* on files beside the loop. A stop of the session does not wait here, but before the files close."""
        future = asyncio.ensure_future(self._near.in_thread(work, *arguments))
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return await asyncio.shield(future)

    # -- the way through ------------------------------------------------------------------------------------------

    async def _receive(self) -> Outcome:
        if not set(self._offer.carriers) & set(self._near.carriers):
            raise PeerViolation("The other node has no carrier that this one may use.")
        key = SessionKey(self._offer.session, self._offer.key)
        way = self._make_way(key, self._offer.carriers)
        if self._near.udp is not None and way.wants_datagrams:
            self._udp = UdpReceiver(self._near.udp, key, self._we_dialled, self.limiter, self._on_up,
                                    self._on_failure, trip=self._peer.rtt)
        if self._offer.size:
            await way.open(self._udp)
        layout = await self._learn_manifest()
        have = await self._find_what_is_there(layout)
        await self._begin(layout, have, key)
        await self._take_blocks()
        return await self._finish()

    async def _learn_manifest(self) -> Layout:
        self._set_phase(Phase.CONNECTING)
        offer, record = self._offer, self._live.record
        if record.digest != offer.digest or record.pages != offer.pages:
            await fetch_manifest(self._peer, offer, self._catalog.incoming, record.id, self._in_thread)
            await self._table.save(
                self._live, pages=offer.pages, entries=offer.entries, digest=offer.digest, total_files=offer.files,
                total_size=offer.size, checkpoint_bytes=0,
            )
        raw = await self._catalog.incoming.pages(record.id, 0, offer.pages)
        layout = await self._in_thread(Layout.from_pages, raw)
        if layout.total_bytes != offer.size or layout.entries != offer.entries:
            raise PeerViolation(OTHER_MANIFEST)
        self._layout = layout
        return layout

    async def _find_what_is_there(self, layout: Layout) -> set[int]:
        record = self._live.record
        root = Path(record.folder)
        await self._in_thread(_make_folder, root)
        writer = writer_for(record, layout, self._near.lane)
        self._writer = writer
        await self._in_thread(writer.prepare)
        stored = await self._catalog.incoming.checkpoint(record.id)
        good: set[int] = set()
        if stored:
            self._set_phase(Phase.VERIFYING)
            good = await self._in_thread(verify_stored, writer, layout, stored, self._stop_verifying)
            good -= set(await self._in_thread(writer.mark_have, good))
            promised = sum(run.count for run in stored)
            if len(good) != promised:
                log.warning("incoming transfer %s: %d of %d stored blocks are damaged or gone; fetching them again",
                            record.id, promised - len(good), promised)
                await self._catalog.incoming.replace_checkpoint(record.id, still_good(stored, good))
        self._checkpointed = len(good)
        return good

    async def _begin(self, layout: Layout, have: set[int], key: SessionKey) -> None:
        ranges = as_ranges(have)
        self._arrived = BlockMap(layout.block_count)
        for first, count in ranges:
            self._arrived.add_range(first, count)
        self._count = await self._in_thread(FileCount, layout)
        self._count.arrived(ranges)
        assert self._writer is not None
        self._sink = ReceiveSink(self._writer, layout, ranges, self._on_all_here, self._on_held)
        assert self._way is not None
        self._way.use(TcpReceiver(key, self._sink, self.limiter, self._connection_lost, self._on_failure))
        if self._udp is not None:
            self._udp.use(self._sink)
        await self._peer.request("begin", Begin(have=list(ranges)))
        live = self._live
        live.carrier, live.waiting_message, live.retries, live.next_retry_time = self._way.chosen, None, 0, None
        if live.status is not Status.RECEIVING:
            await self._table.step(live, Event.START, error_message=None)
            if not have and not live.record.bytes_recv:
                who = live.record.peer_name or "the sender"
                await self._tell("Started", f"Started: the files come from {who}.")
        self._set_phase(Phase.RECEIVING)
        live.rate.add(self._bytes_here(), self._near.steady())

    async def _take_blocks(self) -> None:
        steady, record = self._near.steady, self._live.record
        every = float(self._offer.checkpoint_seconds)
        last_checkpoint = before = steady()
        while not self._arrived.full:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._all_here.wait()
            now = steady()
            self._report(now - before)
            before = now
            if now - last_checkpoint >= every:
                await self._checkpoint()
                last_checkpoint = steady()
        log.debug("incoming transfer %s: all %d blocks are here", record.id, self._arrived.size)

    def _report(self, elapsed: float) -> None:
        assert self._sink is not None
        assert self._count is not None
        fresh = self._sink.take_fresh()
        ranges = as_ranges(fresh)
        for first, count in ranges:
            self._arrived.add_range(first, count)
        self._count.arrived(ranges)
        files = self._count.files
        if ranges:
            assert self._way is not None
            stages = Stages.of(self._way.statistics)
            percent = (stages - self._stages).disk_percent
            self._stages = stages
            self._peer.tell("stored", Stored(blocks=list(ranges), files=files, disk_percent=percent))
        live = self._live
        live.rate.add(self._bytes_here(), self._near.steady())
        live.rtt = self._peer.rtt
        seconds = live.record.active_seconds + elapsed
        changes: dict[str, Any] = {"files_done": files, "bytes_recv": self._bytes_here(), "active_seconds": seconds}
        if fresh:
            changes["last_recv_time"] = changes["last_send_time"] = self._near.wall()
        self._table.show(live, **changes)

    async def _finish(self) -> Outcome:
        assert self._writer is not None
        assert self._sink is not None
        self._set_phase(Phase.VERIFYING)
        failed = sorted(self._sink.gap_entries)
        await self._checkpoint()
        report = await self._in_thread(self._writer.finish, failed)
        message = report_sentence(report)
        now = self._near.wall()
        changes = {"files_done": report.files, "bytes_recv": self._bytes_here(), "end_time": now}
        if failed:
            why = _not_delivered(len(failed))
            outcome: Outcome = Failed(why, failures(self._layout, failed, {}))
            await self._table.step(self._live, Event.FAIL, error_message=why, **changes)
        else:
            outcome = Done(message=message)
            await self._table.step(self._live, Event.FINISH, checkpoint_bytes=self._bytes_here(),
                                   last_checkpoint_time=now, **changes)
        told = Complete(files=report.files, failed=failed, report=message)
        await self._peer.request("complete", told, COMPLETE_SECONDS)
        return outcome

    # -- checkpoints ----------------------------------------------------------------------------------------------

    async def _checkpoint(self) -> None:
        """Flush, and only then write down what was flushed."""
        writer, sink, layout = self._writer, self._sink, self._layout
        if writer is None or sink is None or layout is None:
            return
        durable = await self._in_thread(writer.flush)
        runs = sink.hashes_of(durable)
        if not runs:
            return
        self._checkpointed += sum(run.count for run in runs)
        size = min(self._checkpointed * BLOCK_SIZE, layout.total_bytes)
        record = self._live.record
        changes = {"checkpoint_bytes": size, "last_checkpoint_time": self._near.wall()}
        await self._catalog.incoming.add_checkpoint(
            record.id, runs, bytes_recv=record.bytes_recv, files_done=record.files_done,
            active_seconds=record.active_seconds, last_recv_time=record.last_recv_time, **changes,
        )
        self._table.show(self._live, **changes)
        self._peer.tell("checkpoint", Checkpoint(blocks=self._checkpointed, size=size))

    # -- from the carrier's threads -------------------------------------------------------------------------------

    def _on_all_here(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone
            self._loop.call_soon_threadsafe(self._all_here.set)

    def _on_held(self, message: str) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone
            self._loop.call_soon_threadsafe(self._hold, message)

    def _hold(self, message: str) -> None:
        live = self._live
        live.phase = Phase.WAITING_FOR_DISK if message else Phase.RECEIVING
        live.waiting_message = message or None
        self._table.touch(live)
        self._peer.tell("held", Held(message=message))

    def _on_failure(self, error: BaseException) -> None:
        self._end_from_thread(TryAgain(str(error)) if isinstance(error, TargetBusy) else Failed(str(error)))

    def _on_chosen(self, carrier: str) -> None:
        super()._on_chosen(carrier)
        self._live.carrier = carrier
        self._table.touch(self._live)

    # -- small things ---------------------------------------------------------------------------------------------

    def _set_phase(self, phase: Phase) -> None:
        self._live.phase = phase
        self._live.waiting_message = None
        self._table.touch(self._live)

    def _bytes_here(self) -> int:
        layout, arrived = self._layout, self._arrived
        if layout is None or not arrived.size:
            return 0
        size = arrived.count * BLOCK_SIZE
        if arrived.size - 1 in arrived:
            size -= BLOCK_SIZE - layout.block_length(arrived.size - 1)
        return size


def writer_for(record: IncomingRecord, layout: Layout, lane: Lane) -> TreeWriter:
    """The writer of an incoming transfer: the same part files in every session."""
    name = f"{record.peer_fingerprint}/{record.uid}/{record.id}"
    return TreeWriter(Path(record.folder), record.destination_path, layout, record.overwrite_mode, name, lane=lane)


def _not_delivered(count: int) -> str:
    if count == 1:
        return "One file was not delivered because the sender could not read it as listed; the others have arrived."
    return f"{count} files were not delivered, as the sender could not read them as listed; the others have arrived."


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteFailed(str(folder), f"the receiving folder cannot be made: {reason_of(error)}") from error
