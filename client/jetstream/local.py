"""How clients find the node of the same user on the same machine: folders and the ticket file.

A node writes a ticket file that only its user can read. It holds a fresh random secret for each launch and is named
after the fingerprint of the node's certificate. A client that has connected looks for the ticket of the certificate
that it *sees*; so the secret is only ever shown to the node that wrote it, whatever the port and whoever else listens
there.
"""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from jetstream.errors import InvalidParameters


def state_folder() -> Path:
    """The folder for this user's JetStream state (``JETSTREAM_HOME`` overrides it).

    :raises InvalidParameters: if this user has no home folder and the variable says nothing.
    """
    override = os.environ.get("JETSTREAM_HOME")
    if override:
        return Path(override)
    try:
        home = Path.home()
    except RuntimeError as error:
        raise InvalidParameters("This user has no home folder. Set JETSTREAM_HOME to the folder for JetStream's own "
                                "files.") from error
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "JetStream"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "JetStream"
    return Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state") / "jetstream"


def ticket_folder() -> Path:
    """The folder of the ticket files of this user's nodes."""
    return state_folder() / "tickets"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a node leaves for clients of its own user. *secret* must never be printed or logged."""

    fingerprint: str
    port: int
    pid: int
    user: str
    secret: str

    def __repr__(self) -> str:
        return f"<Ticket {self.fingerprint[:12]} port={self.port} pid={self.pid}>"


def ticket_path(fingerprint: str) -> Path:
    """Where the ticket of the node with this certificate is."""
    return ticket_folder() / f"{fingerprint[:32]}.json"


def write_ticket(ticket: Ticket) -> Path:
    """Write *ticket* so that only this user can read it, replacing an older one as a whole."""
    path = ticket_path(ticket.fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(f".{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({name: getattr(ticket, name) for name in Ticket.__slots__}, file)
    os.replace(part, path)
    return path


def read_ticket(fingerprint: str) -> Ticket | None:
    """The ticket of the node with this certificate, if this user may read one. A damaged file counts as none."""
    return _read(ticket_path(fingerprint), fingerprint)


def local_tickets() -> list[Ticket]:
    """All tickets that this user can read; nodes that were killed may have left some behind."""
    folder = ticket_folder()
    if not folder.is_dir():
        return []
    found = (_read(path, None) for path in sorted(folder.glob("*.json")))
    return [ticket for ticket in found if ticket is not None]


def _read(path: Path, fingerprint: str | None) -> Ticket | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        ticket = Ticket(
            fingerprint=str(value["fingerprint"]),
            port=int(value["port"]),
            pid=int(value["pid"]),
            user=str(value["user"]),
            secret=str(value["secret"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return ticket if fingerprint in (None, ticket.fingerprint) else None
