"""The async shell against a scripted node: answers, limits, losses."""

import asyncio
import socket

import pytest

from helpers.scripted_peer import HANG_UP, SILENCE, Certificate, Raw, ScriptedPeer, protocol_error
from jetstream.aio import connect
from jetstream.aio import connection as aio_connection
from jetstream.errors import (
    ConnectionFailed,
    ConnectionLost,
    InvalidParameters,
    LimitExceeded,
    NotFound,
    RequestTimeout,
    VersionMismatch,
)
from jetstream.protocol.framing import pack


async def test_a_call_is_answered(peer):
    async with connect("127.0.0.1", peer.port) as client:
        assert await client.server.echo("hello") == "hello"
        assert client.fingerprint == peer.certificate.fingerprint
    assert peer.calls == [("server.echo", {"text": "hello"})]


async def test_await_gives_the_client_as_well(peer):
    client = await connect("127.0.0.1", peer.port)
    assert not client.closed.done()
    await client.close()
    assert client.closed.result() is None
    await client.close()


async def test_calls_at_the_same_time_get_their_own_answers(peer):
    async with connect("127.0.0.1", peer.port) as client:
        texts = [f"text {n}" for n in range(500)]
        assert await asyncio.gather(*map(client.server.echo, texts)) == texts


async def test_errors_keep_their_class_sentence_and_facts(peer):
    peer.answers["send.getTransfer"] = NotFound("There is no transfer 7.", kind="transfer")
    async with connect("127.0.0.1", peer.port) as client:
        with pytest.raises(NotFound, match=r"There is no transfer 7\.") as caught:
            await client.send.get_transfer("7")
        assert caught.value.facts == {"kind": "transfer"}


async def test_a_lost_connection_fails_every_call_under_way(peer):
    peer.answers["send.getTransfers"] = SILENCE
    peer.answers["send.getManifests"] = HANG_UP
    async with connect("127.0.0.1", peer.port) as client:
        calls = [asyncio.create_task(client.send.get_transfers()) for _ in range(3)]
        calls.append(asyncio.create_task(client.send.get_manifests()))
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [ConnectionLost] * 4
        assert isinstance(await client.closed, ConnectionLost)
        with pytest.raises(ConnectionLost):
            await client.server.echo()


async def test_closing_ends_calls_under_way(peer):
    peer.answers["server.echo"] = SILENCE
    client = await connect("127.0.0.1", peer.port)
    call = asyncio.create_task(client.server.echo())
    await asyncio.sleep(0)
    await client.close()
    with pytest.raises(ConnectionLost):
        await call


async def test_no_answer_within_the_limit(peer):
    peer.answers["send.getManifest"] = SILENCE
    async with connect("127.0.0.1", peer.port, timeout=0.2) as client:
        with pytest.raises(RequestTimeout, match=r"did not answer `send.getManifest` within 0\.2 seconds"):
            await client.send.get_manifest("1")
        assert await client.server.echo("still there") == "still there"


async def test_a_late_answer_disturbs_nobody(peer):
    peer.answers["send.getManifest"] = SILENCE
    async with connect("127.0.0.1", peer.port, timeout=0.1) as client:
        with pytest.raises(RequestTimeout):
            await client.send.get_manifest("1")
        peer.tell(pack([1, 1, None, {"manifestId": "1"}]))
        assert await client.server.echo("next") == "next"


async def test_a_cancelled_call_leaves_the_connection_good(peer):
    peer.answers["send.getManifest"] = SILENCE
    async with connect("127.0.0.1", peer.port) as client:
        call = asyncio.create_task(client.send.get_manifest("1"))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await client.server.echo("next") == "next"


async def test_the_result_of_a_background_request_has_no_limit(peer):
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def result(params):
        asyncio.run_coroutine_threadsafe(done.wait(), loop).result()
        return "at last"

    peer.answers["server.getRequestResult"] = result
    async with connect("127.0.0.1", peer.port, timeout=0.05) as client:
        call = asyncio.create_task(client.server.get_request_result({"requestId": 3}))
        while not peer.calls:  # noqa: ASYNC110 - another thread hears it
            await asyncio.sleep(0)
        with pytest.raises(RequestTimeout):
            await client.server.echo()  # behind it: its time is up, so that of the first would be, too
        done.set()
        assert await call == "at last"
    assert peer.calls[0] == ("server.getRequestResult", {"request": 3})


