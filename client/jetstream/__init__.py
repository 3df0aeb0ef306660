"""JetStream: moving files between machines, fast, over any network, with nobody watching over it.

    from jetstream import JetStream

    with JetStream().api() as api:
        manifest = api.send.createManifest(mappings={'/docs/readme.txt': '/home/me/readme.txt'})

The async face is :mod:`jetstream.aio`, helpers are in :mod:`jetstream.helper`, values in :mod:`jetstream.constants`.
Names are loaded when they are first used, so importing the package costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jetstream.blocking import JetStream
    from jetstream.errors import (
        AuthenticationFailed,
        Conflict,
        ConnectionFailed,
        ConnectionLost,
        InvalidParameters,
        JetStreamError,
        LimitExceeded,
        NotFound,
        PermissionDenied,
        RequestTimeout,
        ServerError,
        ServerIdentityChanged,
        VersionMismatch,
    )

__all__ = [
    "AuthenticationFailed",
    "Conflict",
    "ConnectionFailed",
    "ConnectionLost",
    "InvalidParameters",
    "JetStream",
    "JetStreamError",
    "LimitExceeded",
    "NotFound",
    "PermissionDenied",
    "RequestTimeout",
    "ServerError",
    "ServerIdentityChanged",
    "VersionMismatch",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "jetstream.blocking" if name == "JetStream" else "jetstream.errors"
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
