"""Whether the node that answers is the one that is meant: given fingerprints, tickets, pinned identities.

A node has no certificate of an authority; people trust its fingerprint: the SHA-256 of its certificate in DER form,
lower-case hex. After the TLS handshake, and before anything secret is sent, :meth:`Trust.check` decides:

1. The caller said what to expect (a fingerprint or a certificate): it must be that.
2. This user can read a ticket that was made for the presented fingerprint: it is a node of this user on this machine.
3. An identity is pinned for this address and port: it must be that.
4. Nothing is known yet: what is presented is pinned now (trust on first use).
"""

import hashlib
import json
import os
import re
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from jetstream import local
from jetstream.errors import ConnectionFailed, InvalidParameters, ServerIdentityChanged

TOFU: Final = "tofu"
"""Trust on first use: the value of ``verify`` when the caller expects nothing in particular."""

Verify = str | os.PathLike[str]
"""``'tofu'``, a fingerprint (colons and case do not matter), a certificate in PEM form, or the path of one."""

_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class Place(NamedTuple):
    """Where a node answers."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def fingerprint_of(certificate: bytes) -> str:
    """The fingerprint of a certificate in DER form."""
    return hashlib.sha256(certificate).hexdigest()


def read_verify(verify: Verify) -> str | None:
    """The fingerprint that *verify* demands, ``None`` for trust on first use.

    :raises InvalidParameters: (field ``verify``) if it is none of the allowed forms, or the file cannot be read.
    """
    text = os.fspath(verify)
    if text == TOFU:
        return None
    bare = re.sub(r"[:\s]", "", text).lower()
    if re.fullmatch(r"[0-9a-f]{64}", bare):
        return bare
    if "-----BEGIN" in text:
        return _fingerprint_in_pem(text, "the certificate")
    try:
        pem = Path(text).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InvalidParameters(
            f"`verify` is 'tofu', a fingerprint of 64 hex digits, or a certificate in PEM form; as a file, {text!r} "
            f"cannot be read: {reason}.", field="verify") from error
    return _fingerprint_in_pem(pem, text)


def _fingerprint_in_pem(pem: str, what: str) -> str:
    found = _CERTIFICATE.search(pem)
    if found is None:
        raise InvalidParameters(f"There is no certificate in {what}.", field="verify")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=found[0])  # refuses what is none
        return fingerprint_of(ssl.PEM_cert_to_DER_cert(found[0]))
    except (ssl.SSLError, ValueError) as error:
        raise InvalidParameters(f"There is no readable certificate in {what}.", field="verify") from error


class KnownNodes:
    """Pinned identities, one small file per node, so that programs at the same time cannot lose each other's.

    :param folder: where the files are; by default below :func:`jetstream.local.state_folder`.
    :param clock: seconds since the epoch, written down with each pin for people who look.
    """

    def __init__(self, folder: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._folder = local.state_folder() / "known" if folder is None else folder
        self._clock = clock

    def path(self, place: Place) -> Path:
        """The file that holds the identity pinned for *place*."""
        name = hashlib.sha256(_name(place).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self._folder / f"{name}.json"

    def get(self, place: Place) -> str | None:
        """The fingerprint pinned for *place*.

        :raises ConnectionFailed: if something is pinned but cannot be read: that must not count as nothing.
        """
        path = self.path(place)
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            fingerprint = value["fingerprint"]
            if not isinstance(fingerprint, str) or not re.fullmatch("[0-9a-f]{64}", fingerprint):
                raise ValueError("no fingerprint")
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConnectionFailed(
                f"The file {path}, which remembers the identity of the node at {place}, cannot be read. Nothing was "
                "sent. Delete the file to trust that node anew.") from error
        return fingerprint

    def pin(self, place: Place, fingerprint: str) -> None:
        """Remember *fingerprint* for *place*, in place of another.

        :raises ConnectionFailed: if it cannot be written down.
        """
        value = {"node": _name(place), "fingerprint": fingerprint, "since": int(self._clock() * 1_000_000)}
        path = self.path(place)
        part = path.with_suffix(f".{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(value, file)
            os.replace(part, path)
        except OSError as error:
            raise ConnectionFailed(
                f"The identity of the node at {place} cannot be remembered: {part}: {error.strerror}. Make the folder "
                "writable, set JETSTREAM_HOME to one that is, or pass the node's fingerprint as `verify`.") from error

    def forget(self, place: Place) -> None:
        """Remember nothing for *place*: the next identity seen there will be pinned."""
        self.path(place).unlink(missing_ok=True)


def _name(place: Place) -> str:
    return str(Place(place.host.lower(), place.port))


class Trust:
    """The decision, as the module's text says it.

    :param verify: what the caller expects.
    :param known: pinned identities.
    :param read_ticket: the ticket that this user can read for a fingerprint.
    :raises InvalidParameters: if *verify* cannot be understood.
    """

    def __init__(self, verify: Verify = TOFU, known: KnownNodes | None = None,
                 read_ticket: Callable[[str], local.Ticket | None] = local.read_ticket) -> None:
        self._expected = read_verify(verify)
        self._known = KnownNodes() if known is None else known
        self._read_ticket = read_ticket

    def check(self, place: Place, certificate: bytes) -> local.Ticket | None:
        """Accept the node at *place* that presented *certificate* (DER), or raise.

        :returns: the ticket to log in with, if it is a node of this user on this machine.
        :raises ServerIdentityChanged: if it is another node than the expected or pinned one.
        """
        presented = fingerprint_of(certificate)
        if self._expected is not None and self._expected != presented:
            raise _unexpected(place, self._expected, presented)
        ticket = self._read_ticket(presented)
        if self._expected is None and ticket is None:
            self._check_pinned(place, presented)
        return ticket

    def _check_pinned(self, place: Place, presented: str) -> None:
        pinned = self._known.get(place)
        if pinned is None:
            self._known.pin(place, presented)
        elif pinned != presented:
            raise _changed(place, pinned, presented, self._known.path(place))


def _unexpected(place: Place, expected: str, presented: str) -> ServerIdentityChanged:
    return ServerIdentityChanged(
        f"The node at {place} is not the one you asked for: its fingerprint is {presented}, not {expected}. Nothing "
        "was sent. Ask the owner of the node which one is right.", expected=expected, presented=presented)


def _changed(place: Place, expected: str, presented: str, pin: Path) -> ServerIdentityChanged:
    return ServerIdentityChanged(
        f"The node at {place} shows another identity than before. Either it was set up anew, or something on the way "
        f"pretends to be it. Nothing was sent. Its fingerprint was {expected} and is now {presented}. If the owner of "
        f"the node confirms the new one, delete {pin} and connect again.",
        expected=expected, presented=presented, pin=str(pin))
