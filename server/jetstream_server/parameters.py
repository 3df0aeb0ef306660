"""What a method of the API accepts, checked against the method table. No I/O.

One ``msgspec`` structure is built per method. What does not fit is refused with a sentence of ours that names the
parameter and says what it has to be; it is made from the table, so it is right for methods added later, too.
"""

import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec

from jetstream.api.methods import MAX_PATH
from jetstream.api.vocabulary import Method, Parameter
from jetstream.errors import InvalidParameters

_UNBOUND = (1 << 63) - 1

# Text with lone surrogates where a number is due makes msgspec stumble over its own error message.
_MISFITS = (msgspec.ValidationError, UnicodeError)


def keyword_of(parameter: Parameter) -> str:
    """The keyword argument by which a handler takes *parameter*: ``userData`` is ``user_data``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: "_" + match[1], parameter.name).lower()


class ParameterCheck:
    """Checks the parameters of one method and gives them their Python names."""

    def __init__(self, method: Method) -> None:
        self._method = method
        self._parameters = {parameter.name: parameter for parameter in method.parameters}
        self._types = {parameter.name: _bounded(parameter) for parameter in method.parameters}
        self._keywords = {parameter.name: keyword_of(parameter) for parameter in method.parameters}
        self._free_form = tuple(p for p in method.parameters if _holds_free_form(p.kind))
        self._plain_text = tuple(p for p in method.parameters if _is_plain_text(p))
        self._struct: Callable[..., Any] = msgspec.defstruct(
            re.sub(r"\W", "_", method.name), [self._field(p) for p in method.parameters],
            kw_only=True, frozen=True, forbid_unknown_fields=True,
        )

    @property
    def keywords(self) -> frozenset[str]:
        """The keyword arguments that a handler of this method is called with: always all of them."""
        return frozenset(self._keywords.values())

    def __call__(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The keyword arguments for the handler, defaults filled in.

        :raises InvalidParameters: naming the first parameter that is unknown, missing or of the wrong form.
        """
        try:
            checked = msgspec.convert(params, self._struct, strict=True)
        except _MISFITS as error:
            raise self._explain(params) from error
        for parameter in self._plain_text:
            _refuse_broken_text(parameter, params.get(parameter.name))
        for parameter in self._free_form:
            _refuse_foreign_values(parameter, params.get(parameter.name))
        return {keyword: getattr(checked, keyword) for keyword in self._keywords.values()}

    def _field(self, parameter: Parameter) -> tuple[str, Any, Any]:
        default = {} if parameter.required else {"default": parameter.default}
        name = parameter.name
        return self._keywords[name], self._types[name], msgspec.field(name=name, **default)

    def _explain(self, params: Mapping[str, Any]) -> InvalidParameters:
        for name in params:
            if name not in self._parameters:
                return InvalidParameters(f"`{self._method.name}` has no parameter `{name[:100]}`. {self._offer()}",
                                         field=name[:100])
        for name, parameter in self._parameters.items():
            if name not in params:
                if parameter.required:
                    return InvalidParameters(f"`{name}` is missing: `{self._method.name}` needs it.", field=name)
                continue
            try:
                msgspec.convert(params[name], self._types[name], strict=True)
            except _MISFITS:
                return InvalidParameters(f"`{name}` must be {expectation(parameter)}.", field=name)
        raise AssertionError(f"{self._method.name} refused parameters that fit one by one")

    def _offer(self) -> str:
        if not self._parameters:
            return "It takes none."
        return "It takes " + ", ".join(f"`{name}`" for name in self._parameters) + "."


def expectation(parameter: Parameter) -> str:
    """What a value of *parameter* has to be, as the end of the sentence "`name` must be ..."."""
    kinds = [kind for kind in _members(parameter.kind) if kind is not type(None)]
    words = " or ".join(_words(kind, parameter) for kind in kinds)
    return f"{words}, or null" if type(None) in _members(parameter.kind) else words


def _members(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) in (types.UnionType, typing.Union) else (kind,)


def _words(kind: Any, parameter: Parameter) -> str:
    longest = parameter.max_length
    if kind is bool:
        return "true or false"
    if kind is int:
        return "a whole number" + _range(parameter)
    if kind is str:
        return "text" + (f" of at most {longest} characters" if longest else "")
    upto = f"at most {longest} " if longest else ""
    if kind == list[tuple[int, int]]:
        return f"a list of {upto}pairs [first, count]"
    if typing.get_origin(kind) is list:
        return f"a list of {upto}texts"
    values = typing.get_args(kind)[1]
    if values is str:
        return f"a map of {upto}{_plural('pair', longest)} text: text"
    if values is Any:
        return f"a map of {upto}{_plural('name', longest)} with plain values"
    return f"a map of {upto}{_plural('pair', longest)} name: path"


def _plural(noun: str, count: int | None) -> str:
    return noun if count == 1 else noun + "s"


def _range(parameter: Parameter) -> str:
    low, high = parameter.minimum, parameter.maximum
    if high is None or high == _UNBOUND:
        return "" if low is None else f" of at least {low}"
    return f" of at most {high}" if low is None else f" from {low} to {high}"


def _bounded(parameter: Parameter) -> Any:
    members = tuple(_with_bounds(kind, parameter) for kind in _members(parameter.kind))
    return typing.Union[members]  # noqa: UP007 - the members are only known at run time


def _with_bounds(kind: Any, parameter: Parameter) -> Any:
    if kind is int:
        return Annotated[int, msgspec.Meta(ge=parameter.minimum, le=parameter.maximum)]
    if kind == list[tuple[int, int]]:
        number = _with_bounds(int, parameter)
        kind = list[tuple[number, number]]  # type: ignore[valid-type]
    if kind is bool or kind is type(None) or parameter.max_length is None:
        return kind
    return Annotated[kind, msgspec.Meta(max_length=parameter.max_length)]


def _holds_free_form(kind: Any) -> bool:
    return any(typing.get_origin(member) is dict and Any in typing.get_args(member) for member in _members(kind))


def _is_plain_text(parameter: Parameter) -> bool:
    # Paths may hold any bytes, which arrive as lone surrogates. Everything else has to be real text.
    return str in _members(parameter.kind) and parameter.max_length != MAX_PATH


def _refuse_broken_text(parameter: Parameter, value: object) -> None:
    if isinstance(value, str) and not _is_unicode(value):
        raise InvalidParameters(f"`{parameter.name}` must be text in UTF-8.", field=parameter.name)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_foreign_values(parameter: Parameter, value: object) -> None:
    """Free-form values end up as JSON in the catalog: text, numbers, true, false, null, lists and maps of these."""
    open_values = [value]
    while open_values:
        item = open_values.pop()
        if isinstance(item, dict):
            open_values.extend(item.keys())
            if not all(isinstance(key, str) for key in item):
                item = b""
            open_values.extend(item.values() if isinstance(item, dict) else ())
        elif isinstance(item, list | tuple):
            open_values.extend(item)
        broken = isinstance(item, str) and not _is_unicode(item)
        odd_number = isinstance(item, float) and item - item != 0  # not a number, or without end
        if broken or odd_number or not isinstance(item, str | int | float | dict | list | tuple | None):
            raise InvalidParameters(
                f"`{parameter.name}` must hold plain values only: text, numbers, true, false, null, "
                "lists, and maps with text as keys.", field=parameter.name)
