"""What can go wrong with the catalog.

    CatalogError
    ├── CatalogDamaged     the file is no readable catalog
    ├── CatalogTooNew      a newer version of JetStream wrote it
    ├── CatalogReadOnly    the file or its folder cannot be written
    ├── CatalogFull        no space is left for it
    ├── CatalogBusy        another program holds it locked
    ├── StateFolderInUse   another node works with the same folder
    └── AlreadyStored      a record with this key exists

``str(error)`` is one sentence for the person who starts the node; it says what to do.
"""

from pathlib import Path
from typing import Final


class CatalogError(Exception):
    """Base of all errors of the catalog."""


class _Unusable(CatalogError):
    """The file cannot be used, for a *reason* that the system or SQLite gives."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


class CatalogDamaged(_Unusable):
    """The file is no readable catalog. Nothing has been changed."""

    def __str__(self) -> str:
        return (
            f"The catalog {self.path} is damaged ({self.reason}); put back a copy of it, "
            "or move it away to start with an empty one."
        )


class CatalogTooNew(CatalogError):
    """The file was written by a newer version. Nothing has been changed."""

    def __init__(self, path: Path, revision: str) -> None:
        super().__init__(path, revision)
        self.path = path
        self.revision = revision

    def __str__(self) -> str:
        return (
            f"The catalog {self.path} was written by a newer version of JetStream (revision {self.revision}); "
            "install that version, or use another state folder."
        )


class CatalogReadOnly(_Unusable):
    """The file or its folder cannot be written by this user. Nothing has been changed."""

    def __str__(self) -> str:
        return (
            f"The catalog {self.path} cannot be written ({self.reason}); give this user the right to write "
            "the file and its folder, or use another state folder."
        )


class CatalogFull(CatalogError):
    """The disk that holds the catalog is full. The change was not made."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"The disk that holds the catalog {self.path} is full; make room on it."


class CatalogBusy(CatalogError):
    """Another program has held the file locked for longer than a change waits. The change was not made."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return (
            f"The catalog {self.path} is held by another program; end what has it open (a backup, a database viewer), "
            "then do it again."
        )


class StateFolderInUse(CatalogError):
    """Another node works with the same state folder. *pid* is its process id where it could be read."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        super().__init__(folder, pid)
        self.folder = folder
        self.pid = pid

    def __str__(self) -> str:
        who = f" (process {self.pid})" if self.pid is not None else ""
        return (
            f"Another JetStream node{who} already uses the state folder {self.folder}; "
            "stop that node, or give this one another folder."
        )


class AlreadyStored(CatalogError):
    """A record with this key exists."""

    def __init__(self, table: str, key: str) -> None:
        super().__init__(table, key)
        self.table = table
        self.key = key

    def __str__(self) -> str:
        return f"There already is an entry {self.key!r} in {self.table}."


_SAID: Final = (
    (CatalogFull, "The disk of the node's own records is full, so this was not done. Make room on it, then do it "
                  "again."),
    (CatalogBusy, "Another program holds the node's own records, so this was not done. End what has them open (a "
                  "backup, a database viewer), then do it again."),
    (CatalogReadOnly, "The node's own records cannot be written, so this was not done. Its log says which file, and "
                      "why."),
    (CatalogDamaged, "The node's own records are damaged, so this was not done. Stop the node, put back a copy of "
                     "them or move them away, and start it again; its log says which file."),
)


def said(error: CatalogError) -> str | None:
    """What somebody far away hears of *error*, which names no path; ``None`` if it is a fault of the node's."""
    return next((sentence for kind, sentence in _SAID if isinstance(error, kind)), None)
