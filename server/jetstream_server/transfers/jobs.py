"""Running transfers: one task each, stopped with a reason, settled by the state table."""

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from jetstream.errors import Conflict, JetStreamError, LimitExceeded
from jetstream_server.catalog.errors import CatalogError
from jetstream_server.eventlog import EventLog
from jetstream_server.link.errors import LinkError
from jetstream_server.link.messages import StopReason
from jetstream_server.transfers.live import Live, Record, TransferTable
from jetstream_server.transfers.rates import ask_interval
from jetstream_server.transfers.session import Session
from jetstream_server.transfers.states import Event, IllegalMove, Phase, Status
from jetstream_server.transfers.trouble import Asked, Done, Failed, Outcome, Stopped, TryAgain

log = logging.getLogger(__name__)

MICROSECONDS = 1_000_000


@dataclass(slots=True)
class Job:
    """One try at a transfer. *stop_reason* is set before the task is cancelled, so that the other node can be told."""

    task: "asyncio.Task[None] | None" = None
    stop_reason: StopReason | None = None
    stop_message: str = ""
    begun: bool = False
    """Its task has taken its first step. A task that is cancelled before that never runs, so nobody would clean up."""
    settling: bool = False
    """The try has ended; what became of it is being written down, which nothing may interrupt."""
    goodbye: Callable[[], Awaitable[None]] | None = None
    """What takes round trips and decides nothing any more: it comes when the outcome is written down."""
    wake_limits: list[Callable[[], None]] = field(default_factory=list)
    """Called when a rate limit or policy has changed."""
    tell: Callable[[str, str], Awaitable[None]] | None = None
    """Writes into the event log what happens: its name, and a sentence."""


Attempt = Callable[[Live[Record], Job], Awaitable[Outcome]]


