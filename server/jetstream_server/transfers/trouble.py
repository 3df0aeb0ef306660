"""What ends a transfer's session, as the scheduler has to treat it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """Everything has arrived. *failed*: how many files could not be delivered, and the sentence that names them."""

    failed: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Something that time may mend: the transfer waits and is tried again by itself."""

    message: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A person at the receiver has to say yes first: it is asked again soon."""

    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Something that a person has to mend first. *files*: path and reason of those that were not delivered, if it was
    files that failed; of very many the first.
    """

    message: str
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody wanted it so: *reason* is ``suspended``, ``cancelled`` or ``error``, said by the other side."""

    reason: str
    message: str = ""


Outcome = Done | TryAgain | Asked | Failed | Stopped
