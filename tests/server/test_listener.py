"""What the open port does with whoever comes."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.door import Client, Door, open_door
from jetstream.protocol.limits import ALPN_PEER, ALPN_RPC
from jetstream_server.access.identity import client_tls, server_tls
from jetstream_server.addresses import bind_all, is_loopback, plain_address
from jetstream_server.config import load_settings
from jetstream_server.listener import Address, Listener, ListenerLimits, Service, open_ports
from jetstream_server.refusals import RefusalLog, StartRefused

SOON = ListenerLimits(handshake_seconds=0.3)


async def dial(door: Door, host: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(host, door.port)


async def rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return


async def test_a_client_gets_the_api(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        client = await Client.open(door.port)
        assert await client.call("server.echo", text="hello") == {"text": "hello"}
        await client.close()
        await door.until(lambda: door.listener.open_connections == 0)
        assert (door.listener.accepted, door.listener.refused) == (1, {})


async def test_a_node_gets_a_peer_session(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        client = await Client.open(door.port, ALPN_PEER)
        client.writer.write(b"ping")
        assert await client.reader.readexactly(4) == b"ping"
        assert [address.ip for address in door.peers] == ["127.0.0.1"]
        await client.close()


async def test_a_data_stream_arrives_whole_and_unread(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        reader, writer = await dial(door)
        writer.write(b"JSD1" + b"x" * 100)
        await hang_up(writer)
        await door.until(lambda: bool(door.data))
        assert door.data == [b"JSD1" + b"x" * 100]


@pytest.mark.skipif(not hasattr(socket, "SO_RCVLOWAT"), reason="this system cannot wait for four bytes unread")
async def test_magic_that_comes_in_pieces_is_waited_for(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        reader, writer = await dial(door)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        writer.write(b"JS")
        await door.until(lambda: door.listener.open_connections == 1)
        await asyncio.sleep(0.05)  # let the first half be seen alone
        writer.write(b"D1rest")
        await hang_up(writer)
        await door.until(lambda: bool(door.data))
        assert door.data == [b"JSD1rest"]


@pytest.mark.parametrize("begin", [b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", b"POST /x HTTP/1.1\r\n" + b"y" * 10_000,
                                   b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
async def test_a_browser_is_told_that_this_is_not_for_it(tmp_path: Path, begin: bytes) -> None:
    async with open_door(tmp_path) as door:
        reader, writer = await dial(door)
        writer.write(begin)
        answer = await rest(reader)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"This port speaks JetStream" in answer
        await hang_up(writer)
        await door.until(lambda: door.listener.open_connections == 0)
        assert door.listener.refused == {"plain HTTP": 1}


@pytest.mark.parametrize(("begin", "reason"), [
    (b"SSH-2.0-OpenSSH_9\r\n", "no JetStream protocol"),
    (b"\0\0\0\0\0", "no JetStream protocol"),
    (b"JSD2....", "no JetStream protocol"),
    (b"\x16\x03\x01\x00\x05hello", "the handshake failed"),
    (b"", "silence where a first message is due"),
    (b"J", "silence where a first message is due"),
    (b"\x16\x03\x01\x02\x00", "silence where a first message is due"),
])
async def test_everything_else_is_closed_within_the_time_limit(tmp_path: Path, begin: bytes, reason: str) -> None:
    async with open_door(tmp_path, door=SOON) as door:
        reader, writer = await dial(door)
        writer.write(begin)
        assert b"JetStream" not in await rest(reader)
        await hang_up(writer)
        await door.until(lambda: door.listener.open_connections == 0)
        assert door.listener.refused == {reason: 1}


async def test_half_a_handshake_is_closed_within_the_time_limit(tmp_path: Path) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_tls([ALPN_RPC]).wrap_bio(incoming, outgoing)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    async with open_door(tmp_path, door=SOON) as door:
        reader, writer = await dial(door)
        writer.write(outgoing.read())  # the ClientHello, and never the end
        await rest(reader)
        await hang_up(writer)
        await door.until(lambda: door.listener.open_connections == 0)
        assert door.listener.refused == {"silence where a first message is due": 1}


async def test_closing_without_a_word_is_counted_and_nothing_more(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        _, writer = await dial(door)
        await hang_up(writer)
        await door.until(lambda: door.listener.refused == {"closed without a word": 1})
        assert door.listener.open_connections == 0


@pytest.mark.parametrize("alpn", [["http/1.1"], ["h2", "http/1.1"], []])
async def test_tls_without_a_protocol_of_ours_is_closed(tmp_path: Path, alpn: list[str]) -> None:
    context = client_tls(alpn) if alpn else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with open_door(tmp_path) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, ssl=context)
        assert await rest(reader) == b""
        await hang_up(writer)
        assert door.listener.refused == {"TLS without a JetStream protocol": 1}


async def test_old_tls_is_refused(tmp_path: Path) -> None:
    context = client_tls([ALPN_RPC])
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with open_door(tmp_path) as door:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", door.port, ssl=context)
        await door.until(lambda: door.listener.refused == {"the handshake failed": 1})


async def test_a_port_offers_only_what_it_is_open_for(tmp_path: Path) -> None:
    async with open_door(tmp_path, services=Service.API) as door:
        client = await Client.open(door.port, ALPN_PEER)
        assert await client.message() is None
        await client.close()
        reader, writer = await dial(door)
        writer.write(b"JSD1rest")
        assert await rest(reader) == b""
        await hang_up(writer)
        assert door.listener.refused == {"a service of another port": 1, "no JetStream protocol": 1}
        assert (door.peers, door.data) == ([], [])


async def test_three_hundred_at_once_are_all_served(tmp_path: Path) -> None:
    async def one(number: int) -> str:
        client = await Client.open(door.port, ssl_handshake_timeout=60)
        answer: str = (await client.call("server.echo", text=str(number)))["text"]
        await client.close()
        return answer

    async with open_door(tmp_path, door=ListenerLimits(handshake_seconds=60)) as door:
        assert await asyncio.gather(*map(one, range(300))) == [str(number) for number in range(300)]
        assert door.listener.refused == {}


@pytest.mark.parametrize(("limits", "reason"), [
    (ListenerLimits(connections=3), "too many connections"),
    (ListenerLimits(connections_per_address=3), "too many connections from one address"),
])
async def test_limits_of_open_connections(tmp_path: Path, limits: ListenerLimits, reason: str) -> None:
    async with open_door(tmp_path, door=limits) as door:
        clients = [await Client.open(door.port) for _ in range(3)]
        reader, writer = await dial(door)
        assert await rest(reader) == b""
        await hang_up(writer)
        assert door.listener.refused == {reason: 1}
        await clients.pop().close()
        await door.until(lambda: door.listener.open_connections == 2)
        clients.append(await Client.open(door.port))
        for client in clients:
            assert await client.call("server.echo", text="") == {"text": ""}
            await client.close()


async def test_a_storm_of_garbage_makes_one_line_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "jetstream_server")
    async with open_door(tmp_path) as door:
        for _ in range(50):
            reader, writer = await dial(door)
            writer.write(b"garbage!")
            await rest(reader)
            await hang_up(writer)
        await door.until(lambda: door.listener.refused == {"no JetStream protocol": 50})
    assert [record.message for record in caplog.records] == ["Turned 127.0.0.1 away: no JetStream protocol"]


async def test_ipv4_and_ipv6_come_in_by_the_same_port(tmp_path: Path) -> None:
    async with open_door(tmp_path, host="") as door:
        for host in ("127.0.0.1", "::1") if socket.has_dualstack_ipv6() else ("127.0.0.1",):
            client = await Client.open(door.port, ALPN_PEER, host)
            client.writer.write(b"ping")
            await client.reader.readexactly(4)
            assert door.peers.pop().ip == host
            await client.close()


async def test_stop_refuses_newcomers_and_keeps_who_is_here(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        client = await Client.open(door.port)
        await client.call("server.echo")
        door.listener.stop()
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await dial(door)
        assert await client.call("server.echo", text="still here") == {"text": "still here"}
        await door.listener.close()
        assert await client.message() is None
        await client.close()


async def test_close_does_not_wait_for_the_silent(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        reader, writer = await dial(door)
        await door.until(lambda: door.listener.open_connections == 1)
        await door.listener.close()
        assert await rest(reader) == b""
        await hang_up(writer)


# -- ports and addresses ----------------------------------------------------------------------------------------------


async def test_one_port_or_two(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        one = load_settings(["--api-port=0", "--api-host=127.0.0.1"], {})
        api, peers = open_ports(door.listener, one)
        assert api == peers != 0
        two = load_settings(["--api-port=0", "--recv-port=0", "--api-host=127.0.0.1"], {})
        api, peers = open_ports(door.listener, two)
        assert api != peers
        client = await Client.open(peers, ALPN_RPC)
        assert await client.message() is None
        await client.close()


def test_a_port_in_use_is_refused_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartRefused, match=rf"^Another program \(another JetStream node\?\) uses port {port} of"):
            bind_all("127.0.0.1", port, 1)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "\udc80", "a" * 300])
def test_an_address_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(StartRefused, match=r"no address"):
        bind_all(host, 0, 1)


def test_a_name_with_several_addresses_gets_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("127.0.0.1", "127.0.0.2")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    sockets = bind_all("both", 0, 1)
    try:
        assert len({sock.getsockname()[1] for sock in sockets}) == 1
        assert [sock.getsockname()[0] for sock in sockets] == ["127.0.0.1", "127.0.0.2"]
    finally:
        for sock in sockets:
            sock.close()


async def test_answers_are_not_held_back_to_fill_packets(tmp_path: Path) -> None:
    prompt: list[bool] = []

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: Address) -> None:
        sock = writer.get_extra_info("socket")
        prompt.append(bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))

    async with open_door(tmp_path) as door:
        listener = Listener(server_tls(door.identity, [ALPN_RPC]), look, look, door.on_data)
        client = await Client.open(listener.listen("127.0.0.1", 0))
        assert await client.message() is None
        assert prompt == [True]
        await client.close()
        await listener.close()


@pytest.mark.parametrize(("text", "plain"), [
    ("127.0.0.1", "127.0.0.1"), ("::ffff:127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("FE80::1%eth0", "fe80::1"),
])
def test_addresses_have_one_form(text: str, plain: str) -> None:
    assert plain_address(text) == plain


@pytest.mark.parametrize(("address", "local"), [("127.0.0.5", True), ("::1", True), ("10.0.0.1", False)])
def test_loopback(address: str, local: bool) -> None:
    assert is_loopback(address) is local


def test_refusals_are_said_once_per_reason_and_minute() -> None:
    lines: list[str] = []
    say: Callable[[str], None] = lines.append
    refusals = RefusalLog(say, interval=60)
    for second in range(61):
        refusals.refuse("garbage", "10.0.0.1", float(second))
    refusals.refuse("silence", "10.0.0.2", 61.0)
    assert lines == [
        "Turned 10.0.0.1 away: garbage",
        "Turned 10.0.0.1 away: garbage (59 more since the last line)",
        "Turned 10.0.0.2 away: silence",
    ]
    assert refusals.counts == {"garbage": 61, "silence": 1}
