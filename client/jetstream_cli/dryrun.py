"""``jetstream send --dry-run``: asks the node what would happen, and shows it."""

import contextlib
import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from jetstream.aio import AsyncClient, watch_preview
from jetstream.entities import Destination, to_wire
from jetstream.errors import InvalidParameters, VersionMismatch
from jetstream.findings import Outcome
from jetstream.previews import Preview
from jetstream_cli import text
from jetstream_cli.choices import Overwrite
from jetstream_cli.exits import DONE, FAILED
from jetstream_cli.following import console
from jetstream_cli.forecast import Line, Pace, conclusion, forecast
from jetstream_cli.targets import Target

_COLUMN: Final = 8
_NARROW: Final = 40
_STYLES: Final[Mapping[str, str]] = {
    Outcome.OK: "default", Outcome.WARNING: "yellow", Outcome.FAILED: "red", Outcome.SKIPPED: "dim",
    Outcome.UNKNOWN: "dim",
}


async def preview(client: AsyncClient, values: Mapping[str, Any], *, quiet: bool) -> Preview:
    """What the node finds; how far it is stands on a terminal meanwhile, unless *quiet*.

    :param values: parameters of ``send.previewTransfer``.
    :raises VersionMismatch: if the node is too old.
    """
    known = Preview()
    with contextlib.ExitStack() as stack:
        screen = console()
        status = None if quiet or not screen.is_terminal else stack.enter_context(screen.status("Looking …"))
        try:
            async with contextlib.aclosing(watch_preview(client.call, **values)) as seen:
                async for known in seen:
                    if status is not None:
                        status.update(f"Looking … {text.files(known.total_files)}, {text.size(known.total_size)}")
        except InvalidParameters as error:
            if error.facts.get("field") != "method":
                raise
            raise VersionMismatch("Your node is too old to look before it sends. Update it and start it "
                                  "again.") from error
    return known


def show(found: Preview, target: Target, overwrite: Overwrite, pace: Pace, *, as_json: bool) -> int:
    """Print it; returns the exit code."""
    if as_json:
        print(json.dumps(to_wire(found), indent=2))
    else:
        screen = Console(file=sys.stdout, highlight=False)
        width = screen.width if screen.is_terminal else None
        for line in forecast(found, target, overwrite, pace):
            screen.print(_shown(line, width), soft_wrap=True)
        screen.print(f"\n{conclusion(found)} Nothing was sent.", soft_wrap=True)
    return DONE if found.would_work else FAILED


def last_rate(book: Sequence[Destination], host: str, port: int) -> int | None:
    """kbit/s of the last transfer to this place, if one is known."""
    there = [one for one in book if one.last_rate and one.destination_port == port
             and one.destination_address.casefold() == host.casefold()]
    return max(there, key=lambda one: one.last_used_time or 0).last_rate if there else None


def _shown(line: Line, width: int | None) -> Text:
    """One line as the terminal shows it, broken at *width* if there is one."""
    column = _COLUMN if width is None or width >= _NARROW else 2
    style = _STYLES.get(line.outcome, "default")
    about = f"{line.about:<{_COLUMN}}" if column == _COLUMN else f"{line.about}\n  " if line.about else "  "
    shown = Text().append(about, "bold")
    shown.append(_broken(line.text, column, width), style)
    for example in line.examples:
        shown.append("\n" + " " * (column + 2) + _broken(example, column + 2, width), "dim")
    if line.fix:
        shown.append("\n" + " " * column + _broken(f"→ {line.fix}", column, width), "cyan")
    return shown


def _broken(words: str, column: int, width: int | None) -> str:
    if width is None:
        return words
    lines = textwrap.wrap(words, max(10, width - column), break_long_words=True, break_on_hyphens=False)
    return ("\n" + " " * column).join(lines)
