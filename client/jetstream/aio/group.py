"""What the three groups of the async face have in common."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from jetstream.aio import shaping
from jetstream.api.calls import Waiting, build_params
from jetstream.api.methods import METHODS
from jetstream.entities import (
    ApiToken,
    Connection,
    Destination,
    Event,
    Manifest,
    Offer,
    ReceiveTransfer,
    Token,
    Transfer,
)

T = TypeVar("T")
Ask = Callable[[str, dict[str, Any]], Awaitable[Any]]

# Wherever an object is asked for, the entity, its dict form, or its bare id will do.
ManifestRef = Manifest | Mapping[str, Any] | str
DestinationRef = Destination | Mapping[str, Any] | str
ConnectionRef = Connection | Mapping[str, Any] | str
TransferRef = Transfer | Mapping[str, Any] | str
ReceiveTransferRef = ReceiveTransfer | Mapping[str, Any] | str
OfferRef = Offer | Mapping[str, Any] | str
TokenRef = Token | Mapping[str, Any] | str
ApiTokenRef = ApiToken | Mapping[str, Any] | str
AnyObject = Manifest | Destination | Transfer | Token | Mapping[str, Any]


class Group:
    """Methods of one group.

    :param ask: sends a call and returns its raw result.
    :param name: the group's wire name.
    """

    def __init__(self, ask: Ask, name: str) -> None:
        self._ask = ask
        self._name = name

    async def _raw(self, name: str, /, **params: Any) -> Any:
        """The raw result of the group's method *name*; *params* by their documented names."""
        method = METHODS[f"{self._name}.{name}"]
        return await self._ask(method.name, build_params(method, (), params))

    async def _none(self, name: str, /, **params: Any) -> None:
        await self._raw(name, **params)

    async def _one(self, cls: type[T], name: str, /, **params: Any) -> T:
        return shaping.one(cls, await self._raw(name, **params))

    async def _many(self, cls: type[T], name: str, /, **params: Any) -> list[T]:
        return shaping.many(cls, await self._raw(name, **params))

    async def _events(self, name: str, /, **params: Any) -> list[Event]:
        return shaping.events(await self._raw(name, **params))

    async def _wait(self, cls: type[T], name: str, timeout: float | None, /, **params: Any) -> T:
        """Ask *name* again and again until what it answers is not ``processing`` any more."""
        clock = asyncio.get_running_loop().time
        waiting = Waiting(f"The {cls.__name__.lower()}", timeout, clock())
        while True:
            found: Any = await self._one(cls, name, **params)
            if not found.processing:
                result: T = found
                return result
            await asyncio.sleep(waiting.pause(clock()))
