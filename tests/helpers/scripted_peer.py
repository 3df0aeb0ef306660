"""A node made of a script: TLS on loopback, one thread per connection, answers as told. For both shells."""

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from jetstream.errors import InvalidParameters, JetStreamError
from jetstream.protocol.framing import pack
from jetstream.protocol.limits import ALPN_RPC
from jetstream.protocol.rpc import RequestReceived, ResponseReceived, RpcSession
from jetstream.trust import fingerprint_of

SILENCE = object()
"""As an answer: none."""
HANG_UP = object()
"""As an answer: the connection is closed without one."""


class Raw:
    """As an answer: these bytes, whatever they mean."""

    def __init__(self, data: bytes) -> None:
        self.data = data


class Certificate:
    """A throwaway identity in *folder*."""

    def __init__(self, folder: Path, name: str = "peer") -> None:
        key = Ed25519PrivateKey.generate()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                       .public_key(key.public_key()).serial_number(x509.random_serial_number())
                       .not_valid_before(start).not_valid_after(start + datetime.timedelta(days=10)).sign(key, None))
        self.pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.fingerprint = fingerprint_of(certificate.public_bytes(serialization.Encoding.DER))
        self.path = folder / f"{name}.pem"
        self.path.write_text(self.pem)
        self.key_path = folder / f"{name}.key"
        self.key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                    serialization.NoEncryption()))

    def server_tls(self, alpn: Iterable[str]) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.path, self.key_path)
        protocols = list(alpn)
        if protocols:
            context.set_alpn_protocols(protocols)
        return context


Answer = Any | Callable[[dict[str, Any]], Any]


class ScriptedPeer:
    """Answers each method with what *answers* holds for it: a value, or a function of the params that returns one or
    raises a :class:`JetStreamError`. Other methods are refused by name.
    """

    def __init__(self, certificate: Certificate, answers: dict[str, Answer] | None = None,
                 alpn: Iterable[str] = (ALPN_RPC,)) -> None:
        self.certificate = certificate
        self.answers: dict[str, Answer] = {"server.echo": lambda params: params.get("text", ""), **(answers or {})}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answered: list[ResponseReceived] = []
        self.accepted = 0
        self._tls = certificate.server_tls(alpn)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: dict[socket.socket, RpcSession] = {}
        self._threads = [threading.Thread(target=self._accept)]
        self._closing = False

    def names(self) -> list[str]:
        """The methods that were called, in order."""
        return [name for name, _ in self.calls]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join()

    def hang_up(self) -> None:
        """Close every connection."""
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def tell(self, data: bytes) -> None:
        """Write to every connection."""
        for sock in list(self._open):
            sock.sendall(data)

    def ask(self, method: str) -> None:
        """Ask every client something, as nodes never do."""
        for sock, session in list(self._open.items()):
            session.request(method, {})
            sock.sendall(session.take_output())

    def _accept(self) -> None:
        while not self._closing:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            thread = threading.Thread(target=self._serve, args=(plain,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            sock = self._tls.wrap_socket(plain, server_side=True)
        except OSError:
            plain.close()
            return
        session = self._open[sock] = RpcSession()
        with sock, contextlib.suppress(OSError):
            while not self._closing and (data := sock.recv(1 << 16)):
                if not self._answer(sock, session, data):
                    break
        del self._open[sock]

    def _answer(self, sock: ssl.SSLSocket, session: RpcSession, data: bytes) -> bool:
        for event in session.receive(data):
            if isinstance(event, ResponseReceived):
                self.answered.append(event)
            if not isinstance(event, RequestReceived):
                continue
            self.calls.append((event.method, event.params))
            try:
                answer = self.answers.get(event.method, InvalidParameters(f"There is no method {event.method}."))
                answer = answer(event.params) if callable(answer) else answer
                if isinstance(answer, JetStreamError):
                    raise answer
            except JetStreamError as error:
                session.respond_error(event.request_id, error)
                continue
            if answer is HANG_UP:
                return False
            if isinstance(answer, Raw):
                sock.sendall(answer.data)
            elif answer is not SILENCE:
                session.respond(event.request_id, answer)
        if output := session.take_output():
            sock.sendall(output)
        return True


def protocol_error(error: JetStreamError) -> bytes:
    """What a node says before it closes a connection on purpose."""
    return pack([2, "protocolError", {"code": error.code, "message": error.message, "facts": {}}])
