"""``jetstream offers`` and ``jetstream accept|decline ID``: what unknown nodes want to send here"""

import json
import os
from collections.abc import Sequence
from typing import Annotated

import typer

from jetstream.aio import AsyncClient
from jetstream.constants import DEFAULT_SERVER_ADDRESS
from jetstream.entities import Offer, to_wire
from jetstream.errors import ConnectionLost, JetStreamError
from jetstream_cli import text
from jetstream_cli.exits import DONE, exit_code, run, say
from jetstream_cli.following import now
from jetstream_cli.node import ApiHost, ApiPort, ApiUser, Node
from jetstream_cli.showing import shown_id

OfferId = Annotated[str, typer.Argument(metavar="ID", show_default=False, help="As `jetstream offers` shows it.")]


def offers(
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list instead of a table, with every field.")] = False,
    api_host: ApiHost = DEFAULT_SERVER_ADDRESS,
    api_port: ApiPort = None,
    api_user: ApiUser = None,
) -> None:
    """Show what nodes that are not known here want to send you.

    They wait for your yes. Let one in with `jetstream accept ID`, or say no with `jetstream decline ID`.
    """
    run(_offers(Node(api_host, api_port, api_user), as_json))


def accept(
    offer: OfferId,
    always: Annotated[bool, typer.Option("--always", help="Let this sender in from now on, without asking.")] = False,
    into: Annotated[str, typer.Option(metavar="FOLDER", show_default=False,
                                      help="Where to; by default the node's folder for incoming files.")] = "",
    api_host: ApiHost = DEFAULT_SERVER_ADDRESS,
    api_port: ApiPort = None,
    api_user: ApiUser = None,
) -> None:
    """Let in what an unknown node wants to send you."""
    node = Node(api_host, api_port, api_user)
    folder = os.path.abspath(into) if into and node.is_local else into
    run(_accept(node, offer, folder or None, always))


def decline(offers: Annotated[list[str], typer.Argument(metavar="ID...", show_default=False,
                                                        help="As `jetstream offers` shows them.")],
            api_host: ApiHost = DEFAULT_SERVER_ADDRESS, api_port: ApiPort = None, api_user: ApiUser = None) -> None:
    """Say no to what unknown nodes want to send you."""
    run(_decline(Node(api_host, api_port, api_user), offers))


async def _offers(node: Node, as_json: bool) -> int:
    async with node.client() as (client, _):
        found = await client.receive.get_offers()
        if as_json:
            print(json.dumps([to_wire(offer) for offer in found], indent=2))
            return DONE
        if not found:
            say("Nobody is waiting for a yes.")
            return DONE
        print("\n\n".join(_lines(offer, now()) for offer in found))
        say("\nName and contents are what the sender says; only the identity is proven.\n"
            f"    let it in:   jetstream accept {found[0].id}\n    say no:      jetstream decline {found[0].id}")
        return DONE


def _lines(offer: Offer, now: int) -> str:
    """An offer as people read it, its id first."""
    waited = text.duration((now - (offer.request_time or now)) / 1e6)
    known = offer.peer_fingerprint[:16]
    identity = " ".join(known[start : start + 4] for start in range(0, len(known), 4))
    room = ""
    if offer.free_space is not None and offer.total_size > offer.free_space:
        room = f", but there is room for {text.size(offer.free_space)} only"
    place = "/".join(part for part in (offer.folder.rstrip("/"), offer.destination_path.strip("/")) if part)
    return "\n        ".join((
        f"{offer.id}  {text.shown(offer.peer_name)} wants to send you {text.shown(offer.label or 'files')}",
        f"{text.files(offer.total_files)}, {text.size(offer.total_size)}{room}, into {text.shown(place)}",
        f"from {offer.source_ip or 'somewhere'}, identity {identity} …, asked {waited} ago",
    ))


async def _accept(node: Node, offer: str, folder: str | None, always: bool) -> int:
    async with node.client() as (client, info):
        if always and not info.superuser:
            await client.server.superuser()
        transfer = await client.receive.accept_offer(offer, folder, always)
        name = text.shown(transfer.peer_name or "the sender")
        say(f"{name} may send it{', and all that it offers from now on' if always else ''}. "
            f"It lands in {transfer.folder} and starts within seconds.\nWatch it with `jetstream ls --watch`.")
        print(shown_id(transfer))
        return DONE


async def _decline(node: Node, offers: Sequence[str]) -> int:
    """Each id is tried; the first failure makes the exit code."""
    code = DONE
    async with node.client() as (client, _):
        for offer in offers:
            try:
                await _say_no(client, offer)
            except ConnectionLost:
                raise
            except JetStreamError as error:
                say(f"jetstream: {offer}: {error}")
                code = code or exit_code(error)
    return code


async def _say_no(client: AsyncClient, offer: str) -> None:
    await client.receive.decline_offer(offer)
    say(f"Offer {offer} is declined. For an hour the same transfer is refused without asking you; "
        f"`jetstream accept {offer}` takes the no back.")
