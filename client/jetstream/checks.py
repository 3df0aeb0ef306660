"""What a test of a destination and the doctor find, step by step, and the one table of their words. Pure.

A finding is made of a *code* and of *facts*; step, outcome, sentence and fix follow from the code by :data:`WORDS`.
So a window can say it in another language, and a report can leave names out: both put the facts, or other ones, into
the words again. A node sends the English words along, for clients that do not know a code of a newer node.
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

Fact = str | int | float | None


class Outcome(enum.StrEnum):
    """How a step did."""

    OK = "ok"
    WARNING = "warning"
    """It works, and something should be known or mended."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not tried, and the sentence says why."""
    UNKNOWN = "unknown"
    """Tried, and the other side does not tell."""


class Step(enum.StrEnum):
    """What is looked at, in order."""

    NODE = "node"
    PORTS = "ports"
    FIREWALL = "firewall"
    BUFFERS = "buffers"
    OWN_FOLDER = "ownFolder"
    NAME = "name"
    ROUTE = "route"
    INTERFACE = "interface"
    PROTOCOL = "protocol"
    IDENTITY = "identity"
    LOGIN = "login"
    FOLDER = "folder"
    CLOCK = "clock"
    ROUND_TRIP = "roundTrip"
    THROUGHPUT = "throughput"


DESTINATION_STEPS: Final = (Step.NAME, Step.ROUTE, Step.PROTOCOL, Step.IDENTITY, Step.LOGIN, Step.FOLDER, Step.CLOCK,
                            Step.ROUND_TRIP)
"""The steps of ``send.testDestination``, in order."""

