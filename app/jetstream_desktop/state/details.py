"""What the details pane says about one transfer: labelled lines, in words."""

from dataclasses import dataclass

from jetstream.constants import RATE_POLICY_BACKGROUND, RATE_POLICY_FIXED
from jetstream.entities import Destination, Event, ReceiveTransfer, Transfer
from jetstream_desktop.i18n import apart, digits, say, tr, trn
from jetstream_desktop.state import numbers
from jetstream_desktop.state.nodes import LOCAL, OpenNode
from jetstream_desktop.state.rows import BYTES_PER_KBIT, Row
from jetstream_desktop.state.sharing import exact_moment, moment
from jetstream_desktop.state.text import home_relative, printable
from jetstream_desktop.state.words import PAUSED_THERE, first_sentence


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: what it is, what it says, and how it looks."""

    label: str
    text: str
    tone: str = "text"
    icon: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Selected:
    """All that is known of the row that the pane shows."""

    row: Row
    entity: Transfer | ReceiveTransfer
    destination: Destination | None = None
    sources: tuple[str, ...] = ()
    own: str = ""
    """The fingerprint of this node: a reason that names it asks for it to be let in."""
    listed: int | None = None
    """How many files the manifest of an outgoing transfer has; the receiver may have chosen some of them."""
    left_out: int = 0
    """How many things the listing of an outgoing transfer left out."""
    node: OpenNode = LOCAL
    """The node that is shown."""


def overview(chosen: Selected, now: int, home: str) -> tuple[Fact, ...]:
    """The lines of the Overview tab, without those that there is nothing to say in."""
    row, entity = chosen.row, chosen.entity
    facts: list[Fact | None] = []
    if isinstance(entity, Transfer):
        facts += [Fact(tr("From"), _source(chosen, home)), Fact(tr("To"), _target(chosen, entity))]
    else:
        facts += [Fact(tr("From"), printable(row.other)), Fact(tr("To"), _arrives(chosen, home))]
    facts += [_part(chosen), _left_out(chosen), _identity(entity), _verified(entity, now), _line(entity),
              _limit(row, entity), _times(row)]
    return tuple(fact for fact in facts if fact is not None and fact.text)


def _part(chosen: Selected) -> Fact | None:
    files = chosen.row.files
    if files is None or chosen.listed is None or files >= chosen.listed:
        return None
    return Fact(tr("Chosen"), apart(tr("{n} of {total}, by the receiver", n=numbers.count(files),
                                       total=numbers.files(chosen.listed))))


def _left_out(chosen: Selected) -> Fact | None:
    if not chosen.left_out:
        return None
    return Fact(tr("Left out"), trn("one thing, named under Files, Only problems",
                                    "{count} things, named under Files, Only problems", chosen.left_out), "caution")


def why(chosen: Selected) -> str:
    """Why a row stands still, in full, and what comes next."""
    row = chosen.row
    said = (row.error or "") if row.error != say(PAUSED_THERE) else ""
    reason = printable(" ".join(said.split())) or printable(row.status.sentence)
    if not reason.endswith((".", "!", "?")):
        reason = f"{reason}."
    advice, first = printable(row.status.advice), first_sentence(printable(said))
    if first:
        advice = advice.removeprefix(first).lstrip(". ")
    return reason if not advice or advice in reason else f"{reason} {advice}"


def _source(chosen: Selected, home: str) -> str:
    if not chosen.sources:
        return _here(chosen)
    first = printable(chosen.sources[0])
    if chosen.node.local:
        first = home_relative(first, home)
    more = len(chosen.sources) - 1
    return f"{_here(chosen)}, {first}" + (tr(" and {count} more", count=more) if more else "")


def dropped_path(source: str, target: str) -> str:
    """What was sent as a whole, told from one of its files: where that lies and as what it goes."""
    here, there = source.replace("\\", "/").split("/"), target.split("/")
    below = 0
    while below < len(there) - 1 and here[-1 - below] == there[-1 - below] and below < len(here) - 2:
        below += 1
    return source if not below else source[: len(source) - len("/".join(here[-below:])) - 1]


def _arrives(chosen: Selected, home: str) -> str:
    path = printable(chosen.row.path)
    if chosen.node.local or not path:
        return home_relative(path, home)
    return f"{chosen.node.title}, {path}"


def _here(chosen: Selected) -> str:
    return tr("this computer") if chosen.node.local else chosen.node.title


def _target(chosen: Selected, entity: Transfer) -> str:
    where = printable(chosen.row.other)
    if chosen.destination is not None and chosen.destination.name:
        where = f"{where} ({printable(chosen.destination.destination_address)})"
    path = printable(entity.destination_path)
    return f"{where}, {path}" if path else where


def _identity(entity: Transfer | ReceiveTransfer) -> Fact | None:
    if not entity.peer_fingerprint:
        return None
    return Fact(tr("Identity"), tr("{code} · pinned", code=short_fingerprint(entity.peer_fingerprint)), "good", "lock")


def short_fingerprint(fingerprint: str) -> str:
    """The first 16 figures in groups of four: what two people can compare on the telephone."""
    return grouped(fingerprint)[:19]


def grouped(fingerprint: str) -> str:
    """A whole fingerprint in groups of four, so that it can be read out and breaks into lines."""
    plain = fingerprint.replace(":", "")
    return " ".join(plain[i : i + 4] for i in range(0, len(plain), 4))


def _verified(entity: Transfer | ReceiveTransfer, now: int) -> Fact | None:
    if entity.last_checkpoint_time is None and not entity.checkpoint_bytes:
        return None
    text = numbers.size(entity.checkpoint_bytes)
    if entity.last_checkpoint_time is not None and entity.processing:
        age = numbers.duration((now - entity.last_checkpoint_time) / 1e6)
        text = tr("{size}, checkpoint {age} ago", size=text, age=age)
    return Fact(tr("Verified"), text)


def _line(entity: Transfer | ReceiveTransfer) -> Fact | None:
    parts = [] if entity.carrier is None else [entity.carrier.upper()]
    if entity.rtt is not None:
        parts.append(_round_trip(entity.rtt))
    if isinstance(entity, Transfer) and entity.loss_rate is not None:
        shown = f"{entity.loss_rate * 100:.1f}"
        parts.append(tr("no loss") if shown == "0.0" else tr("{n} % loss", n=digits(shown)))
    # Connections hardly ever let others go first (docs/guide.md), so of them it is not said.
    if isinstance(entity, Transfer) and entity.rate_policy == RATE_POLICY_BACKGROUND and entity.carrier == "udp":
        parts.append(tr("in the background"))
    if entity.retries:
        parts.append(trn("{count} retry", "{count} retries", entity.retries))
    return Fact(tr("Line"), ", ".join(parts)) if parts else None


def _round_trip(microseconds: int) -> str:
    if microseconds < 100:
        return tr("under {n} ms", n=digits("0.1"))
    return tr("{n} ms", n=digits(f"{microseconds / 1000:.{0 if microseconds >= 10_000 else 1}f}"))


_NEAR_LIMIT = 0.75
"""Share of a transfer's own limit from which on that limit is named. What the node says of the last second alone would
change with every block of a slow transfer."""


def _limit(row: Row, entity: Transfer | ReceiveTransfer) -> Fact | None:
    if not isinstance(entity, Transfer):
        return None
    own = (entity.send_rate_max or 0) * BYTES_PER_KBIT
    reached = own and row.rate is not None and row.rate >= own * _NEAR_LIMIT
    if entity.bottleneck and entity.processing and not reached:
        return Fact(tr("Limited by"), printable(say(entity.bottleneck)), strong=True)
    if entity.rate_policy == RATE_POLICY_FIXED and entity.send_rate_max:
        return Fact(tr("Limited by"), tr("a fixed rate of {rate}", rate=numbers.rate(entity.send_rate_max * 125)),
                    strong=True)
    if entity.send_rate_max:
        return Fact(tr("Limited by"), tr("you, to {rate}", rate=numbers.rate(entity.send_rate_max * 125)), strong=True)
    return None


def _times(row: Row) -> Fact:
    if row.finished is not None:
        text = tr("{when}, took {time}", when=moment(row.finished), time=_took(row.elapsed or 0))
        if row.average:
            text = tr("{text}, {rate} on average", text=text, rate=numbers.rate(row.average))
        return Fact(tr("Finished"), text)
    return Fact(tr("Added"), moment(row.added) if row.added else "")


def _took(seconds: float) -> str:
    return numbers.duration(seconds) if seconds >= 1 else tr("less than a second")


def event_line(event: Event) -> tuple[str, str]:
    """Time and words of one event."""
    words = say(event.message) or event.event.replace("_", " ")
    return exact_moment(event.timestamp) if event.timestamp else "", printable(words)
