"""What a transfer's state is called: a sentence that says what, why, and what comes next."""

from dataclasses import dataclass
from typing import Final, Literal

from jetstream.entities import ReceiveTransfer, Transfer
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.state import numbers

Tone = Literal["accent_ink", "dim", "caution", "bad", "good"]

PAUSED_THERE: Final = "Paused."
"""What a sending node says to the receiver when somebody has paused the transfer."""
WAITING_PHASES: Final = frozenset({"queued", "waiting for disk space", "waiting for the peer"})


@dataclass(frozen=True, slots=True)
class Status:
    """A state for people: the short sentence of the row, the long one of the details, an icon and a colour."""

    sentence: str
    icon: str
    tone: Tone
    advice: str = ""
    timeless: str = ""
    """The sentence without the time that it counts down, if it does."""
    brief: str = ""
    """That time alone, where there is no room for the sentence."""


def can_retry(entity: Transfer | ReceiveTransfer) -> bool:
    """Whether it can be tried again from here: what is sent to this node only its sender tries again."""
    if isinstance(entity, ReceiveTransfer) and not entity.download:
        return False
    return entity.status == "error" or entity.next_retry_time is not None


def paused_there(entity: Transfer | ReceiveTransfer) -> bool:
    """Whether somebody has paused it where it comes from."""
    return (isinstance(entity, ReceiveTransfer) and not entity.download
            and (entity.next_retry_time is not None or entity.phase == "waiting for the peer")
            and entity.last_error_message == PAUSED_THERE)


def status_of(entity: Transfer | ReceiveTransfer, other: str, now: int) -> Status:
    """The state of *entity*; *other* is the other side's name, *now* the time in µs."""
    if entity.status == "complete":
        return Status(tr("Complete, verified"), "check", "good",
                      tr("Every byte was checked and is on the disk of the receiving side."))
    if entity.status == "cancelled":
        return Status(tr("Cancelled"), "close", "dim",
                      tr("Nothing more will be sent. Files that are whole stay there."))
    if entity.status == "error":
        return _failed(entity)
    if entity.status == "suspended":
        return Status(tr("Paused"), "pause", "caution", tr("Nothing is lost. Resume goes on where it stopped."))
    return _under_way(entity, other, now)


def _failed(entity: Transfer | ReceiveTransfer) -> Status:
    said = say(entity.error_message or entity.last_error_message or "")
    reason = first_sentence(said or tr("Failed, and no reason was given"))
    advice = tr("It has stopped. What arrived is kept; Retry goes on from there once the cause is gone.")
    if not can_retry(entity):
        advice = tr("It has stopped. What arrived is kept; only the sending side can try again and go on from there.")
    return Status(reason, "alert", "bad", advice)


def _under_way(entity: Transfer | ReceiveTransfer, other: str, now: int) -> Status:
    incoming = isinstance(entity, ReceiveTransfer)
    if entity.phase == "waiting for disk space":
        reason = first_sentence(say(entity.last_error_message or "") or tr("The disk is full, waiting for space"))
        return Status(reason, "alert", "caution",
                      tr("Nothing is lost. It looks again every minute and goes on by itself when there is room."))
    if isinstance(entity, Transfer) and entity.asked_time is not None:
        return _asked(entity, other, now)
    if entity.next_retry_time is not None or entity.phase == "waiting for the peer":
        return _waiting(entity, other, now)
    if entity.phase == "queued":
        return Status(tr("Waiting for its turn"), "clock", "dim",
                      tr("Transfers before it go first. A higher priority moves it up."))
    if entity.phase == "scanning":
        return Status(tr("Counting files"), "search", "accent_ink")
    if entity.phase == "connecting" or entity.status == "pending":
        return Status(tr("Connecting to {other}", other=other), "clock", "dim")
    if entity.phase == "verifying":
        return Status(tr("Verifying"), "check", "accent_ink",
                      tr("All bytes are there; the receiving side checks and flushes them."))
    if incoming:
        return Status(tr("Receiving"), "play", "accent_ink")
    return Status(tr("Sending"), "play", "accent_ink")


def _asked(entity: Transfer, other: str, now: int) -> Status:
    seconds = max(0, now - (entity.asked_time or now)) / numbers.MICROSECONDS
    return Status(tr("{other} has to say yes first", other=entity.peer_name or other), "clock", "caution",
                  tr("Asked {time} ago. It starts by itself as soon as somebody there accepts it.",
                     time=numbers.duration(seconds)))


def _waiting(entity: Transfer | ReceiveTransfer, other: str, now: int) -> Status:
    if paused_there(entity):
        return Status(tr("Paused by {other}", other=other), "pause", "dim",
                      tr("Nothing is lost. It goes on when {other} resumes it.", other=other))
    why = first_sentence(say(entity.last_error_message or ""))
    advice = _what_next(entity, other)
    if why:
        advice = f"{why}. {advice}" if not why.endswith((".", "!", "?")) else f"{why} {advice}"
    if entity.next_retry_time is None:
        return Status(tr("Waiting for {other}", other=other), "clock", "dim", advice)
    seconds = max(0, (entity.next_retry_time - now) // numbers.MICROSECONDS)
    if seconds == 0:
        return Status(tr("Waiting for {other}, trying now", other=other), "clock", "dim", advice)
    sentence = tr("Waiting for {other}, next try in {time}", other=other, time=numbers.clock(seconds))
    return Status(sentence, "clock", "dim", advice, tr("Waiting for {other}", other=other),
                  tr("Next try in {time}", time=numbers.clock(seconds)))


def _what_next(entity: Transfer | ReceiveTransfer, other: str) -> str:
    if can_retry(entity):
        return tr("Nothing is lost. It tries again by itself; Retry tries now.")
    if isinstance(entity, ReceiveTransfer) and not entity.download:
        return tr("Nothing is lost. It goes on by itself as soon as {other} connects again.", other=other)
    return tr("Nothing is lost. It goes on by itself.")


def first_sentence(text: str) -> str:
    """The first line of *text* without a full stop at its end, so that it fits a row."""
    lines = text.strip().splitlines()
    line = lines[0].strip() if lines else ""
    return line[:-1] if line.endswith(".") and not line.endswith("..") else line
