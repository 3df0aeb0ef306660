"""The file of an address book: one documented JSON form, without passwords, and how it is merged. Pure.

::

    {"format": "jetstream-destinations", "version": 1, "destinations": [
      {"address": "studio-b.example.org", "port": 8886, "name": "Studio B", "group": "Studios", "folder": "dailies",
       "user": "ann", "identity": "9c1f…", "rateLimit": 50000}]}

Only ``address`` must be there; ``rateLimit`` is in kbit/s. Unknown names are ignored, so that a newer program may
write more without a new version.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jetstream.constants import DEFAULT_API_PORT
from jetstream.entities import Destination
from jetstream_desktop.i18n import tr, trn
from jetstream_desktop.state.address import FOLDER, GROUP, folder_of, parse_address
from jetstream_desktop.state.allowed import fingerprint_in
from jetstream_desktop.state.book import clean_name, group_of
from jetstream_desktop.state.text import printable

FORMAT: Final = "jetstream-destinations"
VERSION: Final = 1
MAX_BYTES: Final = 4 << 20
MAX_ENTRIES: Final = 5000
MAX_RATE: Final = 1 << 40
_SHOWN: Final = 40


class BookFileError(ValueError):
    """The file cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A destination of a file."""

    address: str
    port: int = DEFAULT_API_PORT
    name: str = ""
    group: str = ""
    folder: str = ""
    user: str = ""
    identity: str = ""
    rate_limit: int | None = None


def write(destinations: Sequence[Destination]) -> str:
    """The text of a file with these destinations."""
    entries = [_to_json(one) for one in destinations]
    return json.dumps({"format": FORMAT, "version": VERSION, "destinations": entries}, indent=2, ensure_ascii=False)


def _to_json(one: Destination) -> dict[str, Any]:
    value = {
        "address": one.destination_address, "port": one.destination_port, "name": one.name, "group": group_of(one),
        "folder": folder_of(one),
        "user": one.user_name or "", "identity": one.permitted_destination_public_key or "",
        "rateLimit": one.send_rate_max or 0,
    }
    return {name: item for name, item in value.items() if item}


def read(data: bytes) -> list[Entry]:
    """The destinations of a file.

    :raises BookFileError: if it is none, or an entry of it cannot be one.
    """
    if len(data) > MAX_BYTES:
        raise BookFileError(tr("The file is too large for an address book: it may have {size} MB.",
                               size=MAX_BYTES >> 20))
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BookFileError(tr("This is no address book: the file is no JSON.")) from error
    if not isinstance(value, Mapping) or value.get("format") != FORMAT:
        raise BookFileError(tr("This is no address book of JetStream."))
    version = value.get("version")
    if type(version) is not int or version < 1:
        raise BookFileError(tr("The address book does not say its version."))
    if version > VERSION:
        raise BookFileError(tr("The address book was written by a newer JetStream; update this one first."))
    entries = value.get("destinations")
    if not isinstance(entries, list):
        raise BookFileError(tr("The address book holds no list of destinations."))
    if len(entries) > MAX_ENTRIES:
        raise BookFileError(tr("The address book has too many destinations: {count} at most.", count=MAX_ENTRIES))
    return [_entry(number, item) for number, item in enumerate(entries, 1)]


def _entry(number: int, value: object) -> Entry:
    if not isinstance(value, Mapping):
        raise _wrong(number, tr("it is no list of fields"))
    address = value.get("address")
    parsed = parse_address(address) if isinstance(address, str) and len(address) <= 300 else None
    if parsed is None:
        raise _wrong(number, tr("“{value}” is no address", value=_short(address)))
    port = value.get("port", parsed.port)
    if type(port) is not int or not 1 <= port <= 65535:
        raise _wrong(number, tr("“{value}” is no port", value=_short(port)))
    identity = value.get("identity", "")
    fingerprint = fingerprint_in(identity) if isinstance(identity, str) else None
    if identity and fingerprint is None:
        raise _wrong(number, tr("“{value}” is no identity", value=_short(identity)))
    limit = value.get("rateLimit", 0)
    if type(limit) is not int or not 0 <= limit <= MAX_RATE:
        raise _wrong(number, tr("“{value}” is no rate limit", value=_short(limit)))
    names = [value.get(field, "") for field in ("name", "group", "folder", "user")]
    if not all(isinstance(name, str) for name in names):
        raise _wrong(number, tr("name, group, folder and user have to be text"))
    name, group, folder, user = map(clean_name, names)
    return Entry(parsed.host, port, name, group, folder, user, fingerprint or "", limit or None)


def _wrong(number: int, why: str) -> BookFileError:
    return BookFileError(tr("Destination {number} of the file cannot be used: {why}. Nothing was imported.",
                            number=number, why=why))


def _short(value: object) -> str:
    text = printable(value if isinstance(value, str) else json.dumps(value))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does: fields of new destinations, changes of known ones by id, and how many stay as they are."""

    added: tuple[dict[str, Any], ...]
    changed: tuple[tuple[Destination, dict[str, Any]], ...]
    same: int

    @property
    def words(self) -> str:
        """What it did, in a sentence."""
        parts = [trn("{count} new", "{count} new", len(self.added)) if self.added else "",
                 trn("{count} changed", "{count} changed", len(self.changed)) if self.changed else "",
                 trn("{count} as it was", "{count} as they were", self.same) if self.same else ""]
        return tr("Imported: {parts}.", parts=", ".join(filter(None, parts)) or tr("nothing, the file is empty"))


