"""``server.getDiagnostics``: the node looks at itself."""

import asyncio
import functools
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from jetstream.checks import check
from jetstream.entities import to_wire
from jetstream_server.access.gate import NodeGate
from jetstream_server.access.principal import Kind
from jetstream_server.config import Settings
from jetstream_server.destinations import Resolve, checked_address, resolve_name
from jetstream_server.diagnosis.looks import FOR_ANYBODY, LOOKS, Circumstances, look_around
from jetstream_server.dispatch import Call, Handler
from jetstream_server.handlers.server_info import ServerInfoHandlers
from jetstream_server.link.handshake import Myself
from jetstream_server.link.udp.port import UdpPort


class DiagnosisHandlers:
    """Findings about this node.

    :param files: threads for what asks the system and the disk.
    :param udp: the node's datagram sockets, if it uses any.
    """

    def __init__(
        self, settings: Settings, myself: Myself, gate: NodeGate, info: ServerInfoHandlers, files: Executor,
        udp: UdpPort | None = None, resolve: Resolve = resolve_name,
    ) -> None:
        self._settings = settings
        self._myself = myself
        self._gate = gate
        self._info = info
        self._files = files
        self._udp = udp
        self._resolve = resolve
        self._started = time.monotonic()

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {"server.getDiagnostics": self.look}

    async def look(self, call: Call, *, host: str) -> list[dict[str, Any]]:
        """All findings that the login may hear."""
        trusted = call.login.superuser or call.login.kind is Kind.OWNER
        api_port, receive_port = self._info.ports
        about = Circumstances(
            version=self._myself.version,
            name=self._settings.server_name,
            uptime=round((time.monotonic() - self._started) * 1e6),
            bound_to=self._settings.api_host,
            api_port=api_port,
            receive_port=receive_port,
            folder=await self._gate.receiving_folder(),
            datagrams=self._udp.facts() if self._udp is not None else None,
            host=host,
            address=await self._resolve(checked_address(host)) if host else None,
        )
        work = functools.partial(look_around, about, LOOKS if trusted else FOR_ANYBODY)
        found = await asyncio.get_running_loop().run_in_executor(self._files, work)
        if not trusted:
            found.insert(1, check("node-private"))
        return [to_wire(one) for one in found]
