"""The words of findings."""

import string

import pytest

from jetstream.checks import Check, check, said_again, shown_fact, untried
from jetstream.entities import from_wire, to_wire
from jetstream.findings import STEP_NAMES, WORDS, Outcome, Step


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_step_has_a_name_and_every_failure_a_fix():
    assert set(STEP_NAMES) == set(Step)
    for code, words in WORDS.items():
        assert words.text.endswith((".", "}")), code
        assert (words.outcome is not Outcome.FAILED) or words.fix, code


@pytest.mark.parametrize("code", WORDS)
def test_sentence_and_fix_are_put_together_from_the_facts(code):
    names = placeholders(WORDS[code].text) | placeholders(WORDS[code].fix)
    found = check(code, **dict.fromkeys(names, "x"))
    assert (found.step, found.outcome) == (WORDS[code].step, WORDS[code].outcome)
    assert "{" not in found.text + found.fix
    assert from_wire(Check, to_wire(found)) == found
    assert said_again(found, lambda template, facts: template.format(**facts)) == (found.text, found.fix)


def test_said_again_in_other_words_and_with_other_facts():
    found = check("route-refused", host="studio", port=8886)
    other = {"host": "host-1", "port": 1}
    text, fix = said_again(found, lambda template, facts: f"<{template.format(**facts)}>", other)
    assert text == "<host-1 is there, but nothing listens on port 1.>"
    assert fix.startswith("<Start the node")
    assert said_again(untried(Step.LOGIN), lambda template, _: template.upper())[0].startswith("NOT TRIED")


def test_findings_of_other_versions_keep_the_words_of_their_node():
    newer = Check(step="quantum", outcome="ok", code="quantum-ok", text="Entangled.", fix="None needed.")
    assert said_again(newer, lambda *_: "never") == ("Entangled.", "None needed.")
    other = Check(step="route", outcome="failed", code="route-refused", text="As it was.", facts={"address": "1"})
    assert said_again(other, lambda template, facts: template.format(**facts)) == ("As it was.", "")


@pytest.mark.parametrize(("name", "value", "shown"), [
    ("rtt", 300, "0.3 ms"), ("rtt", 12_345, "12 ms"), ("rtt", 250_000, "250 ms"), ("offset", 3_400_000, "3.4 s"),
    ("offset", 7_200_000_000, "2 h"), ("free", 1_234_567, "1.2 MB"), ("free", 0, "0 B"), ("seconds", 10.0, "10 s"),
    ("presented", "ab12" * 16, "ab12 ab12 ab12 ab12"), ("free", None, "?"), ("port", 8886, "8886"),
    ("rate", 8000, "1.0 MB/s"), ("loss", 0.0, "0 %"), ("loss", 0.0123, "1.2 %"), ("loss", 0.3, "30 %"),
    ("loss", 1e-6, "under 0.01 %"),
])
def test_facts_as_people_read_them(name, value, shown):
    assert shown_fact(name, value) == shown
