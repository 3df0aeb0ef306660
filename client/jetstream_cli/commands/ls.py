"""``jetstream ls``"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from jetstream.aio import AsyncClient
from jetstream.constants import DEFAULT_SERVER_ADDRESS
from jetstream.entities import ReceiveTransfer, Transfer, to_wire
from jetstream_cli import text
from jetstream_cli.exits import DONE, run, say
from jetstream_cli.following import now
from jetstream_cli.node import ApiHost, ApiPort, ApiUser, Node
from jetstream_cli.showing import AnyTransfer, amounts, view_of

_FINISHED_SHOWN: Final = 20
_WATCH_SECONDS: Final = 0.5
_STYLES: Final = {"complete": "green", "error": "red", "suspended": "yellow", "cancelled": "dim"}


def ls(
    every: Annotated[bool, typer.Option("--all", help=f"Also those that ended long ago; by default the last "
                                                      f"{_FINISHED_SHOWN}.")] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on showing until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list instead of a table, with every field.")] = False,
    api_host: ApiHost = DEFAULT_SERVER_ADDRESS,
    api_port: ApiPort = None,
    api_user: ApiUser = None,
) -> None:
    """Show the transfers of your node.

    Incoming ones have ids that begin with r. pause, resume and cancel take ids as they stand here.
    """
    run(_ls(Node(api_host, api_port, api_user), every, watch, as_json))


async def _ls(node: Node, every: bool, watch: bool, as_json: bool) -> int:
    async with node.client() as (client, _):
        if as_json:
            print(json.dumps([_as_json(transfer) for transfer in _chosen(await _all(client), every)], indent=2))
            return DONE
        console = Console(file=sys.stdout, highlight=False)
        if not watch:
            console.print(_table(_chosen(await _all(client), every), await _places(client)))
            waiting = len(await client.receive.get_offers())
            if waiting:
                say(f"{waiting} {'offer waits' if waiting == 1 else 'offers wait'} for your yes: jetstream offers")
            return DONE
        with contextlib.suppress(asyncio.CancelledError):  # Ctrl-C is the way out, not a failure
            await _watch(client, console, every)
        return DONE


async def _watch(client: AsyncClient, console: Console, every: bool) -> None:
    if not console.is_terminal:
        await _watch_for_a_pipe(client, console, every)
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            live.update(_table(_chosen(await _all(client), every), await _places(client)), refresh=True)
            await asyncio.sleep(_WATCH_SECONDS)


async def _watch_for_a_pipe(client: AsyncClient, console: Console, every: bool) -> NoReturn:
    """Nothing can be drawn over there: the table once more whenever it has changed, at once."""
    before = ""
    while True:
        table = _table(_chosen(await _all(client), every), await _places(client))
        with console.capture() as drawn:
            console.print(table)
        if drawn.get() != before:
            print(("\n" if before else "") + drawn.get(), end="", flush=True)
            before = drawn.get()
        await asyncio.sleep(_WATCH_SECONDS)


async def _all(client: AsyncClient) -> list[AnyTransfer]:
    sending, receiving = await asyncio.gather(client.send.get_transfers(), client.receive.get_transfers())
    return sorted([*sending, *receiving], key=lambda transfer: transfer.request_time or 0)


def _chosen(transfers: Sequence[AnyTransfer], every: bool) -> list[AnyTransfer]:
    """Those that are not over, and the last that are."""
    over = [transfer for transfer in transfers if transfer.status in ("complete", "cancelled")]
    hidden = set() if every else {id(transfer) for transfer in over[:-_FINISHED_SHOWN]}
    return [transfer for transfer in transfers if id(transfer) not in hidden]


async def _places(client: AsyncClient) -> dict[str, str]:
    return {place.destination_id: place.name or place.destination_address
            for place in await client.send.get_destinations()}


def _table(transfers: Sequence[AnyTransfer], places: dict[str, str]) -> Table:
    moving = any(transfer.processing for transfer in transfers)
    table = Table(box=None, pad_edge=False, header_style="dim", caption=None if transfers else "No transfers yet.")
    table.add_column("ID", no_wrap=True)
    table.add_column("", no_wrap=True)
    for heading in ("What", "Where"):
        table.add_column(heading, overflow="ellipsis", no_wrap=True, max_width=28)
    for heading in ("Done", "Size", *(("Rate", "Left") if moving else ())):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("State", overflow="fold", min_width=18)
    for transfer in transfers:
        table.add_row(*_row(transfer, places, moving))
    return table


def _row(transfer: AnyTransfer, places: dict[str, str], moving: bool) -> list[str]:
    view = view_of(transfer, now())
    style = _STYLES.get(transfer.status)
    done, total = amounts(transfer)
    return [
        view.id, "↓" if isinstance(transfer, ReceiveTransfer) else "↑", escape(view.label),
        escape(_where(transfer, places)), "" if view.fraction is None else text.percent(view.fraction),
        text.size(done if total is None else total),
        *((view.rate, view.left.removesuffix(" left")) if moving else ()),
        f"[{style}]{escape(view.words)}[/]" if style else escape(view.words),
    ]


def _where(transfer: AnyTransfer, places: dict[str, str]) -> str:
    if isinstance(transfer, Transfer):
        return text.shown(places.get(transfer.destination_id) or transfer.peer_name or "")
    return text.shown(transfer.peer_name or transfer.source_ip or "")


def _as_json(transfer: AnyTransfer) -> dict[str, Any]:
    direction = "receive" if isinstance(transfer, ReceiveTransfer) else "send"
    return {"direction": direction, "id": view_of(transfer, now()).id, **to_wire(transfer)}
