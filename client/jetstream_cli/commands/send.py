"""``jetstream send PATH... HOST[:PORT][:FOLDER]``"""

from dataclasses import dataclass
from typing import Annotated, Final

import typer

from jetstream.aio import AsyncClient
from jetstream.constants import (
    DEFAULT_API_PORT,
    DEFAULT_PRIORITY,
    DEFAULT_SERVER_ADDRESS,
    RATE_POLICY_BACKGROUND,
    RATE_POLICY_FAIR,
    RATE_POLICY_FIXED,
)
from jetstream.entities import Manifest, ServerInfo, Transfer
from jetstream.errors import InvalidParameters
from jetstream_cli.choices import (
    As,
    Detach,
    Exclude,
    Listing,
    Overwrite,
    OverwriteOption,
    Paths,
    SkipUnreadable,
    Symlinks,
    SymlinksOption,
)
from jetstream_cli.dryrun import last_rate, preview, show
from jetstream_cli.exits import DONE, parsed, run, say
from jetstream_cli.following import follow, left_to_the_node, report, report_skipped
from jetstream_cli.forecast import Pace
from jetstream_cli.node import ApiHost, ApiPort, ApiUser, Node
from jetstream_cli.secrets import password_for
from jetstream_cli.targets import Target, read_paths, read_target
from jetstream_cli.text import read_rate

DESTINATION_PASSWORD: Final = "JETSTREAM_API_PASSWORD"


@dataclass(frozen=True, slots=True)
class _Sending:
    """What the options of ``send`` amount to."""

    target: Target
    user: str | None
    fingerprint: str | None
    overwrite: Overwrite
    priority: int
    rate: int | None
    policy: str


def send(
    paths: Paths,
    destination: Annotated[str, typer.Argument(metavar="HOST[:PORT][:FOLDER]", show_default=False,
                                               help="The receiving node, and a folder below its folder for incoming "
                                                    "files.")],
    user: Annotated[str | None, typer.Option(metavar="NAME", help="Account at the receiving node. The password is "
                                             f"asked for, or taken from {DESTINATION_PASSWORD}.")] = None,
    overwrite: OverwriteOption = Overwrite.ALWAYS,
    priority: Annotated[int, typer.Option(min=0, help="Lower goes first.")] = DEFAULT_PRIORITY,
    rate: Annotated[str | None, typer.Option(metavar="RATE", help="Limit in bits per second: 800k, 50M, 1.5G.")] = None,
    fixed: Annotated[bool, typer.Option("--fixed", help="Send at --rate, whatever happens on the line.")] = False,
    background: Annotated[bool, typer.Option("--background", help="Take what others on the line leave.")] = False,
    names: As = None,
    exclude: Exclude = None,
    symlinks: SymlinksOption = Symlinks.FOLLOW,
    skip_unreadable: SkipUnreadable = False,
    fingerprint: Annotated[str | None, typer.Option(metavar="HEX", help="Identity that the receiving node must "
                                                                        "have.")] = None,
    detach: Detach = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: all of it as JSON.")] = False,
    api_host: ApiHost = DEFAULT_SERVER_ADDRESS,
    api_port: ApiPort = None,
    api_user: ApiUser = None,
) -> None:
    """Send files and folders to another machine.

    Your node does the work: it goes on when this command ends, retries when the line breaks, and loses nothing.
    With --dry-run the exit code is 0 if nothing is known that would stop it, and 1 otherwise.
    """
    node = Node(api_host, api_port, api_user)
    with parsed():
        if as_json and not dry_run:
            raise InvalidParameters("--json goes with --dry-run.")
        if dry_run and detach:
            raise InvalidParameters("--dry-run sends nothing that --detach could leave to the node: leave one out.")
        target = read_target(destination)
        listing = Listing(read_paths(paths, names, local=node.is_local), symlinks, exclude, skip_unreadable)
        sending = _Sending(target, user or target.user, fingerprint, overwrite, priority,
                           None if rate is None else read_rate(rate), _policy(rate, fixed, background))
    run(_look(node, listing, sending, as_json) if dry_run else _send(node, listing, sending, detach))


async def _send(node: Node, listing: Listing, sending: _Sending, detach: bool) -> int:
    async with node.client() as (client, info):
        manifest, transfer = await _begin(client, info, listing, sending)
        if detach:
            print(transfer.id)
            say("Your node sends it. Watch it with `jetstream ls --watch`, "
                f"pause it with `jetstream pause {transfer.id}`.")
            return DONE
        with left_to_the_node(transfer.id):
            transfer = await follow(lambda: client.send.get_transfer(transfer.id),
                                    lambda: client.send.get_manifest(manifest.id))
            report_skipped(await client.send.get_manifest(manifest.id))
        return report(transfer, f"to {sending.target}")


async def _look(node: Node, listing: Listing, sending: _Sending, as_json: bool) -> int:
    target = sending.target
    async with node.client() as (client, info):
        port = _port(target, info)
        user, password = _login(sending)
        values = {
            "destinationAddress": target.host, "destinationPort": port, "userName": user, "password": password,
            "permittedDestinationPublicKey": sending.fingerprint, "mappings": listing.mappings,
            "symlinkMode": listing.symlinks.mode, "exclude": listing.exclude,
            "skipUnreadable": listing.skip_unreadable, "destinationPath": target.folder,
            "overwriteMode": sending.overwrite.mode,
        }
        found = await preview(client, values, quiet=as_json)
        pace = Pace(last_rate(await client.send.get_destinations(), target.host, port), sending.rate)
        return show(found, target, sending.overwrite, pace, as_json=as_json)


def _login(sending: _Sending) -> tuple[str | None, str | None]:
    """User and password at the destination."""
    user = sending.user
    if user is None:
        return None, None
    return user, password_for(f"Password of {user} at {sending.target.host}", DESTINATION_PASSWORD)


async def _begin(client: AsyncClient, info: ServerInfo, listing: Listing,
                 sending: _Sending) -> tuple[Manifest, Transfer]:
    target = sending.target
    user, password = _login(sending)
    place = await client.send.create_destination(
        target.host, _port(target, info), user_name=user, password=password,
        permitted_destination_public_key=sending.fingerprint)
    manifest = await listing.begin(client)
    transfer = await client.send.create_transfer(
        place, manifest, destination_path=target.folder, overwrite_mode=sending.overwrite.mode,
        priority=sending.priority, send_rate_max=sending.rate, rate_policy=sending.policy)
    return manifest, transfer


def _policy(rate: str | None, fixed: bool, background: bool) -> str:
    if fixed and background:
        raise InvalidParameters("--fixed and --background contradict each other: leave one of them out.")
    if fixed and rate is None:
        raise InvalidParameters("--fixed needs --rate: the rate to send at, for example --rate 50M.")
    return RATE_POLICY_FIXED if fixed else RATE_POLICY_BACKGROUND if background else RATE_POLICY_FAIR


def _port(target: Target, info: ServerInfo) -> int:
    """The port to send to. To this very machine: where the user's own node receives."""
    if target.port is not None:
        return target.port
    return info.receive_port if Node(target.host).is_local else DEFAULT_API_PORT
