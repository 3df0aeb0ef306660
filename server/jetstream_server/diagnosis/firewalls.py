"""What the firewall programs of Linux say about a port. Pure: texts in, a verdict out; :mod:`.system` runs them.

They understand the ordinary rules that people and tools write, not every rule that could be written; where there are
others the verdict is :attr:`Verdict.UNCLEAR`. The words about a closed port say no more than that no rule was found.
"""

import enum
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final


class Verdict(enum.Enum):
    """What rules mean for a port."""

    OPEN = "open"
    CLOSED = "closed"
    IDLE = "idle"
    """The program keeps nobody out."""
    UNCLEAR = "unclear"


def _open_if(found: bool) -> Verdict:
    return Verdict.OPEN if found else Verdict.CLOSED


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that shows rules.

    :param words: the command.
    :param read: what its output says of a port.
    :param look: the command by which a person looks at the rules.
    :param open: the command that lets a port through.
    """

    name: str
    words: tuple[str, ...]
    read: Callable[[str, int], Verdict]
    look: str
    open: str


def ufw(text: str, port: int) -> Verdict:
    """``ufw status``."""
    if "Status: active" not in text:
        return Verdict.IDLE
    for line in text.splitlines():
        found = re.match(r"(?:.*\s)?(\d+)(?::(\d+))?(?:/(tcp|udp))?\s.*\bALLOW\b", line)
        if found and found[3] != "udp" and int(found[1]) <= port <= int(found[2] or found[1]):
            return Verdict.OPEN
    return _open_if(re.search(r"^Anywhere\s+ALLOW", text, re.MULTILINE) is not None)


def firewalld(text: str, port: int) -> Verdict:
    """``firewall-cmd --list-all``."""
    ports = re.search(r"^\s*ports:(.*)$", text, re.MULTILINE)
    if ports is None:
        return Verdict.IDLE
    target = re.search(r"^\s*target:\s*(\S+)", text, re.MULTILINE)
    if target is not None and target[1] == "ACCEPT":
        return Verdict.OPEN
    for low, high, kind in re.findall(r"(\d+)(?:-(\d+))?/(\w+)", ports[1]):
        if kind == "tcp" and int(low) <= port <= int(high or low):
            return Verdict.OPEN
    return Verdict.UNCLEAR if "rule " in text else Verdict.CLOSED  # rich rules say more than ports


def iptables(text: str, port: int) -> Verdict:
    """``iptables -S INPUT``."""
    lines = text.splitlines()
    drops = any(re.match(r"-P INPUT (DROP|REJECT)", line) for line in lines) or any(
        re.fullmatch(r"-A INPUT(?: -j (?:DROP|REJECT))(?: .*)?", line.strip()) for line in lines
    )
    if not drops:
        return Verdict.IDLE
    for line in lines:
        if not line.startswith("-A INPUT") or not line.rstrip().endswith("-j ACCEPT") or "-p udp" in line:
            continue
        found = re.search(r"--dports? (\S+)", line)
        if found and _names(found[1], port):
            return Verdict.OPEN
        if line.strip() in ("-A INPUT -j ACCEPT", "-A INPUT -p tcp -j ACCEPT"):
            return Verdict.OPEN
    jumps = any(re.search(r"^-A INPUT .*-[jg] (?!ACCEPT|DROP|REJECT|LOG|RETURN)\S+", line) for line in lines)
    return Verdict.UNCLEAR if jumps else Verdict.CLOSED  # chains of their own may let it through


def _names(ports: str, port: int) -> bool:
    ranges = (part.partition(":") for part in ports.split(","))
    return any(low.isdigit() and int(low) <= port <= int(high if high.isdigit() else low) for low, _, high in ranges)


def nft(text: str, port: int) -> Verdict:
    """``nft -j list ruleset``."""
    try:
        items = json.loads(text)["nftables"]
    except (ValueError, KeyError, TypeError):
        return Verdict.IDLE
    chains = [item["chain"] for item in _maps(items) if isinstance(item.get("chain"), Mapping)]
    rules = [item["rule"] for item in _maps(items) if isinstance(item.get("rule"), Mapping)]
    closed = False
    inputs: list[Mapping[str, Any]] = []
    for chain in chains:
        if chain.get("hook") != "input":
            continue
        of_chain = [rule for rule in rules if (rule.get("table"), rule.get("chain"), rule.get("family")) == (
            chain.get("table"), chain.get("name"), chain.get("family"))]
        inputs += of_chain
        closed |= chain.get("policy") == "drop" or any(_drops_all(rule) for rule in of_chain)
    if not closed:
        return Verdict.IDLE
    if any(_accepts(rule, port) for rule in rules):
        return Verdict.OPEN
    return Verdict.UNCLEAR if any(_is_beyond_us(rule) for rule in inputs) else Verdict.CLOSED


def _maps(items: Any) -> Iterator[Mapping[str, Any]]:
    return (item for item in items if isinstance(item, Mapping)) if isinstance(items, list) else iter(())


def _drops_all(rule: Mapping[str, Any]) -> bool:
    steps = [step for step in _maps(rule.get("expr")) if "counter" not in step]
    return len(steps) == 1 and bool({"drop", "reject"} & steps[0].keys())


def _is_beyond_us(rule: Mapping[str, Any]) -> bool:
    """Rules of iptables behind nftables, jumps, maps, and named sets of ports: they may let the port through."""
    for step in _maps(rule.get("expr")):
        match = step.get("match")
        if {"xt", "jump", "goto", "vmap"} & step.keys() or (
                isinstance(match, Mapping) and str(match.get("right", "")).startswith("@")):
            return True
    return False


def _accepts(rule: Mapping[str, Any], port: int) -> bool:
    steps = list(_maps(rule.get("expr")))
    return any("accept" in step for step in steps) and any(_matches(step, port) for step in steps)


def _matches(step: Mapping[str, Any], port: int) -> bool:
    match = step.get("match")
    if not isinstance(match, Mapping) or not isinstance(match.get("left"), Mapping):
        return False
    field = match["left"].get("payload")
    if not isinstance(field, Mapping) or field.get("field") != "dport" or field.get("protocol") not in ("tcp", "th"):
        return False
    return _holds(match.get("right"), port)


def _holds(value: Any, port: int) -> bool:
    if isinstance(value, Mapping):
        span = value.get("range")
        if isinstance(span, Sequence) and len(span) == 2 and all(isinstance(end, int) for end in span):
            return bool(span[0] <= port <= span[1])
        return any(_holds(item, port) for item in value.get("set", ()))
    return type(value) is int and value == port


TOOLS: Final = (
    Tool("ufw", ("ufw", "status"), ufw, "sudo ufw status", "sudo ufw allow {port}"),
    Tool("firewalld", ("firewall-cmd", "--list-all"), firewalld, "sudo firewall-cmd --list-all",
         "sudo firewall-cmd --permanent --add-port={port}/tcp && sudo firewall-cmd --reload"),
    Tool("nftables", ("nft", "-j", "list", "ruleset"), nft, "sudo nft list ruleset",
         "sudo nft insert rule inet filter input tcp dport {port} accept"),
    Tool("iptables", ("iptables", "-S", "INPUT"), iptables, "sudo iptables -S INPUT",
         "sudo iptables -I INPUT -p tcp --dport {port} -j ACCEPT"),
)
"""In the order in which they are asked: the ones that people steer before those that they steer with."""
