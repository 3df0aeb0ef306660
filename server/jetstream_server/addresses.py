"""Addresses: one form for each, and the sockets that listen on them."""

import errno
import ipaddress
import socket
import sys
from collections.abc import Sequence

from jetstream_server.refusals import StartRefused


def plain_address(text: str) -> str:
    """*text*, an IP address, in its one usual form: without zone, and IPv4 never mapped into IPv6."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def is_loopback(address: str) -> bool:
    """Whether *address*, as :func:`plain_address` gives it, is this machine talking to itself."""
    return ipaddress.ip_address(address).is_loopback


def bind_all(host: str, port: int, backlog: int) -> list[socket.socket]:
    """Listening sockets, not blocking, for every address of *host* (empty: all interfaces), all on the same port.

    *port* 0 takes any free port. What one socket for IPv4 and IPv6 can do is left to one.

    :raises StartRefused: if there is no socket to be had, saying why.
    """
    bound: list[socket.socket] = []
    failure: OSError | None = None
    for family, where in _places(host):
        if not host and bound and family == socket.AF_INET and _serves_both(bound[0]):
            break
        try:
            bound.append(_bind(family, where, bound[0].getsockname()[1] if bound else port, backlog))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                _close(bound)
                raise StartRefused(_sentence(error, host, port)) from error
            failure = error  # this family is switched off here; the other one may do
    if not bound:
        assert failure is not None
        raise StartRefused(_sentence(failure, host, port)) from failure
    return bound


def bind_datagrams(beside: Sequence[socket.socket]) -> list[socket.socket]:
    """Datagram sockets, not blocking, at the addresses and ports of listening sockets.

    :raises OSError: if one of them cannot be had.
    """
    bound: list[socket.socket] = []
    for listening in beside:
        sock = socket.socket(listening.family, socket.SOCK_DGRAM)
        bound.append(sock)
        try:
            if listening.family == socket.AF_INET6:
                both = not listening.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if both else 1)
            sock.setblocking(False)
            sock.bind(listening.getsockname())
        except BaseException:
            _close(bound)
            raise
    return bound


def _places(host: str) -> list[tuple[int, str]]:
    if not host:
        six = [(int(socket.AF_INET6), "::")] if socket.has_ipv6 else []
        return [*six, (int(socket.AF_INET), "0.0.0.0")]
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise StartRefused(f"There is no address called {host!r} to listen on.") from error
    return list(dict.fromkeys((int(family), str(where[0])) for family, _, _, _, where in found))


def _bind(family: int, where: str, port: int, backlog: int) -> socket.socket:
    # The protocol is named because asyncio turns Nagle's delay off only where it can see that it is TCP.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform == "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            _choose_families(sock, both=where == "::")
        sock.setblocking(False)
        sock.bind((where, port))
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def _choose_families(sock: socket.socket, *, both: bool) -> None:
    try:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if both else 1)
    except OSError:
        if not both:
            raise  # else a system that never serves both with one socket: a second one is bound


def _serves_both(sock: socket.socket) -> bool:
    return sock.family == socket.AF_INET6 and not sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)


def _close(sockets: list[socket.socket]) -> None:
    for sock in sockets:
        sock.close()


def _sentence(error: OSError, host: str, port: int) -> str:
    where = f"port {port}" + (f" of {host}" if host else "")
    if error.errno == errno.EADDRINUSE:
        return f"Another program (another JetStream node?) uses {where}; stop it, or choose another port."
    if error.errno == errno.EACCES:
        return f"This user may not open {where}; choose a port above 1023."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host or 'The machine'} is no address of this machine to listen on."
    return f"Cannot listen on {where}: {error.strerror}."
