"""A transfer as a terminal shows it. Pure: the time is an argument."""

from dataclasses import dataclass

from jetstream.entities import ReceiveTransfer, Transfer
from jetstream_cli import text

AnyTransfer = Transfer | ReceiveTransfer

RECEIVED_PREFIX = "r"
"""Outgoing and incoming transfers are numbered apart; ids of incoming ones are shown with this before them."""

_DONE = {"complete": "complete, verified", "suspended": "paused", "cancelled": "cancelled"}


@dataclass(frozen=True, slots=True)
class View:
    """What is shown of a transfer. *fraction* is from 0.0 to 1.0, ``None`` while the total is not known."""

    id: str
    label: str
    fraction: float | None
    amount: str
    files: str
    rate: str
    left: str
    words: str


def view_of(transfer: AnyTransfer, now: int) -> View:
    """*transfer* at the time *now* (microseconds)."""
    done, total = amounts(transfer)
    fraction = None if total is None else done / total if total else float(transfer.status == "complete")
    count = transfer.total_files
    left = "" if transfer.eta is None or not transfer.processing else f"{text.duration(transfer.eta)} left"
    return View(
        id=shown_id(transfer),
        label=text.shown(transfer.label or "files"),
        fraction=1.0 if transfer.status == "complete" else fraction,
        amount=text.part(done, total),
        files="" if count is None else f"{min(transfer.files_done, count):,}/{text.files(count)}",
        rate=text.rate(transfer.rate) if transfer.processing else "",
        left=left,
        words=words_for(transfer, now),
    )


def path_words(transfer: AnyTransfer) -> str:
    """What limits *transfer* now, and what is known of its way: ``limited by the line, 278 Mbit/s · udp · 111 ms ·
    2.2 % lost``. Empty while nothing is known.
    """
    if not transfer.processing:
        return ""
    bottleneck, loss = (transfer.bottleneck, transfer.loss_rate) if isinstance(transfer, Transfer) else (None, None)
    parts = [f"limited by {text.shown(bottleneck)}"] if bottleneck else []
    if transfer.carrier:
        parts.append(transfer.carrier)
        parts += [f"{transfer.rtt / 1000:.3g} ms"] if transfer.rtt is not None else []
        parts += [f"{loss * 100:.1f} % lost"] if loss is not None else []
    return " · ".join(parts)


def shown_id(transfer: AnyTransfer) -> str:
    """The id as commands take it."""
    return RECEIVED_PREFIX * isinstance(transfer, ReceiveTransfer) + transfer.transfer_id


def amounts(transfer: AnyTransfer) -> tuple[int, int | None]:
    """Bytes that are on the receiver's disk, and all bytes if known."""
    if isinstance(transfer, ReceiveTransfer):
        return transfer.bytes_recv, transfer.total_size
    return transfer.bytes_acked, transfer.total_bytes


def words_for(transfer: AnyTransfer, now: int) -> str:
    """The state of *transfer* in words."""
    if transfer.status == "error":
        return f"failed: {text.shown(transfer.error_message or 'no reason was given')}"
    if not transfer.processing:
        return _DONE.get(transfer.status, transfer.status)
    words = transfer.phase or transfer.status
    why = transfer.last_error_message
    if why and isinstance(transfer, Transfer) and transfer.asked_time is not None:
        return text.shown(why)
    if transfer.next_retry_time is not None:
        seconds = max(0, transfer.next_retry_time - now) / 1e6
        words += f", next try in {text.duration(seconds)}"
    elif not words.startswith("waiting"):
        return words
    return f"{words}: {text.shown(why)}" if why else words
