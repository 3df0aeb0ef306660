"""``jetstream verify ID...``"""

import sys
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from jetstream.aio import AsyncClient
from jetstream.constants import DEFAULT_SERVER_ADDRESS
from jetstream.errors import InvalidParameters
from jetstream_cli.exits import DONE, FAILED, run, say
from jetstream_cli.node import ApiHost, ApiPort, ApiUser, Node, each
from jetstream_cli.showing import RECEIVED_PREFIX
from jetstream_cli.text import shown

BLOCKS: Final = 64
KINDS: Final = {"damaged": "damaged, or shares a block with a damaged one", "missing": "is gone",
                "changed": "was changed since", "unsure": "not compared: shares a block with one of the above"}


def verify(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", show_default=False,
                                             help="Complete incoming transfers, as `jetstream ls` shows them: r9.")],
    api_host: ApiHost = DEFAULT_SERVER_ADDRESS,
    api_port: ApiPort = None,
    api_user: ApiUser = None,
) -> None:
    """Compare what has arrived with the hashes made then.

    Every byte is read again. The exit code is 0 if all is as it came; files that are not are listed.
    """
    run(each(Node(api_host, api_port, api_user), ids, _verify))


async def _verify(client: AsyncClient, ident: str) -> int:
    return _report(ident, await _compare(client, ident))


async def _compare(client: AsyncClient, ident: str) -> dict[str, dict[str, None]]:
    if not ident.startswith(RECEIVED_PREFIX):
        raise InvalidParameters("Only what has arrived here can be verified; such ids begin with r.")
    found: dict[str, dict[str, None]] = {kind: {} for kind in KINDS}
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"verifying {ident}")
        offset: int | None = 0
        while offset is not None:
            answer: Mapping[str, Any] = await client.receive.verify_transfer(
                ident.removeprefix(RECEIVED_PREFIX), offset, BLOCKS)
            for kind, paths in found.items():
                paths.update(dict.fromkeys(answer[kind]))
            offset = answer["nextOffset"]
            total = answer["totalBlocks"]
            progress.update(task, total=total, completed=total if offset is None else offset)
    return found


def _report(ident: str, found: Mapping[str, Mapping[str, None]]) -> int:
    for kind, words in KINDS.items():
        for path in found[kind]:
            print(f"{shown(path)}: {words}")
    wrong = sum(len(paths) for kind, paths in found.items() if kind != "unsure")
    if not wrong:
        say(f"{ident} is as it arrived: every byte was read and compared.")
        return DONE
    say(f"{ident} is not as it arrived.")
    return FAILED
