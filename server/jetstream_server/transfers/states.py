"""The lives of manifests and transfers: one table each, *(state, event) → state*. Nothing else decides a status.

A move that is not in the table is a bug or a call that came too late, and raises :class:`IllegalMove`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar


class ManifestStatus(StrEnum):
    """Of a manifest."""

    PENDING = "pending"
    COMPLETE = "complete"
    ERROR = "error"


class ManifestEvent(StrEnum):
    """What can happen to a manifest."""

    SCANNED = "scanned"
    FAIL = "fail"


class Status(StrEnum):
    """Of a transfer. ``SENDING`` is the sender's word, ``RECEIVING`` the receiver's."""

    PENDING = "pending"
    SENDING = "sending"
    RECEIVING = "receiving"
    COMPLETE = "complete"
    SUSPENDED = "suspended"
    ERROR = "error"
    CANCELLED = "cancelled"


class Event(StrEnum):
    """What can happen to a transfer."""

    START = "start"
    """Blocks begin to flow."""
    LOSE = "lose"
    """The link broke, or something else that trying again can mend."""
    FINISH = "finish"
    """Everything is on the receiver's disk."""
    SUSPEND = "suspend"
    RESUME = "resume"
    CANCEL = "cancel"
    FAIL = "fail"


    @property
    def participle(self) -> str:
        """For sentences: "it cannot be … now"."""
        words = {Event.SUSPEND: "paused", Event.RESUME: "resumed", Event.CANCEL: "cancelled", Event.FAIL: "failed"}
        return words.get(self, self.value)


class Phase(StrEnum):
    """What a transfer is doing inside its status."""

    QUEUED = "queued"
    CONNECTING = "connecting"
    SCANNING = "scanning"
    SENDING = "sending"
    RECEIVING = "receiving"
    VERIFYING = "verifying"
    WAITING_FOR_DISK = "waiting for disk space"
    WAITING_FOR_PEER = "waiting for the peer"


MANIFEST_MOVES: Final[Mapping[tuple[ManifestStatus, ManifestEvent], ManifestStatus]] = {
    (ManifestStatus.PENDING, ManifestEvent.SCANNED): ManifestStatus.COMPLETE,
    (ManifestStatus.PENDING, ManifestEvent.FAIL): ManifestStatus.ERROR,
}

SENDING_MOVES: Final[Mapping[tuple[Status, Event], Status]] = {
    (Status.PENDING, Event.START): Status.SENDING,
    (Status.PENDING, Event.LOSE): Status.PENDING,
    (Status.PENDING, Event.FINISH): Status.COMPLETE,
    (Status.PENDING, Event.SUSPEND): Status.SUSPENDED,
    (Status.PENDING, Event.CANCEL): Status.CANCELLED,
    (Status.PENDING, Event.FAIL): Status.ERROR,
    (Status.SENDING, Event.LOSE): Status.PENDING,
    (Status.SENDING, Event.FINISH): Status.COMPLETE,
    (Status.SENDING, Event.SUSPEND): Status.SUSPENDED,
    (Status.SENDING, Event.CANCEL): Status.CANCELLED,
    (Status.SENDING, Event.FAIL): Status.ERROR,
    (Status.SUSPENDED, Event.RESUME): Status.PENDING,
    (Status.SUSPENDED, Event.CANCEL): Status.CANCELLED,
    (Status.SUSPENDED, Event.FAIL): Status.ERROR,
    (Status.ERROR, Event.RESUME): Status.PENDING,
    (Status.ERROR, Event.CANCEL): Status.CANCELLED,
}

RECEIVING_MOVES: Final[Mapping[tuple[Status, Event], Status]] = {
    **{
        (Status.RECEIVING if old is Status.SENDING else old, event): Status.RECEIVING if new is Status.SENDING else new
        for (old, event), new in SENDING_MOVES.items()
    },
    (Status.ERROR, Event.START): Status.RECEIVING,
}
"""As the sender's, and a sender that tries again after an error brings the receiver's record back to life."""

PROCESSING: Final = frozenset({Status.PENDING, Status.SENDING, Status.RECEIVING})
"""While a transfer is in one of these the node works on it."""

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class IllegalMove(Exception):
    """An event came that has no place in the current state."""

    def __init__(self, state: StrEnum, event: StrEnum) -> None:
        super().__init__(f"{event.value} is not possible while {state.value}")
        self.state = state
        self.event = event


def move(table: Mapping[tuple[S, E], S], state: S, event: E) -> S:
    """The state after *event*.

    :raises IllegalMove: if the table has no such move.
    """
    try:
        return table[state, event]
    except KeyError:
        raise IllegalMove(state, event) from None
