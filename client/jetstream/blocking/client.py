"""The blocking face: ``JetStream().api(...)``."""

import contextlib
import threading
from types import TracebackType
from typing import Any, Final, Self

from jetstream.blocking.connection import Connection, open_connection
from jetstream.blocking.groups import RecvInterface, SendInterface, ServerInterface
from jetstream.border import checked_timeout, not_connected, place_of
from jetstream.constants import DEFAULT_API_PORT, DEFAULT_SERVER_ADDRESS, DEFAULT_TIMEOUT_SECONDS
from jetstream.trust import TOFU, Place, Trust, Verify

_LOGINS: Final = ("server.auth", "server.authToken", "server.superuser")


class APIInterface:
    """An interface to one node. Calls block; it may be shared by threads, which then wait for each other.

    A connection that the node closed while nothing was under way (it was idle for long, or restarted) is made anew
    by the next call, and logins are repeated, so a script may sleep as long as it likes. A call that was under way
    is never repeated: it raises :class:`~jetstream.errors.ConnectionLost`. A process that was forked off makes one of
    its own.
    """

    def __init__(self, place: Place, timeout: float, trust: Trust, ticket: bool) -> None:
        self._place = place
        self._timeout = timeout
        self._trust = trust
        self._ticket = ticket
        self._connection: Connection | None = None
        self._logins: dict[str, dict[str, Any]] = {}
        self._lock = threading.RLock()
        self.server = ServerInterface(self.call)
        """Logins, accounts, settings, folders."""
        self.send = SendInterface(self.call)
        """Manifests, destinations, transfers, shared tokens."""
        self.recv = RecvInterface(self.call)
        """Incoming transfers, downloads, who may send here."""

    def __repr__(self) -> str:
        return f"<APIInterface {self._place} {'not connected' if self._connection is None else 'connected'}>"

    def connect(self) -> None:
        """Connect; on this machine's own node also log in. A connection that is there already is replaced.

        :raises ConnectionFailed: if no node answers.
        :raises ServerIdentityChanged: if another node answers than the one known at this address.
        """
        with self._lock:
            self.disconnect()
            self._connection = self._open()

    def disconnect(self) -> None:
        """Close the connection and forget logins. Transfers go on. Does nothing if there is no connection."""
        with self._lock:
            self._logins.clear()
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> Self:
        if self._connection is None:
            self.connect()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.disconnect()

    def call(self, wire_name: str, params: dict[str, Any]) -> Any:
        """Call a method by its wire name (``send.getTransfers``) with the params as they go over the wire.

        :raises JetStreamError: what the node answers; ``ConnectionLost``; ``RequestTimeout``.
        """
        with self._lock:
            result = self._living().call(wire_name, params)
            if wire_name in _LOGINS:
                self._remember(wire_name, params)
            return result

    def _open(self) -> Connection:
        return open_connection(self._place, self._timeout, self._trust, ticket=self._ticket)

    def _living(self) -> Connection:
        if self._connection is None:
            raise not_connected()
        if not self._connection.is_alive():
            connection = self._open()
            with contextlib.ExitStack() as stack:
                stack.callback(connection.close)
                for name, params in self._logins.items():
                    connection.call(name, params)
                stack.pop_all()
            self._connection = connection
        return self._connection

    def _remember(self, wire_name: str, params: dict[str, Any]) -> None:
        if wire_name != "server.superuser":
            self._logins.clear()  # one login takes the place of the other
        self._logins[wire_name] = params


class JetStream:
    """The way in::

        with JetStream().api() as api:
            manifest = api.send.createManifest(mappings={'/docs/readme.txt': '/home/me/readme.txt'})
    """

    def api(self, serverAddress: str = DEFAULT_SERVER_ADDRESS, serverPort: int = DEFAULT_API_PORT, *,
            timeout: float = DEFAULT_TIMEOUT_SECONDS, verify: Verify = TOFU, ticket: bool = True) -> APIInterface:
        """An interface to the node at this address, not connected yet.

        :param serverAddress: host name or IP address.
        :param timeout: seconds for connecting, and for each answer (slow methods get more).
        :param verify: which identity the node must have: ``'tofu'`` (what was seen at first), a fingerprint, or a
            certificate in PEM form or the path of one.
        :param ticket: log in as the owner where this user can read the node's ticket file.
        :raises InvalidParameters: if an argument cannot be understood.
        """
        return APIInterface(place_of(serverAddress, serverPort), checked_timeout(timeout), Trust(verify), ticket)
