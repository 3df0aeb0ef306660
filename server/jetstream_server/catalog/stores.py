"""What can be stored: one small class per kind of thing."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from jetstream_server.catalog import schema
from jetstream_server.catalog.columns import RecordTable
from jetstream_server.catalog.database import Database
from jetstream_server.catalog.errors import AlreadyStored
from jetstream_server.records import IncomingRecord, ManifestRecord, StoredBlocks

R = TypeVar("R")

StoredPage = tuple[int, int, int, bytes]
"""Page number, number of its first entry, first byte of the stream in it, the page itself."""

_KEY = "key_"


class RecordStore(Generic[R]):
    """Records of one kind, by their first field, in the order in which they were added."""

    def __init__(self, database: Database, records: RecordTable[R]) -> None:
        self._database = database
        self._records = records
        table = records.table
        self._key = table.c[records.key]
        self._insert = sa.insert(table).inline()
        self._all = sa.select(table).order_by(sa.text("rowid"))
        self._one = sa.select(table).where(self._key == sa.bindparam(_KEY))

    async def add(self, record: R) -> None:
        """Stores a new record.

        :raises AlreadyStored: if there is one with this key.
        """
        row = self._records.row(record)

        def unit(connection: sa.Connection) -> None:
            try:
                connection.execute(self._insert, row)
            except sa.exc.IntegrityError as error:
                raise AlreadyStored(self._records.table.name, str(row[self._records.key])) from error

        await self._database.write(unit)

    async def get(self, key: str) -> R | None:
        """The record with this key, if there is one."""
        row = await self._database.read(lambda connection: connection.execute(self._one, {_KEY: key}).first())
        return None if row is None else self._records.from_row(row)

    async def all(self) -> list[R]:
        """Every record."""
        rows = await self._database.read(lambda connection: connection.execute(self._all).all())
        return [self._records.from_row(row) for row in rows]

    async def update(self, key: str, **changes: Any) -> None:
        """Changes fields of a record.

        A record that is gone stays gone, without an error: it may be deleted while a job that reports on it ends.

        :raises TypeError: if a name is no field, or is the key.
        """
        self._records.refuse_unknown(changes)
        if changes:
            await self._database.write(lambda connection: self._change(connection, key, changes))

    async def delete(self, key: str) -> None:
        """Forgets a record and what is stored beside it, if there is one."""
        statement = sa.delete(self._records.table).where(self._key == key)
        await self._database.write(lambda connection: connection.execute(statement))

    def _change(self, connection: sa.Connection, key: str, changes: dict[str, Any]) -> None:
        values: dict[str, Any] = {name: sa.bindparam(name) for name in changes}
        statement = sa.update(self._records.table).where(self._key == sa.bindparam(_KEY)).values(values)
        connection.execute(statement, {_KEY: key, **changes})


class _Pages:
    """The pages beside the records of a store."""

    def __init__(self, database: Database, table: sa.Table) -> None:
        self._database = database
        self._table = table
        self._insert = sa.insert(table).inline()

    async def add(self, key: str, pages: Sequence[StoredPage]) -> None:
        rows = [
            {"owner_id": key, "number": number, "first_entry": entry, "first_byte": byte, "data": data}
            for number, entry, byte, data in pages
        ]
        if rows:
            await self._database.write(lambda connection: connection.execute(self._insert, rows))

    async def delete(self, key: str) -> None:
        statement = sa.delete(self._table).where(self._table.c.owner_id == key)
        await self._database.write(lambda connection: connection.execute(statement))

    async def data(self, key: str, first: int, count: int) -> list[bytes]:
        columns = self._table.c
        statement = (
            sa.select(columns.data)
            .where(columns.owner_id == key, columns.number >= first, columns.number < first + count)
            .order_by(columns.number)
        )
        return await self._database.read(lambda connection: list(connection.execute(statement).scalars()))

    async def starts(self, key: str) -> list[tuple[int, int]]:
        columns = self._table.c
        statement = (
            sa.select(columns.first_entry, columns.first_byte)
            .where(columns.owner_id == key)
            .order_by(columns.number)
        )
        rows = await self._database.read(lambda connection: connection.execute(statement).all())
        return [(entry, byte) for entry, byte in rows]


class PagedStore(RecordStore[R]):
    """Records with pages beside them (the entries of a manifest)."""

    def __init__(self, database: Database, records: RecordTable[R], pages: sa.Table) -> None:
        super().__init__(database, records)
        self._pages = _Pages(database, pages)

    async def add_pages(self, key: str, pages: Sequence[StoredPage]) -> None:
        """Stores pages of the record *key*, all or none."""
        await self._pages.add(key, pages)

    async def delete_pages(self, key: str) -> None:
        """Forgets all pages of the record *key*."""
        await self._pages.delete(key)

    async def page(self, key: str, number: int) -> bytes | None:
        """One page."""
        found = await self._pages.data(key, number, 1)
        return found[0] if found else None

    async def pages(self, key: str, first: int, count: int) -> list[bytes]:
        """Up to *count* pages from number *first* on."""
        return await self._pages.data(key, first, count)

    async def page_starts(self, key: str) -> list[tuple[int, int]]:
        """The first entry and the first byte of every page, in order."""
        return await self._pages.starts(key)


class ManifestStore(PagedStore[ManifestRecord]):
    """Manifests and their pages."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, schema.manifests, schema.manifest_pages)


