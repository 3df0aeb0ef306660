"""The sending half of a transfer's session: offers, gives pages, feeds the carrier, listens to what arrived."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, Final

from jetstream.constants import BLOCK_SIZE
from jetstream.errors import Conflict, InvalidParameters
from jetstream_server.files.errors import printable
from jetstream_server.files.layout import Layout
from jetstream_server.files.reader import BlockReader
from jetstream_server.link.blockmap import BlockMap, checked_ranges
from jetstream_server.link.kernel import PathFacts
from jetstream_server.link.limiter import Bucket, Limiter
from jetstream_server.link.messages import (
    Begin,
    Checkpoint,
    Complete,
    Held,
    Message,
    Offer,
    OfferAnswer,
    OfferState,
    Stored,
    understand,
)
from jetstream_server.link.peer import PeerConnection, ask
from jetstream_server.link.queue import BlockQueue
from jetstream_server.link.tcp import TcpSender
from jetstream_server.link.udp.rate import Policy
from jetstream_server.link.udp.sending import UdpSender
from jetstream_server.manifests import StoredManifest
from jetstream_server.records import TransferRecord
from jetstream_server.transfers.bottleneck import Stages, bottleneck
from jetstream_server.transfers.listing import asked_pages, first_pages
from jetstream_server.transfers.live import Live, SendingTable
from jetstream_server.transfers.policies import for_carriers
from jetstream_server.transfers.progress import failures
from jetstream_server.transfers.session import TICK_SECONDS, Session, Surroundings
from jetstream_server.transfers.source import SendSource
from jetstream_server.transfers.states import Event, Phase, Status
from jetstream_server.transfers.trouble import Asked, Done, Failed, Outcome, TryAgain

NAMED_FAILURES: Final = 5
SAVE_EVERY_SECONDS: Final = 5.0
OFFER_SECONDS: Final = 120.0
STAGE_SECONDS: Final = 0.8
"""Thread time after which it can be told what limits."""


class SendSession(Session):
    """Sends one manifest over one peer session.

    :param offer_first: whether we make the offer (push); otherwise the receiver fetched it already (pull).
    """

    def __init__(
        self,
        peer: PeerConnection,
        live: Live[TransferRecord],
        table: SendingTable,
        manifest: StoredManifest,
        near: Surroundings,
        bucket: Bucket,
        we_dialled: bool,
    ) -> None:
        super().__init__(peer, near, we_dialled)
        self._live = live
        self._table = table
        self._manifest = manifest
        self._layout: Layout = manifest.layout
        self._bucket = bucket
        self._have = BlockMap(self._layout.block_count)
        self._queue = BlockQueue()
        self._reader = BlockReader(self._layout, lane=near.lane)
        self._source = SendSource(self._queue, self._reader)
        self._data_key = near.new_key()
        self.limiter = Limiter([bucket, near.outgoing], near.steady)
        policy, fixed = for_carriers(live.record.rate_policy, live.record.send_rate_max)
        self._tcp = TcpSender(self._data_key, self._source, self.limiter, self._connection_lost, self._on_failure,
                              background=policy is Policy.BACKGROUND)
        self._data_way = self._make_way(self._data_key, near.carriers)
        self._udp: UdpSender | None = None
        if near.udp is not None and self._data_way.wants_datagrams:
            self._udp = UdpSender(near.udp, self._data_key, we_dialled, self._source, self.limiter, self._on_up,
                                  self._on_failure, trip=peer.rtt, policy=policy, fixed=fixed)
        self.before_done: Callable[[], Awaitable[None]] | None = None
        """Called when everything is there, before the receiver hears that we know."""
        self._counted_before = live.record
        self._stages = Stages(0.0, 0.0, 0.0)
        self._receiver_disk = 0
        peer.on_request("page", self._answer_page)
        peer.on_request("begin", self._answer_begin)
        peer.on_request("complete", self._answer_complete)
        peer.on_notification("stored", self._on_stored)
        peer.on_notification("checkpoint", self._on_checkpoint)
        peer.on_notification("held", self._on_held)

    def offer(self) -> Offer:
        """What we say of the transfer."""
        record, manifest = self._live.record, self._manifest.record
        return Offer(
            uid=record.uid,
            label=record.label,
            files=manifest.total_files or 0,
            size=manifest.total_size or 0,
            entries=manifest.entries,
            pages=manifest.pages,
            digest=manifest.digest,
            destination_path=record.destination_path,
            overwrite_mode=record.overwrite_mode,
            checkpoint_seconds=record.checkpoint_seconds,
            session=self._data_key.session,
            key=self._data_key.key,
            carriers=list(self._near.carriers),
            first_pages=[] if self._live.asked_time is not None else first_pages(self._manifest),
        )

    def follow_limits(self) -> None:
        """The transfer's policy or somebody's rate limit has changed: do as they say now."""
        policy, fixed = for_carriers(self._live.record.rate_policy, self._live.record.send_rate_max)
        if self._udp is not None:
            self._udp.follow(policy, fixed)
        self._tcp.follow(background=policy is Policy.BACKGROUND)
        self.limiter.wake()

    @property
    def all_stored(self) -> bool:
        """Whether the receiver has reported every block; all that is missing then is its last word."""
        return self._queue.begun and not self._queue.left

    async def run(self) -> Outcome:
        """Send until everything is there or the session ends."""
        ticker = asyncio.create_task(self._tick(), name=f"send-tick-{self._live.id}")
        try:
            self._data_way.use(self._tcp)
            asked_before = self._live.asked_time is not None
            if not asked_before:
                # Before anybody has said yes: that saves a round trip.
                await self._data_way.open(self._udp, listening=not self._we_dialled)
            if self._we_dialled:
                answer = await ask(self._peer, "offer", self.offer(), OfferAnswer, OFFER_SECONDS)
                self._data_way.now_listening()
                early = self._outcome_of_answer(answer)
                if early is not None:
                    return early
                if self._live.record.start_time is None:
                    await self._tell("Accepted", f"Accepted by {self._receiver}.")
            if asked_before:
                await self._data_way.open(self._udp)
            return await self._wait_for_end()
        finally:
            ticker.cancel()
            self.limiter.close()
            self._queue.close()
            await self._close_data()
            self._reader.close()
            await self._save_counters()

    @property
    def _receiver(self) -> str:
        return self._live.record.peer_name or "the receiver"

    def _outcome_of_answer(self, answer: OfferAnswer) -> Outcome | None:
        if answer.state is OfferState.COMPLETE:
            self._table.show(self._live, **self._all_there(self._manifest.record.total_files or 0))
            return Done()
        if answer.state is OfferState.WAITING:
            return Asked(f"{self._live.record.peer_name or 'The receiver'} has to say yes first; it was asked.")
        if answer.state is OfferState.PAUSED:
            return TryAgain(answer.message or "The receiver asks to wait.")
        self._live.asked_time = None
        return None

    # -- what the receiver asks and tells -------------------------------------------------------------------------

    async def _answer_page(self, params: dict[str, Any]) -> Message:
        return await asked_pages(self._near, self._manifest, params)

    async def _answer_begin(self, params: dict[str, Any]) -> None:
        if self._queue.begun:
            raise Conflict("The blocks of this session have begun already.")
        begin = understand(Begin, params)
        try:
            for first, count in checked_ranges([list(item) for item in begin.have], self._have.size):
                self._have.add_range(first, count)
        except ValueError as error:
            raise InvalidParameters(str(error), field="have") from error
        live = self._live
        live.phase, live.carrier, live.waiting_message = Phase.SENDING, self._data_way.chosen, None
        live.retries, live.next_retry_time = 0, None
        earlier = live.record.start_time
        if live.status is Status.PENDING:
            started = earlier or self._near.wall()
            await self._table.step(live, Event.START, start_time=started, bytes_acked=self._bytes_there())
        live.rate.add(self._bytes_there(), self._near.steady())
        self._queue.begin(self._have.missing())
        if earlier is None:
            await self._tell("Started", f"Started: the files go to {self._receiver}.")

    def _on_stored(self, params: dict[str, Any]) -> None:
        stored = understand(Stored, params)
        self._receiver_disk = stored.disk_percent
        ranges = self._ranges([list(item) for item in stored.blocks])
        self._queue.stored(ranges)
        for first, count in ranges:
            self._have.add_range(first, count)
        self._table.show(self._live, files_done=min(stored.files, self._manifest.record.total_files or 0))

    def _ranges(self, value: list[list[int]]) -> list[tuple[int, int]]:
        try:
            return checked_ranges(value, self._have.size)
        except ValueError as error:
            raise InvalidParameters(str(error), field="blocks") from error

    def _on_checkpoint(self, params: dict[str, Any]) -> None:
        checkpoint = understand(Checkpoint, params)
        size = min(checkpoint.size, self._layout.total_bytes)
        self._table.show(self._live, checkpoint_bytes=size, last_checkpoint_time=self._near.wall())

    def _on_held(self, params: dict[str, Any]) -> None:
        message = understand(Held, params).message
        live = self._live
        live.phase = Phase.WAITING_FOR_DISK if message else Phase.SENDING
        live.waiting_message = message or None
        self._table.touch(live)

    async def _answer_complete(self, params: dict[str, Any]) -> None:
        complete = understand(Complete, params)
        if not self._queue.begun or (self._queue.left and not complete.failed):
            raise Conflict("Not everything has been sent yet.")
        if any(entry >= self._layout.entries for entry in complete.failed):
            raise InvalidParameters("There are not so many entries.", field="failed")
        if not complete.failed and self.before_done is not None:
            await self.before_done()
        self._table.show(self._live, **self._all_there(complete.files))
        if complete.failed:
            self.end(Failed(self._failure_sentence(complete.failed),
                            failures(self._layout, complete.failed, self._source.gaps)))
        else:
            self.end(Done(message=complete.report))

    def _all_there(self, files: int) -> dict[str, Any]:
        size = self._layout.total_bytes
        return {
            "files_done": min(files, self._manifest.record.total_files or 0),
            "bytes_acked": size,
            "checkpoint_bytes": size,
            "last_checkpoint_time": self._near.wall(),
        }

    def _failure_sentence(self, entries: list[int]) -> str:
        reasons = self._source.gaps
        named = []
        for entry in sorted(entries)[:NAMED_FAILURES]:
            if entry < self._layout.entries:
                view = self._layout.entry(entry)
                name = printable(os.fsdecode(view.source or view.target))
                named.append(f"{name}: {reasons.get(entry, 'could not be read')}")
        if len(entries) == 1:
            return f"One file was not delivered: {named[0]}. The others have arrived."
        more = len(entries) - len(named)
        listed = "; ".join([*named, f"and {more} more"] if more else named)
        return f"{len(entries)} files were not delivered: {listed}. The others have arrived."

    def _on_failure(self, error: BaseException) -> None:
        """Source or sink raised, in a carrier's thread."""
        self._end_from_thread(Failed(f"Reading failed: {error}"))

    # -- progress -------------------------------------------------------------------------------------------------

    def _bytes_there(self) -> int:
        have = self._have
        size = have.count * BLOCK_SIZE
        last = have.size - 1
        if have.size and last in have:
            size -= BLOCK_SIZE - self._layout.block_length(last)
        return size

    async def _tick(self) -> None:
        near, live = self._near, self._live
        saved = before = near.steady()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = near.steady()
            if not self._queue.begun:
                before = now
                continue
            live.rate.add(self._bytes_there(), now)
            self._look_at_path(now)
            self._name_current_file()
            self._table.show(live, **self._counters(now - before))
            before = now
            if now - saved > SAVE_EVERY_SECONDS:
                saved = now
                await self._save_counters()

    def _look_at_path(self, now: float) -> None:
        live, facts = self._live, self._path_facts()
        live.rtt = min((fact.rtt for fact in facts), default=self._peer.rtt)
        sent = sum(fact.sent for fact in facts)
        if sent:
            live.loss_rate = sum(fact.retransmitted for fact in facts) / sent
        stages = Stages.of(self._data_way.statistics)
        if (stages - self._stages).total > STAGE_SECONDS:
            live.bottleneck = bottleneck(
                stages - self._stages, self._receiver_disk, live.rate.bytes_per_second(now) or 0.0,
                self.limiter.lowest, self._receiver,
            )
            self._stages = stages

    def _path_facts(self) -> list[PathFacts]:
        if self._udp is not None and self._data_way.chosen == self._udp.name:
            return self._udp.path()
        return self._tcp.path()

    def _on_chosen(self, carrier: str) -> None:
        super()._on_chosen(carrier)
        self._live.carrier = carrier
        self._table.touch(self._live)

    def _name_current_file(self) -> None:
        block = self._source.last_block
        if block is not None:
            entry = self._layout.entry(self._layout.first_entry(block))
            self._live.current_file = printable(os.fsdecode(entry.target))

    def _counters(self, elapsed: float) -> dict[str, Any]:
        base, statistics = self._counted_before, self._data_way.statistics
        return {
            "bytes_acked": self._bytes_there(),
            "blocks_sent": base.blocks_sent + self._queue.sent,
            "blocks_retransmitted": base.blocks_retransmitted + self._queue.resent,
            "bytes_sent": base.bytes_sent + statistics.bytes_sent,
            "packets_sent": base.packets_sent + statistics.records_sent,
            "active_seconds": self._live.record.active_seconds + elapsed,
        }

    async def _save_counters(self) -> None:
        if not self._queue.begun:
            return
        record = self._live.record
        counters = {**self._counters(0.0), "files_done": record.files_done, "bytes_acked": record.bytes_acked}
        counters["checkpoint_bytes"] = record.checkpoint_bytes
        counters["last_checkpoint_time"] = record.last_checkpoint_time
        await self._table.save(self._live, **counters)
