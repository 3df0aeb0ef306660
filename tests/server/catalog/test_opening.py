"""Opening a catalog: what is made, what is refused, and that a refusal changes nothing on the disk."""

import contextlib
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jetstream_server.catalog import (
    AlreadyStored,
    Catalog,
    CatalogBusy,
    CatalogDamaged,
    CatalogError,
    CatalogFull,
    CatalogReadOnly,
    CatalogTooNew,
    StateFolderInUse,
    database,
    inspection,
)
from jetstream_server.records import AccountRecord, ManifestRecord

needs_posix = pytest.mark.skipif(os.name == "nt", reason="no permission bits")


def contents(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Everything below *folder* that a refusal must not touch. The ``-shm`` file is scratch memory of SQLite."""
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
        for path in sorted(folder.iterdir())
        if not path.name.endswith("-shm")
    }


async def filled(path: Path, pages: int = 40) -> None:
    async with await Catalog.open(path) as catalog:
        await catalog.accounts.add(AccountRecord(user="ann", password_hash="h"))
        await catalog.manifests.add(ManifestRecord(id="1", owner="ann"))
        await catalog.manifests.add_pages("1", [(n, n, n, os.urandom(3000)) for n in range(pages)])


@contextlib.contextmanager
def abandoned(path: Path, sql: str) -> Iterator[None]:
    """Leaves *path* as a killed node would: *sql* is committed, but only in the write-ahead log."""
    copy = path.parent.with_name("copy")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(sql)
        connection.commit()
        shutil.copytree(path.parent, copy)
    shutil.rmtree(path.parent)
    copy.rename(path.parent)
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    yield


async def refused(path: Path, error: type[CatalogError]) -> str:
    before = contents(path.parent)
    with pytest.raises(error) as caught:
        await Catalog.open(path)
    assert contents(path.parent) == before
    sentence = str(caught.value)
    assert str(path) in sentence
    assert sentence.count("\n") == 0
    assert sentence.endswith(".")
    return sentence


@needs_posix
async def test_a_new_one_is_private(path: Path) -> None:
    async with await Catalog.open(path) as catalog:
        await catalog.settings.set("k", 1)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"catalog.db": 0o600, "catalog.db-wal": 0o600, "catalog.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["catalog.db"]


@needs_posix
async def test_an_existing_one_is_made_private(path: Path) -> None:
    await filled(path)
    path.chmod(0o644)
    await filled_is_readable(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def filled_is_readable(path: Path) -> None:
    async with await Catalog.open(path) as catalog:
        assert await catalog.accounts.get("ann") == AccountRecord(user="ann", password_hash="h")


async def test_strange_folder_names(tmp_path: Path) -> None:
    for name in ("with space", "hash#and?question%41", os.fsdecode(b"caf\xe9"), "file:x"):
        path = tmp_path / name / "catalog.db"
        await filled(path)
        await filled_is_readable(path)


async def test_an_empty_file_or_an_empty_database_becomes_a_catalog(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    await filled(path)
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    await filled(path)
    await filled_is_readable(path)


async def test_a_catalog_of_a_newer_version_is_refused(path: Path) -> None:
    await filled(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    sentence = await refused(path, CatalogTooNew)
    assert "newer version" in sentence
    assert "9999" in sentence


async def test_also_when_its_node_was_killed(path: Path) -> None:
    await filled(path)
    with abandoned(path, "UPDATE alembic_version SET version_num = '9999'"):
        assert (path.parent / "catalog.db-wal").stat().st_size > 0
        await refused(path, CatalogTooNew)


async def test_what_a_killed_node_committed_is_there(path: Path) -> None:
    await filled(path)
    with abandoned(path, "INSERT INTO accounts VALUES ('bob', 'h', 0)"):
        async with await Catalog.open(path) as catalog:
            assert [account.user for account in await catalog.accounts.all()] == ["ann", "bob"]


@pytest.mark.parametrize("data", [b"x", b"not a database at all", b"\0" * 5000, random.Random(1).randbytes(9000)])
async def test_garbage_is_refused(path: Path, data: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(data)
    await refused(path, CatalogDamaged)


@pytest.mark.parametrize("keep", [50, 100, 4096, 5000, 0.5, 0.999])
async def test_a_truncated_one_is_refused(path: Path, keep: float) -> None:
    await filled(path)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(int(size * keep) if keep < 1 else int(keep))
    await refused(path, CatalogDamaged)


async def test_one_with_a_damaged_middle_is_refused(path: Path) -> None:
    await filled(path)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(4096 * 8))
    await refused(path, CatalogDamaged)


async def test_a_large_one_is_read_whole_only_after_an_unclean_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(path)
    monkeypatch.setattr(inspection, "QUICK_CHECK_BYTES", 1000)
    assert not inspection.inspect(path).checked
    with abandoned(path, "DELETE FROM accounts"):
        assert inspection.inspect(path).checked


async def test_another_programs_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE music (title TEXT)")
        connection.commit()
    assert "no JetStream catalog" in await refused(path, CatalogDamaged)


async def test_one_without_a_revision_is_refused(path: Path) -> None:
    await filled(path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM alembic_version")
        connection.commit()
    await refused(path, CatalogDamaged)


async def test_a_folder_in_its_place_is_refused(path: Path) -> None:
    (path / "x").mkdir(parents=True)
    with pytest.raises(CatalogDamaged):
        await Catalog.open(path)


async def test_damage_that_is_met_later_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(path)
    monkeypatch.setattr(inspection, "QUICK_CHECK_BYTES", 1000)
    async with await Catalog.open(path) as catalog:
        with path.open("r+b") as file:
            file.seek(4096 * 2)
            file.write(b"\xff" * (path.stat().st_size - 4096 * 2))
        with pytest.raises(CatalogDamaged):
            await catalog.manifests.pages("1", 0, 40)


@contextlib.contextmanager
def ordinary_user() -> Iterator[Path]:
    """A folder, and no right to write what is read-only, even where the tests run as root."""
    folder = Path(tempfile.mkdtemp())
    os.chmod(folder, 0o777)
    privileged = os.geteuid() == 0
    if privileged:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if privileged:
            os.seteuid(0)
        for name in (folder, *folder.rglob("*")):
            name.chmod(0o700)
        shutil.rmtree(folder)


@needs_posix
@pytest.mark.parametrize("what", ["folder", "file", "both"])
async def test_a_read_only_state_folder_is_refused(what: str) -> None:
    with ordinary_user() as folder:
        path = folder / "state" / "catalog.db"
        await filled(path)
        if what in ("file", "both"):
            path.chmod(0o400)
        if what in ("folder", "both"):
            path.parent.chmod(0o500)
        assert "cannot be written" in await refused(path, CatalogReadOnly)


@needs_posix
async def test_a_folder_that_cannot_be_made_is_refused() -> None:
    with ordinary_user() as folder:
        (folder / "locked").mkdir(mode=0o500)
        with pytest.raises(CatalogReadOnly):
            await Catalog.open(folder / "locked" / "state" / "catalog.db")
        with pytest.raises(CatalogReadOnly):
            await Catalog.open(folder / "locked" / "catalog.db")


async def test_a_full_disk_is_named_and_the_change_not_made(path: Path) -> None:
    async with await Catalog.open(path) as catalog:
        await catalog.manifests.add(ManifestRecord(id="1", owner="ann"))
        await catalog._database.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 60"))
        with pytest.raises(CatalogFull):
            await catalog.manifests.add_pages("1", [(n, n, n, bytes(4000)) for n in range(1000)])
        assert await catalog.manifests.page_starts("1") == []
        await catalog.accounts.add(AccountRecord(user="ann", password_hash="h"))


async def test_a_lock_of_another_program_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    await filled(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        async with await Catalog.open(path) as catalog:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(CatalogBusy, match="held by another program"):
                await catalog.accounts.add(AccountRecord(user="bob", password_hash="h"))
            other.execute("ROLLBACK")
            await catalog.accounts.add(AccountRecord(user="bob", password_hash="h"))


def test_every_error_is_one_a_caller_can_catch() -> None:
    here = Path("/state")
    errors: list[CatalogError] = [
        CatalogDamaged(here, "why"), CatalogTooNew(here, "2"), CatalogReadOnly(here, "why"), CatalogFull(here),
        CatalogBusy(here), StateFolderInUse(here, 5), StateFolderInUse(here, None), AlreadyStored("accounts", "ann"),
    ]
    for error in errors:
        assert str(error).endswith(".")


def test_opening_a_current_catalog_does_not_import_alembic(path: Path) -> None:
    script = (
        "import asyncio, sys, pathlib\n"
        "from jetstream_server.catalog import Catalog\n"
        "async def main():\n"
        "    for _ in range(2):\n"
        "        await (await Catalog.open(pathlib.Path(sys.argv[1]))).close()\n"
        "asyncio.run(main())\n"
        "print([name for name in sys.modules if name.startswith('alembic')])\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


KILLED = """
import asyncio, pathlib, sys
from jetstream_server.catalog import Catalog
from jetstream_server.records import IncomingRecord, StoredBlocks
async def main():
    catalog = await Catalog.open(pathlib.Path(sys.argv[1]))
    await catalog.incoming.add(IncomingRecord(id="1", owner="", uid="u"))
    number = 0
    while True:
        number += 1
        await catalog.incoming.add_checkpoint("1", [StoredBlocks(first=number, hashes=bytes(32))], files_done=number)
        print(number, flush=True)
asyncio.run(main())
"""


def run_and_kill(path: Path, after: int) -> int:
    """Kills a writer once it has promised *after* checkpoints; says how many it had promised in the end."""
    child = subprocess.Popen([sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    promised = 0
    while promised < after:
        promised = int(child.stdout.readline())
    child.kill()
    rest, _ = child.communicate()
    return int((rest.split() or [promised])[-1])


@pytest.mark.parametrize("after", [1, 7, 40])
async def test_a_kill_in_the_middle_of_writing_loses_nothing_that_was_promised(path: Path, after: int) -> None:
    promised = run_and_kill(path, after)
    async with await Catalog.open(path) as catalog:
        record = await catalog.incoming.get("1")
        blocks = await catalog.incoming.checkpoint("1")
    assert record is not None
    assert record.files_done >= promised
    assert [run.first for run in blocks] == list(range(1, record.files_done + 1))
