"""``server.getServerInfo`` and the small calls about the node itself."""

import asyncio
import functools
import socket
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

from jetstream.constants import API_VERSION, DEFAULT_API_PORT
from jetstream.entities import ServerInfo, event_to_wire, to_wire
from jetstream_server.access.gate import NodeGate
from jetstream_server.access.principal import Kind, Principal
from jetstream_server.bandwidth import Bandwidth
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.config import Settings
from jetstream_server.dispatch import Call, Handler
from jetstream_server.eventlog import event_entity
from jetstream_server.files.landing import free_space
from jetstream_server.link.handshake import Myself
from jetstream_server.requests import HANDLERS as REQUEST_HANDLERS


class ServerInfoHandlers:
    """What the node is and can do.

    :param files: threads for what looks at the disk.
    :param stop: set to end the node.
    :param wall: microseconds since the epoch (UTC).
    """

    def __init__(
        self,
        settings: Settings,
        myself: Myself,
        catalog: Catalog,
        gate: NodeGate,
        bandwidth: Bandwidth,
        files: Executor,
        stop: asyncio.Event,
        wall: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._myself = myself
        self._catalog = catalog
        self._gate = gate
        self._bandwidth = bandwidth
        self._files = files
        self._stop = stop
        self._start_time = wall()
        self._api_port = settings.api_port
        self._recv_port = settings.recv_port or settings.api_port

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {
            "server.getServerInfo": self.info,
            "server.echo": self.echo,
            "server.terminate": self.terminate,
            "server.getEventLog": self.events,
            **REQUEST_HANDLERS,
        }

    def set_ports(self, api_port: int, recv_port: int) -> None:
        """The ports that were opened."""
        self._api_port, self._recv_port = api_port, recv_port

    @property
    def ports(self) -> tuple[int, int]:
        """The ports for clients and for other nodes."""
        return self._api_port, self._recv_port

    def link_host(self) -> tuple[str, int]:
        """Host and port by which other machines reach this node, for links: what its owner said, or the best guess."""
        external = self._settings.external_address
        if external is None:
            return outward_address(), self._recv_port
        return split_address(external, self._recv_port)

    def _receive_address(self) -> str:
        host, port = self.link_host()
        if port == DEFAULT_API_PORT:
            return host
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def info(self, call: Call) -> dict[str, Any]:
        """What this node is; the folder and the space only for who may know."""
        principal = call.principal
        folder = space = None
        if principal is not None and _may_know_folders(principal):
            folder = await self._gate.receiving_folder()
            loop = asyncio.get_running_loop()
            space = await loop.run_in_executor(self._files, functools.partial(free_space, folder))
        myself, settings = self._myself, self._settings
        return to_wire(
            ServerInfo(
                api_version=API_VERSION,
                version=myself.version,
                server_id=myself.server_id,
                server_uid=myself.server_uid,
                server_name=settings.server_name,
                host_name=socket.gethostname(),
                api_control_port=self._api_port,
                receive_port=self._recv_port,
                public_key=myself.identity.public_key,
                fingerprint=myself.identity.fingerprint,
                auth_required=principal is None,
                allow_remote_control=settings.api_allow_remote_control,
                bandwidth_limits=self._bandwidth.limits,
                server_external_address=settings.external_address,
                user=None if principal is None else principal.user,
                superuser=principal is not None and principal.superuser,
                carriers=("udp", "tcp") if self._settings.carrier == "auto" else (self._settings.carrier,),
                receiving_folder=None if folder is None else str(folder),
                free_space=space,
                receive_address=None if folder is None else self._receive_address(),
                client_address=call.connection.address,
                only_authorized_clients_allowed=folder is not None and not await self._gate.may_ask(),
                start_time=self._start_time,
                platform=sys.platform,
            )
        )

    async def echo(self, call: Call, *, text: str) -> str:
        """The same text."""
        return text

    async def terminate(self, call: Call) -> None:
        """Stop gracefully; this call is answered first."""
        self._stop.set()

    async def events(self, call: Call, *, since: int | None, limit: int) -> list[dict[str, Any]]:
        """What happened: to the caller's own objects, to superusers everything."""
        login = call.login
        owner = None if login.superuser else login.user
        token = login.token if login.confined else None
        found = await self._catalog.events.since(since, limit, owner=owner, owner_token=token)
        return [event_to_wire(event_entity(record)) for record in found]


def _may_know_folders(principal: Principal) -> bool:
    return principal.superuser or principal.kind is Kind.OWNER


def split_address(text: str, port: int) -> tuple[str, int]:
    """Host and port of ``HOST``, ``HOST:PORT``, ``[IPV6]:PORT`` or a bare IPv6 address; *port* if it names none."""
    host, separator, number = text.rpartition(":")
    if separator and number.isdigit() and (":" not in host or host.endswith("]")):
        return host.strip("[]"), int(number)
    return text.strip("[]"), port


def outward_address() -> str:
    """The address of this machine that others on its network see; its name where there is no network.

    Connecting a datagram socket sends nothing: it only asks the system which way it would go.
    """
    for family, beyond in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((beyond, 9))
                return str(probe.getsockname()[0])
        except OSError:
            continue
    return socket.gethostname()
