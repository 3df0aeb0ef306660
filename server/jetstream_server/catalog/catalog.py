"""The catalog: everything that the node remembers, in one SQLite file."""

from pathlib import Path
from typing import Final

from jetstream_server.catalog import schema, upgrade
from jetstream_server.catalog.database import Database
from jetstream_server.catalog.events import EventStore
from jetstream_server.catalog.stores import (
    CounterStore,
    IncomingStore,
    ManifestStore,
    PinStore,
    RecordStore,
    SandboxStore,
    SettingStore,
)

CATALOG_FILE: Final = "catalog.db"
"""Its name in the state folder."""
KINDS: Final = frozenset({"manifest", "destination", "transfer", "incoming"})


class Catalog:
    """Stores of everything, side by side on one database.

    All methods are coroutines and may be called by any number of tasks at once; a call that has returned is committed.
    Errors are those of :mod:`jetstream_server.catalog.errors`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counters = CounterStore(database)
        self.manifests = ManifestStore(database)
        self.destinations = RecordStore(database, schema.destinations)
        self.transfers = RecordStore(database, schema.transfers)
        self.incoming = IncomingStore(database)
        self.tokens = RecordStore(database, schema.tokens)
        self.api_tokens = RecordStore(database, schema.api_tokens)
        self.accounts = RecordStore(database, schema.accounts)
        self.authorized = RecordStore(database, schema.authorized)
        self.sandboxes = SandboxStore(database)
        self.settings = SettingStore(database)
        self.pins = PinStore(database)
        self.events = EventStore(database)

    @classmethod
    async def open(cls, path: Path, *, head: str = schema.HEAD, migrations: Path = upgrade.MIGRATIONS) -> "Catalog":
        """Opens the catalog *path*, making it (and its folder) or migrating it first where needed.

        :param head: the revision to bring it to.
        :param migrations: folder of the migrations that lead there.
        :raises CatalogDamaged: if the file is no catalog, or damaged.
        :raises CatalogTooNew: if a newer version wrote it.
        :raises CatalogReadOnly: if it cannot be written. In all three cases nothing on the disk is changed.
        """
        return cls(await Database.open(path, head, migrations))

    async def close(self) -> None:
        """Finishes what is under way and closes the file."""
        await self._database.close()

    async def __aenter__(self) -> "Catalog":
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def next_id(self, kind: str) -> str:
        """A fresh id for an object of this *kind* (one of :data:`KINDS`): a short decimal text, never used again."""
        if kind not in KINDS:
            raise ValueError(f"no kind of object: {kind!r}")
        return str(await self._counters.next(kind))
