"""The address book as it is shown: groups with their destinations, what fits a search, and links that name a node."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jetstream.entities import Destination
from jetstream.errors import JetStreamError
from jetstream.links import CONNECT, SCHEME, Link, format_link, parse_link
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.address import GROUP, Address, parse_address, reachable, recent_first
from jetstream_desktop.state.allowed import fingerprint_in
from jetstream_desktop.state.text import is_text

MAX_NAME: Final = 200
IDENTITY: Final = "identity"
NAME: Final = "name"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A group and what is in it; the one without a name holds what is in no group."""

    name: str
    destinations: tuple[Destination, ...]


def group_of(destination: Destination) -> str:
    """The group that a destination is in; empty for none."""
    return clean_name(destination.user_data.get(GROUP))


def clean_name(value: object) -> str:
    """A name from outside on one line, not longer than a name is; empty if *value* is none."""
    if not isinstance(value, str) or not is_text(value):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())[:MAX_NAME]


def group_names(destinations: Sequence[Destination]) -> list[str]:
    """All groups, in the order of the alphabet."""
    return sorted({group_of(d) for d in destinations} - {""}, key=str.casefold)


def shelves(destinations: Sequence[Destination], search: str = "") -> list[Shelf]:
    """Groups by name, those without a group last; in each the one used last first. Empty groups are not there."""
    words = search.casefold().split()
    found: dict[str, list[Destination]] = {}
    for one in recent_first(destinations):
        group = group_of(one)
        text = f"{one.name} {one.destination_address}:{one.destination_port} {group}".casefold()
        if all(word in text for word in words):
            found.setdefault(group, []).append(one)
    return [Shelf(name, tuple(found[name])) for name in sorted(found, key=lambda name: (not name, name.casefold()))]


def state_words(destination: Destination) -> str:
    """Whether it could be reached when it was last tried."""
    up = reachable(destination)
    if up is None:
        return tr("not tried yet")
    return tr("reachable") if up else tr("not reachable")


def known_states() -> list[str]:
    """Everything that :func:`state_words` can say."""
    return [tr("not tried yet"), tr("reachable"), tr("not reachable")]


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a text names: where a node is, and perhaps what it is called and which identity it has."""

    address: Address
    name: str = ""
    identity: str = ""


def pasted(text: str) -> Pasted | None:
    """What somebody pasted: an address, or a ``jetstream:`` link. A link may carry ``name`` and ``identity``."""
    text = text.strip()
    if not text.lower().startswith(f"{SCHEME}:"):
        address = parse_address(text)
        return None if address is None else Pasted(address)
    try:
        link = parse_link(text)
    except JetStreamError:
        address = parse_address(text)  # jetstream://host alone says no more than where
        return None if address is None else Pasted(address)
    named = link.parameters if link.action == CONNECT else {}
    return Pasted(Address(link.host, link.port), clean_name(named.get(NAME)),
                  fingerprint_in(named.get(IDENTITY, "")) or "")


def connect_link(destination: Destination) -> str:
    """A link by which somebody else gets this destination into their address book; no login is in it."""
    identity = destination.permitted_destination_public_key or destination.destination_public_key or ""
    parameters = {NAME: destination.name, IDENTITY: fingerprint_in(identity) or ""}
    return format_link(Link(destination.destination_address, destination.destination_port, CONNECT,
                            {name: value for name, value in parameters.items() if value}))
