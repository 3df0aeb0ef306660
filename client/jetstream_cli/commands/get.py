"""``jetstream get LINK [FOLDER]``"""

import os
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from jetstream.choosing import ranges_of
from jetstream.constants import DEFAULT_SERVER_ADDRESS
from jetstream.errors import InvalidParameters
from jetstream.links import DOWNLOAD, parse_link
from jetstream.tokens import canonical_token
from jetstream_cli.choices import AskPassword, Detach, Overwrite, OverwriteOption, PasswordStdin
from jetstream_cli.exits import DONE, parsed, run, say
from jetstream_cli.following import follow, left_to_the_node, report
from jetstream_cli.node import ApiHost, ApiPort, ApiUser, Node
from jetstream_cli.secrets import from_stdin, password_for
from jetstream_cli.sharing import chosen, lines, look, summary
from jetstream_cli.showing import shown_id

DOWNLOAD_PASSWORD: Final = "JETSTREAM_DOWNLOAD_PASSWORD"


def get(
    link: Annotated[str, typer.Argument(metavar="LINK", show_default=False,
                                        help="jetstream://HOST[:PORT]/download?token=WORDS")],
    folder: Annotated[str, typer.Argument(metavar="[FOLDER]", show_default=False,
                                          help="Where to; by default the node's folder for incoming files.")] = "",
    only: Annotated[list[str] | None, typer.Option(metavar="PATTERN", show_default=False,
                    help="Fetch only the files that fit: *.jpg for names, raw for all below folders of that name, "
                         "'2024/*' for paths. May be given several times.")] = None,
    listing: Annotated[bool, typer.Option("--list", help="Show the files that the link gives, and fetch nothing.")]
    = False,
    overwrite: OverwriteOption = Overwrite.ALWAYS,
    ask_password: AskPassword = False,
    password_stdin: PasswordStdin = False,
    detach: Detach = False,
    api_host: ApiHost = DEFAULT_SERVER_ADDRESS,
    api_port: ApiPort = None,
    api_user: ApiUser = None,
) -> None:
    """Fetch what somebody has shared.

    Your node dials theirs, so it works from behind a router, without any open port. If the share has a password, say
    --ask-password, or put it into JETSTREAM_DOWNLOAD_PASSWORD.
    """
    node = Node(api_host, api_port, api_user)
    with parsed():
        check_link(link)
        password = os.environ.get(DOWNLOAD_PASSWORD)
        if password_stdin:
            password = from_stdin()
        elif ask_password:
            password = password_for("Password of the share", DOWNLOAD_PASSWORD)
    if folder and node.is_local:
        folder = os.path.abspath(folder)
    if listing:
        run(_list(node, link, password, only or []))
    else:
        run(_get(node, link, password, folder, only or [], overwrite, detach))


async def _list(node: Node, link: str, password: str | None, only: Sequence[str]) -> int:
    async with node.client() as (client, _):
        shared = await look(client, link, password)
        files = chosen(shared, only) if only else shared.files
        for line in lines(files):
            print(line)
        say(summary(shared, files))
        return DONE


async def _get(node: Node, link: str, password: str | None, folder: str, only: Sequence[str], overwrite: Overwrite,
               detach: bool) -> int:
    async with node.client() as (client, _):
        entries = None
        if only:
            shared = await look(client, link, password)
            files = chosen(shared, only)
            entries = ranges_of(file["entry"] for file in files)
            say(summary(shared, files))
        transfer = await client.receive.create_download(link, password, folder, overwrite.mode, entries=entries)
        ident = shown_id(transfer)
        if detach:
            print(ident)
            say(f"Your node fetches it. Watch it with `jetstream ls --watch`, pause it with `jetstream pause {ident}`.")
            return DONE
        with left_to_the_node(ident):
            transfer = await follow(lambda: client.receive.get_transfer(transfer.id))
        return report(transfer, f"in {transfer.folder or folder}")


def check_link(link: str) -> None:
    """Refuse what is no download link, and typing mistakes in its token, before anybody is asked.

    :raises InvalidParameters: with a sentence that says what is wrong.
    """
    found = parse_link(link)
    if found.action != DOWNLOAD or not found.token:
        raise InvalidParameters("This link is not for downloading: it carries no token.")
    canonical_token(found.token)
