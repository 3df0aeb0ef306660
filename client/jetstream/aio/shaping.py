"""From what came over the wire to entities. Pure."""

from collections.abc import Mapping
from typing import Any, TypeVar

from jetstream.entities import Event, event_from_wire, from_wire
from jetstream.errors import ServerError

T = TypeVar("T")


def one(cls: type[T], raw: Any) -> T:
    """The *cls* that *raw* describes.

    :raises ServerError: if it describes none: the node is of another world.
    """
    try:
        if isinstance(raw, Mapping):
            return from_wire(cls, raw)
    except TypeError as error:
        raise ServerError(f"The node's answer is no {cls.__name__}: {error}.") from error
    raise ServerError(f"The node's answer is no {cls.__name__}.")


def many(cls: type[T], raw: Any) -> list[T]:
    """As :func:`one`, for a list."""
    if not isinstance(raw, list):
        raise ServerError(f"The node's answer is no list of {cls.__name__}.")
    return [one(cls, item) for item in raw]


def events(raw: Any) -> list[Event]:
    """Lines of the event log.

    :raises ServerError: if *raw* is something else.
    """
    try:
        if isinstance(raw, list) and all(isinstance(item, Mapping) for item in raw):
            return [event_from_wire(item) for item in raw]
    except (TypeError, ValueError) as error:
        raise ServerError("The node's answer is no event log.") from error
    raise ServerError("The node's answer is no event log.")
