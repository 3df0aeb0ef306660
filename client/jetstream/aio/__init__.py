"""The async face of the API: snake_case coroutines, frozen entities. Made for asyncio, also in a Qt loop."""

from jetstream.aio.client import AsyncClient, Connecting, connect
from jetstream.aio.receive import Receive
from jetstream.aio.send import Send
from jetstream.aio.server import Server
from jetstream.aio.watching import watch_preview, watch_test

__all__ = ["AsyncClient", "Connecting", "Receive", "Send", "Server", "connect", "watch_preview", "watch_test"]
