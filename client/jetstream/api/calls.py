"""From a Python call to what goes over the wire, the same for both faces. Pure.

Arguments that equal their default are left out, so a call also works with a node that does not know the newest
parameters; the node fills in the same defaults.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from jetstream.api.vocabulary import Method, Parameter, reference_id
from jetstream.errors import InvalidParameters, RequestTimeout
from jetstream.tokens import canonical_token

CHANGES: Final = "changes"
"""A parameter of this name is given as keyword arguments: ``updateDestination(destination, name='Studio')``."""

OBJECT: Final = "object"
"""A parameter of this name takes any object of the API and goes over the wire as ``{idField: id}``."""

# A transfer's dict also names its manifest and destination, a token's its manifest: the first that is there counts.
_ID_FIELDS: Final = ("transferId", "token", "destinationId", "manifestId")

_DEEPEST: Final = 64

_ID_ATTRIBUTES: Final = {"transfer_id": "transferId", "token": "token", "destination_id": "destinationId",
                         "manifest_id": "manifestId"}

_PATIENCE: Final[Mapping[str, float | None]] = {
    "server.getRequestResult": None,
    "server.auth": 6,  # an address that guesses is answered later and later
    "server.authToken": 6,
    "server.terminate": 3,
    "server.lsRoots": 6,
    "server.ls": 12,
    "server.du": 360,
    "server.mkdir": 6,
    "server.mv": 360,
    "server.rm": 360,
    "send.createManifest": 12,
    "send.getManifestFiles": 6,
    "recv.getTransferFiles": 6,
    "recv.verifyTransfer": 30,
    "recv.previewDownload": 12,  # another node is asked, and may have to list its files first
    "send.testDestination": 12,
    "send.previewTransfer": 12,
    "server.getDiagnostics": 3,  # several programs are asked
    "send.getTransfers": 3,
}
"""How many times the usual time limit a method may take; ``None`` is without limit."""


def patience(wire_name: str, timeout: float) -> float | None:
    """Seconds to wait for the answer of the method called *wire_name*, where *timeout* is the usual limit."""
    factor = _PATIENCE.get(wire_name, 1)
    return None if factor is None else timeout * factor


def positional(method: Method) -> tuple[Parameter, ...]:
    """The parameters of *method* that a Python call gives by position or by name."""
    return tuple(parameter for parameter in method.parameters if parameter.name != CHANGES)


def takes_changes(method: Method) -> bool:
    """Whether a Python call gives changes as keyword arguments."""
    return method.parameter(CHANGES) is not None


def build_params(method: Method, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The params map of a call of *method* with these arguments (names as documented, camelCase).

    :raises InvalidParameters: if an argument is missing, unknown, given twice, or too many.
    """
    given, changes = _bind(method, args, kwargs)
    params: dict[str, Any] = {}
    for parameter in positional(method):
        if parameter.name in given:
            value = given[parameter.name]
            if parameter.required or type(value) is not type(parameter.default) or value != parameter.default:
                params[parameter.name] = _wire_value(method, parameter, value)
        elif parameter.required:
            raise InvalidParameters(f"`{parameter.name}` is missing: `{method.plain_name}` needs it.",
                                    field=parameter.name)
    if takes_changes(method):
        params[CHANGES] = changes
    return params


def _bind(method: Method, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    parameters = positional(method)
    if len(args) > len(parameters):
        raise InvalidParameters(f"`{method.plain_name}` takes {_count(len(parameters))}, and {len(args)} were given.")
    given = {parameter.name: value for parameter, value in zip(parameters, args, strict=False)}
    changes: dict[str, Any] = {}
    names = {parameter.name for parameter in parameters}
    for name, value in kwargs.items():
        if name in given:
            raise InvalidParameters(f"`{name}` is given twice in a call of `{method.plain_name}`.", field=name)
        if name in names:
            given[name] = value
        elif takes_changes(method):
            changes[name] = _plain(value)
        else:
            raise InvalidParameters(f"`{method.plain_name}` has no parameter `{name}`. {_offer(parameters)}",
                                    field=name)
    return given, changes


def _count(number: int) -> str:
    return "no arguments" if not number else "one argument" if number == 1 else f"at most {number} arguments"


def _offer(parameters: Sequence[Parameter]) -> str:
    return "It takes " + (", ".join(f"`{p.name}`" for p in parameters) or "none") + "."


def _wire_value(method: Method, parameter: Parameter, value: Any) -> Any:
    if parameter.reference is not None:
        value = reference_id(parameter, value)
    elif parameter.name == OBJECT:
        return object_reference(value)
    if parameter.name == "token" and method.name == "server.authToken" and isinstance(value, str):
        return canonical_token(value)  # a typing mistake is caught before the network is asked
    return _plain(value)


def object_reference(value: Any) -> dict[str, str]:
    """``{idField: id}`` of a manifest, destination, transfer or shared token: entity, dict or such a map itself.

    :raises InvalidParameters: (field ``object``) if *value* is none of these.
    """
    if isinstance(value, Mapping):
        found = next((name for name in _ID_FIELDS if name in value), None)
        if found is not None:
            return {found: str(value[found])}
    for attribute, name in _ID_ATTRIBUTES.items():
        if hasattr(value, attribute):
            return {name: str(getattr(value, attribute))}
    raise InvalidParameters("An object is a manifest, destination, transfer or shared token as the API returns it, "
                            f"or a map like {{'manifestId': '2'}}; this is {type(value).__name__}.", field=OBJECT)


def _plain(value: Any, level: int = 0) -> Any:
    """Paths as text, other containers as the ones that go over the wire. What is nested too deep is refused later."""
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if level < _DEEPEST and isinstance(value, Mapping):
        return {_plain(key, level + 1): _plain(item, level + 1) for key, item in value.items()}
    if level < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, level + 1) for item in value]
    return value


class Waiting:
    """How ``waitFor…`` looks again: soon at first, then up to once a second.

    :param what: what is waited for, for the sentence.
    :param timeout: seconds, ``None`` for ever.
    :param now: seconds on a clock that never goes back; the same clock as in :meth:`pause`.
    """

    def __init__(self, what: str, timeout: float | None, now: float) -> None:
        self._what = what
        self._timeout = timeout
        self._end = None if timeout is None else now + timeout
        self._intervals = _intervals()

    def pause(self, now: float) -> float:
        """Seconds until the next look.

        :raises RequestTimeout: when the time is over.
        """
        interval = next(self._intervals)
        if self._end is None:
            return interval
        if now >= self._end:
            raise RequestTimeout(f"{self._what} was not done within {self._timeout:g} seconds; it goes on.")
        return min(interval, self._end - now)


def _intervals() -> Iterator[float]:
    interval = 0.05
    while True:
        yield interval
        interval = min(interval * 1.5, 1.0)
