"""The files of a transfer as the details list them: all, those that fit some words, or those with a problem."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jetstream.entities import Event, Manifest
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.state import numbers
from jetstream_desktop.state.text import printable
from jetstream_desktop.state.verifying import Verification


@dataclass(frozen=True, slots=True)
class FileLine:
    """One line. *problem* is empty for a file that there is nothing to say about."""

    path: str
    size: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FileQuery:
    """Which lines are wanted."""

    text: str = ""
    problems: bool = False

    def fits(self, line: FileLine) -> bool:
        """Whether *line* has all the words."""
        path = line.path.casefold()
        return all(word in path for word in self.text.casefold().split())


def cell(line: FileLine, column: int) -> str:
    """The text of a line in a column: name, size, problem."""
    if column == 0:
        return printable(line.path)
    if column == 1:
        return "" if line.size is None else numbers.size(line.size)
    return printable(line.problem)


def left_out(manifest: Manifest) -> list[FileLine]:
    """What the listing left out, as far as the node names it."""
    lines = [FileLine(path or reason, None, tr("left out: {reason}", reason=say(reason)))
             for path, _, reason in (text.rpartition(": ") for text in manifest.skipped_sample)]
    more = manifest.skipped - len(lines)
    if more > 0:
        lines.append(FileLine("…", None, tr("and {count} more were left out", count=numbers.count(more))))
    return lines


def undelivered(events: Iterable[Event]) -> list[FileLine]:
    """What the last try could not deliver; *events* in the order of time."""
    found: list[FileLine] = []
    for event in events:
        files = event.fields.get("files")
        if isinstance(files, Sequence) and not isinstance(files, str):
            found = [_failed(file) for file in files if isinstance(file, Mapping)]
    return found


def _failed(file: Mapping[str, Any]) -> FileLine:
    return FileLine(str(file.get("path", "")), None, say(str(file.get("reason", ""))) or tr("not delivered"))


def found_wrong(verification: Verification | None) -> list[FileLine]:
    """What comparing with the hashes has found since the window was opened."""
    if verification is None:
        return []
    kinds = ((verification.damaged, tr("damaged, or shares its place with one that is")),
             (verification.missing, tr("gone")), (verification.changed, tr("changed since it arrived")))
    return [FileLine(path, None, words) for paths, words in kinds for path in paths]
