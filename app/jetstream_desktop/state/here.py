"""This computer as a destination of a node elsewhere: at the address that the node sees, if that leads back here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jetstream.checks import Check
from jetstream.entities import Destination, ServerInfo
from jetstream.findings import Step
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.address import Address, Choice
from jetstream_desktop.state.findings import lines

HERE: Final = "here"
_ASKED: Final = "login-asked"


@dataclass(frozen=True, slots=True)
class Here:
    """Where a node elsewhere, called *node*, would send to reach this computer's own node."""

    address: Address
    fingerprint: str
    name: str
    node: str

    @property
    def fields(self) -> dict[str, str | int]:
        """As a destination, in the names of the API. Whatever answers there must be this computer's node."""
        return {"destination_address": self.address.host, "destination_port": self.address.port, "name": self.name,
                "permitted_destination_public_key": self.fingerprint}


def here_from(own: ServerInfo | None, there: ServerInfo) -> Here | None:
    """``None`` while this computer's node is not known, and where the other one is too old to say what it sees."""
    if own is None or not there.client_address or own.fingerprint == there.fingerprint:
        return None
    return Here(Address(there.client_address, own.receive_port), own.fingerprint, own.server_name, there.server_name)


def known_as(here: Here, destinations: Sequence[Destination]) -> Destination | None:
    """The record that the other node has of this computer already."""
    for destination in destinations:
        code = destination.permitted_destination_public_key or destination.destination_public_key or ""
        if code.replace(":", "").lower() == here.fingerprint:
            return destination
    return None


def choice_of(here: Here, known: Destination | None, found: Sequence[Check] | None, *, running: bool) -> Choice:
    """A line of the composer's list.

    :param found: what a test from over there has found, ``None`` if none could be made.
    """
    failed = next((check for check in found or () if check.failed), None)
    reachable, line, note = None, str(here.address), ""
    if running:
        line = tr("testing whether it is reached from there…")
    elif failed is not None:
        reachable, line, note = False, *_why_not(here, failed)
    elif found:
        reachable = True
        if any(check.code == _ASKED for check in found):
            note = tr("This computer asks before it takes files from {node}: go back to it, and say yes there.",
                      node=here.node)
    return Choice(HERE, tr("This computer"), line, reachable, known, None if known else here.address,
                  None if known else here.fields, note)


def _why_not(here: Here, failed: Check) -> tuple[str, str]:
    """A line, and what it means and what to do."""
    reason = lines([failed], False)[0].text
    if failed.step in (Step.LOGIN, Step.FOLDER):
        note = tr("{node} reaches this computer. {reason}", node=here.node, reason=reason)
        return tr("reached, but not let in"), note
    return tr("not reached from there"), tr(
        "{node} sees this computer at {address} and does not get through: {reason} Behind a router that is usual. "
        "Share by link instead, and get it on this computer.", node=here.node, address=here.address, reason=reason)
