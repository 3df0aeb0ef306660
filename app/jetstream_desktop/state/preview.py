"""What the composer's card says before the first byte goes: a few rows made of what the node found out.

The card never keeps anything from being sent. Rows are there only where there is something to say; what was found so
far is shown while the node still looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jetstream.checks import Check
from jetstream.constants import OVERWRITE_ALWAYS, OVERWRITE_BACKUP, OVERWRITE_KEEP_BOTH, OVERWRITE_NEVER
from jetstream.entities import Preview
from jetstream.findings import Outcome, Step
from jetstream_desktop.i18n import say, tr, trn
from jetstream_desktop.state import findings, numbers
from jetstream_desktop.state.address import Choice
from jetstream_desktop.state.basket import Basket, Flag, blocked
from jetstream_desktop.state.counting import Count
from jetstream_desktop.state.options import Options
from jetstream_desktop.state.text import printable

GOES, CHECKED, ROOM, THERE, REFUSED, UNREADABLE, TAKES = (
    "goes", "checked", "room", "there", "refused", "unreadable", "takes")
KEYS: Final = (GOES, CHECKED, ROOM, THERE, REFUSED, UNREADABLE, TAKES)
"""Every row that there can be."""
_ON_THE_WAY: Final = frozenset({Step.NAME, Step.ROUTE, Step.PROTOCOL, Step.ROUND_TRIP})
"""Steps that fail while the other side is switched off or away: a transfer waits for it."""
_ROWS_OF_THEIR_OWN: Final = frozenset({"files-unreadable", "names-refused", "room-short"})
_FULL: Final = "folder-full"


@dataclass(frozen=True, slots=True)
class Question:
    """What the node is asked to look at. As long as it is the same, the answer counts."""

    mappings: Mapping[str, str]
    exclude: tuple[str, ...]
    symlinks: int
    destination: str | None
    way: tuple[str, int, str | None, str | None]
    """Address, port, user and identity: of a saved destination, so that a change of it asks anew; of another one, to
    ask with.
    """
    folder: str
    overwrite: int

@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a question: nothing yet, something, all, or why nothing can be known."""

    preview: Preview | None = None
    running: bool = False
    problem: str = ""


NOTHING: Final = Answer()


