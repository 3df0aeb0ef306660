"""Asks the system: rules of firewalls, sizes of buffers, the interface of a route. Blocks; nothing here decides."""

import ipaddress
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jetstream_server.diagnosis.firewalls import TOOLS, Tool
from jetstream_server.diagnosis.routes import interface_in_ipv4, interface_in_ipv6

_COMMAND_SECONDS: Final = 3.0
_BUFFERS: Final = ("/proc/sys/net/core/rmem_max", "/proc/sys/net/core/wmem_max")
_FOLDERS_OF_PROGRAMS: Final = "/usr/sbin:/sbin:/usr/local/sbin"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a firewall program said; ``None`` if it may not be asked."""

    tool: Tool
    output: str | None


def firewall_rules() -> list[Rules]:
    """What every firewall program that is installed says."""
    path = f"{os.environ.get('PATH', os.defpath)}:{_FOLDERS_OF_PROGRAMS}"
    found = []
    for tool in TOOLS:
        program = shutil.which(tool.words[0], path=path)
        if program is not None:
            found.append(Rules(tool, _output(program, *tool.words[1:])))
    return found


def _output(*words: str) -> str | None:
    try:
        done = subprocess.run(words, capture_output=True, timeout=_COMMAND_SECONDS, stdin=subprocess.DEVNULL,
                              env={**os.environ, "LC_ALL": "C"}, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = done.stdout.decode(errors="replace")
    if done.returncode == 0:
        return said
    idle = b"not running" in done.stdout + done.stderr  # firewalld that is installed and switched off
    return "" if idle else None


def largest_buffer() -> int | None:
    """Bytes that a socket may have for sending and receiving; ``None`` where the system sets no such limit."""
    try:
        return min(int(Path(path).read_text()) for path in _BUFFERS)
    except (OSError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Interface:
    """Where a route begins."""

    name: str
    mtu: int


def interface_to(address: str) -> Interface | None:
    """The interface by which packets to an IP *address* leave; ``None`` where the system does not tell."""
    if sys.platform != "linux":
        return None
    try:
        target = ipaddress.ip_address(address.partition("%")[0])
        if target.is_loopback or own_address_towards(address) == str(target):
            name: str | None = "lo"
        elif target.version == 4:
            name = interface_in_ipv4(Path("/proc/net/route").read_text(), target)
        else:
            name = interface_in_ipv6(Path("/proc/net/ipv6_route").read_text(), target)
        return None if name is None else Interface(name, int(Path("/sys/class/net", name, "mtu").read_text()))
    except (OSError, ValueError):
        return None


def own_address_towards(address: str) -> str:
    """This machine's address as *address* sees it. Connecting a datagram socket sends nothing."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        return str(probe.getsockname()[0])
