"""Brings an older catalog to the present schema. Only this module imports alembic, and only when there is work."""

import contextlib
import os
import sqlite3
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from jetstream_server.catalog.errors import CatalogTooNew
from jetstream_server.catalog.inspection import quick_check, reading

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(path: Path, stored: str, head: str, migrations: Path = MIGRATIONS) -> None:
    """Migrates the catalog *path* from revision *stored* to *head*, as one transaction. Blocking.

    Before the first change a copy is left beside it, ``NAME.before-HEAD``.

    :raises CatalogTooNew: if *stored* is no revision that this version knows; nothing is changed then.
    :raises CatalogDamaged: if the file does not pass SQLite's check; nothing is changed then.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if stored not in known:
        raise CatalogTooNew(path, stored)
    back_up(path, path.with_name(f"{path.name}.before-{head}"))
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), poolclass=NullPool, connect_args={"isolation_level": None}
    )
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("PRAGMA synchronous = FULL")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, head)


def back_up(path: Path, copy: Path) -> None:
    """Copies the catalog *path*, its write-ahead log included, to *copy*; the copy appears whole or not at all.

    :raises CatalogDamaged: if *path* does not pass SQLite's check.
    """
    part = copy.with_name(copy.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with reading(path) as source:
        quick_check(source, path)
        with contextlib.closing(sqlite3.connect(part)) as target:
            source.backup(target)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(part, copy)
