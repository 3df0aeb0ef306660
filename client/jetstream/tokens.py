"""Secrets that people can say, read and type: ``MAYWEBRO.TRUPO.VEVEEBLU``. Pure: no I/O, randomness is an argument.

A token is eight syllables in three dotted groups (three, two, three). A syllable is one of 40 beginnings (consonants)
and one of 12 endings (vowels, and Y only there), so letters alone tell where a syllable ends. Seven syllables are
random; the eighth is a random one of those that make the check come out, at least twelve for each beginning. The most
likely token has a chance of 1 in 480**7 * 12, so a token is worth at least 65 random bits.

The check reads the letters as digits of a number in base 3 modulo the prime 29. Letters differ by 1 to 25, which no
prime above 25 divides, so every wrong letter shows; neighbours weigh differently, so every swap shows. The remainder is
the one that the token of the published examples has.
"""

import re
from collections.abc import Callable
from typing import Final

from jetstream.errors import InvalidParameters

_BEGINNINGS: Final = (
    "B D F G H J K L M N P R S T V W Z "
    "BL BR CH DR FL FR GL GR KL KR PL PR SH SK SL SM SN SP ST SW TH TR TW"
).split()
_ENDINGS: Final = "A E I O U AY EE OO OY OU AU IA".split()
_SYLLABLES: Final = tuple(beginning + ending for beginning in _BEGINNINGS for ending in _ENDINGS)
_KNOWN: Final = frozenset(_SYLLABLES)

_GROUPS: Final = (3, 2, 3)
_COUNT: Final = sum(_GROUPS)
_VOWELS: Final = "AEIOUY"
_SYLLABLE: Final = re.compile(f"[^{_VOWELS}]*[{_VOWELS}]*")
_SEPARATORS: Final = re.compile(r"[\s._\-\u2010-\u2015\u00b7]+")

_BASE: Final = 3
_PRIME: Final = 29
_REMAINDER: Final = 8

_LONGEST_INPUT: Final = 200

_MISTYPED: Final = "A letter of this token is wrong, or two are swapped. Compare it with the original."


def new_token(random_bytes: Callable[[int], bytes]) -> str:
    """A fresh token in its canonical form.

    :param random_bytes: source of unpredictable bytes, such as :func:`os.urandom`; asked once, for 32 bytes.
    """
    # 256 bits spread over 480**8 tokens: what the division favours is less than one part in 2**180.
    number = int.from_bytes(random_bytes(32), "big")
    syllables = []
    for _ in range(_COUNT - 1):
        number, choice = divmod(number, len(_SYLLABLES))
        syllables.append(_SYLLABLES[choice])
    start = _value("".join(syllables))
    fitting = [syllable for syllable in _SYLLABLES if _value(syllable, start) == _REMAINDER]
    syllables.append(fitting[number % len(fitting)])
    return _dotted(syllables)


def canonical_token(text: str) -> str:
    """The one form of a token that was typed in any case, with any dots, spaces and dashes.

    :raises InvalidParameters: (field ``token``) if *text* is no whole token or has a typing mistake.
    """
    problem = problem_with(text)
    if problem is None and not _is_whole(_split(_letters(text))):
        problem = "The token is not complete. It looks like MAYWEBRO.TRUPO.VEVEEBLU."
    if problem is not None:
        raise InvalidParameters(problem, field="token")
    return _dotted(_split(_letters(text)))


def is_token(text: str) -> bool:
    """Whether *text* is a whole token without typing mistakes."""
    return problem_with(text) is None and _is_whole(_split(_letters(text)))


def problem_with(text: str) -> str | None:
    """What is wrong with *text* as a token, as a sentence; ``None`` if it is one or may still become one.

    So it can be asked with every key press: an unfinished token is no problem yet.
    """
    if len(text) > _LONGEST_INPUT:
        return "This is too long for a token."
    letters = _letters(text)
    for letter in letters:
        if not ("A" <= letter <= "Z"):
            return f"A token has letters only; “{letter}” is none."
    syllables = _split(letters)
    if len(syllables) > _COUNT:
        return "This is too long for a token."
    for syllable in syllables[:-1]:
        if syllable not in _KNOWN:
            return f"“{syllable}” does not occur in a token: a letter is wrong, missing or swapped."
    if syllables and not any(known.startswith(syllables[-1]) for known in _SYLLABLES):
        return f"“{syllables[-1]}” does not occur in a token: a letter is wrong, missing or swapped."
    if len(syllables) == _COUNT and not _can_come_out(syllables):
        return _MISTYPED
    return None


def _letters(text: str) -> str:
    return _SEPARATORS.sub("", text).upper()


def _split(letters: str) -> list[str]:
    return [syllable for syllable in _SYLLABLE.findall(letters) if syllable]


def _dotted(syllables: list[str]) -> str:
    groups, start = [], 0
    for length in _GROUPS:
        groups.append("".join(syllables[start : start + length]))
        start += length
    return ".".join(groups)


def _value(letters: str, start: int = 0) -> int:
    value = start
    for letter in letters:
        value = (value * _BASE + ord(letter) - ord("A")) % _PRIME
    return value


def _is_whole(syllables: list[str]) -> bool:
    return (len(syllables) == _COUNT and all(syllable in _KNOWN for syllable in syllables)
            and _value("".join(syllables)) == _REMAINDER)


def _can_come_out(syllables: list[str]) -> bool:
    """Whether the last, possibly unfinished syllable can end so that the check comes out."""
    start = _value("".join(syllables[:-1]))
    return any(known.startswith(syllables[-1]) and _value(known, start) == _REMAINDER for known in _SYLLABLES)
