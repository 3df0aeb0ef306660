"""Links that carry an address and an action: ``jetstream://HOST[:PORT]/download?token=WORDS``. Pure.

Actions are ``download`` (parameter ``token``) and ``connect``. Unknown actions and parameters are kept, for programs of
other versions to judge. A link never carries a login: anything before an ``@`` is dropped when it is read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from jetstream.constants import DEFAULT_API_PORT
from jetstream.errors import InvalidParameters

SCHEME: Final = "jetstream"
DOWNLOAD: Final = "download"
CONNECT: Final = "connect"

_LONGEST: Final = 8192
_HOST: Final = re.compile(r"[^\s/\\?#@\[\]<>\"'%]{1,253}")
_ACTION: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_SAMPLE: Final = "A link looks like jetstream://HOST/download?token=WORDS."


@dataclass(frozen=True, slots=True)
class Link:
    """An address and what to do there.

    :param host: name or address, IPv6 without brackets.
    :param action: ``download``, ``connect``, or a word of another version.
    :param parameters: what stands behind the question mark, decoded.
    """

    host: str
    port: int = DEFAULT_API_PORT
    action: str = DOWNLOAD
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def token(self) -> str | None:
        """The shared token that a ``download`` link carries, as it stands there."""
        return self.parameters.get("token")

    def __repr__(self) -> str:
        # A link may be logged; its token must not be.
        return f"<Link {self.action} {self.host}:{self.port} parameters={sorted(self.parameters)}>"


def parse_link(text: str) -> Link:
    """Reads a link. Blanks around it are dropped, ``jetstream:`` before a whole link as well.

    :raises InvalidParameters: (field ``link``) with a sentence that says what is wrong.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        raise _wrong("This is too long for a link.")
    try:
        parts = urlsplit(_without_wrapping(text))
        if parts.scheme != SCHEME or not parts.netloc:
            raise _wrong(f"This is no JetStream link. {_SAMPLE}")
        parameters = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        return Link(_host(parts), _port(parts), _action(parts), parameters)
    except ValueError as error:
        raise _wrong(f"This link cannot be read: {error}. {_SAMPLE}") from error


def format_link(link: Link) -> str:
    """The text of *link*; :func:`parse_link` reads it back. The usual port is left out.

    :raises InvalidParameters: (field ``link``) if its host, port or action cannot stand in a link.
    """
    if not _is_host(link.host) or not 1 <= link.port <= 65535 or not _ACTION.fullmatch(link.action):
        raise _wrong("Host, port or action cannot stand in a link.")
    host = f"[{link.host}]" if ":" in link.host else link.host
    port = "" if link.port == DEFAULT_API_PORT else f":{link.port}"
    query = "?" + urlencode(link.parameters, quote_via=quote) if link.parameters else ""
    return f"{SCHEME}://{host}{port}/{link.action}{query}"


def _without_wrapping(text: str) -> str:
    """``jetstream:LINK`` is how some systems hand a link over; LINK may lack its own scheme then."""
    scheme, colon, rest = text.partition(":")
    if scheme.lower() != SCHEME or not colon or rest.startswith("//"):
        return text
    if rest.partition(":")[0].lower() == SCHEME and "://" in rest:
        return rest
    return f"{SCHEME}://{rest}"


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if not _is_host(host):
        raise _wrong(f"This link names no machine. {_SAMPLE}")
    return host


def _is_host(host: str) -> bool:
    if ":" in host:  # IPv6, perhaps with the zone of an interface
        return re.fullmatch(r"[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9_.~-]{1,32})?", host) is not None
    return _HOST.fullmatch(host) is not None


def _port(parts: SplitResult) -> int:
    port = parts.port  # ValueError outside 0..65535
    if port == 0:
        raise _wrong("The port of a link is a number from 1 to 65535.")
    return DEFAULT_API_PORT if port is None else port


def _action(parts: SplitResult) -> str:
    action = parts.path.strip("/")
    if not _ACTION.fullmatch(action):
        raise _wrong(f"This link does not say what to do. {_SAMPLE}")
    return action.lower()


def _wrong(sentence: str) -> InvalidParameters:
    return InvalidParameters(sentence, field="link")
