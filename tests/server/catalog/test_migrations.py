"""The migrations lead to the schema, and an older catalog is copied before it is changed."""

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from jetstream_server.catalog import Catalog, CatalogDamaged, CatalogTooNew, schema
from jetstream_server.catalog.upgrade import MIGRATIONS, upgrade
from jetstream_server.records import AccountRecord, ManifestRecord

NEXT = '''
import sqlalchemy as sa
from alembic import op
revision = "9999"
down_revision = "{head}"
def upgrade():
    op.create_table("extra", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("accounts", sa.Column("colour", sa.Text, nullable=False, server_default="red"))
    {more}
'''


def script_directory(folder: Path) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def structure(path: Path) -> dict[str, object]:
    """Columns, keys and indexes of every table."""
    found: dict[str, object] = {}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name, sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE type = 'table'")
        for table, automatic in tables.fetchall():
            if table == "alembic_version" or table.startswith("sqlite_"):
                continue
            indexes = connection.execute(f"PRAGMA index_list({table})").fetchall()
            found[table] = (
                automatic,
                connection.execute(f"PRAGMA table_info({table})").fetchall(),
                connection.execute(f"PRAGMA foreign_key_list({table})").fetchall(),
                sorted((*row[1:3], connection.execute(f"PRAGMA index_info({row[1]})").fetchall()) for row in indexes),
            )
    return found


def newer(tmp_path: Path, more: str = "") -> Path:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "rev_9999_next.py").write_text(NEXT.format(head=schema.HEAD, more=more))
    return folder


async def made(path: Path) -> None:
    async with await Catalog.open(path) as catalog:
        await catalog.accounts.add(AccountRecord(user="ann", password_hash="h"))
        await catalog.manifests.add(ManifestRecord(id="1", owner="ann"))
        await catalog.manifests.add_pages("1", [(0, 0, 0, b"page")])


def test_the_constant_is_the_last_migration() -> None:
    assert script_directory(MIGRATIONS).get_heads() == [schema.HEAD]


async def test_the_migrations_make_exactly_the_schema(tmp_path: Path) -> None:
    await made(tmp_path / "made.db")
    migrated = tmp_path / "migrated.db"
    with contextlib.closing(sqlite3.connect(migrated)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    engine = sa.create_engine(f"sqlite:///{migrated}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    engine.dispose()
    assert structure(migrated) == structure(tmp_path / "made.db")


async def test_transfers_from_before_there_were_policies_share(path: Path) -> None:
    await made(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript("ALTER TABLE transfers DROP COLUMN rate_policy;"
                                 "UPDATE alembic_version SET version_num = '0003'")
        columns = [row[1:4] for row in connection.execute("PRAGMA table_info(transfers)")]
        values = {"id": "7", "send_rate_max": 5}
        names = [name for name, _, needed in columns if needed or name in values]
        row = [values.get(name, b"\x80" if name == "user_data" else 0) for name in names]
        connection.execute(f"INSERT INTO transfers ({', '.join(names)}) VALUES ({', '.join('?' * len(row))})", row)
        connection.commit()
    async with await Catalog.open(path) as catalog:
        (record,) = await catalog.transfers.all()
        assert (record.id, record.send_rate_max, record.rate_policy) == ("7", 5, "fair")


async def test_an_older_catalog_is_copied_then_migrated(path: Path, tmp_path: Path) -> None:
    await made(path)
    before = structure(path)
    migrations = newer(tmp_path)
    async with await Catalog.open(path, head="9999", migrations=migrations) as catalog:
        assert await catalog.accounts.all() == [AccountRecord(user="ann", password_hash="h")]
        assert await catalog.manifests.pages("1", 0, 9) == [b"page"]
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT colour FROM accounts").fetchall() == [("red",)]
    copy = path.with_name("catalog.db.before-9999")
    assert structure(copy) == before
    assert copy.stat().st_mode & 0o77 == 0
    async with await Catalog.open(copy) as catalog:
        assert await catalog.manifests.page("1", 0) == b"page"
    async with await Catalog.open(path, head="9999", migrations=migrations):
        assert len(list(path.parent.glob("catalog.db*"))) == 4  # database, log, shared memory, copy: no second copy


async def test_the_copy_holds_what_a_killed_node_left_in_its_log(path: Path, tmp_path: Path) -> None:
    await made(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE accounts SET password_hash = 'in the log'")
        connection.commit()
        shutil.copytree(path.parent, tmp_path / "killed")
    killed = tmp_path / "killed" / "catalog.db"
    assert killed.with_name("catalog.db-wal").stat().st_size > 0
    async with await Catalog.open(killed, head="9999", migrations=newer(tmp_path)) as catalog:
        assert await catalog.accounts.all() == [AccountRecord(user="ann", password_hash="in the log")]
    with contextlib.closing(sqlite3.connect(killed.with_name("catalog.db.before-9999"))) as connection:
        assert connection.execute("SELECT password_hash FROM accounts").fetchall() == [("in the log",)]


async def test_a_migration_that_fails_changes_nothing(path: Path, tmp_path: Path) -> None:
    await made(path)
    before = structure(path)
    migrations = newer(tmp_path, more='raise ZeroDivisionError("bug")')
    with pytest.raises(ZeroDivisionError):
        await Catalog.open(path, head="9999", migrations=migrations)
    assert structure(path) == before
    async with await Catalog.open(path) as catalog:
        assert len(await catalog.accounts.all()) == 1


async def test_a_catalog_migrated_by_a_newer_version_is_refused_by_this_one(path: Path, tmp_path: Path) -> None:
    await made(path)
    async with await Catalog.open(path, head="9999", migrations=newer(tmp_path)):
        pass
    with pytest.raises(CatalogTooNew, match="9999"):
        await Catalog.open(path)
    assert not path.with_name(f"catalog.db.before-{schema.HEAD}").exists()


async def test_a_damaged_one_is_never_migrated(path: Path, tmp_path: Path) -> None:
    await made(path)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(4096 * 4))
    before = path.read_bytes()
    with pytest.raises((CatalogDamaged, sqlite3.DatabaseError)):
        upgrade(path, schema.HEAD, "9999", newer(tmp_path))
    assert path.read_bytes() == before
    assert not path.with_name("catalog.db.before-9999").exists()