def merge(known: Sequence[Destination], entries: Sequence[Entry]) -> Plan:
    """How *entries* come into the book. The same address with the same identity is the same destination.

    An entry that names no identity fits any at its address; one that names another identity is another destination:
    an import never replaces an identity that somebody has pinned.
    """
    added: list[dict[str, Any]] = []
    changed: list[tuple[Destination, dict[str, Any]]] = []
    same = 0
    taken: set[str] = set()
    seen: set[tuple[str, int, str, str]] = set()
    for entry in entries:
        key = (entry.address.casefold(), entry.port, entry.identity, entry.user)
        if key in seen:
            continue
        seen.add(key)
        there = _match(known, entry, taken)
        if there is None:
            added.append(_values(entry))
            continue
        taken.add(there.id)
        changes = _changes(there, entry)
        if changes:
            changed.append((there, changes))
        else:
            same += 1
    return Plan(tuple(added), tuple(changed), same)


def _match(known: Sequence[Destination], entry: Entry, taken: set[str]) -> Destination | None:
    fits = [one for one in known if one.id not in taken and one.destination_port == entry.port
            and one.destination_address.casefold() == entry.address.casefold()
            and (not entry.identity or one.permitted_destination_public_key in (None, "", entry.identity))]
    return min(fits, key=lambda one: ((one.user_name or "") != entry.user,
                                      one.permitted_destination_public_key != entry.identity), default=None)


def _values(entry: Entry) -> dict[str, Any]:
    return {
        "destination_address": entry.address, "destination_port": entry.port, "name": entry.name,
        "user_name": entry.user or None, "permitted_destination_public_key": entry.identity or None,
        "send_rate_max": entry.rate_limit, "user_data": _user_data(entry),
    }


def _user_data(entry: Entry) -> dict[str, str]:
    return {name: value for name, value in ((GROUP, entry.group), (FOLDER, entry.folder)) if value}


def _changes(there: Destination, entry: Entry) -> dict[str, Any]:
    """What the file says that the book does not; what the file leaves out stays."""
    wanted: dict[str, tuple[Any, Any]] = {
        "name": (entry.name, there.name), "user_name": (entry.user, there.user_name or ""),
        "permitted_destination_public_key": (entry.identity, there.permitted_destination_public_key or ""),
        "send_rate_max": (entry.rate_limit, there.send_rate_max),
    }
    changes = {field: new for field, (new, old) in wanted.items() if new and new != old}
    user_data = {**there.user_data, **_user_data(entry)}
    if user_data != there.user_data:
        changes["user_data"] = user_data
    return changes


def before(there: Destination, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The values that *changes* replaced, for taking them back."""
    kept = {"name": there.name, "user_name": there.user_name, "send_rate_max": there.send_rate_max,
            "permitted_destination_public_key": there.permitted_destination_public_key,
            "user_data": dict(there.user_data)}
    return {field: kept[field] for field in changes}
