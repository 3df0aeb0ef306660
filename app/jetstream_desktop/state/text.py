"""Names from disks and from other people, made safe to show: nothing in them can break or turn the line around."""

from typing import Final

_TURNING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """*text* with what is no UTF-8, control characters and direction marks shown as the replacement character."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(letter) for letter in text)


def _shown(letter: str) -> str:
    if letter in _TURNING or "\ud800" <= letter <= "\udfff" or ord(letter) < 32 or 127 <= ord(letter) < 160:
        return "\N{REPLACEMENT CHARACTER}"
    return letter


def isolated(text: str) -> str:
    """*text* as a part of a sentence: whichever way it runs, what stands around it keeps its place."""
    return text if text.isascii() else f"\u2068{text}\u2069"


def is_text(path: str) -> bool:
    """Whether *path* is text, and not bytes that are no UTF-8."""
    return not any("\ud800" <= letter <= "\udfff" for letter in path)


def sentence_case(text: str) -> str:
    """*text* with a capital at its beginning; the rest stays, as German nouns want it."""
    return text[:1].upper() + text[1:]


def base_name(path: str) -> str:
    """The last component of a path with either separator; the path itself for a root."""
    stripped = path.rstrip("/\\")
    return stripped.replace("\\", "/").rpartition("/")[2] if _windows(stripped) else stripped.rpartition("/")[2] or path


def _windows(path: str) -> bool:
    return len(path) > 2 and path[1] == ":" and path[2] in "\\/"


def home_relative(path: str, home: str) -> str:
    """*path* with the person's home folder as ``~``."""
    root = home.rstrip("/\\")
    if root and (path == root or path.startswith((f"{root}/", f"{root}\\"))):
        return f"~{path[len(root):]}"
    return path


def plain_tooltip(text: str) -> str:
    """Text for a tool tip: Qt guesses whether one is markup, so anything that could look like it is escaped."""
    if "<" not in text and "&" not in text:
        return text
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<span style='white-space:pre-wrap'>{escaped}</span>"
