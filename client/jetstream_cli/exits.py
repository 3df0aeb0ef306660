"""How commands end: one sentence on standard error, and an exit code.

    0     done; for send and get: every byte is verified and on the receiver's disk
    1     it failed, or was paused or cancelled before it was complete
    2     the command line cannot be understood
    3     no node answers, the connection broke, or the node is not the one that is known
    4     not logged in, or not allowed
    130   Ctrl-C; what the node was told to do goes on
"""

import asyncio
import contextlib
import sys
from collections.abc import Coroutine, Iterator
from typing import Any, Final, NoReturn

import typer

from jetstream.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ConnectionLost,
    InvalidParameters,
    JetStreamError,
    PermissionDenied,
    RequestTimeout,
    ServerIdentityChanged,
    VersionMismatch,
)
from jetstream_cli.text import shown

DONE, FAILED, USAGE, NO_NODE, NOT_ALLOWED, INTERRUPTED = 0, 1, 2, 3, 4, 130

_CODES: Final = {
    InvalidParameters: USAGE,
    ConnectionFailed: NO_NODE, ConnectionLost: NO_NODE, RequestTimeout: NO_NODE, ServerIdentityChanged: NO_NODE,
    VersionMismatch: NO_NODE,
    AuthenticationFailed: NOT_ALLOWED, PermissionDenied: NOT_ALLOWED,
}


def exit_code(error: JetStreamError) -> int:
    """The exit code for *error*."""
    return next((code for cls, code in _CODES.items() if isinstance(error, cls)), FAILED)


def say(sentence: str) -> None:
    """Tell the person something on standard error."""
    print("\n".join(map(shown, sentence.splitlines())), file=sys.stderr)


def fail(error: JetStreamError) -> NoReturn:
    """End with *error*'s sentence."""
    say(f"jetstream: {error}")
    raise typer.Exit(exit_code(error)) from error


@contextlib.contextmanager
def parsed() -> Iterator[None]:
    """While the command line is understood: an error ends the command."""
    try:
        yield
    except JetStreamError as error:
        fail(error)


def run(work: Coroutine[Any, Any, int | None]) -> None:
    """Carry out what a command does and end with its exit code.

    A command that wants to say something at Ctrl-C catches the cancellation and passes it on.
    """
    try:
        code = asyncio.run(work)
    except JetStreamError as error:
        fail(error)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    if code:
        raise typer.Exit(code)
