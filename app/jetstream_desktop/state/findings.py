"""What a test of a destination has found so far, as lines that a person reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jetstream.checks import UNTRIED, Check, Fact, said_again, shown_fact
from jetstream.findings import DESTINATION_STEPS, STEP_NAMES, Outcome, Step
from jetstream_desktop.i18n import digits, tr
from jetstream_desktop.state.text import printable

_LOOKS: Final = {
    Outcome.OK: ("check", "good"), Outcome.WARNING: ("alert", "caution"), Outcome.FAILED: ("alert", "bad"),
    Outcome.SKIPPED: ("minus", "dim"), Outcome.UNKNOWN: ("info", "dim"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One step: *icon* and *tone* of the theme, *word* for how it did, a sentence, and what to do."""

    step: str
    name: str
    icon: str
    tone: str
    word: str
    text: str = ""
    fix: str = ""

    @property
    def spoken(self) -> str:
        """All of it for a screen reader."""
        return " ".join(part for part in (f"{self.name}: {self.word}.", self.text, self.fix) if part)


@dataclass(frozen=True, slots=True)
class About:
    """What is looked at: the steps that are known beforehand, and the sentences for the whole."""

    steps: tuple[Step, ...]
    good: str
    remark: str


def a_destination() -> About:
    """A test of the way to another node."""
    return About(DESTINATION_STEPS, tr("All is well: you can send there."),
                 tr("It can be reached. One thing should be known first."))


def the_node() -> About:
    """What the node finds when it looks at itself."""
    return About((), tr("All is well with this node."), tr("The node works. Something could be better."))


def lines(found: Sequence[Check], running: bool, about: About | None = None) -> list[Line]:
    """A line for every step, also for those that are still to come while the test is *running*."""
    result = [_line(check) for check in found]
    if not running:
        return result
    done = {check.step for check in found}
    waiting = [step for step in (about or a_destination()).steps if step not in done]
    for place, step in enumerate(waiting):
        look = ("clock", "accent_ink", tr("testing…")) if place == 0 else ("minus", "dim", "")
        result.append(Line(step, step_name(step), *look))
    return result


def summary(found: Sequence[Check], about: About | None = None) -> tuple[str, str]:
    """One sentence for the whole test, and its tone."""
    about = about or a_destination()
    failed = next((check for check in found if check.outcome == Outcome.FAILED), None)
    if failed is not None:
        return tr("It fails at: {step}.", step=step_name(failed.step)), "bad"
    if any(check.outcome in (Outcome.WARNING, Outcome.UNKNOWN) for check in found):
        return about.remark, "caution"
    return about.good, "good"


def step_name(step: str) -> str:
    """What a step is called."""
    return tr(STEP_NAMES[Step(step)]) if step in set(Step) else printable(step)


def step_names() -> list[str]:
    """What all steps are called."""
    return [step_name(step) for step in Step]


def outcome_words() -> list[str]:
    """Every word that can stand beside a step."""
    return [*map(outcome_word, Outcome), tr("testing…")]


def outcome_word(outcome: str) -> str:
    """How a step did, in a word."""
    words = {Outcome.OK: tr("good"), Outcome.WARNING: tr("look"), Outcome.FAILED: tr("failed"),
             Outcome.SKIPPED: tr("not tried"), Outcome.UNKNOWN: tr("not told")}
    return words[Outcome(outcome)] if outcome in set(Outcome) else printable(outcome)


def _line(check: Check) -> Line:
    icon, tone = _LOOKS[Outcome(check.outcome)] if check.outcome in set(Outcome) else ("info", "dim")
    text, fix = said_again(check, _say, _facts(check)) if check.code != UNTRIED else ("", "")  # its word says it all
    return Line(check.step, step_name(check.step), icon, tone, outcome_word(check.outcome), printable(text),
                printable(fix))


def _facts(check: Check) -> dict[str, Fact]:
    """Numbers as the person's language writes them."""
    return {name: digits(shown_fact(name, value)) if isinstance(value, int | float) else value
            for name, value in check.facts.items()}


def _say(template: str, facts: Mapping[str, str]) -> str:
    return tr(template, **facts)
