"""What someone typed into Get: a link, a token that needs an address, or something with a mistake in it."""

from dataclasses import dataclass

from jetstream.errors import JetStreamError
from jetstream.links import Link, format_link, parse_link
from jetstream.tokens import canonical_token, is_token, problem_with
from jetstream_desktop.i18n import say, tr
from jetstream_desktop.state.address import parse_address


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the text is understood. *link* is set once everything is there."""

    link: str | None = None
    hint: str = ""
    wrong: bool = False
    needs_host: bool = False

    @property
    def complete(self) -> bool:
        """Whether it is a whole link or token, even if the address is still missing."""
        return self.link is not None or (self.needs_host and not self.wrong)


def read(text: str, host: str) -> Reading:
    """Understand *text* and the address *host* that goes with a bare token."""
    text = text.strip()
    if not text:
        return Reading()
    if ":" in text or "/" in text:
        return _link(text)
    problem = problem_with(text)
    if problem is not None:
        return Reading(hint=say(problem), wrong=True)
    if not is_token(text):
        return Reading(hint=tr("Go on typing…"))
    address = parse_address(host)
    if address is None:
        wrong = bool(host.strip())
        hint = tr("This is no address.") if wrong else tr("The token is complete. Now the address of the computer.")
        return Reading(hint=hint, wrong=wrong, needs_host=True)
    link = format_link(Link(address.host, address.port, "download", {"token": canonical_token(text)}))
    return Reading(link, tr("Ready to fetch from {host}.", host=address), needs_host=True)


def _link(text: str) -> Reading:
    try:
        link = parse_link(text)
        if link.action != "download":
            return Reading(hint=tr("This link is not for fetching files."), wrong=True)
        if not link.token:
            return Reading(hint=tr("There is no token in this link."), wrong=True)
        canonical_token(link.token)
    except JetStreamError as error:
        return Reading(hint=say(str(error)), wrong=True)
    return Reading(format_link(link), tr("Ready to fetch from {host}.", host=link.host))
