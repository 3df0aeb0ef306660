"""What the node looks at when it is asked how it is: the table :data:`LOOKS`, one entry a line of the doctor.

To look at more, add an entry: a function from :class:`Circumstances` to a finding, or to ``None`` where there is
nothing to say on this system. What it says is a code with words in :mod:`jetstream.checks`.
"""

import dataclasses
import ipaddress
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jetstream.checks import Check, check
from jetstream.findings import Outcome
from jetstream_server.diagnosis import system
from jetstream_server.diagnosis.firewalls import Verdict
from jetstream_server.diagnosis.system import Interface, Rules
from jetstream_server.files.landing import Landing, look_at
from jetstream_server.link.udp.datagrams import WANTED_BUFFER
from jetstream_server.link.udp.port import PortFacts
from jetstream_server.link.udp.tally import Dropped
from jetstream_server.verdicts import LITTLE_ROOM, NO_ROOM

SMALLEST_MTU: Final = 1280


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the node knows of itself. Times in microseconds."""

    version: str
    name: str
    uptime: int
    bound_to: str
    """The address that it listens on; empty: all."""
    api_port: int
    receive_port: int
    folder: Path
    datagrams: PortFacts | None = None
    """Its datagram sockets; ``None``: it was told to use none."""
    host: str = ""
    """Where somebody wants to send."""
    address: str | None = None
    """The IP address behind :attr:`host`."""


Look = Callable[[Circumstances], Check | None]


def look_at_node(about: Circumstances) -> Check:
    """Which node it is."""
    return check("node-ok", version=about.version, node=about.name, uptime=about.uptime)


def look_at_ports(about: Circumstances) -> Check:
    """Where it listens."""
    if about.bound_to and _is_loopback(about.bound_to):
        return check("ports-local", address=about.bound_to, port=about.receive_port)
    if about.api_port != about.receive_port:
        return check("ports-two", api_port=about.api_port, port=about.receive_port)
    if about.bound_to:
        return check("ports-one", address=about.bound_to, port=about.receive_port)
    return check("ports-all", port=about.receive_port)


def look_at_firewall(about: Circumstances) -> Check:
    """Whether a firewall of this computer keeps others out."""
    if sys.platform != "linux":
        return check("firewall-unsaid", port=about.receive_port)
    return firewall(system.firewall_rules(), about.receive_port)


def look_at_buffers(_: Circumstances) -> Check | None:
    """How much a socket may hold."""
    largest = system.largest_buffer()
    return None if largest is None else buffers(largest)


def look_at_datagrams(about: Circumstances) -> Check:
    """How datagrams go out and come in."""
    return datagrams(about.datagrams)


def look_at_dropped(about: Circumstances) -> Check | None:
    """What came over datagrams and proved nothing."""
    return None if about.datagrams is None else dropped(about.datagrams.dropped)


def look_at_folder(about: Circumstances) -> Check:
    """Whether what comes in can be written."""
    return own_folder(look_at(about.folder), str(about.folder))


def look_at_interface(about: Circumstances) -> Check | None:
    """Where the way to the host begins."""
    found = system.interface_to(about.address) if about.address is not None else None
    return None if found is None else interface(found, about.host)


LOOKS: Final[tuple[Look, ...]] = (
    look_at_node,
    look_at_ports,
    look_at_firewall,
    look_at_buffers,
    look_at_datagrams,
    look_at_dropped,
    look_at_folder,
    look_at_interface,
)

FOR_ANYBODY: Final = (look_at_node, look_at_buffers, look_at_interface)
"""What a login may hear that neither owns the node nor is superuser: nothing of its disk and of who is let in."""


def look_around(about: Circumstances, looks: Sequence[Look] = LOOKS) -> list[Check]:
    """All findings. Blocks: it asks the system and the disk."""
    return [found for found in (look(about) for look in looks) if found is not None]


def at_start() -> list[Check]:
    """What a starting node should tell whoever starts it: what costs speed and can be mended."""
    largest = system.largest_buffer()
    found = [] if largest is None else [buffers(largest)]
    return [one for one in found if one.outcome != Outcome.OK]


# What it means. Pure.


def firewall(rules: Sequence[Rules], port: int) -> Check:
    """What the rules of this computer's firewalls mean for *port*."""
    doubt: Check | None = None
    for one in rules:
        tool = one.tool
        verdict = tool.read(one.output, port) if one.output is not None else None
        if verdict is Verdict.CLOSED:
            return check("firewall-closed", tool=tool.name, port=port, command=tool.open.format(port=port))
        if verdict is Verdict.OPEN:
            return check("firewall-open", tool=tool.name, port=port)  # those below it are its own tools
        if verdict is not Verdict.IDLE and doubt is None:
            code = "firewall-hidden" if verdict is None else "firewall-unclear"
            doubt = check(code, tool=tool.name, port=port, command=tool.look)
    return doubt or check("firewall-none")


def buffers(largest: int) -> Check:
    """Whether sockets may hold enough."""
    if largest >= WANTED_BUFFER:
        return check("buffers-ok", buffer=largest)
    return check("buffers-small", buffer=largest, wanted=WANTED_BUFFER, wanted_bytes=WANTED_BUFFER)


def datagrams(found: PortFacts | None) -> Check:
    """Whether datagrams can come in, and how."""
    if found is None:
        return check("datagrams-off")
    if not found.sockets:
        return check("datagrams-none", reason=found.trouble or "no socket")
    return check(f"datagrams-{found.way}", buffer=found.buffer, sockets=found.sockets)


def dropped(found: Dropped) -> Check:
    """How much came that proved nothing."""
    if found.stray == found.total > 0:
        code = "dropped-late"
    else:
        code = {0: "dropped-none", 1: "dropped-one"}.get(found.total, "dropped-some")
    return check(code, dropped=found.total, **dataclasses.asdict(found))


def own_folder(found: Landing, path: str) -> Check:
    """What was found where received files go."""
    codes = {"ENOSPC": "full", "EDQUOT": "full", "EACCES": "denied", "EPERM": "denied", "EROFS": "read-only",
             "ENOTDIR": "none"}
    free = found.free
    if found.problem is not None:
        code = codes.get(found.problem, "failed")
        return check(f"own-folder-{code}", path=path, free=free, reason=found.problem)
    code = "full" if free is not None and free < NO_ROOM else "low" if free is not None and free < LITTLE_ROOM else "ok"
    return check(f"own-folder-{code}", path=path, free=free)


def interface(found: Interface, host: str) -> Check:
    """Whether packets of the usual size fit."""
    code = "interface-ok" if found.mtu >= SMALLEST_MTU else "interface-small"
    return check(code, host=host, interface=found.name, mtu=found.mtu)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address.lower() == "localhost"
