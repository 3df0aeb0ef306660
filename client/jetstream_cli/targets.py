"""What ``send`` is told: paths and ``[USER@]HOST[:PORT][:FOLDER]``. Pure but for looking at paths."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jetstream.errors import InvalidParameters


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send: *port* ``None`` is the usual one, *folder* ``''`` the receiver's folder for incoming files."""

    host: str
    port: int | None = None
    folder: str = ""
    user: str | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host + (f":{self.port}" if self.port else "") + (f":{self.folder}" if self.folder else "")


def read_target(text: str) -> Target:
    """Reads ``[USER@]HOST[:PORT][:FOLDER]``. IPv6 addresses stand in brackets. A folder that is a number needs a
    port, or an empty one, before it: ``HOST::2024``.

    :raises InvalidParameters: if *text* is none.
    """
    found = re.fullmatch(r"(?:([^@/:\[\]]+)@)?(\[[0-9A-Fa-f:.%\w]+\]|[^@/:\[\]\s]+)(?::(\d{0,10}))?(?::(.*))?", text,
                         re.DOTALL)
    if found is None:
        hint = " It looks like a path; the last argument says where to." if "/" in text or "\\" in text else ""
        raise InvalidParameters(f"{text!r} is no destination of the form HOST[:PORT][:FOLDER].{hint}")
    user, host, port, folder = found.groups()
    if port and not 1 <= int(port) <= 65535:
        raise InvalidParameters(f"{port} is no port; ports are numbers from 1 to 65535.")
    return Target(host.strip("[]"), int(port) if port else None, folder or "", user)


def read_paths(paths: Sequence[str], names: Sequence[str] | None = None, *, local: bool) -> dict[str, str]:
    """``{target: source}`` for a manifest: each path under its own name, or under the one of *names* in its place.

    :param local: whether the node is on this machine, so that paths may be relative and can be looked at.
    :raises InvalidParameters: if a path is not there, has no name, or two have the same name.
    """
    if names and len(names) != len(paths):
        raise InvalidParameters(f"--as is given once for each path, in their order: there are {len(paths)} paths and "
                                f"{len(names)} names.")
    mappings: dict[str, str] = {}
    for place, path in enumerate(paths):
        source = _absolute(path) if local else path
        if local and not os.path.lexists(source):
            raise InvalidParameters(f"There is no file or folder {path!r}.")
        if not local and not os.path.isabs(path):
            raise InvalidParameters(f"{path!r} must be an absolute path: the node is on another machine.")
        name = names[place] if names else Path(source).name
        if not name:
            raise InvalidParameters(f"{path!r} has no name to arrive under; name the folders in it, or give it a name "
                                    "with --as.")
        if name in mappings:
            raise InvalidParameters(f"{mappings[name]!r} and {source!r} would both arrive as {name!r}; "
                                    "send them one after the other.")
        mappings[name] = source
    return mappings


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(path)
    except OSError as error:
        sentence = f"{path!r} cannot be found: the current folder is gone. Give an absolute path."
        raise InvalidParameters(sentence) from error
