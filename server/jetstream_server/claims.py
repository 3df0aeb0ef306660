"""What strangers call themselves and their files, made fit to be shown to a person who has to decide. Pure.

Such text is hostile until shown otherwise: it may hold markup, line breaks, characters that turn the line around or
pile up on each other, and it may be very long. What comes out is one line of plain letters.
"""

import unicodedata
from typing import Final

LONGEST_NAME: Final = 64
LONGEST_LABEL: Final = 200
LONGEST_PATH: Final = 400
_MARKS_IN_A_ROW: Final = 2
_SHOWN: Final = frozenset("LMNPSZ")
"""First letters of the Unicode categories that are kept: control and format characters, lone surrogates, characters
of private use and unassigned ones are not."""


def claimed(text: str, longest: int = LONGEST_NAME) -> str:
    """*text* on one line, without anything invisible, at most *longest* characters; empty if nothing is left."""
    letters: list[str] = []
    marks = 0
    for letter in text[: longest * 16]:
        category = unicodedata.category(letter)
        if letter.isspace() or category in ("Zl", "Zp"):
            letter = " "
        elif category[0] not in _SHOWN:
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= _MARKS_IN_A_ROW:
            letters.append(letter)
    line = " ".join("".join(letters).split())
    line = unicodedata.normalize("NFC", line)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def claimed_name(text: str) -> str:
    """A node's name as it calls itself."""
    return claimed(text) or "a node without a name"
