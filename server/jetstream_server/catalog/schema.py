"""The tables of the catalog.

The tables of records follow from the dataclasses in :mod:`jetstream_server.records`, so a field that is added there
is a column here. A test compares this schema with what the migrations make: whoever changes one has to write a
migration and raise :data:`HEAD`.
"""

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table

from jetstream_server.catalog.columns import AnyText, PackedMap, RecordTable
from jetstream_server.records import (
    AccountRecord,
    ApiTokenRecord,
    AuthorizedClientRecord,
    DestinationRecord,
    EventRecord,
    IncomingRecord,
    ManifestRecord,
    TokenRecord,
    TransferRecord,
)

HEAD: Final = "0004"
"""Revision of this schema. Known here, so that opening a current catalog need not import alembic."""

metadata = MetaData()

revision = Table("alembic_version", metadata, Column("version_num", String(32), primary_key=True))

manifests = RecordTable("manifests", metadata, ManifestRecord)
destinations = RecordTable("destinations", metadata, DestinationRecord)
transfers = RecordTable("transfers", metadata, TransferRecord)
incoming = RecordTable("incoming", metadata, IncomingRecord, Index("incoming_uid", "uid"))
tokens = RecordTable("tokens", metadata, TokenRecord)
api_tokens = RecordTable("api_tokens", metadata, ApiTokenRecord)
accounts = RecordTable("accounts", metadata, AccountRecord)
authorized = RecordTable("authorized", metadata, AuthorizedClientRecord)
events = RecordTable(
    "events",
    metadata,
    EventRecord,
    Index("events_subject", "kind", "subject"),
    sqlite_autoincrement=True,  # a trimmed cursor is never given out again
)


def _pages(name: str, owner: str) -> Table:
    return Table(
        name,
        metadata,
        Column("owner_id", AnyText(), ForeignKey(f"{owner}.id", ondelete="CASCADE"), primary_key=True, nullable=False),
        Column("number", Integer, primary_key=True, nullable=False),
        Column("first_entry", Integer, nullable=False),
        Column("first_byte", Integer, nullable=False),
        Column("data", LargeBinary, nullable=False),
    )


manifest_pages = _pages("manifest_pages", "manifests")
incoming_pages = _pages("incoming_pages", "incoming")

incoming_blocks = Table(
    "incoming_blocks",
    metadata,
    Column("row", Integer, primary_key=True),
    Column("owner_id", AnyText(), ForeignKey("incoming.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("first", Integer, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
)

sandboxes = Table(
    "sandboxes",
    metadata,
    Column("user", AnyText(), primary_key=True, nullable=False),
    Column("mapping", PackedMap(), nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("key", AnyText(), primary_key=True, nullable=False),
    Column("value", PackedMap(), nullable=False),
)

pins = Table(
    "pins",
    metadata,
    Column("address", AnyText(), primary_key=True, nullable=False),
    Column("port", Integer, primary_key=True, nullable=False),
    Column("fingerprint", AnyText(), nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("kind", AnyText(), primary_key=True, nullable=False),
    Column("value", Integer, nullable=False),
)
