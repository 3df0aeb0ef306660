"""What comparing an arrived transfer with its hashes has found, and how that is said. Plain Python."""

from collections.abc import Mapping
from typing import Any, Final

from jetstream_desktop.i18n import tr, trn
from jetstream_desktop.state import numbers
from jetstream_desktop.state.text import printable

_NAMED: Final = 1


class Verification:
    """Adds up the node's answers."""

    def __init__(self, name: str) -> None:
        self.name = printable(name)
        self.offset: int | None = 0
        """Where to go on; ``None`` when it is over."""
        self.total = 0
        self.missing: dict[str, None] = {}
        self.changed: dict[str, None] = {}
        self.damaged: dict[str, None] = {}
        self.unsure: dict[str, None] = {}

    def add(self, answer: Mapping[str, Any]) -> None:
        """One answer of the node.

        :raises KeyError, TypeError, ValueError: if it has no known form.
        """
        following = answer["nextOffset"]
        self.offset, self.total = None if following is None else int(following), int(answer["totalBlocks"])
        for kind in ("missing", "changed", "damaged", "unsure"):
            getattr(self, kind).update(dict.fromkeys(map(str, answer[kind])))

    @property
    def share(self) -> float:
        """How far it is, from 0 to 1."""
        return 1.0 if self.offset is None else self.offset / max(1, self.total)

    @property
    def tone(self) -> str:
        """How serious the result is."""
        return "bad" if self.missing or self.damaged else "caution" if self.changed else "good"

    @property
    def well(self) -> bool:
        """Whether everything is as it came."""
        return self.tone == "good"

    def sentence(self) -> str:
        """The result in words."""
        if self.well:
            return tr("“{name}” is as it arrived: every byte was read and compared.", name=self.name)
        parts = []
        for found, one, many in (
            (self.damaged, tr("one file is damaged, or shares its place with one that is"),
             tr("{count} files are damaged, or share their place with one that is")),
            (self.missing, tr("one file is gone"), tr("{count} files are gone")),
            (self.changed, tr("one file was changed since"), tr("{count} files were changed since")),
        ):
            if found:
                words = one if len(found) == 1 else many.format(count=numbers.count(len(found)))
                parts.append(f"{words} ({_names(found)})")
        return tr("“{name}”: {found}.", name=self.name, found="; ".join(parts))

    def report(self) -> str:
        """All of it as text, for the clipboard."""
        lines = [self.sentence()]
        for title, found in ((tr("Damaged"), self.damaged), (tr("Gone"), self.missing),
                             (tr("Changed since"), self.changed),
                             (tr("Not compared, because they share a block with one of these"), self.unsure)):
            if found:
                lines += ["", f"{title}:", *(f"  {printable(path)}" for path in found)]
        return "\n".join(lines) + "\n"


def _names(found: Mapping[str, None]) -> str:
    names = ", ".join(printable(path) for path in list(found)[:_NAMED])
    more = len(found) - _NAMED
    return names if more < 1 else f"{names}, " + trn("and one more", "and {count} more", more)
