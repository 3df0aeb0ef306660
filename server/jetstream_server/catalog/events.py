"""The event log."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from jetstream_server.catalog import schema
from jetstream_server.catalog.database import Database
from jetstream_server.records import EventRecord


class EventStore:
    """What happened, in order; each event has a cursor that is larger than those before."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        time: int,
        name: str,
        owner: str = "",
        kind: str = "",
        subject: str = "",
        message: str = "",
        fields: Mapping[str, Any] | None = None,
        owner_token: str | None = None,
    ) -> EventRecord:
        """Appends an event and says its cursor.

        :param time: microseconds since the epoch (UTC).
        :param kind: what it is about; *subject* is that object's id.
        """
        table = schema.events.table
        event = EventRecord(
            cursor=0,
            time=time,
            name=name,
            owner=owner,
            kind=kind,
            subject=subject,
            message=message,
            owner_token=owner_token,
            fields=fields or {},
        )
        row = schema.events.row(event)
        del row["cursor"]
        statement = sa.insert(table).returning(table.c.cursor)
        cursor = await self._database.write(lambda connection: connection.execute(statement, row).scalar_one())
        return dataclasses.replace(event, cursor=cursor)

    async def since(
        self,
        cursor: int | None,
        limit: int,
        *,
        owner: str | None = None,
        subject: str | None = None,
        kind: str | None = None,
        owner_token: str | None = None,
    ) -> list[EventRecord]:
        """Up to *limit* events after *cursor*, oldest first; without a cursor the last *limit* ones.

        :param owner, subject, kind, owner_token: only events with this value.
        """
        columns = schema.events.table.c
        wanted = {columns.owner: owner, columns.subject: subject, columns.kind: kind, columns.owner_token: owner_token}
        statement = sa.select(schema.events.table).limit(limit)
        statement = statement.where(*(column == value for column, value in wanted.items() if value is not None))
        if cursor is None:
            statement = statement.order_by(columns.cursor.desc())
        else:
            statement = statement.where(columns.cursor > cursor).order_by(columns.cursor)
        rows = await self._database.read(lambda connection: connection.execute(statement).all())
        return [schema.events.from_row(row) for row in (reversed(rows) if cursor is None else rows)]

    async def trim(self, keep: int) -> None:
        """Forgets all but the last *keep* events."""
        columns = schema.events.table.c
        newest = sa.select(sa.func.coalesce(sa.func.max(columns.cursor), 0)).scalar_subquery()
        statement = sa.delete(schema.events.table).where(columns.cursor <= newest - keep)
        await self._database.write(lambda connection: connection.execute(statement))
