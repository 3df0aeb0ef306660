"""One function through which every visible string passes.

Strings are written in English in the code; a catalogue (``resources/languages/<code>.json``, English text to
translation) replaces them when the application starts. The catalogue is process-wide state on purpose, as in
``gettext``: a string's language is a property of the process, and threading it through every painter would buy nothing.
"""

from collections.abc import Mapping

_catalogue: dict[str, str] = {}


def use(catalogue: Mapping[str, str]) -> None:
    """Replace the catalogue. Strings that it lacks stay English."""
    _catalogue.clear()
    _catalogue.update(catalogue)


def tr(text: str, /, **values: object) -> str:
    """*text* in the person's language, with ``{name}`` placeholders filled from *values*."""
    translated = _catalogue.get(text, text)
    return translated.format(**values) if values else translated


def trn(one: str, many: str, count: int, /, **values: object) -> str:
    """The form of a sentence that fits *count*; ``{count}`` is the number with thousands separators."""
    return tr(one if count == 1 else many, count=f"{count:,}", **values)
