import asyncio

import pytest

from app.helpers.memory_node import MemoryNode
from app.helpers.waiting import until
from jetstream.errors import AuthenticationFailed, ConnectionFailed, ConnectionLost, ServerIdentityChanged
from jetstream_desktop.services.session import Session
from jetstream_desktop.state.connection import Connected, Connecting, Failed, IdentityChanged, LoginRefused
from jetstream_desktop.state.nodes import LOCAL, OpenNode


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
    tries = []

    async def connect(step):
        tries.append(1)
        raise ServerIdentityChanged("This is another node.", expected="a", presented="b")

    session = Session(connect)
    task = asyncio.create_task(session.run())
    status = await until(lambda: session.status if isinstance(session.status, IdentityChanged) else None)
    assert (status.expected, status.presented) == ("a", "b")
    assert tries == [1]
    task.cancel()


async def test_a_refused_login_is_not_repeated_until_a_person_says_so(qapp):
    tries = []

    async def connect(step):
        tries.append(1)
        raise AuthenticationFailed("No.")

    session = Session(connect)
    task = asyncio.create_task(session.run())
    await until(lambda: isinstance(session.status, LoginRefused))
    assert tries == [1]
    session.retry_now()
    await until(lambda: len(tries) == 2)
    task.cancel()


async def test_another_node_can_be_opened_at_any_moment_and_the_last_one_is_let_go(qapp):
    here, there, seen = MemoryNode(), MemoryNode(), []
    session = Session(here.connect)
    session.opened.connect(seen.append)
    task = asyncio.create_task(session.run())
    await until(lambda: isinstance(session.status, Connected))
    node = OpenNode("b.example", name="Studio B")
    session.open(node, there.connect)
    assert isinstance(session.status, Connecting)
    with pytest.raises(ConnectionLost):
        assert session.client
    await until(lambda: isinstance(session.status, Connected))
    assert session.client is there.clients[0]
    assert here.clients[0].closed.done()

    async def never(step):
        await asyncio.Event().wait()

    session.open(OpenNode("slow.example"), never)
    await asyncio.sleep(0)
    session.open(LOCAL)
    await until(lambda: isinstance(session.status, Connected))
    assert session.client is here.clients[-1]
    assert [n.host for n in seen] == ["b.example", "slow.example", ""]
    task.cancel()
