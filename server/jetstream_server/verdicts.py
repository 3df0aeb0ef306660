"""From what a test of a destination met to what it means. Pure: no I/O, no clock."""

import errno
import os
import re
from typing import Final

from jetstream.checks import Check, check
from jetstream.errors import (
    AuthenticationFailed,
    InvalidParameters,
    JetStreamError,
    LimitExceeded,
    PermissionDenied,
    VersionMismatch,
)
from jetstream.findings import Step
from jetstream_server.link.errors import LinkError
from jetstream_server.link.messages import Admission, CarrierTried, FolderState, ProbeAnswer, TrialState

LITTLE_ROOM: Final = 1_000_000_000
"""Bytes below which somebody should know."""
NO_ROOM: Final = 1_000_000
CLOCK_TOLERANCE: Final = 3_000_000
"""Microseconds by which clocks may differ without a word."""


def route_refused(error: OSError, host: str, port: int, patience: float) -> Check:
    """No connection. A name with several addresses fails with one error that only its text takes apart."""
    numbers = [error.errno] if error.errno is not None else [int(n) for n in re.findall(r"\[Errno (\d+)\]", str(error))]
    if errno.ECONNREFUSED in numbers:
        return check("route-refused", host=host, port=port)
    if errno.ETIMEDOUT in numbers:
        return check("route-silent", host=host, port=port, seconds=patience)
    return check("route-none", host=host, reason=os.strerror(numbers[0]) if numbers else str(error))


def no_jetstream(said: bytes, port: int) -> Check:
    """Something else answers, and *said* this."""
    if said.startswith(b"HTTP/"):
        return check("protocol-clients" if b"JetStream" in said else "protocol-http", port=port)
    if said.startswith(b"SSH-"):
        return check("protocol-ssh", port=port)
    if said[:1] == b"\x15":  # a TLS alert: it understood that our words were none of TLS
        return check("protocol-tls", port=port)
    return check("protocol-other", port=port)


def greeting_failed(error: LinkError) -> Check:
    """The handshake ended before both knew each other."""
    cause = error.__cause__
    if isinstance(cause, VersionMismatch):
        theirs, ours = cause.facts.get("ours"), cause.facts.get("theirs")  # as the other side sees it
        return check("protocol-version", theirs=theirs, ours=ours)
    return check("protocol-broken", reason=error.message)


def identity(presented: str, permitted: str | None, expected: str | None) -> Check:
    """Whether the node is the right one.

    :param permitted: what the destination demands.
    :param expected: that, or what was seen there before.
    """
    if expected is not None and presented != expected:
        return check("identity-changed", presented=presented, expected=expected)
    code = "identity-named" if permitted else "identity-known" if expected else "identity-first"
    return check(code, presented=presented)


def is_unknown_request(error: JetStreamError) -> bool:
    """Whether the other node is too old to know what was asked."""
    return isinstance(error, InvalidParameters) and error.facts.get("field") == "method"


def login_failed(error: JetStreamError, logged_in_as: str | None, tried: str | None) -> Check:
    """The other node said no to a login, or to the question after it."""
    if is_unknown_request(error):
        return check("login-account", user=logged_in_as) if logged_in_as else check("login-unsaid")
    if isinstance(error, AuthenticationFailed) and tried and logged_in_as is None:
        return check("login-slowed") if error.facts.get("slowed") else check("login-wrong", user=tried)
    return check("login-failed", reason=str(error))


def admission(answer: Admission, user: str | None, ours: str) -> Check:
    """What would become of files.

    :param user: who has logged in.
    :param ours: this node's fingerprint, which the other node's owner has to let in.
    """
    if answer is Admission.YES:
        return check("login-account", user=user) if user else check("login-known")
    if answer is Admission.ASK:
        return check("login-asked")
    return check("login-not-enough", user=user, ours=ours) if user else check("login-refused", ours=ours)


def folder(answer: ProbeAnswer | None, old: bool) -> Check:
    """What the other node says of its folder; *old*: it does not know the question."""
    if answer is None or answer.folder is None:
        return check("folder-unsaid") if old else check("folder-private")
    free = answer.free
    if answer.folder is FolderState.FULL or (free is not None and free < NO_ROOM and answer.folder is FolderState.OK):
        return check("folder-full", free=free)
    if answer.folder is FolderState.OK:
        return check("folder-ok" if free is None or free >= LITTLE_ROOM else "folder-low", free=free)
    if answer.folder is FolderState.FAILED:
        return check("folder-failed", reason=answer.problem or "unknown error")
    return check({FolderState.DENIED: "folder-denied", FolderState.READ_ONLY: "folder-read-only",
                  FolderState.NOT_A_FOLDER: "folder-none"}[answer.folder])


CARRIER_CODES: Final = {Step.TCP_THERE: "tcp-there", Step.TCP_BACK: "tcp-back", Step.UDP_THERE: "udp-there",
                        Step.UDP_BACK: "udp-back"}
"""What the codes of trials of carriers begin with."""


def carrier_refused(step: Step, error: JetStreamError) -> Check:
    """The other node does not take part in a trial."""
    start = CARRIER_CODES[step]
    if is_unknown_request(error):
        return check(f"{start}-old")
    if isinstance(error, LimitExceeded):
        return check(f"{start}-busy")
    if isinstance(error, PermissionDenied):
        return check(f"{start}-private")
    return check(f"{start}-broken", reason=str(error))


def carrier(step: Step, ours: CarrierTried, theirs: CarrierTried, back: bool, port: int, patience: float) -> Check:
    """What a trial of a carrier found. *back*: the blocks came here; *patience*: seconds that were waited for words."""
    start = CARRIER_CODES[step]
    sender, receiver = (theirs, ours) if back else (ours, theirs)
    if theirs.state is TrialState.OFF:
        return check(f"{start}-theirs-off")
    if ours.problem or theirs.problem:
        return check(f"{start}-broken", reason=ours.problem or theirs.problem)
    if not theirs.heard or not ours.heard:
        code = "deaf" if theirs.heard else "silent"
        return check(f"{start}-{code}", port=port, seconds=patience)
    if not receiver.received:
        return check(f"{start}-nothing")
    loss = sender.lost / sender.sent if sender.sent else 0.0
    if sender.rtt is None:
        return check(f"{start}-plain", rate=receiver.rate)
    return check(f"{start}-ok", rate=receiver.rate, rtt=sender.rtt, loss=loss, datagram=sender.datagram)


def clock_offset(theirs: int | None, asked_at: int, seconds: float) -> int | None:
    """Microseconds by which their clock is ahead: as if they had read it in the middle of the round trip."""
    return None if theirs is None else theirs - (asked_at + round(seconds * 500_000))


def clock(offset: int | None, old: bool) -> Check:
    """How far the clocks are apart."""
    if offset is None:
        return check("clock-unsaid") if old else check("clock-private")
    if abs(offset) <= CLOCK_TOLERANCE:
        return check("clock-ok", offset=abs(offset))
    return check("clock-ahead" if offset > 0 else "clock-behind", offset=abs(offset))
