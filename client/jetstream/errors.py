"""The one tree of errors that users catch.

    JetStreamError
    ├── ConnectionFailed         nobody answered, or not with our protocol
    ├── ConnectionLost           the connection broke while a call was under way
    ├── RequestTimeout           no answer within the time limit
    ├── ServerIdentityChanged    the node shows another identity than the pinned one
    ├── VersionMismatch          the two sides share no protocol version
    ├── AuthenticationFailed     wrong, expired, used-up or unknown credentials: all alike
    ├── PermissionDenied         this login may not do that
    ├── NotFound                 no such object (or not yours)
    ├── InvalidParameters        a parameter is missing, unknown or of the wrong form; names the field
    ├── LimitExceeded            larger, deeper or more than the protocol allows
    ├── Conflict                 the object's state does not allow it now
    └── ServerError              a fault inside the node, with a reference that its log repeats

An error stores facts; ``str(error)`` is the sentence for a person. On the wire an error is the map
``{"code": str, "message": str, "facts": {str: str | int | None}}``; the code is the class name.
"""

from collections.abc import Mapping
from typing import Any

Fact = str | int | None


class JetStreamError(Exception):
    """Base of everything that a JetStream call raises on purpose.

    :param message: the sentence that a person should read.
    :param facts: named values behind the sentence (field names, fingerprints, reference numbers).
    """

    def __init__(self, message: str = "", **facts: Fact) -> None:
        super().__init__(message)
        self.message = message
        self.facts: dict[str, Fact] = dict(facts)

    @property
    def code(self) -> str:
        """Name of the error on the wire: the name of its class."""
        return type(self).__name__

    def __str__(self) -> str:
        return self.message or self.code

    def __reduce__(self) -> tuple[Any, ...]:
        return (error_from_wire, (error_to_wire(self),))


class ConnectionFailed(JetStreamError):
    """Nobody answered at the address, or what answered is no JetStream node."""


class ConnectionLost(JetStreamError):
    """The connection broke while it was needed."""


class RequestTimeout(JetStreamError):
    """No answer came within the time limit; the node may still carry the request out."""


class ServerIdentityChanged(JetStreamError):
    """The node's certificate is not the one that was pinned. Facts: ``expected``, ``presented``."""


class VersionMismatch(JetStreamError):
    """The two sides speak no common version. Facts: ``ours``, ``theirs``."""


class AuthenticationFailed(JetStreamError):
    """The credentials do not open this node."""


class PermissionDenied(JetStreamError):
    """The login is good, but may not do this."""


class NotFound(JetStreamError):
    """There is no such object for this login."""


class InvalidParameters(JetStreamError):
    """A parameter is missing, unknown or malformed. Fact: ``field``."""


class LimitExceeded(JetStreamError):
    """Something is larger, deeper or more frequent than the protocol allows. Fact: ``limit``."""


class Conflict(JetStreamError):
    """The object is in a state that does not allow this now."""


class ServerError(JetStreamError):
    """A fault inside the node. Fact: ``reference``, which the node's log repeats."""


ERRORS_BY_CODE: Mapping[str, type[JetStreamError]] = {
    cls.__name__: cls
    for cls in (
        ConnectionFailed,
        ConnectionLost,
        RequestTimeout,
        ServerIdentityChanged,
        VersionMismatch,
        AuthenticationFailed,
        PermissionDenied,
        NotFound,
        InvalidParameters,
        LimitExceeded,
        Conflict,
        ServerError,
    )
}


def error_to_wire(error: JetStreamError) -> dict[str, Any]:
    """The documented map form of *error*."""
    return {"code": error.code, "message": error.message, "facts": dict(error.facts)}


def error_from_wire(value: object) -> JetStreamError:
    """The error that *value* (a map as made by :func:`error_to_wire`) describes.

    A malformed map or an unknown code gives a plain :class:`JetStreamError`, so that an answer from a newer
    node is still an error that callers can catch.
    """
    if not isinstance(value, Mapping):
        return JetStreamError(str(value))
    cls = ERRORS_BY_CODE.get(str(value.get("code")), JetStreamError)
    message = value.get("message")
    facts = value.get("facts")
    error = cls(message if isinstance(message, str) else "")
    if isinstance(facts, Mapping):
        error.facts = {str(k): v for k, v in facts.items() if v is None or isinstance(v, str | int)}
    return error
