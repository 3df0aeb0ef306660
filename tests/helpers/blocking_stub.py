"""Writes ``client/jetstream/blocking/groups.pyi`` from the method table.

Run it after a change of the table::

    python tests/helpers/blocking_stub.py
"""

import types
import typing
from pathlib import Path
from typing import Any

from jetstream.api.calls import OBJECT, positional, takes_changes
from jetstream.api.methods import ASYNC_SUFFIX, METHODS
from jetstream.api.vocabulary import Method, Parameter, Shape

HEAD = '''\
"""Generated from the method table by tests/helpers/blocking_stub.py; a test keeps it fresh."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

'''

GROUPS = {"server": "ServerInterface", "send": "SendInterface", "recv": "RecvInterface"}
WAITS = {"send": (("waitForManifest", "manifest"), ("waitForTransfer", "transfer")),
         "recv": (("waitForTransfer", "transfer"),)}
LISTS = {shape for shape in Shape if shape.value.endswith("s")}


def stub() -> str:
    """The text of the stub."""
    parts = [HEAD]
    for group, name in GROUPS.items():
        parts.append(f"class {name}:\n    def __init__(self, ask: Callable[[str, dict[str, Any]], Any]) -> None: ...\n")
        for method in METHODS.values():
            if method.group == group:
                parts.append(_definition(method, method.plain_name, _result(method), method.summary))
                if method.deferrable:
                    parts.append(_definition(method, method.plain_name + ASYNC_SUFFIX, "dict[str, int]", None))
        for wait, ref in WAITS.get(group, ()):
            parts.append(f"    def {wait}(self, {ref}: str | Mapping[str, Any], "
                         "timeout: float | None = None) -> dict[str, Any]: ...\n")
        parts.append("\n")
    return "".join(parts).rstrip() + "\n"


def _definition(method: Method, name: str, result: str, text: str | None) -> str:
    arguments = ["self", *map(_argument, positional(method))]
    if takes_changes(method):
        arguments.append("**changes: Any")
    one_line = f"    def {name}({', '.join(arguments)}) -> {result}:"
    if len(one_line) > 116:
        body = "".join(f"        {argument},\n" for argument in arguments)
        one_line = f"    def {name}(\n{body}    ) -> {result}:"
    return f"{one_line} ...\n" if text is None else f'{one_line}\n        """{text}"""\n'


def _argument(parameter: Parameter) -> str:
    default = "" if parameter.required else f" = {parameter.default!r}"
    return f"{parameter.name}: {_kind(parameter)}{default}"


def _kind(parameter: Parameter) -> str:
    if parameter.reference is not None:
        return f"{_text(parameter.kind)} | Mapping[str, Any]"
    return "Mapping[str, Any]" if parameter.name == OBJECT else _text(parameter.kind)


def _text(kind: Any) -> str:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return " | ".join(map(_text, arguments))
    if kind is type(None):
        return "None"
    if kind is Any:
        return "Any"
    if origin is dict:
        return f"Mapping[{', '.join(map(_text, arguments))}]"
    if origin is tuple:
        return f"tuple[{', '.join(map(_text, arguments))}]"
    if origin is list:
        return f"Sequence[{_text(arguments[0])}]"
    return str(kind.__name__)


def _result(method: Method) -> str:
    if method.shape is Shape.NONE:
        return "None"
    if method.shape is Shape.OBJECT:
        return "Any"
    return "list[dict[str, Any]]" if method.shape in LISTS else "dict[str, Any]"


if __name__ == "__main__":
    target = Path(__file__).parents[2] / "client" / "jetstream" / "blocking" / "groups.pyi"
    target.write_text(stub(), encoding="utf-8")
