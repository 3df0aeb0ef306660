"""How the window stands with its node: one frozen value, never a bag of flags."""

import math
from dataclasses import dataclass

from jetstream.entities import ServerInfo


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Nothing is under way."""


@dataclass(frozen=True, slots=True)
class Connecting:
    """A connection is being made. *since* in seconds of the loop's clock; *step* is the sentence for people."""

    since: float
    step: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The node answers."""

    server: ServerInfo


@dataclass(frozen=True, slots=True)
class Failed:
    """The node cannot be reached. *retry_at* is the time of the next try."""

    reason: str
    retry_at: float


@dataclass(frozen=True, slots=True)
class IdentityChanged:
    """Another node than the known one answers. Nothing is tried again until a person has decided."""

    reason: str
    expected: str
    presented: str


@dataclass(frozen=True, slots=True)
class LoginRefused:
    """The node is there but does not let this person in. Trying again by itself would only look like guessing."""

    reason: str


Connection = Disconnected | Connecting | Connected | Failed | IdentityChanged | LoginRefused


def retry_delay(attempt: int) -> float:
    """Seconds to wait before the try number *attempt* (from 1): growing, never longer than half a minute."""
    return float(min(30, 2 ** max(0, min(attempt, 6) - 1)))


def seconds_until(status: Connection, now: float) -> int | None:
    """The countdown that a bar shows, if there is one."""
    return max(0, math.ceil(status.retry_at - now)) if isinstance(status, Failed) else None
