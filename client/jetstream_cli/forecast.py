"""A preview of a transfer in sentences for a terminal. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from jetstream.checks import Check
from jetstream.findings import Outcome, Step
from jetstream.previews import PathProblem, Preview
from jetstream_cli import text
from jetstream_cli.choices import Overwrite
from jetstream_cli.targets import Target

SHOWN: Final = 5
"""Paths that are named of each kind."""

_UNLESS: Final = "unless both are the same"
_MODES: Final = {
    Overwrite.ALWAYS: "What is there would be replaced.",
    Overwrite.NEVER: f"What is there would stay, and what is sent lie beside it as NAME.jetpart, {_UNLESS}.",
    Overwrite.BACKUP: f"What is there would become NAME.jetbak, {_UNLESS}.",
    Overwrite.KEEP_BOTH: f"What is there would stay, and what is sent get “ (2)” into its name, {_UNLESS}.",
    Overwrite.IN_PLACE: "What is there would be written over.",
    Overwrite.IN_PLACE_NEVER: "What is there would stay, and what is sent for it be dropped.",
    Overwrite.IN_PLACE_SAME_SIZE: "What has the same size would be written over. The rest would stay, and what is sent "
                                  "for it be dropped.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence and what it is about. *examples* stand below it, *fix* says what to do."""

    about: str
    text: str
    outcome: str = Outcome.OK
    examples: tuple[str, ...] = ()
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast it would go: kbit/s of the last transfer there, or a *limit* that is lower; ``None``: not known."""

    last: int | None = None
    limit: int | None = None


def forecast(preview: Preview, target: Target, overwrite: Overwrite, pace: Pace) -> list[Line]:
    """What would happen."""
    found = {one.step: one for one in preview.checks}
    way = _way(preview.checks)
    lines = [_goes(preview), *_here(preview, found), _to(target, found, way)]
    if way is not None:
        return lines
    lines += [*_identity(found), *_room(found)]
    if preview.total_files:
        lines.append(_there(preview, found, overwrite))
    return [*lines, *_names(preview, found), *_takes(preview, pace)]


def conclusion(preview: Preview) -> str:
    """All of it in a sentence."""
    if not preview.would_work:
        return "It would not work like this."
    if not preview.complete:
        return "As far as it was looked at, it would work."
    if preview.admission == "ask":
        return "It would work, once somebody there says yes."
    return "It would work." if preview.admission == "yes" else "Nothing is known that would stop it."


def _way(checks: Sequence[Check]) -> Check | None:
    """What ends the way to the other node, or its door."""
    after = (Step.FOLDER, Step.FILES, Step.NAMES, Step.ROOM)
    return next((one for one in checks if one.failed and one.step not in after), None)


def _goes(preview: Preview) -> Line:
    if not preview.total_files:
        return Line("Goes", "No file." if preview.complete else "No file so far.", Outcome.WARNING)
    words = f"{text.files(preview.total_files)}, {text.size(preview.total_size)}"
    whole = next((one.code != "files-more" for one in preview.checks if one.step == Step.FILES), False)
    return Line("Goes", f"{words}." if whole else f"{words}, and more that was not looked at.")


def _here(preview: Preview, found: dict[str, Check]) -> list[Line]:
    check = found.get(Step.FILES)
    if not preview.unreadable_total or check is None:
        return []
    count = preview.unreadable_total
    words = "1 thing cannot be read here" if count == 1 else f"{count:,} things cannot be read here"
    rest = ":" if check.failed else ", and would be left out:"
    return [Line("Here", words + rest, check.outcome, _problems(preview.unreadable, count), check.fix)]


def _to(target: Target, found: dict[str, Check], way: Check | None) -> Line:
    protocol, login = found.get(Step.PROTOCOL), found.get(Step.LOGIN)
    name = str(protocol.facts.get("node") or "") if protocol is not None else ""
    place = f"“{text.shown(name)}” at {target}" if name else str(target)
    if way is not None:
        return Line("To", f"{place}. {text.shown(way.text)}", way.outcome, fix=text.shown(way.fix))
    if login is None:
        return Line("To", f"{place}.")
    return Line("To", f"{place}. {text.shown(login.text)}", login.outcome, fix=text.shown(login.fix))


def _identity(found: dict[str, Check]) -> list[Line]:
    check = found.get(Step.IDENTITY)
    if check is None or check.code != "identity-first":
        return []
    return [Line("", f"Its identity is {text.shown(check.text)}")]


def _room(found: dict[str, Check]) -> list[Line]:
    folder, room = found.get(Step.FOLDER), found.get(Step.ROOM)
    worse = next((one for one in (folder, room) if one is not None and one.failed), room)
    if worse is None or worse.code == "room-private":  # what is said of the names says it
        return []
    words = text.shown(worse.text)
    if worse.code == "room-ok" and worse.facts.get("needed") == 0:
        words = f"{text.size(float(worse.facts.get('free') or 0))} are free there, and no more is needed."
    return [Line("Room", words, worse.outcome, fix=text.shown(worse.fix))]


def _there(preview: Preview, found: dict[str, Check], overwrite: Overwrite) -> Line:
    present, total = preview.present, preview.total_files
    if present is None:
        check = found.get(Step.NAMES)
        if check is None:
            return Line("There", "What is there was not told.", Outcome.UNKNOWN)
        return Line("There", text.shown(check.text), check.outcome, fix=text.shown(check.fix))
    if not present:
        return Line("There", "Nothing of it is there yet." if preview.complete else
                    "Nothing of it is there yet, as far as it was looked at.")
    some = "It is" if total == 1 else "All of them are" if present == total else (
        f"{present:,} of them {'is' if present == 1 else 'are'}")
    same = preview.unchanged or 0
    words = f"{some} there already ({text.size(preview.present_size or 0)})"
    if same:
        words += ", with the same size and time" if same == present else f", {same:,} with the same size and time"
    words += f". {_MODES[overwrite]}" + " Unchanged files are sent all the same." * bool(same)
    outcome = Outcome.OK if same == present else Outcome.WARNING
    return Line("There", words, outcome, _some(map(text.shown, preview.present_sample), present))


def _names(preview: Preview, found: dict[str, Check]) -> list[Line]:
    count, check = preview.refused_total, found.get(Step.NAMES)
    if not count or check is None:
        return []
    words = "1 thing cannot be stored there:" if count == 1 else f"{count:,} things cannot be stored there:"
    return [Line("Names", words, check.outcome, _problems(preview.refused or (), count), check.fix)]


def _takes(preview: Preview, pace: Pace) -> list[Line]:
    limited = pace.limit is not None and (pace.last is None or pace.limit < pace.last)
    rate = pace.limit if limited else pace.last
    if not rate or not preview.transfer_size:
        return []
    time = text.duration(max(1, preview.transfer_size / (rate * 125)))
    if pace.last is None:
        return [Line("Takes", f"At least {time}, at the {text.rate(rate)} of --rate.")]
    return [Line("Takes", f"About {time}, at the {text.rate(rate)} of {'--rate' if limited else 'the last time'}.")]


def _problems(problems: Sequence[PathProblem], total: int) -> tuple[str, ...]:
    return _some((f"{text.shown(one.path)}: {text.shown(one.reason)}" for one in problems), total)


def _some(paths: Iterable[str], total: int) -> tuple[str, ...]:
    named = [path for path, _ in zip(paths, range(SHOWN if total > SHOWN + 1 else total), strict=False)]
    return (*named, f"and {total - len(named):,} more") if total > len(named) else tuple(named)
