"""A cable between nodes that can be cut and mended: a TCP relay on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Cable:
    """Relays every connection to *port*, until it is cut."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._whole = True
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.carried = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, there_writer}
        try:
            await asyncio.gather(self._pump(reader, there_writer), self._pump(there_reader, writer))
        finally:
            for end in (writer, there_writer):
                self._writers.discard(end)
                end.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                self.carried += len(data)
                writer.write(data)
                await writer.drain()
            writer.write_eof() if writer.can_write_eof() else None

    def cut(self) -> None:
        """Every connection dies, and no new one comes through."""
        self._whole = False
        for writer in list(self._writers):
            writer.transport.abort()

    def mend(self) -> None:
        """New connections come through again."""
        self._whole = True


@contextlib.asynccontextmanager
async def cable_to(port: int) -> AsyncIterator[Cable]:
    """A whole cable to the node at *port*."""
    cable = Cable(port)
    server = await asyncio.start_server(cable._serve, "127.0.0.1", 0)
    cable.port = server.sockets[0].getsockname()[1]
    async with server:
        yield cable
        cable.cut()
