"""``…update…(object, changes)``: what is changed is checked like the parameters of the method that makes the object."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jetstream.api.methods import METHODS
from jetstream.api.vocabulary import Method
from jetstream_server.parameters import ParameterCheck, keyword_of


def changes_of(update: str, create: str, leave_out: Iterable[str]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function that checks a map of changes and names them by keyword.

    :param update: wire name of the method that takes the changes, for its messages.
    :param create: wire name of the method whose parameters may be changed.
    :param leave_out: those that may not.
    :returns: the function; it raises InvalidParameters naming the field.
    """
    left_out = set(leave_out)
    parameters = tuple(
        dataclasses.replace(parameter, default=None)
        for parameter in METHODS[create].parameters
        if parameter.name not in left_out
    )
    known = METHODS[update]
    check = ParameterCheck(Method(known.name, parameters, known.shape, known.access, known.summary))
    keywords = {parameter.name: keyword_of(parameter) for parameter in parameters}

    def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
        values = check(changes)
        return {keywords[name]: values[keywords[name]] for name in changes}

    return checked
