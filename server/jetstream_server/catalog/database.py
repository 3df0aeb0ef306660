"""One SQLite file: opening it, and running units of work on it one after the other."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from jetstream_server.catalog import schema, upgrade
from jetstream_server.catalog.errors import CatalogBusy, CatalogDamaged, CatalogError, CatalogFull, CatalogReadOnly
from jetstream_server.catalog.inspection import inspect

T = TypeVar("T")
Unit = Callable[[sa.Connection], T]

BUSY_SECONDS: Final = 10
"""How long a write waits for another process, such as ``jetstream user add`` beside a running node."""


class Database:
    """Two connections to one file: one reads, one writes, each under its own lock.

    SQLite lets one writer in at a time and makes a second one fail; here the second one waits its turn, and readers
    see the last committed state meanwhile. A unit of work that has begun is finished even if the task that asked for
    it is cancelled: otherwise half a transaction would wait for whoever comes next.
    """

    def __init__(self, path: Path, engine: AsyncEngine, writer: AsyncConnection, reader: AsyncConnection) -> None:
        self._path = path
        self._engine = engine
        self._writer = writer
        self._reader = reader
        self._write_lock = asyncio.Lock()
        self._read_lock = asyncio.Lock()
        self._units: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(cls, path: Path, head: str = schema.HEAD, migrations: Path = upgrade.MIGRATIONS) -> "Database":
        """Opens *path*, making or migrating it first where needed.

        :raises CatalogDamaged: see :mod:`~jetstream_server.catalog.errors`; likewise
        :raises CatalogTooNew: and
        :raises CatalogReadOnly: nothing on the disk is changed then.
        """
        new = await asyncio.to_thread(_prepare, path, head, migrations)
        engine = _engine(path)
        writer = reader = None
        try:
            writer = await _connect(engine)
            if new:
                await writer.run_sync(_create, head)
            reader = await _connect(engine)
            await reader.run_sync(_pragma, "query_only = ON")
        except BaseException as error:
            for connection in (writer, reader):
                if connection is not None:
                    await connection.close()
            await engine.dispose()
            if isinstance(error, sa.exc.DBAPIError):
                _translate(error, path)
            raise
        return cls(path, engine, writer, reader)

    async def close(self) -> None:
        """Waits for the work under way and closes the file; its log is folded back into it."""
        while self._units:
            await asyncio.wait(self._units)
        await self._reader.close()
        await self._writer.close()
        await self._engine.dispose()

    async def read(self, unit: Unit[T]) -> T:
        """What *unit*, a single SELECT, answers about the last committed state."""
        return await self._run(self._read(unit))

    async def write(self, unit: Unit[T], *, durable: bool = False) -> T:
        """Runs *unit* as one transaction.

        :param durable: the change has reached the disk when this returns. Otherwise a power cut may undo the last
            few changes, in order; the end of the process does not.
        """
        return await self._run(self._write(unit, durable))

    async def _run(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.create_task(work)
        self._units.add(task)
        task.add_done_callback(self._units.discard)
        return await asyncio.shield(task)

    async def _read(self, unit: Unit[T]) -> T:
        async with self._read_lock:
            try:
                return await self._reader.run_sync(_plainly, unit)
            except sa.exc.DBAPIError as error:
                _translate(error, self._path)

    async def _write(self, unit: Unit[T], durable: bool) -> T:
        async with self._write_lock:
            try:
                if durable:
                    await self._writer.run_sync(_pragma, "synchronous = FULL")
                try:
                    return await self._writer.run_sync(_in_transaction, unit)
                finally:
                    if durable:
                        await self._writer.run_sync(_pragma, "synchronous = NORMAL")
            except sa.exc.DBAPIError as error:
                _translate(error, self._path)


def _prepare(path: Path, head: str, migrations: Path) -> bool:
    """Refuses or migrates what is there; true if the tables have to be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CatalogReadOnly(path, error.strerror or str(error)) from error
    found = inspect(path)
    if found.revision is None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    elif found.revision != head:
        upgrade.upgrade(path, found.revision, head, migrations)
    os.chmod(path, 0o600)
    return found.revision is None


def _engine(path: Path) -> AsyncEngine:
    return create_async_engine(
        sa.URL.create("sqlite+aiosqlite", database=str(path.absolute())),
        poolclass=NullPool,
        connect_args={"isolation_level": None, "timeout": BUSY_SECONDS},
    )


async def _connect(engine: AsyncEngine) -> AsyncConnection:
    connection = await engine.connect()
    try:
        for setting in ("journal_mode = WAL", "synchronous = NORMAL", "fullfsync = ON", "foreign_keys = ON"):
            await connection.run_sync(_pragma, setting)
    except BaseException:
        await connection.close()
        raise
    return connection


def _pragma(connection: sa.Connection, setting: str) -> None:
    with connection.begin():  # SQLAlchemy's bookkeeping only: the driver is in autocommit mode
        connection.exec_driver_sql(f"PRAGMA {setting}")


def _create(connection: sa.Connection, head: str) -> None:
    with connection.begin():
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        schema.metadata.create_all(connection, checkfirst=True)
        connection.execute(sa.delete(schema.revision))
        connection.execute(sa.insert(schema.revision), {"version_num": head})


def _plainly(connection: sa.Connection, unit: Unit[T]) -> T:
    """Without BEGIN: a single SELECT sees one state anyway, and each statement costs two changes of thread."""
    with connection.begin():
        return unit(connection)


def _in_transaction(connection: sa.Connection, unit: Unit[T]) -> T:
    with connection.begin():
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return unit(connection)


def _translate(error: sa.exc.DBAPIError, path: Path) -> NoReturn:
    """Says in the catalog's words what the driver complained about."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        raise CatalogDamaged(path, str(error.orig)) from error
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        raise CatalogReadOnly(path, str(error.orig)) from error
    if primary == sqlite3.SQLITE_FULL:
        raise CatalogFull(path) from error
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise CatalogBusy(path) from error
    raise CatalogError(f"The catalog {path} refused: {error.orig}.") from error
