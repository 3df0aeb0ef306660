"""``jetstream pause|resume|cancel ID...``"""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from jetstream.aio import AsyncClient
from jetstream.constants import DEFAULT_SERVER_ADDRESS
from jetstream.entities import ReceiveTransfer, Transfer
from jetstream_cli.exits import DONE, run
from jetstream_cli.following import now
from jetstream_cli.node import ApiHost, ApiPort, ApiUser, Node, each
from jetstream_cli.showing import RECEIVED_PREFIX, shown_id, words_for

Ids = Annotated[list[str], typer.Argument(metavar="ID...", show_default=False, help="As `jetstream ls` shows them.")]
Steer = Callable[[AsyncClient, str], Awaitable[Transfer | ReceiveTransfer]]


def pause(ids: Ids, api_host: ApiHost = DEFAULT_SERVER_ADDRESS, api_port: ApiPort = None,
          api_user: ApiUser = None) -> None:
    """Pause transfers; nothing is lost."""
    run(_steer(Node(api_host, api_port, api_user), ids, lambda client, ident: client.send.suspend_transfer(ident),
               lambda client, ident: client.receive.suspend_transfer(ident)))


def resume(ids: Ids, api_host: ApiHost = DEFAULT_SERVER_ADDRESS, api_port: ApiPort = None,
           api_user: ApiUser = None) -> None:
    """Go on with paused transfers, or try failed ones again."""
    run(_steer(Node(api_host, api_port, api_user), ids, lambda client, ident: client.send.resume_transfer(ident),
               lambda client, ident: client.receive.resume_transfer(ident)))


def cancel(ids: Ids, api_host: ApiHost = DEFAULT_SERVER_ADDRESS, api_port: ApiPort = None,
           api_user: ApiUser = None) -> None:
    """Stop transfers for good. Files that arrived whole stay."""
    run(_steer(Node(api_host, api_port, api_user), ids, lambda client, ident: client.send.cancel_transfer(ident),
               lambda client, ident: client.receive.cancel_transfer(ident)))


async def _steer(node: Node, ids: list[str], outgoing: Steer, incoming: Steer) -> int:
    async def steer(client: AsyncClient, ident: str) -> int:
        bare = ident.removeprefix(RECEIVED_PREFIX)
        transfer = await (outgoing if bare == ident else incoming)(client, bare)
        print(f"{shown_id(transfer)}  {transfer.label or 'files'}  {words_for(transfer, now())}")
        return DONE

    return await each(node, ids, steer)
