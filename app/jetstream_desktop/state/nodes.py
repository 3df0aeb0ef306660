"""Which node the window shows, and those that it showed lately."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from jetstream.constants import DEFAULT_API_PORT
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.address import Address, parse_address
from jetstream_desktop.state.text import printable

MOST: Final = 12
"""So many nodes are remembered."""
_LONGEST: Final = 300
_FINGERPRINT: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class OpenNode:
    """A node that the window can show: by default the one of this person on this computer.

    *fingerprint* is the identity that it must show, *name* what it called itself when it was open last.
    """

    host: str = ""
    port: int = DEFAULT_API_PORT
    user: str = ""
    name: str = ""
    fingerprint: str = ""

    @property
    def local(self) -> bool:
        """Whether it is the node of this computer: only then are its files those that can be dropped here."""
        return not self.host

    @property
    def address(self) -> Address:
        """Where it answers."""
        return Address(self.host, self.port)

    @property
    def title(self) -> str:
        """What people call it."""
        return tr("This computer") if self.local else printable(self.name) or str(self.address)

    @property
    def line(self) -> str:
        """Address and user, for lists."""
        return f"{printable(self.user)} · {self.address}" if self.user else str(self.address)

    def same_place(self, other: "OpenNode") -> bool:
        """Whether *other* is the same login of the same address."""
        return (self.host.lower(), self.port, self.user) == (other.host.lower(), other.port, other.user)


LOCAL: Final = OpenNode()


def remembered(nodes: Sequence[OpenNode], node: OpenNode) -> tuple[OpenNode, ...]:
    """*nodes* with *node* at the front, each place once, the oldest dropped."""
    if node.local:
        return tuple(nodes)
    return (node, *forgotten(nodes, node))[:MOST]


def forgotten(nodes: Sequence[OpenNode], node: OpenNode) -> tuple[OpenNode, ...]:
    """*nodes* without *node*."""
    return tuple(other for other in nodes if not other.same_place(node))


def to_json(nodes: Sequence[OpenNode]) -> list[dict[str, Any]]:
    """For the settings file."""
    return [asdict(node) for node in nodes]


def from_json(value: object) -> tuple[OpenNode, ...]:
    """What :func:`to_json` wrote; what is malformed is left out."""
    found: tuple[OpenNode, ...] = ()
    for one in reversed(value if isinstance(value, list) else []):
        node = _node(one)
        if node is not None:
            found = remembered(found, node)
    return found


def _node(value: object) -> OpenNode | None:
    if not isinstance(value, dict):
        return None
    texts = {name: value.get(name, "") for name in ("host", "user", "name", "fingerprint")}
    port = value.get("port")
    if not all(isinstance(text, str) and len(text) <= _LONGEST for text in texts.values()) or type(port) is not int:
        return None
    address = parse_address(str(Address(texts["host"], port))) if texts["host"] and 1 <= port <= 65535 else None
    if address is None or not _FINGERPRINT.fullmatch(texts["fingerprint"]):
        return None
    return replace(OpenNode(**texts), host=address.host, port=address.port)
