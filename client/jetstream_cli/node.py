"""The user's own node: where it is, how to log in, and the options that say so."""

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from jetstream.aio import AsyncClient, connect
from jetstream.constants import DEFAULT_API_PORT, DEFAULT_SERVER_ADDRESS
from jetstream.entities import ServerInfo
from jetstream.errors import AuthenticationFailed, ConnectionLost, InvalidParameters, JetStreamError
from jetstream.local import Ticket, local_tickets
from jetstream_cli.exits import DONE, exit_code, say
from jetstream_cli.secrets import password_for

NODE_PASSWORD: Final = "JETSTREAM_NODE_PASSWORD"
_OWN_MACHINE: Final = ("localhost", "127.0.0.1", "::1")

_PANEL: Final = "The node that does the work"
ApiHost = Annotated[str, typer.Option("--api-host", metavar="HOST", rich_help_panel=_PANEL,
                                      help="Address of the node; by default your own on this machine.")]
ApiPort = Annotated[int | None, typer.Option("--api-port", metavar="PORT", min=1, max=65535, rich_help_panel=_PANEL,
                                             help="Its port; by default that of your running node, else 8886.")]
ApiUser = Annotated[str | None, typer.Option(
    "--api-user", metavar="NAME", rich_help_panel=_PANEL,
    help=f"Account there, if the node is not your own. The password is asked for, or taken from {NODE_PASSWORD}.")]


@dataclass(frozen=True, slots=True)
class Node:
    """Which node a command talks to."""

    host: str = DEFAULT_SERVER_ADDRESS
    port: int | None = None
    user: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, so that paths here mean the same there."""
        return self.host.lower() in _OWN_MACHINE

    @property
    def address(self) -> tuple[str, int]:
        """Host and port.

        :raises InvalidParameters: if it cannot be told which of several nodes is meant.
        """
        if self.port is None and self.is_local:
            return self.host, own_port(local_tickets(), os.environ)
        return self.host, self.port or DEFAULT_API_PORT

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[tuple[AsyncClient, ServerInfo]]:
        """A logged-in client, and what the node says of itself.

        :raises AuthenticationFailed: if this user is not logged in and gave no account.
        """
        async with connect(*self.address) as client:
            if self.user is not None:
                password = password_for(f"Password of {self.user} at {client.place}", NODE_PASSWORD)
                await client.server.auth(self.user, password)
            info = await client.server.get_server_info()
            if info.auth_required:
                raise AuthenticationFailed(f"The node at {client.place} is not yours: say who you are with --api-user.")
            yield client, info


def own_port(tickets: Sequence[Ticket], environment: Mapping[str, str]) -> int:
    """The port of the user's own node on this machine.

    :raises InvalidParameters: if several run and none is at the usual port.
    """
    named = environment.get("JETSTREAM_API_PORT", "")
    if named.isascii() and named.isdigit() and 1 <= int(named) <= 65535:
        return int(named)
    ports = sorted({ticket.port for ticket in tickets if is_running(ticket.pid)})
    if not ports or DEFAULT_API_PORT in ports:
        return DEFAULT_API_PORT
    if len(ports) > 1:
        raise InvalidParameters(f"Several nodes of yours are running, at the ports {', '.join(map(str, ports))}. "
                                "Say which one with --api-port.")
    return ports[0]


def is_running(pid: int) -> bool:
    """Whether there is a process *pid*. Where that cannot be asked without harm (Windows): yes."""
    if sys.platform == "win32" or pid <= 0:
        return pid > 0
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


async def each(node: Node, ids: Sequence[str], work: Callable[[AsyncClient, str], Awaitable[int]]) -> int:
    """Do *work* with each id, which gives its exit code; one that fails is told and does not keep the others from it.

    The first failure makes the exit code.
    """
    code = DONE
    async with node.client() as (client, _):
        for ident in ids:
            try:
                now = await work(client, ident)
            except ConnectionLost:
                raise
            except JetStreamError as error:
                say(f"jetstream: {ident}: {error}")
                now = exit_code(error)
            code = code or now
    return code
