"""Secrets come from a prompt, from standard input or from the environment; never from the command line, where every
user of the machine can read them."""

import getpass
import os
import sys

from jetstream.errors import InvalidParameters


def password_for(prompt: str, variable: str | None) -> str:
    """A password that exists already: from the environment *variable*, else asked for.

    :raises InvalidParameters: if nobody can be asked.
    """
    if variable is not None and variable in os.environ:
        return os.environ[variable]
    if not sys.stdin.isatty():
        how = f"set {variable}" if variable else "use --password-stdin"
        raise InvalidParameters(f"There is nobody to ask for a password; {how}.")
    return _ask(prompt)


def _ask(prompt: str) -> str:
    try:
        return getpass.getpass(f"{prompt}: ")
    except KeyboardInterrupt:
        print(file=sys.stderr)  # the prompt stands in that line
        raise


def new_password(prompt: str) -> str:
    """A new password, asked for twice.

    :raises InvalidParameters: if nobody can be asked, or the two differ.
    """
    first = password_for(prompt, None)
    if first != _ask("Once more"):
        raise InvalidParameters("The two passwords differ; nothing was changed.")
    return first


def from_stdin() -> str:
    """The first line of standard input.

    :raises InvalidParameters: if it is empty.
    """
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise InvalidParameters("There is no password on standard input.")
    return line
