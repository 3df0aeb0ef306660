"""Making pages of entries."""

from collections.abc import Sequence

import msgpack
import numpy as np
from numpy.typing import NDArray

from jetstream_server.files.pages import DEFAULT_LIMITS, EMPTY, FORM, Kind, PageLimits


class PageBuilder:
    """Collects entries and gives them out as stored pages."""

    def __init__(self, limits: PageLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._reset()

    def _reset(self) -> None:
        self._directories: dict[bytes, int] = {}
        self._source_directories: dict[bytes, int] = {}
        self._runs: list[tuple[int, int, int]] = []
        """Numbers of a target folder and a source folder, and how many entries one after the other have them."""
        self._names: list[bytes] = []
        self._kinds = bytearray()
        self._sizes: list[int] = []
        self._mtimes: list[int] = []
        self._modes: list[int] = []
        self._links: dict[int, bytes] = {}
        self._source_names: dict[int, bytes] = {}
        self._text = 0

    def __len__(self) -> int:
        return len(self._names)

    @property
    def full(self) -> bool:
        """Whether :meth:`take` should come before the next entry."""
        return len(self._names) >= self._limits.entries or self._text >= self._limits.text

    def add(
        self, folder: bytes, name: bytes, kind: Kind, size: int, mtime_ns: int, mode: int, *,
        source_folder: bytes, source_name: bytes | None = None, empty: bool = False, link: bytes | None = None,
    ) -> None:  # fmt: skip
        """Append one entry; *folder* is its target folder in shortest form, *source_folder* the absolute real one."""
        position = len(self._names)
        self._enter(folder, source_folder, 1)
        self._names.append(name)
        self._kinds.append(kind | EMPTY if empty else kind)
        self._sizes.append(size)
        self._mtimes.append(mtime_ns)
        self._modes.append(mode)
        self._text += len(name)
        if link is not None:
            self._links[position] = link
            self._text += len(link)
        if source_name is not None and source_name != name:
            self._source_names[position] = source_name
            self._text += len(source_name)

    def add_files(
        self, folder: bytes, source_folder: bytes, names: Sequence[bytes], sizes: Sequence[int],
        mtimes: Sequence[int], modes: Sequence[int], first: int = 0,
    ) -> int:  # fmt: skip
        """Append regular files of one folder from the *first* on, as many as fit; returns how many that were."""
        count = min(len(names) - first, self._limits.entries - len(self._names))
        text = sum(map(len, names[first : first + count]))
        while count > 1 and self._text + text > self._limits.text:
            count //= 2
            text = sum(map(len, names[first : first + count]))
        if count <= 0:
            return 0
        self._enter(folder, source_folder, count)
        fitting = slice(first, first + count)
        self._names += names[fitting]
        self._kinds += bytes((Kind.FILE,)) * count
        self._sizes += sizes[fitting]
        self._mtimes += mtimes[fitting]
        self._modes += modes[fitting]
        self._text += text
        return count

    def _enter(self, folder: bytes, source_folder: bytes, count: int) -> None:
        number = self._directories.get(folder)
        if number is None:
            number = self._directories[folder] = len(self._directories)
            self._text += len(folder)
        source = self._source_directories.get(source_folder)
        if source is None:
            source = self._source_directories[source_folder] = len(self._source_directories)
            self._text += len(source_folder)
        self._runs.append((number, source, count))

    def take(self) -> bytes:
        """The stored form of what was collected; the builder is empty then."""
        runs = np.array(self._runs, np.int64).reshape(-1, 3)
        wire = {
            "form": FORM,
            "count": len(self._names),
            "directories": list(self._directories),
            "directory": _packed(np.repeat(runs[:, 0], runs[:, 2]), "<u2"),
            "names": self._names,
            "kinds": bytes(self._kinds),
            "sizes": _packed(self._sizes, "<i8"),
            "mtimes": _packed(self._mtimes, "<i8"),
            "modes": _packed(np.array(self._modes, np.int64) & 0o777, "<u2"),
            "linkAt": _packed(list(self._links), "<u2"),
            "links": list(self._links.values()),
        }
        extra = [
            list(self._source_directories),
            _packed(np.repeat(runs[:, 1], runs[:, 2]), "<u2"),
            list(self._source_names),
            list(self._source_names.values()),
        ]
        data: bytes = msgpack.packb([msgpack.packb(wire), msgpack.packb(extra)])
        self._reset()
        return data


def _packed(values: list[int] | NDArray[np.int64], kind: str) -> bytes:
    return np.asarray(values, np.dtype(kind)).tobytes()
