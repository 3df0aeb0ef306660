"""``jetstream share PATH...``"""

from typing import Annotated

import typer

from jetstream.constants import DEFAULT_SERVER_ADDRESS
from jetstream.errors import Conflict
from jetstream_cli.choices import (
    As,
    AskPassword,
    Exclude,
    Listing,
    PasswordStdin,
    Paths,
    SkipUnreadable,
    Symlinks,
    SymlinksOption,
)
from jetstream_cli.exits import DONE, parsed, run, say
from jetstream_cli.following import follow_manifest, now, report_skipped
from jetstream_cli.node import ApiHost, ApiPort, ApiUser, Node
from jetstream_cli.secrets import from_stdin, new_password
from jetstream_cli.targets import read_paths
from jetstream_cli.text import files, read_duration, size


def share(
    paths: Paths,
    expires: Annotated[str | None, typer.Option(metavar="TIME", help="How long it works: 30m, 12h, 3d, 2w.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="How many downloads may complete.")] = None,
    ask_password: AskPassword = False,
    password_stdin: PasswordStdin = False,
    description: Annotated[str, typer.Option(help="A note for yourself.")] = "",
    names: As = None,
    exclude: Exclude = None,
    symlinks: SymlinksOption = Symlinks.FOLLOW,
    skip_unreadable: SkipUnreadable = False,
    api_host: ApiHost = DEFAULT_SERVER_ADDRESS,
    api_port: ApiPort = None,
    api_user: ApiUser = None,
) -> None:
    """Let somebody without an account fetch files, by a token that can be said, or by a link.

    Prints the token and the link. Your node has to run while they fetch. A password is optional.
    """
    node = Node(api_host, api_port, api_user)
    with parsed():
        listing = Listing(read_paths(paths, names, local=node.is_local), symlinks, exclude, skip_unreadable)
        seconds = None if expires is None else read_duration(expires)
        password = from_stdin() if password_stdin else new_password("Password") if ask_password else None
    run(_share(node, listing, seconds, limit, password, description))


async def _share(node: Node, listing: Listing, seconds: int | None, limit: int | None, password: str | None,
                 description: str) -> int:
    async with node.client() as (client, _):
        begun = await listing.begin(client)
        manifest = await follow_manifest(lambda: client.send.get_manifest(begun.id))
        if manifest.status == "error":
            raise Conflict(f"The files cannot be shared: {manifest.error_message or 'they cannot be listed'}")
        report_skipped(manifest)
        token = await client.send.create_shared_token(
            manifest, description=description, password=password, download_limit=limit,
            expiry_time=None if seconds is None else now() + seconds * 1_000_000)
        say(f"{files(manifest.total_files or 0)}, {size(manifest.total_size or 0)}, can be fetched with:")
        print(token.token)
        if token.link:
            print(token.link)
        return DONE
