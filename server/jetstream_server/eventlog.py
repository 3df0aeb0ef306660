"""The event log: what happened, in plain words, in order."""

from collections.abc import Callable
from typing import Any, Final

from jetstream.entities import Event
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.records import EventRecord

KEPT_EVENTS: Final = 100_000
TRIM_EVERY: Final = 1_000


class EventLog:
    """Writes events into the catalog and keeps their number bounded.

    :param wall: microseconds since the epoch.
    """

    def __init__(self, catalog: Catalog, wall: Callable[[], int]) -> None:
        self._catalog = catalog
        self._wall = wall
        self._since_trim = 0

    async def record(
        self, name: str, message: str, *, kind: str, subject: str = "", owner: str = "", owner_token: str | None = None,
        **fields: Any,
    ) -> None:
        """Append one event. *kind* and *subject* say what it is about; *fields* are the documented keys."""
        await self._catalog.events.add(self._wall(), name, owner, kind, subject, message, fields, owner_token)
        self._since_trim += 1
        if self._since_trim >= TRIM_EVERY:
            self._since_trim = 0
            await self._catalog.events.trim(KEPT_EVENTS)


def event_entity(record: EventRecord) -> Event:
    """The documented form of an event."""
    about = {f"{record.kind}Id": record.subject} if record.subject and record.kind != "server" else {}
    return Event(
        event=record.name,
        timestamp=record.time,
        cursor=record.cursor,
        message=record.message,
        fields={"owner": record.owner, **about, **record.fields},
    )
