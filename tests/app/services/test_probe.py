import asyncio

from app.helpers.memory_node import FINGERPRINT, MemoryNode
from jetstream.errors import ConnectionFailed, ServerIdentityChanged
from jetstream_desktop.services.probe import probe
from jetstream_desktop.state.probe import Layer, layer_name


async def ask(_host, _port):
    return await (await MemoryNode().connect()).server.get_server_info()


def outcome(findings):
    return {f.layer: f.ok for f in findings}


async def listening():
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def test_everything_is_well():
    server, port = await listening()
    async with server:
        found = await probe("127.0.0.1", port, FINGERPRINT.upper(), ask)
    assert all(f.ok for f in found)
    assert [layer_name(f.layer) for f in found] == ["Name", "Route and port", "Protocol", "Identity"]


async def test_an_unknown_name():
    found = await probe("no-such-host.invalid", 1, "", ask)
    assert outcome(found) == {Layer.NAME: False, Layer.ROUTE: None, Layer.PROTOCOL: None, Layer.IDENTITY: None}
    assert found[0].fix


async def test_a_closed_port():
    server, port = await listening()
    server.close()
    await server.wait_closed()
    found = await probe("127.0.0.1", port, "", ask)
    assert outcome(found)[Layer.ROUTE] is False
    assert "nothing listens" in found[1].text


async def test_something_else_behind_the_port():
    async def refuse(_host, _port):
        raise ConnectionFailed("No JetStream there.")

    server, port = await listening()
    async with server:
        found = await probe("127.0.0.1", port, "", refuse)
    assert outcome(found)[Layer.PROTOCOL] is False


async def test_another_identity():
    async def changed(_host, _port):
        raise ServerIdentityChanged("Another node.")

    server, port = await listening()
    async with server:
        for found in (await probe("127.0.0.1", port, "cd" * 32, ask), await probe("127.0.0.1", port, "", changed)):
            assert outcome(found)[Layer.IDENTITY] is False
