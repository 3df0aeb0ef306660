"""What the services need of a connected node: the part of ``jetstream.aio.AsyncClient`` that the window uses."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from jetstream.aio import Receive, Send, Server


class NodeClient(Protocol):
    """A connection to a node. The groups have one coroutine per method of the API, in snake_case."""

    @property
    def server(self) -> Server:
        """Calls about the node itself."""

    @property
    def send(self) -> Send:
        """Calls about what goes out."""

    @property
    def receive(self) -> Receive:
        """Calls about what comes in."""

    @property
    def closed(self) -> "asyncio.Future[Any]":
        """Done when the connection has ended."""

    async def call(self, wire_name: str, params: dict[str, Any]) -> Any:
        """Call a method by its wire name and return its raw result."""

    async def close(self) -> None:
        """Close it and wait until it is closed."""


Connect = Callable[[Callable[[str], None]], Awaitable[NodeClient]]
"""Makes a connection; is given a function that takes a sentence about what it is doing."""
