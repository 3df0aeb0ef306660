"""Data connections: who is let in, who came too early or twice, and what is dialled again."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable

import pytest

from helpers.nodes import until
from jetstream_server.link import data as data_module
from jetstream_server.link.data import DataDialler, DataPlane, dial_data
from jetstream_server.link.errors import Unreachable
from jetstream_server.link.sealed import KEY_BYTES, SESSION_BYTES, SessionKey, make_hello


class Door:
    """A port whose connections go to a data plane."""

    def __init__(self, plane: DataPlane) -> None:
        self.plane = plane
        self.port = 0
        self.taken: list[tuple[socket.socket, int]] = []

    def take(self, sock: socket.socket, number: int) -> bool:
        self.taken.append((sock, number))
        return True

    async def until(self, condition: Callable[[], bool]) -> None:
        async def look() -> bool:
            return condition()

        await until(look, bool, 10)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Door"]:
        loop, tasks = asyncio.get_running_loop(), set()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            self.port = listener.getsockname()[1]

            async def accept() -> None:
                while True:
                    sock, _ = await loop.sock_accept(listener)
                    tasks.add(asyncio.create_task(self.plane.accept(sock)))

            accepting = asyncio.create_task(accept())
            try:
                yield self
            finally:
                for task in (accepting, *tasks):
                    task.cancel()
                await asyncio.gather(accepting, *tasks, return_exceptions=True)
                for sock, _ in self.taken:
                    sock.close()


@pytest.fixture
def key() -> SessionKey:
    return SessionKey(os.urandom(SESSION_BYTES), os.urandom(KEY_BYTES))


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with Door(DataPlane()).open() as door:
        yield door


async def test_connections_go_to_their_session(door: Door, key: SessionKey) -> None:
    await door.plane.expect(key, door.take)
    socks = [await dial_data("127.0.0.1", door.port, key, number) for number in (1, 2)]
    await door.until(lambda: len(door.taken) == 2)
    assert sorted(number for _, number in door.taken) == [1, 2]
    for sock in socks:
        sock.close()


async def test_one_that_comes_before_its_session_is_known_waits(door: Door, key: SessionKey) -> None:
    sock = await dial_data("127.0.0.1", door.port, key, 1)
    await door.until(lambda: door.plane._early == 1)
    other = SessionKey(os.urandom(SESSION_BYTES), os.urandom(KEY_BYTES))
    await door.plane.expect(other, door.take)
    assert door.taken == []
    await door.plane.expect(key, door.take)
    await door.until(lambda: len(door.taken) == 1)
    sock.close()


async def refused(door: Door, hello: bytes) -> None:
    """Say *hello* and be hung up on."""
    before = door.plane.refused
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(hello)
    if len(hello) < 38:
        writer.write_eof()
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()
    await door.until(lambda: door.plane.refused == before + 1)


async def test_who_proves_nothing_is_refused(
    door: Door, key: SessionKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    await door.plane.expect(key, door.take)
    good = make_hello(key, 7)
    await refused(door, good[:-1] + bytes([good[-1] ^ 1]))
    await refused(door, b"JSD2" + good[4:])
    await refused(door, good[:20])
    await refused(door, make_hello(SessionKey(key.session, os.urandom(KEY_BYTES)), 1))
    monkeypatch.setattr(data_module, "EARLY_SECONDS", 0.01)
    await refused(door, make_hello(SessionKey(os.urandom(SESSION_BYTES), key.key), 1))
    monkeypatch.setattr(data_module, "MAX_EARLY", 0)
    await refused(door, make_hello(SessionKey(os.urandom(SESSION_BYTES), key.key), 1))
    assert door.taken == []


async def test_a_number_is_used_once_and_a_session_ends(
    door: Door, key: SessionKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    await door.plane.expect(key, door.take)
    sock = await dial_data("127.0.0.1", door.port, key, 3)
    await door.until(lambda: len(door.taken) == 1)
    await refused(door, make_hello(key, 3))
    door.plane.forget(key)
    door.plane.forget(key)
    monkeypatch.setattr(data_module, "EARLY_SECONDS", 0.01)
    await refused(door, make_hello(key, 4))
    assert len(door.taken) == 1
    sock.close()


async def test_a_lost_connection_is_dialled_again_under_a_new_number(door: Door, key: SessionKey) -> None:
    await door.plane.expect(key, door.take)
    mine: list[tuple[socket.socket, int]] = []
    unreachable: list[Unreachable] = []

    def add(sock: socket.socket, number: int) -> bool:
        mine.append((sock, number))
        return True

    dialler = DataDialler("127.0.0.1", door.port, key, 2, add, unreachable.append)
    dialler.start()
    await door.until(lambda: len(mine) == 2)
    dialler.lost()
    await door.until(lambda: len(mine) == 3)
    await dialler.close()
    dialler.lost()
    assert sorted(number for _, number in mine) == [1, 2, 3]
    assert unreachable == []
    for sock, _ in mine:
        sock.close()


async def test_nobody_there_is_said_once_when_nothing_is_left(key: SessionKey) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    said: asyncio.Future[Unreachable] = asyncio.get_running_loop().create_future()
    dialler = DataDialler("127.0.0.1", port, key, 3, lambda sock, number: True, said.set_result)
    dialler.start()
    async with asyncio.timeout(10):
        assert str(port) in str(await said)
    await dialler.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of a process")
async def test_a_process_without_descriptors_says_so_and_does_not_wait_for_ever(door: Door, key: SessionKey) -> None:
    import resource

    said: asyncio.Future[Unreachable] = asyncio.get_running_loop().create_future()
    dialler = DataDialler("127.0.0.1", door.port, key, 2, door.take, said.set_result)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        dialler.start()
        async with asyncio.timeout(10):
            error = await said
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "Too many open files" in str(error)
    await dialler.close()


async def test_a_connection_that_cannot_be_used_is_one_less(door: Door, key: SessionKey) -> None:
    await door.plane.expect(key, door.take)
    said: asyncio.Future[Unreachable] = asyncio.get_running_loop().create_future()

    def no_thread(sock: socket.socket, number: int) -> bool:
        sock.close()
        raise RuntimeError("can't start new thread")

    dialler = DataDialler("127.0.0.1", door.port, key, 2, no_thread, said.set_result)
    dialler.start()
    async with asyncio.timeout(10):
        assert "can't start new thread" in str(await said)
    await dialler.close()


async def test_connections_that_break_for_ever_are_an_end(
    door: Door, key: SessionKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_module, "MAX_CONNECTION_NUMBER", 1)
    said: list[Unreachable] = []
    mine: list[socket.socket] = []

    def add(sock: socket.socket, number: int) -> bool:
        mine.append(sock)
        return True

    dialler = DataDialler("127.0.0.1", door.port, key, 1, add, said.append)
    dialler.start()
    await door.until(lambda: len(mine) == 1)
    dialler.lost()
    assert [str(error) for error in said] == [f"The data connections to 127.0.0.1:{door.port} break again and again."]
    await dialler.close()
    mine[0].close()
