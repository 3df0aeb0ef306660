"""What a screen reader is told when transfers change by themselves or at the person's word. Plain Python."""

from collections.abc import Mapping

from jetstream_desktop.i18n import trn
from jetstream_desktop.state.changes import Changes
from jetstream_desktop.state.rows import Row
from jetstream_desktop.state.text import printable

_NAMED = 2


def sentence(known: Mapping[str, Row], changes: Changes) -> str:
    """One sentence for all rows that stand on another shelf than before; empty if none does.

    :param known: the rows as they were before *changes*.
    """
    moved = [row for row in changes.updated if row.key in known and known[row.key].group is not row.group]
    if not moved:
        return ""
    named = "; ".join(f"{printable(row.name)}: {printable(row.status.sentence)}" for row in moved[:_NAMED])
    more = len(moved) - _NAMED
    return named if more < 1 else f"{named}; " + trn("and one more", "and {count} more", more)
