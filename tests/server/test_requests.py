"""Background requests with a clock of our own."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from jetstream.errors import Conflict, LimitExceeded, NotFound, PermissionDenied, ServerError
from jetstream_server.requests import Progress, Requests

HOUR = 3_600_000_000


class Background:
    """Holds the tasks and the clock."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []
        self.time = 1_000_000

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self.tasks.append(asyncio.get_running_loop().create_task(work))
        return self.tasks[-1]

    def now(self) -> int:
        return self.time

    async def settle(self) -> list[Any]:
        return await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
def background() -> Background:
    return Background()


@pytest.fixture
def requests(background: Background) -> Requests:
    return Requests(background.spawn, background.now, limit=3)


def work(value: object) -> Callable[[], Awaitable[object]]:
    async def do() -> object:
        if isinstance(value, BaseException):
            raise value
        return value

    return do


async def test_results_can_be_read_again_for_an_hour(background: Background, requests: Requests) -> None:
    assert requests.start(work(42)) == 1
    assert [await requests.result(1) for _ in range(2)] == [42, 42]
    background.time += HOUR
    assert await requests.result(1) == 42
    background.time += 1
    with pytest.raises(NotFound, match=r"no request 1; results are kept for an hour"):
        requests.status(1)


async def test_errors_are_results_too(requests: Requests) -> None:
    requests.start(work(PermissionDenied("No.")))
    for _ in range(2):
        with pytest.raises(PermissionDenied, match=r"No\."):
            await requests.result(1)
    assert requests.status(1) == {"requestId": 1, "errorMessage": "No.", "processing": False, "status": "error"}


async def test_status_tells_without_waiting(background: Background, requests: Requests) -> None:
    requests.start(work(None))
    assert requests.status(1) == {"requestId": 1, "errorMessage": "", "processing": True, "status": "processing"}
    assert repr(requests) == "<Requests running=1 ended=0>"
    await background.settle()
    assert requests.status(1) == {"requestId": 1, "errorMessage": "", "processing": False, "status": "complete"}
    assert repr(requests) == "<Requests running=0 ended=1>"


async def test_a_limit_holds_until_results_are_old(background: Background, requests: Requests) -> None:
    for _ in range(3):
        requests.start(work(None))
    with pytest.raises(LimitExceeded, match=r"has 3 background requests already"):
        requests.start(work(None))
    await background.settle()
    background.time += HOUR + 1
    assert requests.start(work("again")) == 4
    assert await requests.result(4) == "again"


async def test_one_that_is_under_way_is_never_forgotten(background: Background, requests: Requests) -> None:
    go_on = asyncio.Event()

    async def slow() -> str:
        await go_on.wait()
        return "at last"

    requests.start(slow)
    background.time += 10 * HOUR
    assert requests.status(1)["processing"]
    go_on.set()
    assert await requests.result(1) == "at last"


async def test_a_waiter_that_is_cancelled_leaves_the_work_alone(background: Background, requests: Requests) -> None:
    go_on = asyncio.Event()

    async def slow() -> str:
        await go_on.wait()
        return "done"

    requests.start(slow)
    waiter = asyncio.create_task(requests.result(1))
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.wait({waiter})
    go_on.set()
    assert await requests.result(1) == "done"


async def test_a_stopping_node_says_so(background: Background, requests: Requests) -> None:
    requests.start(functools.partial(asyncio.sleep, 60))
    waiter = asyncio.create_task(requests.result(1))
    await asyncio.sleep(0)
    background.tasks[0].cancel()
    with pytest.raises(Conflict, match="stopped before this was done"):
        await waiter


async def test_a_fault_ends_a_request_as_an_error(background: Background, requests: Requests) -> None:
    requests.start(work(ZeroDivisionError()))
    with pytest.raises(ServerError):
        await requests.result(1)
    assert [type(outcome) for outcome in await background.settle()] == [ZeroDivisionError]


async def test_work_tells_how_far_it_is(background: Background, requests: Requests) -> None:
    progress, go_on = Progress(), asyncio.Event()

    async def steps() -> str:
        progress.value = ["first"]
        await go_on.wait()
        return "done"

    number = requests.start(steps, progress)
    assert "progress" not in requests.status(number)
    await asyncio.sleep(0)
    assert requests.status(number)["progress"] == ["first"]
    go_on.set()
    assert await requests.result(number) == "done"
    assert requests.status(number)["processing"] is False


async def test_what_only_looks_can_be_ended(background: Background, requests: Requests) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def look() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    request = requests.start(look, ends=True)
    await begun.wait()
    requests.cancel(request)
    with pytest.raises(Conflict, match="ended this request"):
        await requests.result(request)
    assert ended.is_set()
    assert requests.status(request)["status"] == "error"
    requests.cancel(request)  # and once more: nothing


async def test_what_has_not_begun_can_be_ended(background: Background, requests: Requests) -> None:
    request = requests.start(work(1), ends=True)
    requests.cancel(request)
    with pytest.raises(Conflict, match="ended this request"):
        await requests.result(request)
    await background.settle()


async def test_what_changes_something_goes_on(background: Background, requests: Requests) -> None:
    request = requests.start(work(1))
    with pytest.raises(Conflict, match="goes on until it is done"):
        requests.cancel(request)
    assert await requests.result(request) == 1
    with pytest.raises(NotFound):
        requests.cancel(99)


async def test_the_end_of_the_connection_ends_what_only_looks(background: Background, requests: Requests) -> None:
    async def look() -> None:
        await asyncio.Event().wait()

    requests.start(look, ends=True)
    requests.start(work(1))
    requests.close()
    looked, worked = await background.settle()
    assert isinstance(looked, asyncio.CancelledError)
    assert worked is None
    assert await requests.result(2) == 1
