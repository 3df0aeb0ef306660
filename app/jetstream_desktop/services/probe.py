"""Tests a destination layer by layer: its name, the route and port, the protocol, the identity."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from jetstream.entities import ServerInfo
from jetstream.errors import JetStreamError, ServerIdentityChanged
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.details import short_fingerprint
from jetstream_desktop.state.probe import Finding, Layer, untested

Ask = Callable[[str, int], Awaitable[ServerInfo]]
"""Connects to a node without logging in and asks what it is."""
_SECONDS = 6.0


async def probe(host: str, port: int, expected: str, ask: Ask) -> tuple[Finding, ...]:
    """How far one gets to *host*:*port*; *expected* is the fingerprint that it must show, if one is known."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        return (Finding(Layer.NAME, False, tr("“{host}” is not known to the network.", host=host),
                        tr("Check the spelling, or use the IP address.")), *untested(Layer.NAME))
    addresses = ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))
    name = Finding(Layer.NAME, True, addresses)
    refused = await _knock(host, port)
    if refused is not None:
        return (name, refused, *untested(Layer.ROUTE))
    route = Finding(Layer.ROUTE, True, tr("port {port} answers", port=port))
    return (name, route, *await _ask(host, port, expected, ask))


async def _knock(host: str, port: int) -> Finding | None:
    try:
        async with asyncio.timeout(_SECONDS):
            _reader, writer = await asyncio.open_connection(host, port)
    except ConnectionRefusedError:
        return Finding(Layer.ROUTE, False, tr("The computer is there, but nothing listens on port {port}.", port=port),
                       tr("Start JetStream there, or check the port."))
    except TimeoutError:
        return Finding(Layer.ROUTE, False, tr("No answer within {n} seconds.", n=int(_SECONDS)),
                       tr("A firewall may be in the way. Open the port there: sudo ufw allow {port}", port=port))
    except OSError as error:
        return Finding(Layer.ROUTE, False, tr("There is no way to it: {error}.", error=error.strerror or str(error)),
                       tr("Is the computer switched on and in the same network or VPN?"))
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return None
    return None


async def _ask(host: str, port: int, expected: str, ask: Ask) -> tuple[Finding, ...]:
    try:
        info = await ask(host, port)
    except ServerIdentityChanged as error:
        return (Finding(Layer.PROTOCOL, True, tr("a JetStream node")),
                Finding(Layer.IDENTITY, False, str(error), tr("Ask its owner whether the node was set up anew.")))
    except JetStreamError as error:
        return (Finding(Layer.PROTOCOL, False, str(error), tr("Another program may use this port.")),
                *untested(Layer.PROTOCOL))
    protocol = Finding(Layer.PROTOCOL, True, tr("JetStream {version}, “{name}”", version=info.version,
                                                name=info.server_name))
    shown = info.fingerprint.replace(":", "").lower()
    if expected and expected.replace(":", "").strip().lower() != shown:
        return protocol, Finding(Layer.IDENTITY, False,
                                 tr("It shows {code}, which is another identity.", code=short_fingerprint(shown)),
                                 tr("Do not send until its owner has confirmed it."))
    return protocol, Finding(Layer.IDENTITY, True, short_fingerprint(shown))
