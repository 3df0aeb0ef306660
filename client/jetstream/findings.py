"""The steps that tests of destinations and the doctor take, and the one table of what they say. Pure.

A line for a new finding begins here: a code, its step, its outcome, the sentence, and the fix.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


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
    DATAGRAMS = "datagrams"
    DROPPED = "dropped"
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
    FILES = "files"
    NAMES = "names"
    ROOM = "room"
    TCP_THERE = "tcpThere"
    TCP_BACK = "tcpBack"
    UDP_THERE = "udpThere"
    UDP_BACK = "udpBack"
    THROUGHPUT = "throughput"


DESTINATION_STEPS: Final = (Step.NAME, Step.ROUTE, Step.PROTOCOL, Step.IDENTITY, Step.LOGIN, Step.FOLDER, Step.CLOCK,
                            Step.ROUND_TRIP)
"""The steps of ``send.testDestination``, in order."""

CARRIER_STEPS: Final = (Step.TCP_THERE, Step.TCP_BACK, Step.UDP_THERE, Step.UDP_BACK)
"""What ``send.testDestination`` does besides with ``tryCarriers``."""

STEP_NAMES: Final[Mapping[Step, str]] = {
    Step.NODE: "Node",
    Step.PORTS: "Ports",
    Step.FIREWALL: "Firewall",
    Step.BUFFERS: "Buffers",
    Step.DATAGRAMS: "Datagrams",
    Step.DROPPED: "Dropped",
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
    Step.FILES: "Files here",
    Step.NAMES: "Names there",
    Step.ROOM: "Room there",
    Step.TCP_THERE: "TCP there",
    Step.TCP_BACK: "TCP back",
    Step.UDP_THERE: "UDP there",
    Step.UDP_BACK: "UDP back",
    Step.THROUGHPUT: "Throughput",
}


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

_OWN_FOLDER = "Choose another one: jetstream api server.setReceivingFolder --path=FOLDER"
_DROPPED = (" Of no transfer, or one that is over: {stray}; too short: {short}; forged: {forged}; "
            "repeated: {replayed}; senseless: {senseless}; reports of what was never sent: {unsent}.")
_LET_UDP = ("Let UDP port {port} through there, and answers to it here: sudo ufw allow {port}/udp. Until then "
            "transfers take TCP, which is slower on long paths.")
_SYSCTL = ("sudo sysctl -w net.core.rmem_max={wanted_bytes} net.core.wmem_max={wanted_bytes}  (to keep it: write both "
           "to /etc/sysctl.d/90-jetstream.conf)")

_AGAIN = "Test again; if it stays so, something on the way ends connections."


def _of_carrier(start: str, step: Step, measured: str) -> dict[str, Words]:
    """What can be said of a carrier in one direction: blocks of random bytes were sent to try it."""
    return {
        f"{start}-ok": Words(step, Outcome.OK, measured),
        f"{start}-plain": Words(step, Outcome.OK, "{rate}."),
        f"{start}-nothing": Words(step, Outcome.WARNING, "It opens, but no whole block came through in time.",
                                  "The line is very slow, or something on the way holds back large packets: ask who "
                                  "runs the network."),
        f"{start}-broken": Words(step, Outcome.FAILED, "It broke off: {reason}", _AGAIN),
        f"{start}-lost": Words(step, Outcome.FAILED, "The connection broke: {reason}", _AGAIN),
        f"{start}-ours-off": Words(step, Outcome.SKIPPED, "This node does not use it (--carrier)."),
        f"{start}-theirs-off": Words(step, Outcome.SKIPPED, "That node does not use it (--carrier)."),
        f"{start}-busy": Words(step, Outcome.SKIPPED, "Another trial is running there."),
        f"{start}-private": Words(step, Outcome.SKIPPED, "Only who may send there may try it."),
        f"{start}-old": Words(step, Outcome.UNKNOWN, "It is too old: such a trial is not known there.",
                              "Update it, or measure with --throughput."),
        f"{start}-silent": Words(step, Outcome.WARNING, "Nothing of this node was heard there within {seconds}.",
                                 _LET_UDP),
        f"{start}-deaf": Words(step, Outcome.WARNING,
                               "That node hears this one, but nothing comes back within {seconds}.", _LET_UDP),
        f"{start}-untried": Words(step, Outcome.SKIPPED, "Not tried: datagrams do not get there and back."),
    }


_BY_TCP = "{rate}; there and back takes {rtt}; {loss} sent again."
_BY_UDP = "{rate}; there and back takes {rtt}; {loss} lost; datagrams of {datagram} bytes pass."

WORDS: Final[Mapping[str, Words]] = {
    # The node itself
    "node-ok": Words(Step.NODE, Outcome.OK, "JetStream {version}, “{node}”, running for {uptime}."),
    "node-none": Words(Step.NODE, Outcome.FAILED, "{reason}", "Start one: jetstream server"),
    "node-closed": Words(Step.NODE, Outcome.FAILED, "{reason}",
                         "Log in with --api-user NAME, or run this as the user who runs the node."),
    "node-private": Words(Step.NODE, Outcome.SKIPPED, "The rest about the node is for its owner alone."),
    "node-old": Words(Step.NODE, Outcome.UNKNOWN, "JetStream {version}, which is too old to look at itself.",
                      "Update it."),
    # Where it listens
    "ports-all": Words(Step.PORTS, Outcome.OK, "Port {port} is open on every interface, for programs and nodes."),
    "ports-two": Words(Step.PORTS, Outcome.OK, "Port {api_port} is open for programs, port {port} for other nodes."),
    "ports-one": Words(Step.PORTS, Outcome.OK, "Port {port} is open at {address}."),
    "ports-local": Words(Step.PORTS, Outcome.WARNING,
                         "Port {port} is open at {address} only: no other computer can send here.",
                         "Start the node without --api-host to be reached from others; to send, nothing is needed."),
    # Firewalls of this computer
    "firewall-none": Words(Step.FIREWALL, Outcome.OK, "No firewall was found at work on this computer."),
    "firewall-open": Words(Step.FIREWALL, Outcome.OK, "{tool} lets port {port} through."),
    "firewall-closed": Words(Step.FIREWALL, Outcome.WARNING,
                             "{tool} is at work, and no rule of its lets port {port} through.", "{command}"),
    "firewall-hidden": Words(Step.FIREWALL, Outcome.UNKNOWN,
                             "{tool} is at work; only the system's administrator may read its rules.",
                             "Look for port {port}: {command}"),
    "firewall-unclear": Words(Step.FIREWALL, Outcome.UNKNOWN,
                              "{tool} is at work; whether its rules let port {port} through cannot be told here.",
                              "Look for port {port}: {command}"),
    "firewall-unsaid": Words(Step.FIREWALL, Outcome.UNKNOWN, "How to read the firewall of this system is not known.",
                             "If others cannot send here, allow JetStream to take connections on port {port}."),
    # What the system allows
    "buffers-ok": Words(Step.BUFFERS, Outcome.OK, "A socket may have {buffer}."),
    "buffers-small": Words(Step.BUFFERS, Outcome.WARNING,
                           "The system gives a socket {buffer} at most; fast, long paths want {wanted}.", _SYSCTL),
    # Datagrams
    "datagrams-offload": Words(Step.DATAGRAMS, Outcome.OK,
                               "They leave and come in bundles that the system itself splits and joins; a socket of "
                               "the node holds {buffer}."),
    "datagrams-batch": Words(Step.DATAGRAMS, Outcome.OK,
                             "They leave and come many in one call, the best that this system has; a socket of the "
                             "node holds {buffer}."),
    "datagrams-plain": Words(Step.DATAGRAMS, Outcome.OK,
                             "They leave and come one by one, the best that this system has; a socket of the node "
                             "holds {buffer}."),
    "datagrams-off": Words(Step.DATAGRAMS, Outcome.SKIPPED, "This node was told to use none (--carrier tcp)."),
    "datagrams-none": Words(Step.DATAGRAMS, Outcome.WARNING,
                            "None can come in: {reason}. Nodes that dial this one use TCP.",
                            "If another program has the same UDP port, end it or give the node another port; then "
                            "start the node again."),
    "dropped-none": Words(Step.DROPPED, Outcome.OK, "Every datagram that came belonged to a transfer."),
    "dropped-late": Words(Step.DROPPED, Outcome.OK,
                          "Datagrams for no transfer, or for one that was over, were dropped: {stray}. Nothing was "
                          "forged or senseless."),
    "dropped-one": Words(Step.DROPPED, Outcome.OK, "One datagram proved nothing and was dropped." + _DROPPED),
    "dropped-some": Words(Step.DROPPED, Outcome.OK, "{dropped} datagrams proved nothing and were dropped." + _DROPPED),
    # Where received files go
    "own-folder-ok": Words(Step.OWN_FOLDER, Outcome.OK, "{path} can be written; {free} are free."),
    "own-folder-low": Words(Step.OWN_FOLDER, Outcome.WARNING, "{path} can be written, but only {free} are free.",
                            "Make room, or choose another one: jetstream api server.setReceivingFolder --path=FOLDER"),
    "own-folder-full": Words(Step.OWN_FOLDER, Outcome.FAILED, "No room is left at {path} ({free} free).",
                             "Make room. Transfers to this node wait for it, and nothing is lost."),
    "own-folder-denied": Words(Step.OWN_FOLDER, Outcome.FAILED, "The node may not write to {path}.",
                               "sudo chown \"$USER\" {path}, or choose another one: "
                               "jetstream api server.setReceivingFolder --path=FOLDER"),
    "own-folder-read-only": Words(Step.OWN_FOLDER, Outcome.FAILED, "{path} lies on a read-only disk.", _OWN_FOLDER),
    "own-folder-none": Words(Step.OWN_FOLDER, Outcome.FAILED, "{path} is no folder, or lies below a file.",
                             _OWN_FOLDER),
    "own-folder-failed": Words(Step.OWN_FOLDER, Outcome.FAILED, "Writing to {path} failed ({reason}).", _OWN_FOLDER),
    # The way out
    "interface-ok": Words(Step.INTERFACE, Outcome.OK, "The way to {host} begins at {interface}; its MTU is {mtu}."),
    "interface-small": Words(Step.INTERFACE, Outcome.WARNING,
                             "The way to {host} begins at {interface}, whose MTU is only {mtu}.",
                             "If it is no tunnel that wants it so: sudo ip link set dev {interface} mtu 1500"),
    # What it makes
    "throughput-ok": Words(Step.THROUGHPUT, Outcome.OK, "{size} in {seconds}: {rate}."),
    "throughput-limited": Words(Step.THROUGHPUT, Outcome.OK, "{size} in {seconds}: {rate}. Limited by {bottleneck}."),
    "throughput-last": Words(Step.THROUGHPUT, Outcome.OK, "The last transfer there made {rate}."),
    "throughput-untried": Words(Step.THROUGHPUT, Outcome.SKIPPED,
                                "Not measured: that leaves a test file of {size} there. Add --throughput to do it."),
    "throughput-far": Words(Step.THROUGHPUT, Outcome.SKIPPED,
                            "Not measured: the node is on another machine, and the test file would be here."),
    "throughput-asked": Words(Step.THROUGHPUT, Outcome.SKIPPED,
                              "Not measured: somebody there has to say yes to files of this node first."),
    "throughput-failed": Words(Step.THROUGHPUT, Outcome.FAILED, "The test file did not arrive: {reason}",
                               "The lines above say why; if they do not, look at: jetstream ls --all"),
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
                         "It asks its owner before it takes files from this node.",
                         "Send, and ask them to say yes; the transfer waits for it."),
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
    "login-lost": Words(Step.LOGIN, Outcome.FAILED, "It broke off when it was asked: {reason}",
                        "Test again; if it stays so, the log of the node there says more."),
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
    "round-trip-lost": Words(Step.ROUND_TRIP, Outcome.FAILED, "The connection broke: {reason}", _AGAIN),
    # What would go
    "files-ok": Words(Step.FILES, Outcome.OK, "Everything that goes can be read ({size})."),
    "files-more": Words(Step.FILES, Outcome.OK,
                        "What was looked at can be read ({size}). There is more; it was not looked at."),
    "files-none": Words(Step.FILES, Outcome.WARNING, "No file would go."),
    "files-unreadable": Words(Step.FILES, Outcome.FAILED,
                              "Not everything can be read, {path} for example: {reason}. Such things here: {count}.",
                              "Let the user of the node read it, or have such things left out (--skip-unreadable)."),
    "files-left-out": Words(Step.FILES, Outcome.WARNING,
                            "What cannot be read is left out, {path} for example: {reason}. Such things here: "
                            "{count}."),
    # What it would find there
    "names-ok": Words(Step.NAMES, Outcome.OK, "It can store every name."),
    "names-more": Words(Step.NAMES, Outcome.OK, "It can store every name that was looked at. There are more."),
    "names-refused": Words(Step.NAMES, Outcome.FAILED,
                           "It cannot store everything, {path} for example: {reason}. Such things there: {count}.",
                           "Rename them, leave them out (--exclude), or send to another folder there. A transfer "
                           "ends at the first of them."),
    "names-private": Words(Step.NAMES, Outcome.SKIPPED, "Only who may send there is told what is there."),
    "names-old": Words(Step.NAMES, Outcome.UNKNOWN, "It is too old to tell what is there already.", "Update it."),
    "names-busy": Words(Step.NAMES, Outcome.UNKNOWN, "It is looking for others just now.", "Try again in a moment."),
    "names-slow": Words(Step.NAMES, Outcome.UNKNOWN, "It was not done with looking in time."),
    "names-broken": Words(Step.NAMES, Outcome.FAILED, "It could not look: {reason}",
                          "Try again; if it stays so, the log of the node there says more."),
    # Whether it fits
    "room-ok": Words(Step.ROOM, Outcome.OK, "{needed} are needed there, and {free} are free."),
    "room-short": Words(Step.ROOM, Outcome.FAILED, "{needed} are needed there, and only {free} are free.", _ROOM),
    "room-private": Words(Step.ROOM, Outcome.SKIPPED, "Only who may send there is told how much room there is."),
    "room-unsaid": Words(Step.ROOM, Outcome.UNKNOWN, "How much room there is was not told."),
    # What blocks take
    **_of_carrier("tcp-there", Step.TCP_THERE, _BY_TCP),
    **_of_carrier("tcp-back", Step.TCP_BACK, _BY_TCP),
    **_of_carrier("udp-there", Step.UDP_THERE, _BY_UDP),
    **_of_carrier("udp-back", Step.UDP_BACK, _BY_UDP),
}

UNTRIED_TEXT: Final = "Not tried, because the way ends earlier."
"""What is said of a step behind the one that failed."""
