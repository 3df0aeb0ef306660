"""Where to send: what a person typed, and the destinations that fit it."""

import ipaddress
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jetstream.constants import DEFAULT_API_PORT
from jetstream.entities import Destination
from jetstream_desktop.i18n import tr
from jetstream_desktop.state import numbers
from jetstream_desktop.state.sharing import moment
from jetstream_desktop.state.text import printable

GROUP: Final = "group"
"""Where the group is kept among a destination's ``userData``."""
FOLDER: Final = "folder"
"""Where the folder at the other side is kept among a destination's ``userData``."""
_LABEL: Final = re.compile(r"^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$")


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port."""

    host: str
    port: int = DEFAULT_API_PORT

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_API_PORT else f"{host}:{self.port}"


def parse_address(text: str) -> Address | None:
    """The address that *text* is: ``host``, ``host:port``, ``[IPv6]:port``, or a ``jetstream:`` link to a node."""
    text = text.strip()
    match = re.match(r"^jetstream:(//)?([^/?#]+)", text)
    if match:
        text = match[2].rpartition("@")[2]
    match = re.match(r"^\[([0-9A-Fa-f:.]+)\](?::(\d+))?$", text)
    if match:
        return _address(match[1], match[2])
    if re.fullmatch(r"[0-9A-Fa-f:.]+", text) and text.count(":") > 1:
        return Address(text)
    host, colon, port = text.partition(":")
    if not all(_LABEL.match(part) for part in host.removesuffix(".").split(".")):
        return None
    return _address(host, port if colon else None)


def _address(host: str, port: str | None) -> Address | None:
    if port is None:
        return Address(host)
    return Address(host, int(port)) if port.isdigit() and 1 <= int(port) <= 65535 else None


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of the composer's list: a known destination, or an address typed or found nearby (*destination* None)."""

    key: str
    title: str
    line: str
    reachable: bool | None
    destination: Destination | None = None
    address: Address | None = None
    fields: Mapping[str, Any] | None = None
    """What else is known of a new address, in the names of the API."""
    note: str = ""
    """What there is to know before sending there."""


def folder_of(destination: Destination | None) -> str:
    """The folder below the receiver's own where files for this destination usually go; empty for none."""
    found = destination.user_data.get(FOLDER) if destination is not None else None
    return found.strip() if isinstance(found, str) and found.isprintable() else ""


def title_of(destination: Destination) -> str:
    """The name that a person gave, else the address."""
    return destination.name or str(address_of(destination))


def address_of(destination: Destination) -> Address:
    """Where it is reached."""
    return Address(destination.destination_address, destination.destination_port)


def titles(destinations: Sequence[Destination]) -> dict[str, str]:
    """What to call each, by id: those of the same name have their address behind it."""
    named = Counter(title_of(one).casefold() for one in destinations)
    return {one.id: with_address(title_of(one), address_of(one)) if named[title_of(one).casefold()] > 1 else
            title_of(one) for one in destinations}


def with_address(name: str, address: Address) -> str:
    """*name* told apart from the same name elsewhere."""
    return f"{name} ({address})"


def is_itself(destination: Destination, fingerprint: str) -> bool:
    """Whether the node with *fingerprint* would send to itself; without a known identity an address of its own loop is
    taken for that.
    """
    code = destination.destination_public_key or destination.permitted_destination_public_key
    if code:
        return code.replace(":", "").lower() == fingerprint.replace(":", "").lower()
    host = destination.destination_address.lower().removesuffix(".")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def choices(destinations: Sequence[Destination], text: str) -> list[Choice]:
    """Destinations that fit *text*, used last first; and *text* itself if it is an address that none of them has."""
    wanted = text.casefold().split()
    found = [d for d in recent_first(destinations) if all(
        word in f"{d.name} {d.destination_address}:{d.destination_port} {d.user_data.get(GROUP, '')}".casefold()
        for word in wanted)]
    names = titles(destinations)
    result = [_known(d, names[d.id]) for d in found]
    address = parse_address(text) if text.strip() else None
    if address is not None and not any(
            d.destination_address == address.host and d.destination_port == address.port for d in destinations):
        result.append(Choice("new", str(address), tr("a new address"), None, None, address))
    return result


def fits(choice: Choice, text: str) -> bool:
    """Whether *choice* fits what was typed."""
    return all(word in f"{choice.title} {choice.line}".casefold() for word in text.casefold().split())


def recent_first(destinations: Sequence[Destination]) -> list[Destination]:
    """The order of the address book: used last first, then by name."""
    return sorted(destinations, key=lambda d: (-(d.last_used_time or d.creation_time or 0), title_of(d).casefold()))


def _known(destination: Destination, title: str) -> Choice:
    up = reachable(destination)
    parts = []
    if destination.last_rate:
        parts.append(tr("{rate} last time", rate=numbers.rate(destination.last_rate * 125)))
    if destination.name:
        parts.append(printable(str(address_of(destination))))
    if up is False:
        parts = [tr("not reachable; will wait")]
    if not parts and destination.last_used_time:
        parts.append(tr("last used {when}", when=moment(destination.last_used_time)))
    line = " · ".join(parts) or tr("not used yet")
    return Choice(destination.id, printable(title), line, up, destination)


def reachable(destination: Destination) -> bool | None:
    """Whether it answered when it was last tried; ``None`` if nobody has tried yet."""
    if destination.encrypted_connection_state == "connected":
        return True
    if destination.last_error is not None:
        return False
    return True if destination.last_recv_time is not None or destination.last_rate is not None else None
