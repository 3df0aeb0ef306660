"""The queue of the transfers that this node begins by itself, and when each is tried again."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from jetstream_server.eventlog import EventLog
from jetstream_server.link.messages import StopReason
from jetstream_server.transfers.jobs import MICROSECONDS, Attempt, Jobs
from jetstream_server.transfers.live import Live, Record, TransferTable
from jetstream_server.transfers.rates import LONGEST_PAUSE, backoff
from jetstream_server.transfers.states import Phase


class Scheduler(Jobs[Record]):
    """Jobs that this node begins by itself: queued by rank, several at once, tried again with growing intervals.

    :param attempt: one try.
    :param rank: smaller goes first.
    """

    def __init__(
        self,
        table: TransferTable[Record],
        events: EventLog,
        kind: str,
        wall: Callable[[], int],
        attempt: Attempt[Record],
        rank: Callable[[Live[Record]], Any],
        wanted: Callable[[Live[Record]], bool],
        max_active: int,
    ) -> None:
        super().__init__(table, events, kind, wall)
        self._attempt = attempt
        self._rank = rank
        self._wanted = wanted
        self._max_active = max_active
        self._timer: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """Start what may start now, and plan when to look again."""
        if self._stopped:
            return
        now = self._wall()
        waiting = [live for live in self._table if self._wanted(live) and live.id not in self._jobs]
        due = [_due(live.next_retry_time or 0, now) for live in waiting]
        ready = sorted(itertools.compress(waiting, due), key=self._rank)
        for live in self._with_a_place(ready):
            live.next_retry_time = None
            if live.asked_time is None:
                live.phase = Phase.CONNECTING
                self._table.touch(live)
            self.start(live, self._attempt)
        for live in ready:
            if live.id not in self._jobs and live.phase is not Phase.QUEUED:
                live.phase = Phase.QUEUED
                self._table.touch(live)
        self._plan([live.next_retry_time for live, now_due in zip(waiting, due, strict=True) if not now_due], now)

    def _with_a_place(self, ready: list[Live[Record]]) -> list[Live[Record]]:
        """Those that may start. Asking a person once more takes no place: who asks no longer is forgotten there."""
        jobs = [self._table.get(id) for id in self._jobs]
        places = self._max_active - sum(live is not None and live.asked_time is None for live in jobs)
        others = [live for live in ready if live.asked_time is None]
        started = {live.id for live in others[: max(0, places)]}
        return [live for live in ready if live.asked_time is not None or live.id in started]

    def _plan(self, times: list[Any], now: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if times:
            delay = (min(times) - now) / MICROSECONDS
            self._timer = asyncio.get_running_loop().call_later(max(0.01, delay), self.wake)

    def _ended(self, live: Live[Record]) -> None:
        if not self._stopped:
            asyncio.get_running_loop().call_soon(self.wake)

    def _plan_retry(self, live: Live[Record]) -> None:
        if not self._wanted(live):
            return  # the other node comes back by itself
        self._plan_at(live, self._wall() + round(backoff(live.retries) * MICROSECONDS))

    def _plan_at(self, live: Live[Record], time: int) -> None:
        live.next_retry_time = time
        asyncio.get_running_loop().call_soon(self.wake)

    async def shut_down(self, message: str) -> None:
        """End everything; nothing starts any more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        await self.stop_all(StopReason.SHUTDOWN, message)


def _due(time: int, now: int) -> bool:
    """Whether what was planned for *time* is to be done; also when the clock was set back since, hours maybe: nothing
    is ever planned further ahead than the longest pause between tries.
    """
    return time <= now or time > now + round(LONGEST_PAUSE * MICROSECONDS)
