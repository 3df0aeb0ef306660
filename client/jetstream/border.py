"""Where the library meets the network: TLS as both shells use it, and system errors in our words.

Both shells wrap what they do on a socket in :func:`connecting` or :func:`connected`, so one failure reads the same in
both faces. The original error is kept as the cause.
"""

import contextlib
import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Final

from jetstream.errors import (
    ConnectionFailed,
    ConnectionLost,
    InvalidParameters,
    JetStreamError,
    RequestTimeout,
    VersionMismatch,
)
from jetstream.protocol.limits import ALPN_RPC
from jetstream.trust import Place

_OWN_MACHINE: Final = ("localhost", "127.0.0.1", "::1", "")


def place_of(host: str, port: int) -> Place:
    """*host* and *port* as a checked place.

    :raises InvalidParameters: (field ``address`` or ``port``).
    """
    if not isinstance(host, str) or not host.strip() or len(host) > 1000 or "\0" in host:
        raise InvalidParameters("The address of a node is a host name or an IP address.", field="address")
    if type(port) is not int or not 1 <= port <= 65535:
        raise InvalidParameters("The port of a node is a number from 1 to 65535.", field="port")
    host = host.strip()
    return Place(host[1:-1] if host.startswith("[") and host.endswith("]") else host, port)


def checked_timeout(timeout: float) -> float:
    """*timeout* in seconds.

    :raises InvalidParameters: if it is no positive number.
    """
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0:
        raise InvalidParameters("A time limit is a number of seconds above 0.", field="timeout")
    return float(timeout)


def client_tls() -> ssl.SSLContext:
    """TLS 1.3 for the API. No authority vouches for a node: the caller compares its fingerprint."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([ALPN_RPC])
    return context


def certificate_of(place: Place, tls: ssl.SSLObject | ssl.SSLSocket) -> bytes:
    """The certificate (DER) that a node presented in a finished handshake.

    :raises ConnectionFailed: if the other side chose no protocol of ours: it is no node.
    """
    certificate = tls.getpeercert(binary_form=True)
    if tls.selected_alpn_protocol() != ALPN_RPC or not certificate:
        raise no_node(place)
    return certificate


def no_node(place: Place) -> ConnectionFailed:
    """What answers is something else."""
    return ConnectionFailed(f"What answers at {place} is no JetStream node. Check address and port.")


def not_connected() -> ConnectionFailed:
    """A call before ``connect()`` or after ``disconnect()``."""
    return ConnectionFailed("There is no connection. Call connect() first, or use the interface in a `with` block.")


def lost(place: Place, reason: JetStreamError | None = None) -> ConnectionLost:
    """The node hung up, perhaps after it said why."""
    why = f" It said: {reason}" if reason is not None else ""
    return ConnectionLost(f"The connection to the node at {place} broke.{why}")


def too_slow(place: Place, name: str, seconds: float | None) -> RequestTimeout:
    """No answer came in time."""
    return RequestTimeout(f"The node at {place} did not answer `{name}` within {seconds or 0:g} seconds; "
                          "it may still carry it out.")


@contextlib.contextmanager
def connecting(place: Place, timeout: float) -> Iterator[None]:
    """Errors while a connection is made become :class:`ConnectionFailed` or :class:`VersionMismatch`."""
    try:
        yield
    except TimeoutError as error:
        raise ConnectionFailed(f"The node at {place} did not answer within {timeout:g} seconds.") from error
    except ssl.SSLError as error:
        raise _tls_failed(place, error) from error
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that cannot be encoded
        raise _unreachable(place, error) from error


@contextlib.contextmanager
def connected(place: Place) -> Iterator[None]:
    """Errors on a connection that stood become :class:`ConnectionLost`. Time limits pass through."""
    try:
        yield
    except TimeoutError:
        raise
    except OSError as error:
        raise lost(place) from error


def _tls_failed(place: Place, error: ssl.SSLError) -> JetStreamError:
    if error.reason in ("TLSV1_ALERT_NO_APPLICATION_PROTOCOL", "TLSV13_ALERT_NO_APPLICATION_PROTOCOL"):
        return VersionMismatch(
            f"What answers at {place} speaks no version of the JetStream API that this program knows. "
            "Update the older of the two.", ours=ALPN_RPC)
    return no_node(place)


def _unreachable(place: Place, error: OSError | UnicodeError) -> ConnectionFailed:
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, socket.gaierror | UnicodeError):
        return ConnectionFailed(f"There is no machine called {place.host!r}. Check the name.")
    if isinstance(error, ConnectionRefusedError) or number == errno.ECONNREFUSED:
        if place.host.lower() in _OWN_MACHINE:
            return ConnectionFailed(f"No JetStream node answers at {place}. Start one with `jetstream server`.")
        return ConnectionFailed(f"No JetStream node answers at {place}. Does it run, and is its port open to you?")
    if isinstance(error, ConnectionError):
        return no_node(place)
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return ConnectionFailed(f"The node at {place} cannot be reached: {reason}.")