async def test_a_connection_that_is_idle_is_kept_alive(peer, monkeypatch):
    monkeypatch.setattr(aio_connection, "_KEEP_ALIVE", 0.05)
    async with connect("127.0.0.1", peer.port, timeout=0.2) as client:
        async with asyncio.timeout(10):
            while peer.names().count("server.echo") < 2:  # noqa: ASYNC110 - another thread counts
                await asyncio.sleep(0.01)
        assert not client.closed.done()


async def test_nothing_that_cannot_be_sent_is_sent(peer):
    async with connect("127.0.0.1", peer.port) as client:
        with pytest.raises(InvalidParameters):
            await client.call("server.echo", {"text": object()})
        with pytest.raises(LimitExceeded):
            await client.call("server.echo", {"text": "x" * (17 << 20)})
        assert await client.server.echo() == ""


@pytest.mark.parametrize("data", [b"\xc1", pack([1, 77, None, None]), pack("text"), pack([5, 1, 1, 1])])
async def test_a_node_that_breaks_the_protocol_is_left(peer, data):
    peer.answers["server.echo"] = Raw(data)
    async with connect("127.0.0.1", peer.port) as client:
        with pytest.raises(ConnectionLost):
            await client.server.echo()
        assert isinstance(await client.closed, ConnectionLost)


async def test_why_the_node_hung_up_is_repeated(peer):
    peer.answers["server.echo"] = Raw(protocol_error(LimitExceeded("Too much of it.")))
    async with connect("127.0.0.1", peer.port) as client:
        with pytest.raises(ConnectionLost, match=r"It said: Too much of it\."):
            await client.server.echo()


async def test_a_node_that_asks_is_refused(peer):
    async with connect("127.0.0.1", peer.port) as client:
        await client.server.echo()
        peer.ask("client.secret")
        peer.tell(pack([2, "news", {}]))
        assert await client.server.echo("next") == "next"
    assert [type(answer.error) for answer in peer.answered] == [InvalidParameters]


async def test_nobody_answers():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionFailed, match=r"No JetStream node answers at 127\.0\.0\.1:\d+\. Start one with "):
        await connect("127.0.0.1", port)


async def test_silence_on_the_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(ConnectionFailed, match=r"did not answer within 0\.1 seconds"):
            await connect("127.0.0.1", port, timeout=0.1)


async def test_something_else_on_the_port():
    async def web(reader, writer):
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(web, "127.0.0.1", 0)
    async with server:
        with pytest.raises(ConnectionFailed, match="is no JetStream node"):
            await connect("127.0.0.1", server.sockets[0].getsockname()[1])


async def test_tls_without_our_protocol(certificate: Certificate):
    with ScriptedPeer(certificate, alpn=()) as peer:
        with pytest.raises(ConnectionFailed, match="is no JetStream node"):
            await connect("127.0.0.1", peer.port)
        assert peer.calls == []


async def test_tls_with_other_protocols_only(certificate: Certificate):
    with ScriptedPeer(certificate, alpn=["jetstream-rpc/9"]) as peer:
        with pytest.raises((VersionMismatch, ConnectionFailed)):
            await connect("127.0.0.1", peer.port)


async def test_a_name_that_nobody_has():
    with pytest.raises(ConnectionFailed, match="There is no machine called"):
        await connect("no-such-machine.invalid")
    with pytest.raises(ConnectionFailed, match="There is no machine called"):
        await connect("a" * 70 + ".x")


@pytest.mark.parametrize("arguments", [{"address": ""}, {"address": 5}, {"address": "a\0b"}, {"port": 0},
                                       {"port": "8886"}, {"timeout": 0}, {"timeout": -1}, {"timeout": None},
                                       {"verify": "no such file"}])
def test_arguments_are_checked_before_anything_else(arguments):
    with pytest.raises(InvalidParameters):
        connect(**arguments)
