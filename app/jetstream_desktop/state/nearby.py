"""Nodes that announced themselves on the local network: which of them to offer, and where they answer."""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from jetstream.entities import Destination
from jetstream.nearby import from_properties
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.address import Address, Choice, title_of, with_address
from jetstream_desktop.state.text import printable

MOST: Final = 50
"""So many are offered: a network full of announcements is no reason for a list that nobody can read."""


@dataclass(frozen=True, slots=True)
class Near:
    """A node nearby, as it says of itself; nobody has checked that yet."""

    server_uid: str
    name: str
    host: str
    port: int
    fingerprint: str

    @property
    def address(self) -> Address:
        """Where it answers."""
        return Address(self.host, self.port)

    @property
    def title(self) -> str:
        """What people call it."""
        return printable(self.name) or str(self.address)

    @property
    def fields(self) -> dict[str, Any]:
        """As a destination, in the names of the API: what answers there later must have the announced identity."""
        return {"destination_address": self.host, "destination_port": self.port, "name": self.name,
                "permitted_destination_public_key": self.fingerprint}

    @property
    def choice(self) -> Choice:
        """As a line of the composer's list."""
        where = str(self.address)
        line = tr("nearby") if where in self.title else tr("nearby · {address}", address=where)
        return Choice(f"near {self.server_uid}", self.title, line, True, None, self.address, self.fields)


def near_from(properties: Mapping[bytes, bytes | None], port: object, addresses: Sequence[str],
              own: Sequence[str] = ()) -> Near | None:
    """The node that an announcement describes, ``None`` if it describes none or cannot be reached.

    :param own: this computer's addresses with the length of their networks: ``10.0.0.5/24``.
    """
    beacon = from_properties(properties, port)
    host = best_address(addresses, own)
    if beacon is None or host is None:
        return None
    return Near(beacon.server_uid, beacon.name, host, beacon.port, beacon.fingerprint)


def best_address(addresses: Sequence[str], own: Sequence[str] = ()) -> str | None:
    """The address to dial, and none that only means something with an interface beside it.

    A machine announces all its addresses, also those of bridges for containers, which every machine has alike: those
    that this computer has itself come last, those in a network with it first, and IPv4 comes before IPv6.
    """
    mine = [ipaddress.ip_interface(text) for text in own]
    usable: list[tuple[tuple[bool, bool, bool, int], str]] = []
    for text in addresses:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        if address.is_unspecified or address.is_multicast or (address.version == 6 and address.is_link_local):
            continue
        here = any(interface.ip == address for interface in mine)
        together = any(address in interface.network for interface in mine if interface.version == address.version)
        usable.append(((here, not together, address.is_link_local, address.version), str(address)))
    return min(usable, key=lambda found: found[0])[1] if usable else None


def offered(found: Iterable[Near], destinations: Sequence[Destination], own: frozenset[str]) -> tuple[Near, ...]:
    """What to offer: each node once, by name, without those in *destinations* and those with a fingerprint in *own*.
    One that is called like another, or like a destination, has its address behind the name, also once it is saved.
    """
    places = {(d.destination_address.lower(), d.destination_port) for d in destinations}
    known = {code.replace(":", "").lower() for d in destinations
             for code in (d.permitted_destination_public_key, d.destination_public_key) if code}
    chosen: dict[str, Near] = {}
    for near in sorted(found, key=lambda n: (n.title.casefold(), n.server_uid, n.host)):
        if near.fingerprint in own | known or (near.host.lower(), near.port) in places:
            continue
        chosen.setdefault(near.fingerprint, near)
    named = Counter(near.title.casefold() for near in chosen.values())
    named.update(title_of(one).casefold() for one in destinations)
    return tuple(near if named[near.title.casefold()] == 1 else
                 replace(near, name=with_address(near.title, near.address)) for near in tuple(chosen.values())[:MOST])


def fitting(near: Sequence[Near], text: str) -> list[Near]:
    """Those of *near* that fit what was typed."""
    words = text.casefold().split()
    return [one for one in near if all(word in f"{one.name} {one.address}".casefold() for word in words)]


def invitation() -> str:
    """What to do where no destination is known."""
    return tr("Type the address of the other computer, as its start page shows it.")


def words_while_empty(*, allowed: bool, local: bool) -> str:
    """What to do where no destination is known: others come by themselves only while somebody looks for them.

    :param local: the files are those of this computer; only for it is looked for others.
    """
    what = invitation()
    if not local:
        return what
    if allowed:
        return f"{what} {tr('Computers on your network appear here by themselves.')}"
    return f"{what} {tr('Looking for nearby computers is switched off in the settings.')}"
