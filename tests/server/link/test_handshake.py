"""Two nodes prove themselves to each other over real TLS on loopback, and nobody else can."""

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from jetstream.errors import JetStreamError
from jetstream.protocol.limits import ALPN_PEER, ALPN_RPC
from jetstream_server.access.identity import Identity, load_or_create, server_tls, sign
from jetstream_server.link.errors import IdentityChanged, LinkLost, NotJetStream, PeerViolation, Refused, Unreachable
from jetstream_server.link.handshake import Answering, Myself, dial, expect
from jetstream_server.link.messages import Fetch, Hello, HelloAnswer, Ping, Prove, Stage, proof_text
from jetstream_server.link.peer import Liveness, PeerConnection, ask


@pytest.fixture(scope="module")
def identities(tmp_path_factory: pytest.TempPathFactory) -> list[Identity]:
    return [load_or_create(tmp_path_factory.mktemp(name)) for name in ("dialler", "answerer", "middle")]


def myself(identity: Identity, name: str) -> Myself:
    return Myself(identity, f"uid-{name}", f"launch-{name}", name, "1.0")


class Answerer:
    """A server that answers handshakes and remembers whom it believed."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.proven: list[PeerConnection] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = PeerConnection(reader, writer)
        try:
            await Answering(peer, myself(self.identity, "Studio B"), ("127.0.0.1", 1), self.proven.append).run()
        finally:
            await peer.close()

    @contextlib.asynccontextmanager
    async def running(self, alpn: str = ALPN_PEER) -> AsyncIterator["Answerer"]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=server_tls(self.identity, [alpn]))
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
            for peer in self.proven:
                await peer.close()


async def test_both_sides_know_each_other_afterwards(identities: list[Identity]) -> None:
    async with Answerer(identities[1]).running() as answerer:
        check = expect(identities[1].fingerprint, "here")
        peer = await dial("127.0.0.1", answerer.port, myself(identities[0], "Laptop"), check)
        assert peer.peer is not None
        assert (peer.peer.fingerprint, peer.peer.name) == (identities[1].fingerprint, "Studio B")
        assert peer.rtt is not None
        assert "Studio B open" in repr(peer)
        await peer.measure()  # an answer to this comes after the proof
        theirs = answerer.proven[0].peer
        assert theirs is not None
        assert (theirs.fingerprint, theirs.name) == (identities[0].fingerprint, "Laptop")
        await peer.close()
        assert isinstance(await peer.wait_closed(), LinkLost)
        with pytest.raises(LinkLost):
            await peer.request("ping", Ping())


async def test_another_identity_stops_before_anything_is_said(identities: list[Identity]) -> None:
    async with Answerer(identities[1]).running() as answerer:
        with pytest.raises(IdentityChanged, match="Nothing was sent"):
            await dial("127.0.0.1", answerer.port, myself(identities[0], "Laptop"),
                       expect(identities[2].fingerprint, "here"))
        assert answerer.proven == []


async def test_what_is_no_node_is_named_so(identities: list[Identity]) -> None:
    me, check = myself(identities[0], "Laptop"), expect(None, "here")
    async with Answerer(identities[1]).running(ALPN_RPC) as wrong_alpn:
        with pytest.raises(NotJetStream):
            await dial("127.0.0.1", wrong_alpn.port, me, check)

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-nothing for you\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        with pytest.raises(NotJetStream):
            await dial("127.0.0.1", server.sockets[0].getsockname()[1], me, check)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable, match="refused"):
        await dial("127.0.0.1", port, me, check)
    with pytest.raises(Unreachable, match=f"cannot be reached: {os.strerror(errno.ENETUNREACH)}"):
        await dial("255.255.255.255", port, me, check)
    with pytest.raises(Unreachable, match="not known"):
        await dial("no-such-name.invalid", port, me, check)


@contextlib.asynccontextmanager
async def raw(identities: list[Identity], answerer: Answerer) -> AsyncIterator[PeerConnection]:
    """A TLS connection that has said nothing yet."""
    from jetstream_server.access.identity import client_tls

    reader, writer = await asyncio.open_connection(
        "127.0.0.1", answerer.port, ssl=client_tls([ALPN_PEER]), server_hostname=""
    )
    peer = PeerConnection(reader, writer, stage=Stage.OPEN, liveness=Liveness(60, 60))
    peer.start()
    yield peer
    await peer.close()


def hello_of(identity: Identity, **changes: Any) -> Hello:
    import ssl

    fields: dict[str, Any] = {
        "protocol": [1], "server_uid": "u", "server_id": "i", "name": "n", "version": "1", "nonce": bytes(32),
        "certificate": ssl.PEM_cert_to_DER_cert(identity.certificate_pem.decode()), **changes,
    }
    return Hello(**fields)


async def test_a_proof_made_for_another_certificate_is_worth_nothing(identities: list[Identity]) -> None:
    async with Answerer(identities[1]).running() as answerer, raw(identities, answerer) as peer:
        answer = await ask(peer, "hello", hello_of(identities[0]), HelloAnswer)
        passed_on = proof_text(bytes(32), answer.nonce, identities[2].fingerprint)
        with pytest.raises(JetStreamError, match="does not prove"):
            await peer.request("prove", Prove(signature=sign(identities[0], passed_on)))
        assert answerer.proven == []


async def test_a_name_without_its_key_is_worth_nothing(identities: list[Identity]) -> None:
    async with Answerer(identities[1]).running() as answerer, raw(identities, answerer) as peer:
        answer = await ask(peer, "hello", hello_of(identities[0]), HelloAnswer)
        text = proof_text(bytes(32), answer.nonce, identities[1].fingerprint)
        with pytest.raises(JetStreamError, match="does not prove"):
            await peer.request("prove", Prove(signature=sign(identities[2], text)))


async def test_the_order_is_held_and_versions_must_meet(identities: list[Identity]) -> None:
    async with Answerer(identities[1]).running() as answerer, raw(identities, answerer) as peer:
        for method, message in (("prove", Prove(signature=bytes(64))), ("fetch", Fetch()), ("ping", Ping())):
            with pytest.raises(JetStreamError, match="cannot come now"):
                await peer.request(method, message)
        with pytest.raises(JetStreamError, match="peer protocol"):
            await peer.request("hello", hello_of(identities[0], protocol=[77]))
        await peer.request("hello", hello_of(identities[0]))
        with pytest.raises(JetStreamError, match="cannot come now"):
            await peer.request("hello", hello_of(identities[0]))


@pytest.mark.parametrize("certificate", [b"", b"garbage", bytes(16000)])
async def test_certificates_that_are_none_prove_nothing(identities: list[Identity], certificate: bytes) -> None:
    async with Answerer(identities[1]).running() as answerer, raw(identities, answerer) as peer:
        await peer.request("hello", hello_of(identities[0], certificate=certificate))
        with pytest.raises(JetStreamError, match="does not prove"):
            await peer.request("prove", Prove(signature=bytes(64)))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: {**m, "nonce": b"short"},
        lambda m: {**m, "protocol": "1"},
        lambda m: {},
        lambda m: {**m, "name": 5},
    ],
)
async def test_malformed_hellos_are_refused_by_field(
    identities: list[Identity], spoil: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    from jetstream_server.link.messages import as_map

    async with Answerer(identities[1]).running() as answerer, raw(identities, answerer) as peer:
        request_id = peer._session.request("hello", spoil(as_map(hello_of(identities[0]))))
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        peer._pending[request_id] = future
        peer._flush()
        with pytest.raises(JetStreamError, match="malformed"):
            await future


async def test_a_silent_peer_is_lost(identities: list[Identity]) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        peer = PeerConnection(reader, writer, stage=Stage.OPEN, liveness=Liveness(ping_every=0.01, lost_after=0.05))
        peer.start()
        why = await peer.wait_closed()
        assert "no sign of life" in str(why)
        assert why.retry
        await peer.close()


async def test_a_peer_that_breaks_the_protocol_is_hung_up_on(identities: list[Identity]) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xc1 not a message")
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        peer = PeerConnection(reader, writer, stage=Stage.OPEN)
        peer.start()
        assert isinstance(await peer.wait_closed(), PeerViolation)
        await peer.close()


async def test_a_refusal_is_told_as_one(identities: list[Identity]) -> None:
    async with Answerer(identities[1]).running() as answerer:
        me = Myself(identities[0], "u" * 2000, "i", "n", "1")  # a longer name than the protocol allows
        with pytest.raises(Refused):
            await dial("127.0.0.1", answerer.port, me, expect(None, "here"))
