"""Both ends prove who they are.

The answering node proves itself by the certificate of the TLS connection, which the dialling node compares with what it
knows. The dialling node signs, with the key of its own certificate, both nonces and the fingerprint of the certificate
that it sees; a machine in the middle shows another certificate, so the signature is worth nothing further on. (Python's
``ssl`` cannot take a client certificate that no authority signed.)
"""

import asyncio
import contextlib
import hmac
import os
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from jetstream.errors import AuthenticationFailed, JetStreamError, VersionMismatch
from jetstream.protocol.limits import ALPN_PEER, HANDSHAKE_SECONDS
from jetstream_server.access.identity import Identity, client_tls, fingerprint_of, sign, verify
from jetstream_server.claims import claimed_name
from jetstream_server.link.errors import IdentityChanged, NotJetStream, PeerViolation, Refused, Unreachable
from jetstream_server.link.kernel import round_trip
from jetstream_server.link.messages import (
    NONCE_BYTES,
    PROTOCOL_VERSIONS,
    Hello,
    HelloAnswer,
    Message,
    Prove,
    Stage,
    proof_text,
    understand,
)
from jetstream_server.link.peer import Liveness, PeerConnection, PeerIdentity, ask
from jetstream_server.link.reaching import reach

CONNECT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Myself:
    """What this node says of itself in a handshake."""

    identity: Identity
    server_uid: str
    server_id: str
    name: str
    version: str


CheckIdentity = Callable[[str], Awaitable[None]]
"""Called with the fingerprint that the other node shows, before anything else is said; raises IdentityChanged."""


async def dial(
    address: str, port: int, myself: Myself, check_identity: CheckIdentity, liveness: Liveness | None = None
) -> PeerConnection:
    """A proven session with the node at *address*.

    :raises LinkError: in its kinds, with a sentence that says what is in the way.
    """
    reader, writer = await _connect(address, port)
    connection: PeerConnection | None = None
    try:
        certificate = _certificate(writer)
        fingerprint = fingerprint_of(certificate)
        await check_identity(fingerprint)
        connection = PeerConnection(reader, writer, stage=Stage.OPEN, liveness=liveness)
        connection.start()
        connection.peer = await _introduce(connection, writer, myself, fingerprint)
        return connection
    except BaseException:
        if connection is not None:
            await connection.close()
        else:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        raise


async def _connect(address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    where = f"{address}:{port}" if ":" not in address else f"[{address}]:{port}"
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            sock = await reach(address, port)
            return await asyncio.open_connection(sock=sock, ssl=client_tls([ALPN_PEER]), server_hostname="")
    except TimeoutError as error:
        raise Unreachable(f"{where} does not answer (waited {CONNECT_SECONDS:.0f} s).") from error
    except socket.gaierror as error:
        raise Unreachable(f"The name {address} is not known here: {error.strerror}.") from error
    except ssl.SSLError as error:
        raise NotJetStream(f"What answers at {where} is no JetStream node.") from error
    except ConnectionRefusedError as error:
        raise Unreachable(f"No JetStream node is running at {where}: the connection was refused.") from error
    except ConnectionResetError as error:
        raise NotJetStream(f"What answers at {where} is no JetStream node: it hung up on our greeting.") from error
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)  # asyncio's own text is not for people
        raise Unreachable(f"{where} cannot be reached: {why}.") from error


def _certificate(writer: asyncio.StreamWriter) -> bytes:
    tls = writer.get_extra_info("ssl_object")
    certificate = tls.getpeercert(binary_form=True) if tls is not None else None
    if not certificate or tls.selected_alpn_protocol() != ALPN_PEER:
        raise NotJetStream("What answers there speaks TLS, but is no JetStream node.")
    return bytes(certificate)