STEP_NAMES: Final[Mapping[Step, str]] = {
    Step.NODE: "Node",
    Step.PORTS: "Ports",
    Step.FIREWALL: "Firewall",
    Step.BUFFERS: "Buffers",
    Step.OWN_FOLDER: "Own folder",
    Step.NAME: "Name",
    Step.ROUTE: "Route and port",
    Step.INTERFACE: "Interface",
    Step.PROTOCOL: "Protocol",
    Step.IDENTITY: "Identity",
    Step.LOGIN: "Login",
    Step.FOLDER: "Folder",
    Step.CLOCK: "Clock",
    Step.ROUND_TRIP: "Round trip",
    Step.THROUGHPUT: "Throughput",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding. *text* is a sentence, *fix* what to do where something is to be done; *facts* stand in both."""

    step: str
    outcome: str
    code: str
    text: str = ""
    fix: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether the way ends here."""
        return self.outcome == Outcome.FAILED


@dataclass(frozen=True, slots=True)
class Words:
    """What a code means; ``{name}`` stands for a fact."""

    step: Step
    outcome: Outcome
    text: str
    fix: str = ""


_LET_IN = ("Its owner lets this node in: jetstream api recv.addAuthorizedClient --clientPublicKey={ours} (or give this "
           "destination a user and password of that node).")
_ROOM = "Make room at the receiving computer. Transfers wait for it, and nothing is lost."

WORDS: Final[Mapping[str, Words]] = {
    # The name
    "name-ip": Words(Step.NAME, Outcome.OK, "{address} is an IP address: there is no name to look up."),
    "name-found": Words(Step.NAME, Outcome.OK, "{host} is {addresses}."),
    "name-unknown": Words(Step.NAME, Outcome.FAILED, "The name {host} is not known here.",
                          "Check the spelling, use the IP address, or join the network or VPN that knows the name."),
    "name-slow": Words(Step.NAME, Outcome.FAILED, "Nobody told the address of {host} within {seconds}.",
                       "Check this computer's network and its name server, or use the IP address."),
    # The route
    "route-open": Words(Step.ROUTE, Outcome.OK, "Port {port} at {address} answers."),
    "route-refused": Words(Step.ROUTE, Outcome.FAILED, "{host} is there, but nothing listens on port {port}.",
                           "Start the node there (jetstream server), or correct the port."),
    "route-silent": Words(Step.ROUTE, Outcome.FAILED, "{host} did not answer on port {port} within {seconds}.",
                          "It is switched off, or a firewall is in the way. Open the port there: "
                          "sudo ufw allow {port}"),
    "route-none": Words(Step.ROUTE, Outcome.FAILED, "There is no way to {host}: {reason}.",
                        "Is the computer switched on and in the same network or VPN?"),
    # The protocol
    "protocol-ok": Words(Step.PROTOCOL, Outcome.OK, "JetStream {version}, “{node}”, over TLS 1.3."),
    "protocol-shown": Words(Step.PROTOCOL, Outcome.OK, "A JetStream node, over TLS 1.3."),
    "protocol-http": Words(Step.PROTOCOL, Outcome.FAILED,
                           "A web server answers on port {port}, and no JetStream node.",
                           "Correct the port (a node usually has 8886), or start the node on a port of its own: "
                           "jetstream server --api-port PORT"),
    "protocol-ssh": Words(Step.PROTOCOL, Outcome.FAILED, "An SSH server answers on port {port}, and no JetStream node.",
                          "Correct the port; a node usually has 8886."),
    "protocol-clients": Words(Step.PROTOCOL, Outcome.FAILED,
                              "Port {port} of that node is for programs; other nodes have a port of their own.",
                              "Use the port that it was given with --recv-port."),
    "protocol-tls": Words(Step.PROTOCOL, Outcome.FAILED,
                          "What answers on port {port} speaks TLS, but is no JetStream node.",
                          "Correct the port; a node usually has 8886."),
    "protocol-other": Words(Step.PROTOCOL, Outcome.FAILED, "What answers on port {port} is no JetStream node.",
                            "Correct the port; a node usually has 8886."),
    "protocol-version": Words(Step.PROTOCOL, Outcome.FAILED,
                              "That node speaks version {theirs} of the protocol, this one version {ours}.",
                              "Update the older of the two."),
    "protocol-broken": Words(Step.PROTOCOL, Outcome.FAILED, "The greeting failed: {reason}",
                             "Try again; if it stays so, the log of the node there says more."),
    # The identity
    "identity-named": Words(Step.IDENTITY, Outcome.OK, "{presented}, as this destination demands."),
    "identity-known": Words(Step.IDENTITY, Outcome.OK, "{presented}, the same as before."),
    "identity-first": Words(Step.IDENTITY, Outcome.OK,
                            "{presented}, seen for the first time. The first transfer will remember it."),
    "identity-changed": Words(Step.IDENTITY, Outcome.FAILED,
                              "It shows {presented} where {expected} is expected. Nothing more was said to it.",
                              "Ask its owner whether the node was set up anew, and enter its new identity in the "
                              "destination then. If it was not, somebody may stand in between: do not send."),
    # The login
    "login-account": Words(Step.LOGIN, Outcome.OK, "{user} may log in there and send."),
    "login-known": Words(Step.LOGIN, Outcome.OK, "It takes files from this node."),
    "login-asked": Words(Step.LOGIN, Outcome.WARNING,
                         "It will ask its owner before it takes the first files from this node.",
                         "Send, and tell them to say yes; the transfer waits for it."),
    "login-refused": Words(Step.LOGIN, Outcome.FAILED, "It does not take files from this node.", _LET_IN),
    "login-not-enough": Words(Step.LOGIN, Outcome.FAILED,
                              "{user} can log in there, but it takes files from nodes that its owner let in, only.",
                              "Its owner lets this node in: jetstream api recv.addAuthorizedClient "
                              "--clientPublicKey={ours}"),
    "login-wrong": Words(Step.LOGIN, Outcome.FAILED, "The user {user} and the password do not fit there.",
                         "Correct them in the destination. An account is made there with: jetstream user add {user}"),
    "login-slowed": Words(Step.LOGIN, Outcome.FAILED,
                          "Too many wrong passwords came from here, so it lets nobody try one now.",
                          "Wait a few minutes and test again."),
    "login-failed": Words(Step.LOGIN, Outcome.FAILED, "It refused: {reason}",
                          "The log of the node there says more."),
    "login-no-password": Words(Step.LOGIN, Outcome.SKIPPED,
                               "The saved password belongs to another address, so it was not sent to this one.",
                               "Type it again to test it."),
    "login-unsaid": Words(Step.LOGIN, Outcome.UNKNOWN,
                          "It is too old to say in advance whether it takes files from this node.",
                          "Update it, or send a small file."),
    # Its folder
    "folder-ok": Words(Step.FOLDER, Outcome.OK, "Files can be written there; {free} are free."),
    "folder-low": Words(Step.FOLDER, Outcome.WARNING, "Files can be written there, but only {free} are free.", _ROOM),
    "folder-full": Words(Step.FOLDER, Outcome.FAILED, "No room is left there ({free} free).", _ROOM),
    "folder-denied": Words(Step.FOLDER, Outcome.FAILED, "The node there may not write to its receiving folder.",
                           "At the receiving computer: allow its user to write there, or choose another folder with "
                           "jetstream api server.setReceivingFolder --path=FOLDER"),
    "folder-read-only": Words(Step.FOLDER, Outcome.FAILED, "The receiving folder there lies on a read-only disk.",
                              "At the receiving computer: mount it writable, or choose another folder with "
                              "jetstream api server.setReceivingFolder --path=FOLDER"),
    "folder-none": Words(Step.FOLDER, Outcome.FAILED, "What should be the receiving folder there is a file.",
                         "At the receiving computer: choose another folder with "
                         "jetstream api server.setReceivingFolder --path=FOLDER"),
    "folder-failed": Words(Step.FOLDER, Outcome.FAILED, "Writing to the receiving folder there failed ({reason}).",
                           "At the receiving computer: look at the disk, or choose another folder with "
                           "jetstream api server.setReceivingFolder --path=FOLDER"),
    "folder-private": Words(Step.FOLDER, Outcome.SKIPPED, "Only who may send there is told about its folder."),
    "folder-unsaid": Words(Step.FOLDER, Outcome.UNKNOWN, "It is too old to tell about its folder.",
                           "Update it, or send a small file."),
    # The clocks
    "clock-ok": Words(Step.CLOCK, Outcome.OK, "The clocks differ by {offset}."),
    "clock-ahead": Words(Step.CLOCK, Outcome.WARNING, "Its clock is {offset} ahead of this one.",
                         "Have both computers set their clocks by the network: sudo timedatectl set-ntp true. "
                         "Transfers take no harm; expiry times of shares do."),
    "clock-behind": Words(Step.CLOCK, Outcome.WARNING, "Its clock is {offset} behind this one.",
                          "Have both computers set their clocks by the network: sudo timedatectl set-ntp true. "
                          "Transfers take no harm; expiry times of shares do."),
    "clock-private": Words(Step.CLOCK, Outcome.SKIPPED, "Only who may send there is told the time."),
    "clock-unsaid": Words(Step.CLOCK, Outcome.UNKNOWN, "It is too old to tell its time."),
    # The way there and back
    "round-trip-ok": Words(Step.ROUND_TRIP, Outcome.OK, "There and back takes {rtt}."),
    "round-trip-lost": Words(Step.ROUND_TRIP, Outcome.FAILED, "The connection broke: {reason}",
                             "Test again; if it stays so, something on the way ends connections."),
}

UNTRIED: Final = "untried"
UNTRIED_TEXT: Final = "Not tried, because the way ends earlier."


def check(code: str, **facts: Fact) -> Check:
    """The finding that *code* stands for."""
    words = WORDS[code]
    shown = {name: shown_fact(name, value) for name, value in facts.items()}
    return Check(step=words.step.value, outcome=words.outcome.value, code=code, text=words.text.format(**shown),
                 fix=words.fix.format(**shown), facts=facts)


def untried(step: Step) -> Check:
    """A step behind the one that failed."""
    return Check(step=step.value, outcome=Outcome.SKIPPED.value, code=UNTRIED, text=UNTRIED_TEXT)


def said_again(found: Check, say: Callable[[str, Mapping[str, str]], str],
               facts: Mapping[str, Fact] | None = None) -> tuple[str, str]:
    """Sentence and fix of *found*, put together anew.

    :param say: makes a text of a template and the values of its placeholders, in another language for example.
    :param facts: values to take instead of those of *found*.
    """
    words = WORDS.get(found.code)
    if words is None:
        return (say(UNTRIED_TEXT, {}), "") if found.code == UNTRIED else (found.text, found.fix)
    shown = {name: shown_fact(name, value) for name, value in (facts or found.facts).items()}
    try:
        return say(words.text, shown), say(words.fix, shown) if words.fix else ""
    except (KeyError, IndexError, ValueError):
        return found.text, found.fix  # a node of another version, which names its facts otherwise


def short_identity(fingerprint: str) -> str:
    """The first 16 digits of a fingerprint in groups of four, as people compare them on the telephone."""
    digits = fingerprint.replace(":", "")[:16]
    return " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))


_SIZE_FACTS: Final = frozenset({"free", "size", "buffer", "wanted"})
_IDENTITY_FACTS: Final = frozenset({"presented", "expected"})


def shown_fact(name: str, value: Fact) -> str:
    """*value* as it stands in a sentence: bytes, times and identities in the form that people read."""
    if isinstance(value, int | float) and name in _SIZE_FACTS:
        return _size(value)
    if isinstance(value, int | float) and name in ("rtt", "offset"):
        return _time(value / 1e6)
    if isinstance(value, int | float) and name == "seconds":
        return f"{value:g} s"
    if isinstance(value, int | float) and name == "rate":
        return f"{_size(value * 125)}/s"
    if isinstance(value, str) and name in _IDENTITY_FACTS:
        return short_identity(value)
    return "?" if value is None else str(value)


def _size(value: float) -> str:
    units = ("B", "KB", "MB", "GB", "TB", "PB")
    place = 0
    while place < len(units) - 1 and round(value) >= 1000:
        value, place = value / 1000, place + 1
    return f"{value:.1f} {units[place]}" if place >= 2 and value < 99.95 else f"{value:.0f} {units[place]}"


def _time(seconds: float) -> str:
    if seconds < 0.0995:
        return f"{seconds * 1000:.2g} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    for length, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
