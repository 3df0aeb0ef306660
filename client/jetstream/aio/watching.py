"""A test of a destination as it goes on."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from jetstream.aio.group import Ask
from jetstream.aio.shaping import many
from jetstream.api.calls import build_params
from jetstream.api.methods import ASYNC_SUFFIX, METHODS
from jetstream.checks import Check
from jetstream.errors import ServerError

_INTERVAL: Final = 0.1


async def watch_test(ask: Ask, **params: Any) -> AsyncIterator[list[Check]]:
    """The findings of ``send.testDestination`` so far, each time there are more, until the test has ended.

    :param ask: :meth:`jetstream.aio.AsyncClient.call`.
    :param params: of ``testDestination``, by their documented names.
    :raises JetStreamError: if the destination cannot be tested.
    """
    method = METHODS["send.testDestination"]
    started = await ask(method.name + ASYNC_SUFFIX, build_params(method, (), params))
    if not isinstance(started, Mapping) or "requestId" not in started:
        raise ServerError("The node's answer names no request.")
    request, told = {"request": started["requestId"]}, 0
    while True:
        status = await ask("server.getRequestStatus", dict(request))
        if not isinstance(status, Mapping) or not status.get("processing"):
            break
        found = many(Check, status.get("progress") or [])
        if len(found) > told:
            told = len(found)
            yield found
        await asyncio.sleep(_INTERVAL)
    yield many(Check, await ask("server.getRequestResult", dict(request)))
