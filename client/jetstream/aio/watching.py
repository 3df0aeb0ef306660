"""What a node looks at, told while it goes on: tests of destinations, previews of transfers."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final

from jetstream.aio.group import Ask
from jetstream.aio.shaping import many, one
from jetstream.api.calls import build_params
from jetstream.api.methods import ASYNC_SUFFIX, METHODS
from jetstream.checks import Check
from jetstream.errors import JetStreamError, ServerError
from jetstream.previews import Preview

_INTERVAL: Final = 0.1


async def watch_test(ask: Ask, **params: Any) -> AsyncGenerator[list[Check], None]:
    """The findings of ``send.testDestination`` so far, each time there are more, until the test has ended.

    Leave it early with ``contextlib.aclosing``, and the node ends the test as well.

    :param ask: :meth:`jetstream.aio.AsyncClient.call`.
    :param params: of ``testDestination``, by their documented names.
    :raises JetStreamError: if the destination cannot be tested.
    """
    async with contextlib.aclosing(_watch(ask, "send.testDestination", params)) as said:
        async for value in said:
            yield many(Check, value)


async def watch_preview(ask: Ask, **params: Any) -> AsyncGenerator[Preview, None]:
    """What ``send.previewTransfer`` knows so far, each time it is more; the last one is the whole answer.

    Leave it early with ``contextlib.aclosing``, and the node ends its work as well.

    :param ask: :meth:`jetstream.aio.AsyncClient.call`.
    :param params: of ``previewTransfer``, by their documented names.
    :raises JetStreamError: if it cannot be looked at.
    """
    async with contextlib.aclosing(_watch(ask, "send.previewTransfer", params)) as said:
        async for value in said:
            yield one(Preview, value)


async def _watch(ask: Ask, name: str, params: Mapping[str, Any]) -> AsyncGenerator[Any, None]:
    """The progress of the method *name* each time it is another, and in the end its result."""
    method = METHODS[name]
    started = await ask(method.name + ASYNC_SUFFIX, build_params(method, (), params))
    if not isinstance(started, Mapping) or "requestId" not in started:
        raise ServerError("The node's answer names no request.")
    request, told, ended = {"request": started["requestId"]}, None, False
    try:
        while True:
            status = await ask("server.getRequestStatus", dict(request))
            if not isinstance(status, Mapping) or not status.get("processing"):
                break
            progress = status.get("progress")
            if progress and progress != told:
                told = progress
                yield progress
            await asyncio.sleep(_INTERVAL)
        ended = True
        yield await ask("server.getRequestResult", dict(request))
    finally:
        if not ended:
            await _end(ask, request)


async def _end(ask: Ask, request: Mapping[str, Any]) -> None:
    """Tell the node that nobody waits any more. An older node does not know the word, and a broken line says it."""
    with contextlib.suppress(JetStreamError):
        await ask("server.cancelRequest", dict(request))
