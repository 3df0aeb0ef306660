"""What a link gives, in a terminal: all files of its preview, the chosen ones, and how they are listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from jetstream.aio import AsyncClient
from jetstream.choosing import matches
from jetstream.errors import InvalidParameters
from jetstream_cli import text

PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Shared:
    """A preview with all its files."""

    facts: dict[str, Any]
    files: Sequence[dict[str, Any]]


async def look(client: AsyncClient, link: str, password: str | None) -> Shared:
    """Everything that *link* gives."""
    facts = page = await client.receive.preview_download(link, password, 0, PAGE)
    files = list(page["files"])
    while page["nextOffset"] is not None:
        page = await client.receive.preview_download(link, password, page["nextOffset"], PAGE)
        files += page["files"]
    return Shared(facts, files)


def chosen(shared: Shared, patterns: Sequence[str]) -> list[dict[str, Any]]:
    """The files that one of the *patterns* fits.

    :raises InvalidParameters: if there is none.
    """
    found = [file for file in shared.files if matches(file["destPath"], patterns)]
    if not found:
        raise InvalidParameters(
            f"None of the {text.files(len(shared.files))} fits {' or '.join(patterns)}. "
            "`jetstream get LINK --list` shows them."
        )
    return found


def lines(files: Sequence[dict[str, Any]]) -> list[str]:
    """One line for each file: its size, and its path as a terminal may show it."""
    return [f"{_size(file):>10}  {text.shown(file['destPath'])}" for file in files]


def _size(file: dict[str, Any]) -> str:
    if file["isEmptyDir"]:
        return "folder"
    return "link" if file["isSymlink"] else text.size(file["fileSize"])


def summary(shared: Shared, files: Sequence[dict[str, Any]]) -> str:
    """Who shares what, until when, how often."""
    facts, total = shared.facts, sum(file["fileSize"] for file in files)
    name = facts["description"] or facts["label"] or "files"
    count = sum(not file["isEmptyDir"] for file in files)
    words = [f"{name} from {facts['sourceName']}: {text.files(count)}, {text.size(total)}"]
    if len(files) < len(shared.files):
        words.append(f"of {text.files(facts['totalFiles'])}, {text.size(facts['totalSize'])}")
    if facts["expiryTime"] is not None:
        until = datetime.fromtimestamp(facts["expiryTime"] / 1_000_000, UTC).astimezone()
        words.append(f"until {until:%Y-%m-%d %H:%M}")
    if facts["downloadsLeft"] is not None:
        words.append(f"downloads left: {facts['downloadsLeft']}")
    return text.shown(", ".join(words) + ".")
