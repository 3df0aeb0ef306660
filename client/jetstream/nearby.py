"""How a node is announced on its local network (DNS-SD, RFC 6763, over multicast DNS, RFC 6762). Pure.

A node announces the service :data:`SERVICE_TYPE` with its port for other nodes and four properties. They are
unauthenticated hints: whoever dials checks the identity as ever.

    v      format of the properties, "1"
    uid    the node's lasting id
    fp     the fingerprint of its certificate
    name   what people call it
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SERVICE_TYPE: Final = "_jetstream._tcp.local."
_VERSION: Final = "1"
_LABEL_BYTES: Final = 63
_NAME_BYTES: Final = 200
_UID_LENGTH: Final = 64
_HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Beacon:
    """What a node announces. *port* is the one for other nodes."""

    server_uid: str
    fingerprint: str
    name: str
    port: int


def to_properties(beacon: Beacon) -> dict[str, str]:
    """The properties of the announcement."""
    return {"v": _VERSION, "uid": beacon.server_uid, "fp": beacon.fingerprint, "name": _cut(beacon.name, _NAME_BYTES)}


def from_properties(properties: Mapping[bytes, bytes | None], port: object) -> Beacon | None:
    """The announcement that *properties* describe, ``None`` if they are of no node: anybody on the network can send
    anything.
    """
    uid, code, name = (_text(properties.get(key)) for key in (b"uid", b"fp", b"name"))
    if _text(properties.get(b"v")) != _VERSION or type(port) is not int or not 1 <= port <= 65535:
        return None
    if not uid or len(uid) > _UID_LENGTH or not (uid.isascii() and uid.isalnum()):
        return None
    if code is None or len(code) != 64 or not set(code) <= _HEX:
        return None
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name or "").strip()
    return Beacon(uid, code, _cut(shown, _NAME_BYTES), port)


def instance_name(beacon: Beacon) -> str:
    """The full name of the service instance. Its first label is for people, without dots and what cannot be seen."""
    plain = "".join(letter if letter.isprintable() and letter != "." else " " for letter in beacon.name)
    return f"{_cut(' '.join(plain.split()), _LABEL_BYTES - 8) or 'JetStream'}.{SERVICE_TYPE}"


def host_name(beacon: Beacon) -> str:
    """The name of the announced host: one of its own, so that it cannot stand in the way of the system's."""
    return f"jetstream-{beacon.server_uid[:32]}.local."


def _text(raw: object) -> str | None:
    if not isinstance(raw, bytes):
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _cut(text: str, most: int) -> str:
    """*text* in at most *most* bytes of UTF-8, never half a letter."""
    return text.encode("utf-8", "replace")[:most].decode("utf-8", "ignore").strip()
