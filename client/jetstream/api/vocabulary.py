"""What a method of the API is made of."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


class Access(enum.Enum):
    """Who may call a method."""

    ANYONE = "anyone"
    """Before any login."""
    LOGIN = "login"
    """The owner, an account, or an API token."""
    TOKEN = "token"
    """As LOGIN, and also the login of a shared token, which sees only what the token gives."""
    SUPERUSER = "superuser"
    """Only after ``superuser()``."""


class Shape(enum.Enum):
    """What a method answers with. The documented dict forms are those of :mod:`jetstream.entities`."""

    NONE = "none"
    OBJECT = "object"
    """A plain value or map that has no entity of its own."""
    MANIFEST = "manifest"
    MANIFESTS = "manifests"
    DESTINATION = "destination"
    DESTINATIONS = "destinations"
    TRANSFER = "transfer"
    TRANSFERS = "transfers"
    CONNECTION = "connection"
    CONNECTIONS = "connections"
    TOKEN = "token"
    TOKENS = "tokens"
    API_TOKEN = "apiToken"
    API_TOKENS = "apiTokens"
    RECEIVE_TRANSFER = "receiveTransfer"
    RECEIVE_TRANSFERS = "receiveTransfers"
    OFFERS = "offers"
    SOURCES = "sources"
    SERVER_INFO = "serverInfo"
    EVENTS = "events"
    CHECKS = "checks"
    """What was found step by step, see :mod:`jetstream.checks`."""
    PREVIEW = "preview"
    """What a transfer would meet, see :mod:`jetstream.previews`."""


class Required:
    """Marks a parameter without a default."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final = Required()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a method.

    :param name: wire and documented name, camelCase.
    :param kind: a type annotation that says what may come over the wire (``str``, ``int | None``, ``dict[str, str]``).
    :param default: value when the caller says nothing, or :data:`REQUIRED`.
    :param reference: set if the parameter names an object: the id field of its dict form. Callers may then pass the
        dict or the entity; the wire carries the bare id under *name*.
    :param minimum: smallest number allowed.
    :param maximum: largest number allowed.
    :param max_length: longest string, list or map allowed.
    """

    name: str
    kind: Any
    default: Any = REQUIRED
    reference: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None

    @property
    def required(self) -> bool:
        """Whether a caller has to give it."""
        return self.default is REQUIRED


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the API: ``name`` is ``group.camelCase``; ``deferrable`` says that it has an ``...Async`` twin,
    ``ends`` that it only looks, so that it can be ended at any moment and ends with its caller's connection.
    """

    name: str
    parameters: tuple[Parameter, ...]
    shape: Shape
    access: Access
    summary: str
    deferrable: bool = True
    ends: bool = False

    @property
    def group(self) -> str:
        """``server``, ``send`` or ``recv``."""
        return self.name.partition(".")[0]

    @property
    def plain_name(self) -> str:
        """The name without its group."""
        return self.name.partition(".")[2]

    def parameter(self, name: str) -> Parameter | None:
        """The parameter called *name*, if there is one."""
        return next((p for p in self.parameters if p.name == name), None)


def reference_id(parameter: Parameter, value: Any) -> Any:
    """The bare id in *value*: an id, a dict as the API returns it, or an entity with an ``id`` attribute.

    Other values are returned as they are, for the node to refuse with the parameter's name.
    """
    assert parameter.reference is not None
    if isinstance(value, Mapping):
        value = value.get(parameter.reference, value)
    elif not isinstance(value, str | int) and hasattr(value, "id"):
        value = value.id
    if type(value) is int and parameter.kind in (str, str | None):
        return str(value)
    return value
