"""Findings without names: addresses, people, folders and identities become ``host-1``, ``user-1`` and so on. Pure.

The same name gets the same mask throughout a report, so that it can still be read. Sentences are put together anew
from masked facts; what stands in them as free text (the words of an error) is searched for what was masked elsewhere,
and for whatever looks like an address, an identity or a path.
"""

import re
from collections.abc import Mapping
from typing import Final

from jetstream.checks import Check, Fact, said_again
from jetstream.findings import WORDS

_KINDS: Final = {
    "host": "host", "address": "address", "node": "node", "user": "user", "path": "path", "presented": "identity",
    "expected": "identity", "ours": "identity", "interface": "interface",
}
"""The kind of mask by the name of a fact."""

_IPV4: Final = r"\b\d{1,3}(?:\.\d{1,3}){3}\b"
_IPV6: Final = r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?:%\w+)?(?![\w:])"
_IDENTITY: Final = r"\b[0-9a-fA-F]{16,64}\b"
_PATH: Final = r"(?:(?<![\w.:/])/|\b[A-Za-z]:\\)[^\s'\"]*[^\s'\".,;:)]"
_LOOKS_LIKE: Final = (("address", _IPV4), ("address", _IPV6), ("identity", _IDENTITY), ("path", _PATH))
_PUBLIC: Final = frozenset({"127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "lo"})
"""What every machine has tells nothing about one."""


class Masks:
    """Gives out masks and remembers them."""

    def __init__(self) -> None:
        self._masks: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def mask(self, kind: str, value: str) -> str:
        """The mask of *value*, always the same one."""
        if not value or value.lower() in _PUBLIC:
            return value
        if re.fullmatch(f"{_IPV4}|{_IPV6}", value):
            kind = "address"
        key = value.lower()
        if key not in self._masks:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._masks[key] = f"{kind}-{self._counts[kind]}"
        return self._masks[key]

    def fact(self, name: str, value: Fact) -> Fact:
        """*value* as it may be shown to anybody."""
        if not isinstance(value, str):
            return value
        if name == "addresses":
            return ", ".join(self.mask("address", part) for part in value.split(", "))
        if name in _KINDS:
            return self.mask(_KINDS[name], value)
        return self.text(value)

    def text(self, words: str) -> str:
        """*words* without what was masked before, and without whatever looks like an address, identity or path."""
        for known in sorted(self._masks, key=len, reverse=True):
            words = re.sub(rf"(?<![\w-]){re.escape(known)}(?![\w-])", self._masks[known], words, flags=re.IGNORECASE)
        for kind, pattern in _LOOKS_LIKE:
            words = re.sub(pattern, lambda found, kind=kind: self.mask(kind, found[0]), words)  # type: ignore[misc]
        return words

    def check(self, found: Check) -> Check:
        """*found* without names."""
        facts = {name: self.fact(name, value) for name, value in found.facts.items()}
        if found.code in WORDS:
            text, fix = said_again(found, _filled, facts)
        else:  # of another version: nobody knows what stands in it
            text, fix = self.text(found.text), self.text(found.fix)
        return Check(step=found.step, outcome=found.outcome, code=found.code, text=text, fix=fix, facts=facts)


def _filled(template: str, facts: Mapping[str, str]) -> str:
    return template.format(**facts)