def question(basket: Basket, choice: Choice | None, options: Options) -> Question | None:
    """What to ask, ``None`` if nothing can or should be.

    A destination that is saved, near or this computer may be dialled without being told to: a person has chosen it, and
    its identity is known or was announced. An address that was just typed may not: half of it is another computer's
    address, and whoever answers there would learn of this node before anybody meant to talk to them.
    """
    mappings = basket.mappings()
    if choice is None or not mappings or blocked(basket) is not None:
        return None
    known, fields = choice.destination, choice.fields or {}
    if known is not None:
        way = (known.destination_address, known.destination_port, known.user_name,
               known.permitted_destination_public_key)
    elif choice.address is not None and fields.get("permitted_destination_public_key"):
        way = (choice.address.host, choice.address.port, None, fields["permitted_destination_public_key"])
    else:
        return None
    return Question(mappings, basket.exclude, options.symlinks, known.id if known is not None else None, way,
                    options.folder, options.overwrite)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the card: *tone* of the theme, *fix* what to do about it."""

    key: str
    name: str
    text: str
    tone: str = "text"
    fix: str = ""

    @property
    def icon(self) -> str:
        """What stands before the text, in its tone."""
        return {"good": "check", "caution": "alert", "bad": "alert"}.get(self.tone, "")

    @property
    def problem(self) -> bool:
        """Whether a person should look before sending."""
        return self.tone in ("caution", "bad")

    @property
    def spoken(self) -> str:
        """All of it for a screen reader."""
        return f"{self.name}: {' '.join(part for part in (self.text.rstrip('.') + '.', self.fix) if part)}"


@dataclass(frozen=True, slots=True)
class Card:
    """What the card shows. *note* stands above the rows: what keeps all of it from going, or a remark."""

    rows: tuple[Row, ...] = ()
    note: str = ""
    note_tone: str = "dim"
    running: bool = False
    stopped: bool = False
    """Something on the way there failed; that somebody is asked first is no failure."""

    @property
    def problem(self) -> Row | None:
        """What to look at first, if there is something."""
        return next((row for row in self.rows if row.problem), None)

    @property
    def spoken(self) -> str:
        """All of it in one go, for a screen reader."""
        return " ".join(part for part in (self.note, *(row.spoken for row in self.rows)) if part)

    @property
    def line(self) -> tuple[str, str]:
        """The one line of a card that is folded, and its tone: the problem, or what goes and how long it takes."""
        if self.note and self.note_tone == "bad":
            return self.note, "bad"
        if (problem := self.problem) is not None:
            return problem.text if problem.key == CHECKED else f"{problem.name}: {problem.text}", problem.tone
        shown = {row.key: row for row in self.rows}
        parts = [shown[GOES].text] if GOES in shown else []
        if self.running and CHECKED in shown:
            parts.append(shown[CHECKED].text)
        elif THERE in shown:
            parts.append(f"{shown[THERE].name}: {shown[THERE].text}")
        parts += [shown[TAKES].text] if TAKES in shown else []
        return " · ".join(parts) or self.note, "dim"


def names() -> dict[str, str]:
    """What the rows are called."""
    return {GOES: tr("To send"), CHECKED: tr("Checked"), ROOM: tr("Room there"), THERE: tr("Already there"),
            REFUSED: tr("Will not fit"), UNREADABLE: tr("Cannot be read"), TAKES: tr("Takes")}


def _row(key: str, text: str, tone: str = "text", fix: str = "") -> Row:
    return Row(key, names()[key], text, tone, fix)


def card_of(count: Count, choice: Choice | None, options: Options, reason: str | None, answer: Answer) -> Card:
    """The card for a basket of *count*, *reason* why it cannot go, and what is known of where it goes."""
    found, note = answer.preview, choice.note if choice is not None else ""
    checked, room = _checked(found, answer), _room(found)
    if note and checked is not None and checked.problem:
        checked = None  # the note says the same with more knowledge of the place
    rows = [_goes(count), checked]
    rows.insert(0 if room is not None and room.problem else 2, room)
    rows += [_there(options, found), _refused(found), _unreadable(count, found), _takes(count, choice, options)]
    shown = tuple(row for row in rows if row is not None)
    return Card(shown, reason or note, "bad" if reason is not None else "dim", answer.running,
                checked is not None and _in_the_way(found) is not None)


def remarks(found: Preview | None, options: Options) -> dict[str, Flag]:
    """What to say beside rows of the tree, by their targets. Files that are there already are marked only if all of
    them are told: some marks would say that the others are not there.
    """
    if found is None:
        return {}
    result = {}
    if found.present and found.present == len(found.present_sample):
        words = tr("already there: {what}", what=_fate(options.overwrite))
        if found.unchanged and options.overwrite == OVERWRITE_ALWAYS:
            words = tr("already there, unchanged") if found.unchanged == found.present else tr("already there")
        result = {target: Flag(words) for target in found.present_sample}
    for name in found.refused or ():
        result[name.path] = Flag(tr("refused there: {reason}", reason=say(name.reason)))
    return result


def _goes(count: Count) -> Row | None:
    if not count.files and count.complete:
        return None
    what = tr("{files}, {size}", files=numbers.files(count.files), size=numbers.size(count.size))
    return _row(GOES, what if count.complete else tr("{what} so far", what=what))


def _checked(found: Preview | None, answer: Answer) -> Row | None:
    if (failed := _in_the_way(found)) is not None:
        line = findings.lines([failed], False)[0]
        return _row(CHECKED, line.text, "caution" if failed.step in _ON_THE_WAY else "bad", line.fix)
    if answer.running:
        return _row(CHECKED, tr("checking…"), "dim")
    if answer.problem:
        return _row(CHECKED, tr("could not be checked: {reason}", reason=answer.problem), "dim")
    if found is None:
        return None
    if found.admission == "ask":
        return _row(CHECKED, tr("somebody there will be asked"), "caution", tr("It starts when they say yes."))
    well = _in_order(found.checks)
    return _row(CHECKED, ", ".join(well), "good") if well else None


def _in_the_way(found: Preview | None) -> Check | None:
    """The first thing that failed and has no row of its own."""
    if found is None:
        return None
    row = _room(found)
    shown = _ROWS_OF_THEIR_OWN | ({_FULL} if row is not None and row.problem else set())
    return next((check for check in found.checks if check.failed and check.code not in shown), None)


def _in_order(checks: Sequence[Check]) -> list[str]:
    """What was found as it should be."""
    done = {check.step for check in checks if check.outcome in (Outcome.OK, Outcome.WARNING)}
    words = ((Step.IDENTITY, tr("identity")), (Step.LOGIN, tr("rights")), (Step.FOLDER, tr("folder")))
    return [word for step, word in words if step in done]


def _room(found: Preview | None) -> Row | None:
    if found is None or found.free_space is None:
        return None
    free = tr("{free} free", free=numbers.size(found.free_space))
    if found.needed_space is not None and found.needed_space > found.free_space:
        text = tr("{free}, {needed} needed", free=free, needed=numbers.size(found.needed_space))
        return _row(ROOM, text, "caution", tr("It can be sent; it waits until there is room."))
    return _row(ROOM, free)


def _there(options: Options, found: Preview | None) -> Row | None:
    if found is None or not found.present:
        return None
    present, unchanged = found.present, min(found.unchanged or 0, found.present)
    if options.overwrite == OVERWRITE_ALWAYS and unchanged:
        other = present - unchanged
        text = trn("{count} file, unchanged", "{count} files, unchanged", unchanged) if not other else tr(
            "{same} unchanged, {other} replaced", same=numbers.count(unchanged), other=numbers.count(other))
    else:
        text = tr("{files}, {what}", files=numbers.files(present), what=_fate(options.overwrite))
    return _row(THERE, text if found.complete else tr("{what} so far", what=text))


def _fate(overwrite: int) -> str:
    """What becomes of a file that is there, in a word."""
    words = {OVERWRITE_ALWAYS: tr("replaced"), OVERWRITE_KEEP_BOTH: tr("both kept"), OVERWRITE_NEVER: tr("kept"),
             OVERWRITE_BACKUP: tr("kept as .jetbak")}
    return words.get(overwrite, tr("replaced"))


def _refused(found: Preview | None) -> Row | None:
    if found is None or not found.refused:
        return None
    total, first = max(found.refused_total or 0, len(found.refused)), found.refused[0]
    return _row(REFUSED, trn("{count} name", "{count} names", total), "bad",
                tr("“{name}”: {reason}. Give it another name.", name=printable(first.path), reason=say(first.reason)))


def _unreadable(count: Count, found: Preview | None) -> Row | None:
    number = max(count.unreadable, found.unreadable_total if found is not None else 0)
    if not number:
        return None
    return _row(UNREADABLE, trn("{count} file, left out", "{count} files, left out", number), "caution")


def _takes(count: Count, choice: Choice | None, options: Options) -> Row | None:
    known = choice.destination.last_rate if choice is not None and choice.destination is not None else None
    rates = [rate for rate in (known, options.limit) if rate]
    if not rates or not count.size:
        return None
    time = numbers.duration(count.size / (min(rates) * 125))
    if options.limit and options.limit <= (known or options.limit):
        return _row(TAKES, tr("about {time} at this limit", time=time) if known else
                   tr("at least {time}", time=time))
    return _row(TAKES, tr("about {time} at the speed of last time", time=time))
