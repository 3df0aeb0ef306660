"""Collects the sentences that a node may say to a person, from its source.

``python tests/helpers/sentences.py`` prints those that a language lacks. A sentence is any text in the node, or in what
the window uses of the client library, that begins like one and ends like one; in the modules that touch files also
the reasons that are put behind a path. What only programmers hear (a call with wrong parameters), what
goes to the log, and what the window words itself (``jetstream.findings``) is left out.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LANGUAGES = ROOT / "resources" / "sentences"

_PLACES = ("server/jetstream_server", "client/jetstream")
_NOT_FOR_PEOPLE = (
    "server/jetstream_server/catalog/migrations/", "server/jetstream_server/config.py",
    "server/jetstream_server/diagnosis/", "server/jetstream_server/dispatch.py",
    "server/jetstream_server/parameters.py", "server/jetstream_server/requests.py",
    "server/jetstream_server/transfers/states.py", "server/jetstream_server/files/tree.py",
    "client/jetstream/api/", "client/jetstream/blocking/", "client/jetstream/checks.py",
    "client/jetstream/findings.py", "client/jetstream/helper.py", "client/jetstream/protocol/",
)
_PIECES = ("server/jetstream_server/files/", "server/jetstream_server/transfers/")
"""Modules that put sentences together from pieces: a reason behind a path, how many files were."""
_NOT_SAID = frozenset({"in place"})
_OPEN_END = re.compile(r"(: |\.|\. )\{\w+\}$")
"""What else is said stands in the last placeholder."""
_SILENT_CALLS = ("log.", "logging.", "re.", "_compile")
_SILENT_ERRORS = frozenset({"TypeError", "ValueError", "AssertionError", "IndexError", "RuntimeError",
                            "NotImplementedError", "DamagedPage", "IllegalMove"})


SYSTEM = (
    "Address already in use", "Broken pipe", "Connection refused", "Connection reset by peer", "Connection timed out",
    "Device or resource busy", "Directory not empty", "Disk quota exceeded", "File exists", "File name too long",
    "Input/output error", "Invalid argument", "Is a directory", "Name or service not known", "Network is unreachable",
    "No address associated with hostname", "No route to host", "No space left on device", "No such file or directory",
    "Not a directory", "Operation not permitted", "Operation timed out", "Permission denied", "Read-only file system",
    "Stale file handle", "Temporary failure in name resolution", "Too many levels of symbolic links",
    "Too many open files",
)
"""What an operating system says, as nodes pass it on."""


def sentences() -> set[str]:
    """All of them, with named placeholders."""
    return {*SYSTEM, *(text for path in _modules() for text in _of_module(path))}


def _modules() -> Iterator[Path]:
    for place in _PLACES:
        for path in sorted((ROOT / place).rglob("*.py")):
            if not path.relative_to(ROOT).as_posix().startswith(_NOT_FOR_PEOPLE):
                yield path


def _of_module(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = _silent(tree)
    pieces = path.relative_to(ROOT).as_posix().startswith(_PIECES)
    for node in ast.walk(tree):
        if id(node) not in silent:
            text = template(node)
            if text and text not in _NOT_SAID and (_is_sentence(text) or (pieces and _is_piece(text))):
                yield text


def _is_sentence(text: str) -> bool:
    words = text.strip()
    begins = words[:1].isupper() or words[:1] in "{“`'"
    ends = words[-1:] in ".?!…" or _OPEN_END.search(words) is not None
    return begins and ends and (" " in words or words[:-1].isalpha()) and any(letter.isalpha() for letter in words)


def _is_piece(text: str) -> bool:
    return " " in text and any(letter.isalpha() for letter in text) and not any(sign in text for sign in "=|\\<%[")


def _silent(tree: ast.Module) -> set[int]:
    """Nodes that no person reads: documentation, assertions, the log, the text inside of another text."""
    found: set[int] = set()
    for node in ast.walk(tree):
        inside: list[ast.AST] = []
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside = [node]
        elif isinstance(node, ast.Assert):
            inside = [node.msg] if node.msg is not None else []
        elif isinstance(node, ast.JoinedStr):
            inside = [part for value in node.values for part in _text_of(value)]
        elif isinstance(node, ast.FunctionDef) and node.name == "__repr__":
            inside = [node]
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.startswith(_SILENT_CALLS) or name in _SILENT_ERRORS:
                inside = [node]
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            inside = [node.annotation]
        found.update(id(part) for one in inside for part in ast.walk(one))
    return found


def _text_of(value: ast.expr) -> list[ast.AST]:
    if isinstance(value, ast.FormattedValue):
        return [value.format_spec] if value.format_spec is not None else []
    return [value]


def template(node: ast.AST) -> str | None:
    """The text of a literal; what a formatted one puts in has a name."""
    if isinstance(node, ast.Constant):
        return node.value.replace("{", "{{").replace("}", "}}") if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    used: dict[str, int] = {}
    parts = []
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts.append(str(value.value).replace("{", "{{").replace("}", "}}"))
        elif isinstance(value, ast.FormattedValue):
            name = _name(value.value)
            used[name] = used.get(name, 0) + 1
            parts.append("{" + (name if used[name] == 1 else f"{name}{used[name]}") + "}")
    return "".join(parts)


def _name(value: ast.expr) -> str:
    """A name for what stands in a placeholder, from the expression."""
    if isinstance(value, ast.Attribute):
        return value.attr.strip("_").lower()
    if isinstance(value, ast.Name):
        return value.id.strip("_").lower()
    if isinstance(value, ast.Call):
        return _name(value.args[0] if value.args else value.func)
    if isinstance(value, ast.BoolOp):
        return _name(value.values[0])
    if isinstance(value, ast.BinOp):
        return _name(value.left)
    if isinstance(value, ast.Subscript):
        return _name(value.value)
    return "part"


if __name__ == "__main__":
    wanted = sentences()
    for file in sorted(LANGUAGES.glob("*.json")):
        known = json.loads(file.read_text(encoding="utf-8"))
        for text in sorted(wanted - set(known)):
            print(f"{file.name} lacks: {text}")
        for text in sorted(set(known) - wanted):
            print(f"{file.name} has what nobody says: {text}")
