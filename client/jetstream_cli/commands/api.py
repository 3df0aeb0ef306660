"""``jetstream api METHOD [--key=value ...]``"""

import asyncio
import json
import sys
import types
import typing
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from jetstream.aio import AsyncClient, connect
from jetstream.api.calls import CHANGES, build_params, takes_changes
from jetstream.api.methods import METHODS, find_method
from jetstream.api.vocabulary import Access, Method
from jetstream.constants import DEFAULT_SERVER_ADDRESS
from jetstream.errors import InvalidParameters, JetStreamError, error_to_wire
from jetstream_cli.exits import INTERRUPTED, exit_code
from jetstream_cli.node import Node
from jetstream_cli.secrets import from_stdin, password_for

API_PASSWORD: Final = "JETSTREAM_API_PASSWORD"
_SECRETS: Final = frozenset({"password", "ticket"})
_FROM_STDIN: Final = "-"


def complete_method(beginning: str) -> list[str]:
    """Names for the shell's completion."""
    return [name for name in METHODS if name.startswith(beginning)]


def api(
    context: typer.Context,
    method: Annotated[str, typer.Argument(metavar="METHOD", show_default=False, autocompletion=complete_method,
                                          help="send.getTransfers, getServerInfo, ...")],
    host: Annotated[str, typer.Option("--api-host", "--host", metavar="HOST", help="Address of the node.")]
        = DEFAULT_SERVER_ADDRESS,
    port: Annotated[int | None, typer.Option("--api-port", "--api-control-port", metavar="PORT", min=1, max=65535,
                                             help="Its port; by default that of your running node, else 8886.")] = None,
    user: Annotated[str | None, typer.Option(metavar="NAME", help="Account to log in with. The password is asked for, "
                                             f"or taken from {API_PASSWORD}.")] = None,
    superuser: Annotated[bool, typer.Option("--superuser", help="Take up superuser rights first. Methods that need "
                                                                "them do so anyway.")] = False,
) -> None:
    """Call one method of the API: JSON out, errors as JSON on standard error.

    Options of this command stand before METHOD, parameters after it: --name=value or --name value. Lists, maps and
    numbers are written as JSON. Secrets are not taken from the command line: give --password=- and standard input.
    METHOD --help lists its parameters.
    """
    try:
        if "--help" in context.args:
            print(usage(resolve(method)[0]))
            return
        result = asyncio.run(_call(Node(host, port, user), method, context.args, superuser))
    except JetStreamError as error:
        print(json.dumps({"error": error_to_wire(error)}), file=sys.stderr)
        raise typer.Exit(exit_code(error)) from error
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    print(json.dumps(result, indent=2, default=repr))


async def _call(node: Node, name: str, words: Sequence[str], superuser: bool) -> Any:
    method, wire_name = resolve(name)
    params = read_parameters(method, words)
    async with connect(*node.address) as client:
        await _log_in(client, node.user)
        if superuser or method.access is Access.SUPERUSER:
            await client.server.superuser()
        return await client.call(wire_name, params)


async def _log_in(client: AsyncClient, user: str | None) -> None:
    if user is not None:
        await client.server.auth(user, password_for(f"Password of {user} at {client.place}", API_PASSWORD))


def resolve(name: str) -> tuple[Method, str]:
    """The method called *name*, with or without its group, and its wire name.

    :raises InvalidParameters: if there is none, or several.
    """
    found = find_method(name)
    if found is not None:
        return found[0], name
    candidates = [f"{group}.{name}" for group in ("server", "send", "recv") if find_method(f"{group}.{name}")]
    if not candidates:
        raise InvalidParameters(f"There is no method {name!r}. They are: {', '.join(METHODS)}.", field="method")
    if len(candidates) > 1:
        raise InvalidParameters(f"Say which {name}: {' or '.join(candidates)}.", field="method")
    return resolve(candidates[0])


def usage(method: Method) -> str:
    """What *method* does and takes, for a person."""
    lines = [f"{method.name}: {method.summary}"]
    if method.access is Access.SUPERUSER:
        lines.append("Needs superuser rights, which it takes up.")
    names = [f"--{parameter.name}={_kind(parameter.kind)}" for parameter in method.parameters]
    width = max(map(len, names), default=0)
    for name, parameter in zip(names, method.parameters, strict=True):
        default = "required" if parameter.required else f"default: {json.dumps(parameter.default, default=repr)}"
        lines.append(f"  {name:{width}}  {default}")
    return "\n".join(lines)


def _kind(kind: Any) -> str:
    words = {str: "TEXT", int: "NUMBER", float: "NUMBER", bool: "true|false", types.NoneType: "null"}
    kinds = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    return "|".join(words.get(one, "JSON") for one in kinds)


def read_parameters(method: Method, words: Sequence[str]) -> dict[str, Any]:
    """The params of a call of *method* from what stands behind its name.

    :raises InvalidParameters: naming the parameter.
    """
    given: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            raise InvalidParameters(f"{word!r} is no parameter of the form --name=value.")
        if not equals and (not rest or rest[0].startswith("--")):
            raise InvalidParameters(f"--{name} needs a value.", field=name)
        read = _read_value(method, name, value if equals else rest.pop(0))
        given.update(read if name == CHANGES and isinstance(read, dict) else {name: read})
    return build_params(method, (), given)


def _read_value(method: Method, name: str, text: str) -> Any:
    if name in _SECRETS:
        if text != _FROM_STDIN:
            raise InvalidParameters("Secrets are not taken from the command line, where others can read them. "
                                    f"Give --{name}=- and the secret on standard input.", field=name)
        return from_stdin()
    parameter = method.parameter(name)
    if parameter is None:
        return _json_or_text(text) if takes_changes(method) else text
    kinds = typing.get_args(parameter.kind) if isinstance(parameter.kind, types.UnionType) else (parameter.kind,)
    if str in kinds:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidParameters(f"The value of --{name} is no JSON: {error}.", field=name) from error


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
