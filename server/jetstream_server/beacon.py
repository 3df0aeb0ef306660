"""Announces the node on its local network, so that windows nearby offer it. See ``jetstream.nearby`` for what is said.

Optional: it needs the package ``zeroconf``. A machine without network or without multicast is no fault: it is said
once, and looked at again every minute, as is whether the machine's addresses have changed.
"""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from jetstream.nearby import SERVICE_TYPE, Beacon, host_name, instance_name, to_properties
from jetstream_server.config import Settings
from jetstream_server.refusals import StartRefused

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS: Final = 60.0
GOODBYE_SECONDS: Final = 2.0
KNOWN_SECONDS: Final = 300
"""How long a node that died without a farewell is still offered; the usual 75 minutes are too long for that."""


def is_wanted(settings: Settings, *, installed: bool | None = None) -> bool:
    """Whether this node announces itself: as it was told, else if others can reach it and zeroconf is there.

    :raises StartRefused: if it was told to, and zeroconf is not installed.
    """
    if installed is None:
        installed = find_spec("zeroconf") is not None and find_spec("ifaddr") is not None
    if settings.discoverable and not installed:
        raise StartRefused("--discoverable needs the package zeroconf; install it with "
                           "pip install 'jetstream-transfer[nearby]', or start with --no-discoverable.")
    if settings.discoverable is not None:
        return settings.discoverable
    return installed and not _only_loopback(hosts_of(settings))


def hosts_of(settings: Settings) -> list[str]:
    """The addresses on which other nodes are answered; none in the list: all of this machine."""
    if not settings.api_host or settings.recv_port not in (None, settings.api_port):
        return []
    try:
        found = socket.getaddrinfo(settings.api_host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        return []
    addresses = [str(where[0]) for _, _, _, _, where in found]
    return [] if any(ipaddress.ip_address(a.partition("%")[0]).is_unspecified for a in addresses) else addresses


def _only_loopback(hosts: Sequence[str]) -> bool:
    return bool(hosts) and all(ipaddress.ip_address(host.partition("%")[0]).is_loopback for host in hosts)


def announced_addresses(hosts: Sequence[str]) -> list[str]:
    """The addresses to announce: *hosts*, or those of all interfaces, without what leads nowhere from elsewhere."""
    if hosts:
        return [host.partition("%")[0] for host in hosts]
    from ifaddr import get_adapters

    found: dict[str, None] = {}
    for adapter in get_adapters():
        for entry in adapter.ips:
            address = ipaddress.ip_address(entry.ip if isinstance(entry.ip, str) else entry.ip[0])
            if not (address.is_loopback or address.is_unspecified or address.is_multicast):
                found[str(address)] = None
    return list(found)


async def announce(beacon: Beacon, hosts: Sequence[str]) -> None:
    """Announce the node until cancelled, then take it back.

    :param hosts: as :func:`hosts_of` gives them.
    """
    trouble = ""
    while True:
        addresses = announced_addresses(hosts)
        try:
            if addresses:
                await _announce(beacon, hosts, addresses)
            said = "" if addresses else "there is no network"
        except Exception as error:  # zeroconf raises what the system's sockets raise, and errors of its own
            said = str(error) or type(error).__name__
        if said and said != trouble:
            log.info("Not announced on the local network: %s; tried again every minute", said)
        trouble = said
        if said:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _announce(beacon: Beacon, hosts: Sequence[str], addresses: Sequence[str]) -> None:
    """Announce *addresses* for as long as they are those of this machine."""
    from zeroconf import InterfaceChoice, IPVersion
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    network = (AsyncZeroconf(interfaces=list(addresses)) if hosts else
               AsyncZeroconf(interfaces=InterfaceChoice.All, ip_version=IPVersion.All))
    try:
        service = AsyncServiceInfo(SERVICE_TYPE, instance_name(beacon), port=beacon.port,
                                   properties=to_properties(beacon), server=host_name(beacon),
                                   parsed_addresses=list(addresses), other_ttl=KNOWN_SECONDS)
        await (await network.async_register_service(service, allow_name_change=True))
        log.info("Announced on the local network as %r: name, id, fingerprint, port %d and addresses "
                 "(--no-discoverable keeps that to itself)", beacon.name, beacon.port)
        while announced_addresses(hosts) == list(addresses):  # noqa: ASYNC110 - nobody tells of a new address
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        log.info("The addresses of this machine have changed; announcing the new ones")
    finally:
        await _take_back(network)


async def _take_back(network: "AsyncZeroconf") -> None:
    try:
        async with asyncio.timeout(GOODBYE_SECONDS):
            await network.async_close()
    except Exception as error:  # the network may be gone already; then nobody misses the farewell
        log.debug("no farewell on the local network: %s", error)
