"""What a node says, in the person's language. Pure.

A node writes its sentences in English: they lie in its catalog and its log, and they come from other nodes, also of
other versions. They are recognised here by their form: a table (``resources/sentences/<code>.json``) has for each
sentence with placeholders, as it stands in the node's source, the same in another language. What fills a placeholder
may be a sentence itself, such as the reason behind a path. What is not recognised stays as it is.
"""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_DEEPEST: Final = 4
_MOST_PARTS: Final = 12
_LONGEST: Final = 2000
"""No sentence of ours is longer; what others send may be, and takes no time here."""
_REMEMBERED: Final = 2048
_GENERIC: Final = 6
"""A form with so few letters of its own fits nearly everything; it counts only if something in it is recognised."""
_PLACEHOLDER: Final = re.compile(r"(?<!\{)\{\w+\}")
_BETWEEN_SENTENCES: Final = re.compile(r"(?<=[.!?]) (?=[^ ])")


@dataclass(frozen=True, slots=True)
class _Form:
    """One row of the table, ready to be compared."""

    pattern: "re.Pattern[str]"
    begins: str
    ends: str
    letters: int
    said: str

    def values(self, text: str) -> dict[str, str] | None:
        """What fills the placeholders, if *text* has this form."""
        if not text.startswith(self.begins) or not text.endswith(self.ends):
            return None
        found = self.pattern.fullmatch(text)
        return None if found is None else found.groupdict()


class Sentences:
    """Says the node's sentences in one language; without a table as they are."""

    def __init__(self, table: Mapping[str, str]) -> None:
        exact = {text.format(): said.format() for text, said in table.items() if not _PLACEHOLDER.search(text)}
        self._exact = {**{_small(text): _small(said) for text, said in exact.items()}, **exact}
        forms = (_form(text, said) for text, said in table.items() if _PLACEHOLDER.search(text))
        self._forms = sorted(forms, key=lambda form: -form.letters)
        self._say = lru_cache(_REMEMBERED)(self._said)

    def __call__(self, text: str) -> str:
        """*text* in the language; what is not known of it stays."""
        if not 0 < len(text) <= _LONGEST or not self._exact:
            return text
        said = self._say(text, 0)
        return text if said is None else said

    def _said(self, text: str, depth: int) -> str | None:
        """The translation, ``None`` if nothing was recognised."""
        exact = self._exact.get(text)
        if exact is not None or depth > _DEEPEST:
            return exact
        split, complete = self._in_parts(text, depth)
        if complete:
            return split
        return self._by_form(text, depth) or split

    def _by_form(self, text: str, depth: int) -> str | None:
        for form in self._forms:
            values = form.values(text)
            if values is None:
                continue
            said = {name: self._say(value, depth + 1) for name, value in values.items()}
            if form.letters > _GENERIC or any(said.values()):
                return form.said.format(**{name: said[name] or value for name, value in values.items()})
        return None

    def _in_parts(self, text: str, depth: int) -> tuple[str | None, bool]:
        """Several sentences one after another, or several reasons in a list; and whether all were recognised."""
        for parts, between in ((_BETWEEN_SENTENCES.split(text), " "), (text.split("; "), "; ")):
            if 1 < len(parts) <= _MOST_PARTS:
                said = self._one_by_one(parts, between, depth)
                if said[0] is not None:
                    return said
        return None, False

    def _one_by_one(self, parts: list[str], between: str, depth: int) -> tuple[str | None, bool]:
        done: list[str] = []
        known = unknown = 0
        while parts:
            longest = len(parts) - (not done)  # the whole is what we come from
            for count in range(longest, 0, -1):  # what is several sentences may be one row of the table
                said = self._say(between.join(parts[:count]), depth + 1)
                if said is not None or count == 1:
                    done.append(parts[0] if said is None else said)
                    known, unknown = known + (said is not None), unknown + (said is None)
                    parts = parts[count:]
                    break
        return between.join(done) if known else None, not unknown


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _form(text: str, said: str) -> _Form:
    pieces = [(literal, name) for literal, name, _, _ in string.Formatter().parse(text)]
    pattern = "".join(re.escape(literal) + (f"(?P<{name}>.+?)" if name else "") for literal, name in pieces)
    letters = sum(letter.isalpha() for literal, _ in pieces for letter in literal)
    ends = pieces[-1][0] if pieces[-1][1] is None else ""
    return _Form(re.compile(pattern, re.DOTALL), pieces[0][0], ends, letters, said)
