"""Methods of the blocking face, made from the method table: real signatures, real help texts, no line written twice.

What editors and type checkers read is the generated ``groups.pyi`` beside this file; a test keeps it fresh.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from jetstream.api.calls import CHANGES, OBJECT, build_params, positional, takes_changes
from jetstream.api.methods import ASYNC_SUFFIX, METHODS
from jetstream.api.vocabulary import Access, Method, Parameter

Ask = Callable[[str, dict[str, Any]], Any]
C = TypeVar("C", bound=type)

_WHO = {
    Access.ANYONE: "",
    Access.LOGIN: "Needs a login.",
    Access.TOKEN: "Needs a login; that of a shared token will do.",
    Access.SUPERUSER: "Superusers only: call superuser() first.",
}


def with_methods(group: str) -> Callable[[C], C]:
    """A class decorator that adds the methods of *group* and their ``...Async`` twins.

    The class needs a method ``_ask(wire_name, params)``.
    """

    def decorate(cls: C) -> C:
        for method in METHODS.values():
            if method.group == group:
                called = signature(method)
                _add(cls, method, method.plain_name, called, help_text(method))
                if method.deferrable:
                    name = method.plain_name + ASYNC_SUFFIX
                    _add(cls, method, name, called, f"Start :meth:`{method.plain_name}` in the background.\n\n"
                                                    ":returns: ``{'requestId': n}`` for ``getRequestStatus`` and "
                                                    "``getRequestResult``.\n")
        return cls

    return decorate


def _add(cls: type, method: Method, name: str, called: inspect.Signature, text: str) -> None:
    wire_name = f"{method.group}.{name}"

    def call(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return self._ask(wire_name, build_params(method, args, kwargs))

    call.__name__ = name
    call.__qualname__ = f"{cls.__qualname__}.{name}"
    call.__module__ = cls.__module__
    call.__doc__ = text
    call.__signature__ = called  # type: ignore[attr-defined]
    setattr(cls, name, call)


def signature(method: Method) -> inspect.Signature:
    """How *method* is called in Python."""
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)]
    for parameter in positional(method):
        default = inspect.Parameter.empty if parameter.required else parameter.default
        parameters.append(inspect.Parameter(parameter.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default,
                                            annotation=annotation(parameter)))
    if takes_changes(method):
        parameters.append(inspect.Parameter(CHANGES, inspect.Parameter.VAR_KEYWORD, annotation=Any))
    return inspect.Signature(parameters)


def annotation(parameter: Parameter) -> Any:
    """What may be passed for *parameter*."""
    if parameter.reference is not None:
        return Mapping[str, Any] | parameter.kind
    return Mapping[str, Any] if parameter.name == OBJECT else parameter.kind


def help_text(method: Method) -> str:
    """The docstring of *method*."""
    lines = [method.summary, ""]
    if _WHO[method.access]:
        lines += [_WHO[method.access], ""]
    lines += [f":param {parameter.name}: {_describe(parameter)}" for parameter in positional(method)]
    if takes_changes(method):
        lines.append(f":param {CHANGES}: fields and their new values, as keyword arguments.")
    return "\n".join(lines).rstrip() + "\n"


def _describe(parameter: Parameter) -> str:
    if parameter.name == OBJECT:
        return "a manifest, destination, transfer or shared token as the API returned it."
    if parameter.reference is not None:
        return f"the dict that an earlier call returned, or its ``{parameter.reference}``."
    kind = getattr(parameter.kind, "__name__", None) if isinstance(parameter.kind, type) else None
    words = kind or str(parameter.kind).replace("typing.", "")
    return f"{words}." if parameter.required else f"{words}; {parameter.default!r} if left out."
