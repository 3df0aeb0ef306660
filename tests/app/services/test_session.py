import asyncio

import pytest

from app.helpers.memory_node import MemoryNode
from app.helpers.waiting import until
from jetstream.errors import ConnectionFailed, ConnectionLost, ServerIdentityChanged
from jetstream_desktop.services.session import Session
from jetstream_desktop.state.connection import Connected, Connecting, Failed


async def test_it_connects_loses_and_connects_again(qapp):
    node, seen = MemoryNode(), []
    session = Session(node.connect)
    session.changed.connect(seen.append)
    with pytest.raises(ConnectionLost):
        assert session.client
    task = asyncio.create_task(session.run())
    await until(lambda: isinstance(session.status, Connected))
    assert session.client is node.clients[0]
    node.drop_connections()
    await until(lambda: isinstance(session.status, Failed))
    session.retry_now()
    await until(lambda: isinstance(session.status, Connected))
    assert [type(s) for s in seen] == [Connecting, Connected, Failed, Connecting, Connected]
    task.cancel()


async def test_a_failure_says_why_and_when(qapp):
    async def connect(step):
        step("Looking")
        raise ConnectionFailed("Nobody answers.")

    session = Session(connect)
    task = asyncio.create_task(session.run())
    status = await until(lambda: session.status if isinstance(session.status, Failed) else None)
    assert status.reason == "Nobody answers."
    assert status.retry_at is not None
    task.cancel()


async def test_another_identity_stops_everything(qapp):
    async def connect(step):
        raise ServerIdentityChanged("This is another node.")

    session = Session(connect)
    task = asyncio.create_task(session.run())
    status = await until(lambda: session.status if isinstance(session.status, Failed) else None)
    assert status.fatal
    assert status.retry_at is None
    task.cancel()
