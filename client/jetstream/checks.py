"""What a test of a destination and the doctor find, step by step. Pure.

A finding is made of a *code* and of *facts*; step, outcome, sentence and fix follow from the code by the table of
:mod:`jetstream.findings`. So a window can say it in another language, and a report can leave names out: both put the
facts, or other ones, into the words again. A node sends the English words along, for clients that do not know a code
of a newer node.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from jetstream.findings import UNTRIED_TEXT, WORDS, Outcome, Step

Fact = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding. *text* is a sentence, *fix* what to do where something is to be done; *facts* stand in both."""

    step: str
    outcome: str
    code: str
    text: str = ""
    fix: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether the way ends here."""
        return self.outcome == Outcome.FAILED


UNTRIED: Final = "untried"


def check(code: str, **facts: Fact) -> Check:
    """The finding that *code* stands for."""
    words = WORDS[code]
    shown = {name: shown_fact(name, value) for name, value in facts.items()}
    return Check(step=words.step.value, outcome=words.outcome.value, code=code, text=words.text.format(**shown),
                 fix=words.fix.format(**shown), facts=facts)


def untried(step: Step) -> Check:
    """A step behind the one that failed."""
    return Check(step=step.value, outcome=Outcome.SKIPPED.value, code=UNTRIED, text=UNTRIED_TEXT)


def said_again(found: Check, say: Callable[[str, Mapping[str, str]], str],
               facts: Mapping[str, Fact] | None = None) -> tuple[str, str]:
    """Sentence and fix of *found*, put together anew.

    :param say: makes a text of a template and the values of its placeholders, in another language for example.
    :param facts: values to take instead of those of *found*.
    """
    words = WORDS.get(found.code)
    if words is None:
        return (say(UNTRIED_TEXT, {}), "") if found.code == UNTRIED else (found.text, found.fix)
    shown = {name: shown_fact(name, value) for name, value in (facts or found.facts).items()}
    try:
        return say(words.text, shown), say(words.fix, shown) if words.fix else ""
    except (KeyError, IndexError, ValueError):
        return found.text, found.fix  # a node of another version, which names its facts otherwise


def short_identity(fingerprint: str) -> str:
    """The first 16 digits of a fingerprint in groups of four, as people compare them on the telephone."""
    digits = fingerprint.replace(":", "")[:16]
    return " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))


_FINGERPRINT_DIGITS: Final = 64
_SIZE_FACTS: Final = frozenset({"free", "needed", "size"})
_BINARY_FACTS: Final = frozenset({"buffer", "wanted"})
_IDENTITY_FACTS: Final = frozenset({"presented", "expected"})


def shown_fact(name: str, value: Fact) -> str:
    """*value* as it stands in a sentence: bytes, times and identities in the form that people read."""
    if isinstance(value, int | float) and name in _SIZE_FACTS:
        return _size(value)
    if isinstance(value, int) and name in _BINARY_FACTS:
        return f"{value / 1024:.0f} KiB" if value < 1 << 20 else f"{value / (1 << 20):.3g} MiB"
    if isinstance(value, int | float) and name in ("rtt", "offset", "uptime"):
        return _time(value / 1e6)
    if isinstance(value, int | float) and name == "seconds":
        return f"{value:.3g} s"
    if isinstance(value, int | float) and name == "loss":
        return _percent(value)
    if isinstance(value, int | float) and name == "rate":
        return f"{_size(value * 125)}/s"
    if isinstance(value, str) and name in _IDENTITY_FACTS and len(value) >= _FINGERPRINT_DIGITS:
        return short_identity(value)
    return "?" if value is None else str(value)


def _size(value: float) -> str:
    units = ("B", "KB", "MB", "GB", "TB", "PB")
    place = 0
    while place < len(units) - 1 and round(value) >= 1000:
        value, place = value / 1000, place + 1
    return f"{value:.1f} {units[place]}" if place >= 2 and value < 99.95 else f"{value:.0f} {units[place]}"


def _percent(share: float) -> str:
    percent = 100 * share
    if percent and percent < 0.01:
        return "under 0.01 %"
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


def _time(seconds: float) -> str:
    if seconds < 0.0995:
        return f"{seconds * 1000:.2g} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    for length, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
