"""One function through which every visible string passes.

Strings are written in English in the code; a catalogue (``resources/languages/<code>.json``, English text to
translation) replaces them when the application starts. The catalogue is process-wide state on purpose, as in
``gettext``: a string's language is a property of the process, and threading it through every painter would buy nothing.
"""

from collections.abc import Mapping

from jetstream_desktop.sentences import Sentences

_catalogue: dict[str, str] = {}
_sentences: list[Sentences] = [Sentences({})]
_mirrored: list[bool] = [False]


def use(catalogue: Mapping[str, str], sentences: Mapping[str, str] | None = None) -> None:
    """Replace the catalogue, and the table of what nodes say. Strings that they lack stay English."""
    _catalogue.clear()
    _catalogue.update(catalogue)
    _sentences[0] = Sentences(sentences or {})


def say(text: str) -> str:
    """What a node or the client library said, in the person's language."""
    return _sentences[0](text)


def mirror(right_to_left: bool) -> None:
    """Whether the window runs from right to left."""
    _mirrored[0] = right_to_left


def apart(text: str) -> str:
    """A number with its unit, or several, as one piece: in a line from right to left its parts keep their order."""
    return f"\u2068{text}\u2069" if text and _mirrored[0] else text


def digits(text: str) -> str:
    """A number that Python has written with commas for thousands and a decimal point, as the language writes it."""
    sample = tr("1,234.5")  # in the catalogue with the signs of the language
    return text if sample == "1,234.5" else text.translate(str.maketrans(",.", sample[1] + sample[-2]))


def tr(text: str, /, **values: object) -> str:
    """*text* in the person's language, with ``{name}`` placeholders filled from *values*."""
    translated = _catalogue.get(text, text)
    return translated.format(**values) if values else translated


def trn(one: str, many: str, count: int, /, **values: object) -> str:
    """The form of a sentence that fits *count*; ``{count}`` is the number with thousands separators."""
    return tr(one if count == 1 else many, count=digits(f"{count:,}"), **values)
