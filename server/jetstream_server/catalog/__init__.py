"""The only package that knows the database."""

from jetstream_server.catalog.catalog import Catalog
from jetstream_server.catalog.errors import (
    AlreadyStored,
    CatalogBusy,
    CatalogDamaged,
    CatalogError,
    CatalogFull,
    CatalogReadOnly,
    CatalogTooNew,
    StateFolderInUse,
)

__all__ = [
    "AlreadyStored",
    "Catalog",
    "CatalogBusy",
    "CatalogDamaged",
    "CatalogError",
    "CatalogFull",
    "CatalogReadOnly",
    "CatalogTooNew",
    "StateFolderInUse",
]