class Jobs(Generic[Record]):
    """The transfers that run now.

    :param kind: ``transfer`` or ``receiveTransfer``: what the event log calls them.
    :param wall: microseconds since the epoch.
    """

    def __init__(self, table: TransferTable[Record], events: EventLog, kind: str, wall: Callable[[], int]) -> None:
        self._table = table
        self._events = events
        self._kind = kind
        self._wall = wall
        self._jobs: dict[str, Job] = {}
        self._stopped = False

    def __len__(self) -> int:
        return len(self._jobs)

    def running(self, live: Live[Record]) -> Job | None:
        """The job of this transfer, if one runs."""
        return self._jobs.get(live.id)

    def start(self, live: Live[Record], attempt: Attempt[Record]) -> Job:
        """Begin a try.

        :raises LimitExceeded: if one runs already, or the node is stopping: ask again later.
        """
        if self._stopped:
            raise LimitExceeded("This node is shutting down; ask again later.")
        if live.id in self._jobs:
            raise LimitExceeded("Another session of this transfer is just beginning; ask again later.")
        job = Job(tell=functools.partial(self.tell, live))
        self._jobs[live.id] = job
        job.task = asyncio.create_task(self._run(live, job, attempt), name=f"{self._kind}-{live.id}")
        return job

    async def stop(self, live: Live[Record], reason: StopReason, message: str = "") -> None:
        """End the try that runs, if one does, and wait until it has let go of everything."""
        job = self._jobs.get(live.id)
        if job is None or job.task is None:
            return
        job.stop_reason, job.stop_message = reason, message
        if job.begun and not job.settling:
            job.task.cancel()
        await asyncio.wait({job.task})

    async def stop_all(self, reason: StopReason, message: str) -> None:
        """End all tries."""
        await asyncio.gather(
            *(self.stop(live, reason, message) for live in list(self._table) if live.id in self._jobs)
        )

    async def step(self, live: Live[Record], event: Event, **changes: Any) -> None:
        """Change the state because somebody asks for it.

        :raises Conflict: if that cannot be done with it now.
        :raises CatalogError: if it cannot be written down; then it is as before, and what runs goes on.
        """
        before = live.record
        try:
            await self._table.step(live, event, **changes)
        except CatalogError:
            self._table.show(live, status=before.status, **{name: getattr(before, name) for name in changes})
            raise
        except IllegalMove as error:
            sentence = f"Transfer {live.id} is {error.state.value}: it cannot be {event.participle} now."
            raise Conflict(sentence) from error

    def wake_limits(self) -> None:
        """Rate limits have changed: let running sessions follow at once."""
        for job in self._jobs.values():
            for wake in job.wake_limits:
                wake()

    async def _run(self, live: Live[Record], job: Job, attempt: Attempt[Record]) -> None:
        job.begun = True
        if job.stop_reason is not None and job.task is not None:
            job.task.cancel()  # stopped before it began: it ends at its first wait, as any other
        try:
            outcome = await self._outcome(live, job, attempt)
            if outcome is not None:
                await self._settle_and_leave(live, job, outcome)
        except CatalogError as error:  # what is known here stands; after a restart it is tried again
            log.warning("what became of %s %s could not be kept: %s", self._kind, live.id, error)
            self._wait_again(live, str(error))
        except Exception:
            log.exception("what became of %s %s could not be kept", self._kind, live.id)
        finally:
            self._jobs.pop(live.id, None)
            self._ended(live)

    async def _settle_and_leave(self, live: Live[Record], job: Job, outcome: Outcome) -> None:
        job.settling = True
        try:
            await self.settle(live, outcome)
        finally:
            if job.goodbye is not None:
                await job.goodbye()

    async def _outcome(self, live: Live[Record], job: Job, attempt: Attempt[Record]) -> Outcome | None:
        """What a try has come to; ``None`` if somebody stopped it, who says what becomes of it."""
        try:
            return await attempt(live, job)
        except asyncio.CancelledError:
            if job.stop_reason is None:
                raise
            return None
        except CatalogError as error:
            log.warning("%s %s waits: %s", self._kind, live.id, error)
            return TryAgain(str(error))
        except Exception:
            log.exception("%s %s failed inside", self._kind, live.id)
            return Failed("The node failed inside; its log says more.")

    def _ended(self, live: Live[Record]) -> None:
        """A try has let go of its place."""

    # -- what becomes of it ---------------------------------------------------------------------------------------

    async def settle(self, live: Live[Record], outcome: Outcome) -> None:
        """Let the state follow the outcome of a try."""
        try:
            match outcome:
                case Done(message=message):
                    await self._settle_done(live, message)
                case TryAgain(message=message):
                    await self._settle_again(live, message)
                case Asked(message=message):
                    await self._settle_asked(live, message)
                case Failed(message=message, files=files):
                    await self._settle_failed(live, message, files)
                case Stopped():
                    await self._settle_stopped(live, outcome)
        except IllegalMove as error:
            log.debug("%s %s: %s", self._kind, live.id, error)  # somebody decided otherwise while the try ended

    async def _settle_done(self, live: Live[Record], report: str) -> None:
        if live.status is not Status.COMPLETE:
            await self._table.step(live, Event.FINISH, end_time=self._wall(), error_message=None)
        await self.tell(live, "Completed", f"Complete: every byte is on the receiver's disk. {report}".strip())

    async def _settle_again(self, live: Live[Record], message: str) -> None:
        if live.status is Status.ERROR:
            return
        if live.status is Status.COMPLETE:  # all that got lost is the other node's last word
            await self._settle_done(live, "")
            return
        await self._table.step(live, Event.LOSE)
        if self._wait_again(live, message):
            await self.tell(live, "Waiting", f"{message} It is tried again by itself.")

    def _wait_again(self, live: Live[Record], message: str) -> bool:
        """Wait for the next try because of *message*; whether that is news."""
        if not self._goes_on(live):
            return False
        live.calm_down()
        live.phase, live.asked_time = Phase.WAITING_FOR_PEER, None
        live.retries += 1
        news = message != live.waiting_message or live.retries == 1
        live.waiting_message = message
        self._plan_retry(live)
        self._table.touch(live)
        return news

    async def _settle_asked(self, live: Live[Record], message: str) -> None:
        """It waits for a person, maybe for hours, and is asked about every second or so: only news is told."""
        if live.status is not Status.PENDING:
            await self._table.step(live, Event.LOSE)
        if not self._goes_on(live):
            return
        now = self._wall()
        if live.asked_time is None:
            live.calm_down()
            live.asked_time, live.retries = now, 0
            live.phase, live.waiting_message = Phase.WAITING_FOR_PEER, message
            await self.tell(live, "Asked", message)
        self._plan_at(live, now + round(ask_interval((now - live.asked_time) / MICROSECONDS) * MICROSECONDS))

    def _goes_on(self, live: Live[Record]) -> bool:
        """Whether nobody has paused or ended it while something was being written down."""
        return live.processing

    def _plan_retry(self, live: Live[Record]) -> None:
        """When a try has failed for a reason that time may mend; the base waits for the other side."""

    def _plan_at(self, live: Live[Record], time: int) -> None:
        """The next try is at *time*; the base waits for the other side."""

    async def _settle_failed(self, live: Live[Record], message: str, files: Sequence[tuple[str, str]] = ()) -> None:
        if live.status is not Status.ERROR:
            await self._table.step(live, Event.FAIL, error_message=message, end_time=self._wall())
        named = {"files": [{"path": path, "reason": reason} for path, reason in files]} if files else {}
        await self.tell(live, "Failed", message, **named)

    async def _settle_stopped(self, live: Live[Record], stopped: Stopped) -> None:
        who = live.record.peer_name or "the other side"
        if stopped.reason == "cancelled":
            message = stopped.message or f"Cancelled by {who}."
            await self._table.step(live, Event.CANCEL, error_message=message, end_time=self._wall())
            await self.tell(live, "Cancelled", message)
        elif stopped.reason == "error":
            await self._settle_failed(live, stopped.message or f"{who} reported an error.")
        else:
            await self._settle_suspended(live, stopped.message or f"Paused by {who}.")

    async def _settle_suspended(self, live: Live[Record], message: str) -> None:
        await self._settle_again(live, message)

    async def tell(self, live: Live[Record], what: str, message: str, **fields: Any) -> None:
        """Write an event about this transfer. *fields* are further documented keys of it."""
        await self._events.record(
            f"{self._kind}{what}", message, kind=self._kind, subject=live.id, owner=live.record.owner,
            owner_token=live.record.owner_token, **fields,
        )
        self._table.touch(live)  # whoever looked at it before knows that there is more to read


async def carry_out(session: Session, job: Job) -> Outcome:
    """Run *session* to its end. However it ends, the other node hears why.

    :raises JetStreamError: if the other node says no.
    :raises LinkError: if the link breaks while we ask.
    """
    session.tell = job.tell
    try:
        outcome = await session.run()
    except asyncio.CancelledError:
        if job.stop_reason is not None:
            await session.say_stop(job.stop_reason, job.stop_message)
        raise
    except (JetStreamError, LinkError):
        raise
    except CatalogError:
        await session.say_stop(StopReason.SHUTDOWN, "The other node cannot write its records now.")
        raise
    except Exception:
        await session.say_stop(StopReason.SHUTDOWN, "The other node failed inside; its log says more.")
        raise
    await session.say_outcome(outcome)
    return outcome
