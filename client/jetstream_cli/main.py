"""``jetstream``: the entry point."""

import contextlib
import io
import os
import sys
from typing import Final, NoReturn

_INTERRUPTED: Final = 130
"""As in :mod:`jetstream_cli.exits`, which is not there yet when Ctrl-C comes while modules are read."""


def main() -> None:
    """The ``jetstream`` command; ends the process."""
    try:
        _main()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _main() -> None:
    if sys.argv[1:2] == ["server"]:
        # A node needs nothing of the command line's own libraries, so it starts without them.
        from jetstream_cli.serving import serve

        sys.exit(serve(sys.argv[2:]))
    from jetstream_cli.app import app

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")  # a terminal, or a file on Windows, that has no arrows is no failure
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # what a disk refuses is heard here
    except OSError as error:
        _end_without_output(error)


def _end_without_output(error: OSError) -> NoReturn:
    """Nobody reads on, or the disk behind standard output is full."""
    with contextlib.suppress(OSError):  # what is left in the buffer would fail once more, in Python's words
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):
        print(f"jetstream: {error.filename or 'The output cannot be written'}: {error.strerror or error}.",
              file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
