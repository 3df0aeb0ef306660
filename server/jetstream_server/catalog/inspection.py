"""Looks at a catalog file before anything opens it for writing, so that a refusal leaves the disk as it was.

Blocking; a few milliseconds. Uses the standard library's driver alone.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from jetstream_server.catalog.errors import CatalogDamaged, CatalogReadOnly

QUICK_CHECK_BYTES: Final = 16 << 20
"""Catalogs up to this size are checked whole at every start (some 20 ms); larger ones only after an unclean end and
before a migration, because the check reads every page."""

_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What is there: ``revision`` is ``None`` where a catalog still has to be made."""

    revision: str | None
    checked: bool = False


def inspect(path: Path) -> Found:
    """Says what *path* holds, changing nothing.

    :raises CatalogDamaged: if it is no catalog, or a damaged one.
    :raises CatalogReadOnly: if it, or its folder, cannot be written.
    """
    _require_writable(path)
    if not path.exists() or path.stat().st_size == 0:
        return Found(None)
    _check_header(path)
    left_over = unclean(path)
    thorough = left_over or path.stat().st_size <= QUICK_CHECK_BYTES
    try:
        with reading(path) as connection:
            if thorough:
                quick_check(connection, path)
            return Found(_revision(connection, path), thorough)
    except sqlite3.DatabaseError as error:
        raise CatalogDamaged(path, str(error)) from error


def unclean(path: Path) -> bool:
    """Whether the last node that used *path* did not close it: its write-ahead log is still there."""
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot change *path*.

    With a left-over log SQLite needs its shared-memory file, and removes it again on the way out if it was not there.
    """
    shared = path.with_name(path.name + "-shm")
    keep = shared.exists()
    mode = "mode=ro" if unclean(path) else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"file:{quote(os.fsencode(path))}?{mode}", uri=True)
    try:
        yield connection
    finally:
        connection.close()
        if not keep:
            shared.unlink(missing_ok=True)


def quick_check(connection: sqlite3.Connection, path: Path) -> None:
    """Reads every page.

    :raises CatalogDamaged: with SQLite's first complaint.
    """
    complaint = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if complaint != "ok":
        raise CatalogDamaged(path, str(complaint).splitlines()[-1])


def _require_writable(path: Path) -> None:
    effective = os.access in os.supports_effective_ids
    folder = path.parent
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=effective):
        raise CatalogReadOnly(path, f"the folder {folder} is read-only")
    if path.exists() and not os.access(path, os.R_OK | os.W_OK, effective_ids=effective):
        raise CatalogReadOnly(path, "the file is read-only")


def _check_header(path: Path) -> None:
    if not path.is_file():
        raise CatalogDamaged(path, "it is no file")
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise CatalogDamaged(path, "it is no SQLite file")
    page = int.from_bytes(header[16:18], "big")
    page = 65536 if page == 1 else page
    pages = int.from_bytes(header[28:32], "big")
    if not unclean(path) and path.stat().st_size < page * pages:
        raise CatalogDamaged(path, "its end is missing")


def _revision(connection: sqlite3.Connection, path: Path) -> str | None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise CatalogDamaged(path, "it is no JetStream catalog")
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise CatalogDamaged(path, "it does not say its revision")
    return str(row[0])