async def _introduce(
    connection: PeerConnection, writer: asyncio.StreamWriter, myself: Myself, fingerprint: str
) -> PeerIdentity:
    nonce = os.urandom(NONCE_BYTES)
    hello = Hello(
        protocol=list(PROTOCOL_VERSIONS),
        server_uid=myself.server_uid,
        server_id=myself.server_id,
        name=myself.name,
        version=myself.version,
        certificate=ssl.PEM_cert_to_DER_cert(myself.identity.certificate_pem.decode()),
        nonce=nonce,
    )
    began = time.perf_counter()
    try:
        answer = await ask(connection, "hello", hello, HelloAnswer, HANDSHAKE_SECONDS)
        elapsed = time.perf_counter() - began
        connection.rtt = round_trip(writer.get_extra_info("socket")) or elapsed
        text = proof_text(nonce, answer.nonce, fingerprint)
        connection.prove(Prove(signature=sign(myself.identity, text)), HANDSHAKE_SECONDS)
    except JetStreamError as error:
        raise Refused(str(error)) from error
    address, port = writer.get_extra_info("peername")[:2]
    name = claimed_name(answer.name)
    return PeerIdentity(
        fingerprint, name, answer.server_uid, answer.server_id, str(address), int(port), answer.version
    )


class Answering:
    """The answering side's part of the handshake, for one connection.

    :param on_proven: called once, when the other node has proven itself; sets up what it may do from there on.
    """

    def __init__(
        self,
        connection: PeerConnection,
        myself: Myself,
        address: tuple[str, int],
        on_proven: Callable[[PeerConnection], None],
    ) -> None:
        self._connection = connection
        self._myself = myself
        self._address = address
        self._on_proven = on_proven
        self._hello: Hello | None = None
        self._nonce = os.urandom(NONCE_BYTES)
        connection.on_request("hello", self._answer_hello)
        connection.on_request("prove", self._answer_prove)

    async def run(self) -> None:
        """Serve the session until it ends; a handshake that takes too long ends it."""
        self._connection.start()
        loop = asyncio.get_running_loop()
        timer = loop.call_later(HANDSHAKE_SECONDS, self._give_up)
        try:
            await self._connection.wait_closed()
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        if self._connection.stage is not Stage.OPEN:
            self._connection.abort(PeerViolation("The other node did not prove itself in time."))

    async def _answer_hello(self, params: dict[str, Any]) -> Message:
        hello = understand(Hello, params)
        common = set(hello.protocol) & set(PROTOCOL_VERSIONS)
        if not common:
            raise VersionMismatch(
                f"This node speaks version {PROTOCOL_VERSIONS[-1]} of the peer protocol; update the older of the two.",
                ours=PROTOCOL_VERSIONS[-1],
                theirs=max(hello.protocol, default=0),
            )
        self._hello = hello
        me = self._myself
        return HelloAnswer(
            protocol=max(common),
            server_uid=me.server_uid,
            server_id=me.server_id,
            name=me.name,
            version=me.version,
            nonce=self._nonce,
        )

    async def _answer_prove(self, params: dict[str, Any]) -> None:
        prove = understand(Prove, params)
        hello = self._hello
        assert hello is not None  # held by the order of stages
        text = proof_text(hello.nonce, self._nonce, self._myself.identity.fingerprint)
        if not verify(hello.certificate, prove.signature, text):
            raise AuthenticationFailed("The signature does not prove the identity that you named.")
        host, port = self._address
        self._connection.peer = PeerIdentity(
            fingerprint_of(hello.certificate), claimed_name(hello.name), hello.server_uid, hello.server_id, host, port
        )
        self._on_proven(self._connection)


def expect(expected: str | None, where: str) -> CheckIdentity:
    """A check against one fingerprint; anything goes if there is none."""

    async def check(presented: str) -> None:
        if expected is not None and not hmac.compare_digest(expected, presented):
            raise IdentityChanged(
                f"The node at {where} shows another identity ({presented[:16]}…) than the expected one "
                f"({expected[:16]}…). Nothing was sent. If the node was set up anew, confirm its new identity."
            )

    return check
