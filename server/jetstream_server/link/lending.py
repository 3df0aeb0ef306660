"""Lending: a direction that does not use its limit lends the rest to the other one. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Direction:
    """One direction of the node. Rates in kbit/s.

    :param limit: its own limit, ``None`` for none.
    :param used: what it moved lately.
    :param borrows: whether it may use what the other leaves.
    """

    limit: int | None
    used: float
    borrows: bool


RESERVE = 0.1
"""Share of its limit that a lender keeps free, so that it can speed up and be seen to."""


def effective(this: Direction, other: Direction) -> int | None:
    """The limit of *this* direction for the next moment.

    A lender keeps what it uses and a reserve of a tenth of its limit. The loan is worked out anew every moment, so a
    lender that wants its rate back climbs by its reserve each time and has it back within a few.
    """
    if this.limit is None or not this.borrows or other.limit is None:
        return this.limit
    spare = other.limit - other.used - other.limit * RESERVE
    return this.limit + max(0, round(spare))
