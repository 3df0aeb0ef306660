"""One connection to a node on a plain socket. A shell without threads and loops: send, receive until the answer."""

import contextlib
import os
import socket
import ssl
from time import monotonic
from typing import Any, Final

from jetstream.api.calls import patience
from jetstream.border import certificate_of, client_tls, connected, connecting, lost, too_slow
from jetstream.errors import (
    AuthenticationFailed,
    InvalidParameters,
    JetStreamError,
    PermissionDenied,
    error_from_wire,
)
from jetstream.protocol.rpc import Event, NotificationReceived, RequestReceived, ResponseReceived, RpcSession, Violation
from jetstream.trust import Place, Trust

_READ_BYTES: Final = 1 << 16


class Connection:
    """Made by :func:`open_connection`; for one thread at a time.

    :param place: for sentences.
    :param sock: after the TLS handshake.
    :param timeout: seconds that an answer usually may take.
    """

    def __init__(self, place: Place, sock: ssl.SSLSocket, timeout: float) -> None:
        self._place = place
        self._sock = sock
        self._timeout = timeout
        self._session = RpcSession()
        self._said: JetStreamError | None = None
        self._open = True
        self._process = os.getpid()

    def __repr__(self) -> str:
        return f"<Connection {self._place} {'open' if self._open else 'closed'}>"

    def call(self, name: str, params: dict[str, Any]) -> Any:
        """Ask the method *name* and return its result.

        :raises JetStreamError: what the node answers, :class:`ConnectionLost` or :class:`RequestTimeout`.
        """
        limit = patience(name, self._timeout)
        deadline = None if limit is None else monotonic() + limit
        request_id = self._session.request(name, params)
        try:
            with connected(self._place):
                self._write(deadline)
                answer = self._read_answer(request_id, deadline)
        except TimeoutError as error:
            raise too_slow(self._place, name, limit) from error
        except BaseException:
            # Whatever broke in here, even Ctrl-C, may have swallowed bytes: nothing after it can be trusted.
            self.close()
            raise
        if answer.error is not None:
            raise answer.error
        return answer.result

    def is_alive(self) -> bool:
        """Whether the node has not hung up so far. Never blocks."""
        if self._process != os.getpid():
            self.close()  # both ends of a fork would speak on it at once
        if not self._open:
            return False
        try:
            self._sock.settimeout(0)
            data = self._sock.recv(_READ_BYTES)
        except ssl.SSLWantReadError:
            return True
        except OSError:
            data = b""
        if data:
            self._take(data)
        if not data or self._said is not None:
            self.close()
        return self._open

    def close(self) -> None:
        """Close. Idempotent. After a fork it is closed for this process alone: the other one still speaks on it."""
        self._open = False
        if self._process == os.getpid():
            with contextlib.suppress(OSError):  # a goodbye that does not arrive is none of our business
                self._sock.settimeout(0)
                self._sock.unwrap()
        self._sock.close()

    def _write(self, deadline: float | None) -> None:
        self._limit(deadline)
        try:
            self._sock.sendall(self._session.take_output())
        except TimeoutError:
            self.close()  # half a message is out
            raise

    def _read_answer(self, request_id: int, deadline: float | None) -> ResponseReceived:
        while True:
            self._limit(deadline)
            data = self._sock.recv(_READ_BYTES)
            if not data:
                raise lost(self._place, self._said)
            for event in self._take(data):
                if isinstance(event, ResponseReceived) and event.request_id == request_id:
                    return event
            if self._said is not None:
                raise lost(self._place, self._said)
            self._write(deadline)

    def _take(self, data: bytes) -> list[Event]:
        events = self._session.receive(data)
        for event in events:
            if isinstance(event, RequestReceived):
                self._session.respond_error(event.request_id, InvalidParameters("Clients answer no requests."))
            elif isinstance(event, Violation):
                self._said = event.error
            elif isinstance(event, NotificationReceived) and event.method == "protocolError":
                self._said = error_from_wire(event.params)
        return events

    def _limit(self, deadline: float | None) -> None:
        if deadline is None:
            self._sock.settimeout(None)
            return
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)


def open_connection(place: Place, timeout: float, trust: Trust, *, ticket: bool) -> Connection:
    """Connect, check who answers, and log in by the ticket of this machine if there is one.

    :param timeout: seconds for connecting, and for each answer.
    :param ticket: whether to log in by ticket.
    :raises JetStreamError: :class:`ConnectionFailed`, :class:`ServerIdentityChanged`, :class:`VersionMismatch`.
    """
    deadline = monotonic() + timeout
    with connecting(place, timeout):
        sock = _shake_hands(_dial(place, deadline), deadline)
    connection = Connection(place, sock, timeout)
    try:
        found = trust.check(place, certificate_of(place, sock))
        if ticket and found is not None:
            # A ticket left over from a node that is gone: the connection is good, but not logged in.
            with contextlib.suppress(AuthenticationFailed, PermissionDenied):
                connection.call("server.authTicket", {"ticket": found.secret})
    except BaseException:
        connection.close()
        raise
    return connection


def _dial(place: Place, deadline: float) -> socket.socket:
    """Try the machine's addresses one by one, each with its share of the time that is left."""
    addresses = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(max(0.001, (deadline - monotonic()) / (len(addresses) - number)))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except BaseException as error:
            sock.close()
            if not isinstance(error, OSError) or number == len(addresses) - 1:
                raise
    raise OSError("the name stands for no address")


def _shake_hands(sock: socket.socket, deadline: float) -> ssl.SSLSocket:
    try:
        sock.settimeout(max(0.001, deadline - monotonic()))
        return client_tls().wrap_socket(sock)
    except BaseException:
        sock.close()
        raise


