"""Files on the disk of a node elsewhere, as the node lists them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jetstream.constants import FILETYPE_DIRECTORY
from jetstream_desktop.state.basket import Found, Kind


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a folder over there. *changed* in µs UTC."""

    name: str
    path: str
    folder: bool
    size: int = 0
    changed: int | None = None

    @property
    def found(self) -> Found:
        """For the basket."""
        return Found(self.path, Kind.FOLDER if self.folder else Kind.FILE, self.size)


def entries_from(raw: object) -> list[Entry]:
    """What a node answered. A line that is none is left out: the node may be of another version, or malicious."""
    found = (_entry(one) for one in raw) if isinstance(raw, list) else iter(())
    return [entry for entry in found if entry is not None]


def _entry(raw: object) -> Entry | None:
    if not isinstance(raw, Mapping):
        return None
    name, path, size, changed = (raw.get(key) for key in ("name", "path", "size", "modificationTime"))
    if not isinstance(name, str) or not isinstance(path, str) or not name or not path:
        return None
    return Entry(name, path, raw.get("type") == FILETYPE_DIRECTORY,
                 size if type(size) is int and size >= 0 else 0, changed if type(changed) is int else None)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Folders first, then by name as people read it."""
    return sorted(entries, key=lambda e: (not e.folder, e.name.casefold(), e.name))


def folder_above(path: str, roots: Sequence[Entry]) -> str | None:
    """The folder that *path* lies in; ``None``, the list of roots, above a root."""
    if any(root.path == path for root in roots):
        return None
    end = max(path.rstrip("/").rfind("/"), path.rstrip("\\").rfind("\\"))
    return path[:end] or "/" if end >= 0 else None
