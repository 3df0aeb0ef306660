"""Running a node from the ``jetstream`` command."""

import sys

NO_NODE_INSTALLED = 3


def serve(arguments: list[str]) -> int:
    """Run a node with these options, which it reads itself; returns its exit code."""
    try:
        from jetstream_server.__main__ import run
    except ModuleNotFoundError as error:
        print(f"jetstream server: this installation has no node: {error}.", file=sys.stderr)
        return NO_NODE_INSTALLED
    return run(arguments)
