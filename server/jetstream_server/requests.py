"""The ``...Async`` calls of one connection: their state, and their results for an hour after they ended.

They are carried out even if the connection ends before them; only the results are lost then, because no other
connection can see them. Those that only look end with the connection, or when their caller says so. Results go by the
clock that is passed in: nothing here needs a timer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jetstream.errors import Conflict, JetStreamError, LimitExceeded, NotFound, ServerError
from jetstream.protocol.limits import MAX_KEPT_RESULTS, REQUEST_RESULT_SECONDS

if TYPE_CHECKING:
    from jetstream_server.dispatch import Call, Handler

Work = Callable[[], Awaitable[Any]]
Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]

ENDED: Final = "The caller has ended this request."


@dataclass(slots=True)
class Progress:
    """How far the work of a request is, in a form that can go over the wire; the work replaces it as it goes on."""

    value: Any = None


@dataclass(slots=True)
class _Request:
    progress: Progress = field(default_factory=Progress)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    end_time: int | None = None
    result: Any = None
    error: JetStreamError | None = None
    task: "asyncio.Task[None] | None" = None
    """Set for work that may be ended."""


class Requests:
    """What one connection asked to be done in the background. Ids count from 1 and mean nothing elsewhere.

    :param spawn: starts a task and holds on to it until it ended; it outlives the connection.
    :param now: microseconds since the epoch.
    :param limit: how many requests may be under way or have a result waiting.
    """

    def __init__(self, spawn: Spawn, now: Callable[[], int], limit: int = MAX_KEPT_RESULTS) -> None:
        self._spawn = spawn
        self._now = now
        self._limit = limit
        self._requests: dict[int, _Request] = {}
        self._last_id = 0

    def __repr__(self) -> str:
        running = sum(request.end_time is None for request in self._requests.values())
        return f"<Requests running={running} ended={len(self._requests) - running}>"

    def start(self, work: Work, progress: Progress | None = None, *, ends: bool = False) -> int:
        """Carry out *work* in the background; returns the id to ask for it.

        :param progress: where the work says how far it is, for those who ask for its status.
        :param ends: whether it only looks, so that it may be ended at any moment.
        :raises LimitExceeded: if too many are kept already; *work* is not begun then.
        """
        self._forget_old()
        if len(self._requests) >= self._limit:
            raise LimitExceeded(f"This connection has {self._limit} background requests already; results are kept for "
                                "an hour. Use another connection, or the plain calls.", limit=self._limit)
        self._last_id += 1
        request = self._requests[self._last_id] = _Request(progress or Progress())
        task = self._spawn(self._carry_out(request, work))
        if ends:
            request.task = task
            task.add_done_callback(lambda _: self._settle(request))  # it may be ended before it has begun
        return self._last_id

    def cancel(self, request_id: int) -> None:
        """End a request; one that has ended already stays as it is.

        :raises NotFound: if this connection has no such request (any more).
        :raises Conflict: if it goes on until it is done.
        """
        request = self._find(request_id)
        if request.end_time is not None:
            return
        if request.task is None:
            raise Conflict("Such a request goes on until it is done; only those that look can be ended.")
        request.error = Conflict(ENDED)
        request.task.cancel()

    def close(self) -> None:
        """The connection is over: end what only looks."""
        for request in self._requests.values():
            if request.task is not None and request.end_time is None:
                request.task.cancel()

    def status(self, request_id: int) -> dict[str, Any]:
        """The documented status map of a request.

        :raises NotFound: if this connection has no such request (any more).
        """
        request = self._find(request_id)
        processing = request.end_time is None
        status = "processing" if processing else "complete" if request.error is None else "error"
        found = {"requestId": request_id, "errorMessage": "" if request.error is None else str(request.error),
                 "processing": processing, "status": status}
        return found if request.progress.value is None else {**found, "progress": request.progress.value}

    async def result(self, request_id: int) -> Any:
        """Wait for a request and return what it returned. May be asked for more than once.

        :raises NotFound: if this connection has no such request (any more).
        :raises JetStreamError: what the request failed with.
        """
        request = self._find(request_id)
        await request.ended.wait()
        if request.error is not None:
            raise request.error.with_traceback(None)
        return request.result

    async def _carry_out(self, request: _Request, work: Work) -> None:
        try:
            request.result = await work()
        except JetStreamError as error:
            request.error = error
        except asyncio.CancelledError:
            if request.error is None:
                request.error = Conflict("The node was stopped before this was done.")
            raise
        except Exception:
            request.error = ServerError("Something went wrong inside the node.")
            raise
        finally:
            self._settle(request)

    def _settle(self, request: _Request) -> None:
        if request.end_time is None:
            request.end_time = self._now()
            request.task = None
            request.ended.set()

    def _find(self, request_id: int) -> _Request:
        self._forget_old()
        request = self._requests.get(request_id)
        if request is None:
            raise NotFound(f"This connection has no request {request_id}; results are kept for an hour.")
        return request

    def _forget_old(self) -> None:
        oldest = self._now() - int(REQUEST_RESULT_SECONDS * 1_000_000)
        for request_id, request in list(self._requests.items()):
            if request.end_time is not None and request.end_time < oldest:
                del self._requests[request_id]


async def get_request_status(call: "Call", *, request: int) -> dict[str, Any]:
    """How far a background request of this connection is."""
    return call.connection.requests.status(request)


async def get_request_result(call: "Call", *, request: int) -> Any:
    """The result of a background request of this connection; waits for it."""
    return await call.connection.requests.result(request)


async def cancel_request(call: "Call", *, request: int) -> None:
    """End a background request of this connection that only looks."""
    call.connection.requests.cancel(request)


HANDLERS: Final[dict[str, "Handler"]] = {
    "server.getRequestStatus": get_request_status,
    "server.getRequestResult": get_request_result,
    "server.cancelRequest": cancel_request,
}
