"""Following a transfer with a progress bar until it stops."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Final, TypeVar

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from jetstream.entities import Manifest, ReceiveTransfer, Transfer
from jetstream.errors import ConnectionLost
from jetstream_cli import text
from jetstream_cli.exits import DONE, FAILED, say
from jetstream_cli.showing import amounts, path_words, shown_id, view_of

LOOK_SECONDS: Final = 0.25
_STEPS: Final = 1000
_LABEL_WIDTH: Final = 28

T = TypeVar("T", Transfer, ReceiveTransfer)


def now() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


def console() -> Console:
    """Standard error, as it is now; progress and tables for people go there, results to standard output."""
    return Console(file=sys.stderr, highlight=False)


class _Bar(Progress):
    """A progress bar with a line of small print below it."""

    below = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        """See rich: what is drawn, top to bottom."""
        yield from super().get_renderables()
        if self.below:
            yield Text(f"  {self.below}", style="dim", no_wrap=True, overflow="ellipsis")


def _bar() -> _Bar:
    return _Bar(
        SpinnerColumn(finished_text="[green]✓[/]"), TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=28, finished_style="green"),
        TextColumn("{task.fields[amount]}"), TextColumn("[dim]{task.fields[files]}"),
        TextColumn("{task.fields[rate]}"), TextColumn("[cyan]{task.fields[left]}"),
        TextColumn("[dim]{task.fields[words]}"), console=console(), auto_refresh=False, transient=False,
    )


async def follow(look: Callable[[], Awaitable[T]], scan: Callable[[], Awaitable[Manifest]] | None = None) -> T:
    """Show a transfer until it stops; returns how it stopped.

    :param look: asks for the transfer.
    :param scan: asks for its manifest, of which more is shown while files are still being listed.
    """
    with _bar() as bar:
        task = bar.add_task("", total=_STEPS, amount="", files="", rate="", left="", words="")
        told = False
        while True:
            transfer = await look()
            asked = isinstance(transfer, Transfer) and transfer.asked_time is not None
            if asked and not told:
                told = True
                bar.console.print(escape(f"{text.shown(transfer.last_error_message or '')} It starts by itself when "
                                         "somebody there accepts it (in the window, or with jetstream offers)."))
            view = view_of(transfer, now())
            amount, files = view.amount, view.files
            if scan is not None and view.fraction is None and transfer.processing:
                manifest = await scan()
                amount, files = text.size(manifest.scanned_size), text.files(manifest.scanned_files)
            steps = None if view.fraction is None else int(view.fraction * _STEPS)
            bar.update(task, completed=steps or 0, total=None if steps is None else _STEPS,
                       description=escape(_short(view.label)), amount=amount, files=files, rate=view.rate,
                       left=view.left, words="waiting for a yes" if asked else escape(view.words))
            bar.below = path_words(transfer)
            bar.refresh()
            if not transfer.processing:
                return transfer
            await asyncio.sleep(LOOK_SECONDS)


async def follow_manifest(look: Callable[[], Awaitable[Manifest]]) -> Manifest:
    """Show a manifest until it is complete or failed."""
    with _bar() as bar:
        task = bar.add_task("", total=None, amount="", files="", rate="", left="", words="scanning")
        while True:
            manifest = await look()
            finished = not manifest.processing
            bar.update(task, total=_STEPS if finished else None, completed=_STEPS if finished else 0,
                       description=escape(_short(text.shown(manifest.label or "files"))),
                       amount=text.size(manifest.scanned_size), files=text.files(manifest.scanned_files),
                       words=manifest.status if finished else "scanning")
            bar.refresh()
            if finished:
                return manifest
            await asyncio.sleep(LOOK_SECONDS)


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_WIDTH else label[: _LABEL_WIDTH - 1] + "…"


def report(transfer: Transfer | ReceiveTransfer, where: str) -> int:
    """Say how a transfer stopped; returns the exit code.

    :param where: the end of the sentence "Sent 5 files, 12 KB ...".
    """
    ident = shown_id(transfer)
    if transfer.status == "complete":
        verb = "Received" if isinstance(transfer, ReceiveTransfer) else "Sent"
        _, total = amounts(transfer)
        took = ((transfer.end_time or 0) - (transfer.start_time or 0)) / 1e6
        speed = f" in {text.duration(took)} ({text.size((total or 0) / took)}/s)" if took >= 1 and total else ""
        say(f"{verb} {text.files(transfer.total_files or 0)}, {text.size(total or 0)}, {where}{speed}. "
            "Every byte is verified and on the disk.")
        return DONE
    if transfer.status == "error":
        say(f"Transfer {ident} failed: {transfer.error_message or 'no reason was given'}\n"
            f"What arrived is kept. Try again with: jetstream resume {ident}")
    elif transfer.status == "suspended":
        say(f"Transfer {ident} was paused. Go on with: jetstream resume {ident}")
    else:
        say(f"Transfer {ident} was cancelled.")
    return FAILED


@contextlib.contextmanager
def left_to_the_node(ident: str) -> Iterator[None]:
    """While the block follows transfer *ident*: Ctrl-C and a lost connection end the command, not the transfer."""
    try:
        yield
    except asyncio.CancelledError:
        say(f"\nYour node goes on with transfer {ident}.\n"
            f"    watch it:   jetstream ls --watch\n"
            f"    pause it:   jetstream pause {ident}\n"
            f"    stop it:    jetstream cancel {ident}")
        raise
    except ConnectionLost:
        say(f"Transfer {ident} goes on as soon as your node runs again. Watch it with `jetstream ls --watch`.")
        raise


def report_skipped(manifest: Manifest) -> None:
    """Say what was left out of a manifest."""
    if manifest.skipped:
        sample = "".join(f"\n    {name}" for name in manifest.skipped_sample)
        more = manifest.skipped - len(manifest.skipped_sample)
        rest = f"\n    and {more} more" if more > 0 and sample else ""
        say(f"Left out, because it cannot be read or is no file: {manifest.skipped}{sample}{rest}")