class IncomingStore(PagedStore[IncomingRecord]):
    """Incoming transfers, the pages of their manifests, and which of their blocks are safe."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, schema.incoming, schema.incoming_pages)
        self._blocks = schema.incoming_blocks

    async def find(self, uid: str, peer_fingerprint: str | None) -> IncomingRecord | None:
        """The transfer that this peer calls *uid*."""
        columns = self._records.table.c
        statement = self._all.where(columns.uid == uid, columns.peer_fingerprint.is_not_distinct_from(peer_fingerprint))
        row = await self._database.read(lambda connection: connection.execute(statement).first())
        return None if row is None else self._records.from_row(row)

    async def add_checkpoint(self, key: str, blocks: Sequence[StoredBlocks], **changes: Any) -> None:
        """Adds *blocks* to what is safe and changes fields of the record; on the disk when this returns.

        :raises TypeError: if a name is no field, or is the key.
        """
        self._records.refuse_unknown(changes)

        def unit(connection: sa.Connection) -> None:
            self._insert_blocks(connection, key, blocks)
            if changes:
                self._change(connection, key, changes)

        await self._database.write(unit, durable=True)

    async def checkpoint(self, key: str) -> list[StoredBlocks]:
        """What is safe, in the order in which it was added."""
        columns = self._blocks.c
        statement = sa.select(columns.first, columns.hashes).where(columns.owner_id == key).order_by(columns.row)
        rows = await self._database.read(lambda connection: connection.execute(statement).all())
        return [StoredBlocks(first=first, hashes=hashes) for first, hashes in rows]

    async def replace_checkpoint(self, key: str, blocks: Sequence[StoredBlocks]) -> None:
        """Says anew what is safe; on the disk when this returns."""

        def unit(connection: sa.Connection) -> None:
            connection.execute(sa.delete(self._blocks).where(self._blocks.c.owner_id == key))
            self._insert_blocks(connection, key, blocks)

        await self._database.write(unit, durable=True)

    def _insert_blocks(self, connection: sa.Connection, key: str, blocks: Sequence[StoredBlocks]) -> None:
        rows = [{"owner_id": key, "first": run.first, "hashes": run.hashes} for run in blocks]
        if rows:
            connection.execute(sa.insert(self._blocks).inline(), rows)


class SandboxStore:
    """Which folders each user may touch: ``{name: path}``; the user ``''`` is everyone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> dict[str, dict[str, str]]:
        """Every user's folders."""
        statement = sa.select(schema.sandboxes.c.user, schema.sandboxes.c.mapping).order_by(schema.sandboxes.c.user)
        rows = await self._database.read(lambda connection: connection.execute(statement).all())
        return {row.user: row.mapping for row in rows}

    async def set(self, user: str, mapping: dict[str, str]) -> None:
        """Replaces the folders of *user*."""
        statement = upsert(schema.sandboxes).values(user=user, mapping=mapping)
        statement = statement.on_conflict_do_update(set_={"mapping": statement.excluded.mapping})
        await self._database.write(lambda connection: connection.execute(statement))

    async def delete(self, user: str) -> None:
        """Forgets the folders of *user*."""
        statement = sa.delete(schema.sandboxes).where(schema.sandboxes.c.user == user)
        await self._database.write(lambda connection: connection.execute(statement))


class SettingStore:
    """Values of the node that its owner changes while it runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> Any:
        """The value under *key*, or ``None``."""
        statement = sa.select(schema.settings.c.value).where(schema.settings.c.key == key)
        row = await self._database.read(lambda connection: connection.execute(statement).first())
        return None if row is None else row[0]["value"]

    async def set(self, key: str, value: Any) -> None:
        """Stores a value of plain parts: texts, numbers, truth values, lists, maps."""
        statement = upsert(schema.settings).values(key=key, value={"value": value})
        statement = statement.on_conflict_do_update(set_={"value": statement.excluded.value})
        await self._database.write(lambda connection: connection.execute(statement))


class PinStore:
    """The identities (fingerprints) that were seen at an address first, to be compared with from then on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, address: str, port: int) -> str | None:
        """The pinned fingerprint."""
        statement = sa.select(schema.pins.c.fingerprint).where(*self._at(address, port))
        return await self._database.read(lambda connection: connection.execute(statement).scalar())

    async def set(self, address: str, port: int, fingerprint: str) -> None:
        """Pins *fingerprint*; on the disk when this returns."""
        statement = upsert(schema.pins).values(address=address, port=port, fingerprint=fingerprint)
        statement = statement.on_conflict_do_update(set_={"fingerprint": statement.excluded.fingerprint})
        await self._database.write(lambda connection: connection.execute(statement), durable=True)

    async def delete(self, address: str, port: int) -> None:
        """Forgets the pin."""
        statement = sa.delete(schema.pins).where(*self._at(address, port))
        await self._database.write(lambda connection: connection.execute(statement))

    @staticmethod
    def _at(address: str, port: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
        return schema.pins.c.address == address, schema.pins.c.port == port


class CounterStore:
    """Numbers that are given out once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        statement = upsert(schema.counters).values(kind=sa.bindparam("kind"), value=1)
        following = schema.counters.c.value + 1
        self._next = statement.on_conflict_do_update(set_={"value": following}).returning(schema.counters.c.value)

    async def next(self, kind: str) -> int:
        """The next number of this *kind*, from 1 on; never the same twice."""
        return int(
            await self._database.write(lambda connection: connection.execute(self._next, {"kind": kind}).scalar_one())
        )
