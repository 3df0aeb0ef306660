"""Choices that several commands offer, and the constants of the API behind them."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from jetstream import constants
from jetstream.aio import AsyncClient
from jetstream.entities import Manifest


class Overwrite(enum.StrEnum):
    """What happens to a file that is already there."""

    NEVER = "never"
    ALWAYS = "always"
    BACKUP = "backup"
    KEEP_BOTH = "keep-both"
    IN_PLACE = "in-place"
    IN_PLACE_NEVER = "in-place-never"
    IN_PLACE_SAME_SIZE = "in-place-same-size"

    @property
    def mode(self) -> int:
        """The constant of the API."""
        return _OVERWRITE_MODES[self]


class Symlinks(enum.StrEnum):
    """What happens to symbolic links."""

    FOLLOW = "follow"
    IGNORE = "ignore"
    KEEP = "keep"

    @property
    def mode(self) -> int:
        """The constant of the API."""
        return _SYMLINK_MODES[self]


_OVERWRITE_MODES: Final = {
    Overwrite.NEVER: constants.OVERWRITE_NEVER, Overwrite.ALWAYS: constants.OVERWRITE_ALWAYS,
    Overwrite.BACKUP: constants.OVERWRITE_BACKUP, Overwrite.KEEP_BOTH: constants.OVERWRITE_KEEP_BOTH,
    Overwrite.IN_PLACE: constants.OVERWRITE_IN_PLACE_ALWAYS,
    Overwrite.IN_PLACE_NEVER: constants.OVERWRITE_IN_PLACE_NEVER,
    Overwrite.IN_PLACE_SAME_SIZE: constants.OVERWRITE_IN_PLACE_SAME_SIZE,
}
_SYMLINK_MODES: Final = {Symlinks.FOLLOW: constants.SYMLINK_FOLLOW, Symlinks.IGNORE: constants.SYMLINK_IGNORE,
                         Symlinks.KEEP: constants.SYMLINK_PRESERVE}

Paths = Annotated[list[str], typer.Argument(metavar="PATH...", show_default=False,
                                            help="Files and folders; folders go whole.")]
As = Annotated[list[str] | None, typer.Option(
    "--as", metavar="NAME", show_default=False,
    help="Another name over there, with folders if you like: film/reel.mov. Given once for each PATH, in their order.")]
OverwriteOption = Annotated[Overwrite, typer.Option(help="What happens to files that are already there.")]
SymlinksOption = Annotated[Symlinks, typer.Option(
    help="Symbolic links: send what they lead to, leave them out, or keep them as links.")]
Exclude = Annotated[list[str] | None, typer.Option(
    metavar="PATTERN", help="Leave out names and paths like this; may be given again.")]
SkipUnreadable = Annotated[bool, typer.Option(
    "--skip-unreadable", help="Leave out what cannot be read instead of failing.")]
Detach = Annotated[bool, typer.Option("--detach", help="Print the transfer's id and leave it to the node.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
AskPassword = Annotated[bool, typer.Option("--ask-password", help="Ask for the password.")]


@dataclass(frozen=True, slots=True)
class Listing:
    """How files are listed for a manifest."""

    mappings: Mapping[str, str]
    symlinks: Symlinks
    exclude: list[str] | None
    skip_unreadable: bool

    async def begin(self, client: AsyncClient) -> Manifest:
        """Have the node list them."""
        return await client.send.create_manifest(self.mappings, symlink_mode=self.symlinks.mode, exclude=self.exclude,
                                                 skip_unreadable=self.skip_unreadable)
