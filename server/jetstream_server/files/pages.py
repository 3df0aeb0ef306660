"""A manifest's entries as immutable pages of columns. Pure.

There are two forms of a page, both MessagePack:

- the *wire* form, a map: what both nodes know. Its bytes are what the digest of a manifest is made of;
- the *stored* form, a pair of the wire form and the sources: what the sending node keeps.

A page holds at most 4,096 entries and about half a mebibyte of names. Directories are stored once in a page; entries
refer to them by number. Columns are little-endian.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, Final, TypeAlias

import msgpack
import numpy as np
from numpy.typing import NDArray

from jetstream_server.files.errors import DamagedPage, UnsafePath
from jetstream_server.files.paths import MAX_TARGET, first_bad_name, target_components

Int64s: TypeAlias = NDArray[np.int64]
Numbers: TypeAlias = NDArray[np.uint32]
Bytes: TypeAlias = NDArray[np.uint8]

FORM: Final = 1
EMPTY: Final = 0x10
"""Added to the kind of a directory that holds nothing."""
MAX_LINK: Final = 4095


class Kind(IntEnum):
    """What an entry is."""

    FILE = 0
    DIRECTORY = 1
    SYMLINK = 2


@dataclass(frozen=True, slots=True)
class PageLimits:
    """What is accepted as a page."""

    entries: int = 4096
    text: int = 512 << 10
    """Bytes of names, directories and links at which a page is full."""
    wire_bytes: int = 768 << 10
    total: int = 1 << 62
    """Bytes of all files of a manifest."""


DEFAULT_LIMITS: Final = PageLimits()


@dataclass(frozen=True)
class Page:
    """The entries of one page as columns of equal length."""

    directories: Sequence[bytes]
    """Target folders, ``/``-separated; ``b""`` is the top."""
    directory: Numbers
    """For each entry the number of its folder."""
    names: Sequence[bytes]
    kinds: Bytes
    empty: NDArray[np.bool_]
    """Whether a directory holds nothing at all."""
    sizes: Int64s
    mtimes: Int64s
    """Nanoseconds since the epoch."""
    modes: Numbers
    """Permission bits, at most 0o777."""
    links: Mapping[int, bytes]
    """Target of each symbolic link, by position in the page."""
    source_directories: Sequence[bytes] = ()
    """Absolute folders on the sending node; empty in pages that came over the wire."""
    source_directory: Numbers | None = None
    source_names: Mapping[int, bytes] | None = None
    """Names on the sending node where they differ, by position in the page."""

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"<Page {len(self)} entries, {self.total_bytes} bytes>"

    @cached_property
    def in_stream(self) -> NDArray[np.int64]:
        """Positions of the entries that have bytes in the stream."""
        return np.flatnonzero((self.kinds == Kind.FILE) & (self.sizes > 0)).astype(np.int64)

    @cached_property
    def stream_ends(self) -> Int64s:
        """Where each of them ends, counted from the first byte of the page."""
        return np.cumsum(self.sizes[self.in_stream], dtype=np.int64)

    @cached_property
    def total_bytes(self) -> int:
        """Bytes that the page adds to the stream."""
        return int(self.stream_ends[-1]) if len(self.stream_ends) else 0

    @cached_property
    def file_count(self) -> int:
        """Regular files, those without content among them."""
        return int(np.count_nonzero(self.kinds == Kind.FILE))

    def target(self, position: int) -> bytes:
        """Target path of an entry."""
        folder = self.directories[int(self.directory[position])]
        return folder + b"/" + self.names[position] if folder else self.names[position]

    def source(self, position: int) -> bytes | None:
        """Absolute source path of an entry, ``None`` if the page came over the wire."""
        if self.source_directory is None or self.source_names is None:
            return None
        folder = self.source_directories[int(self.source_directory[position])]
        name = self.source_names.get(position, self.names[position])
        return folder + name if folder.endswith(b"/") else folder + b"/" + name

    @staticmethod
    def decode(data: bytes, limits: PageLimits = DEFAULT_LIMITS) -> "Page":
        """The page in *data*, wire form, from a peer that may be hostile: everything is checked.

        :raises DamagedPage: if it is malformed.
        :raises UnsafePath: if one of its targets must not be written.
        """
        if len(data) > limits.wire_bytes:
            raise DamagedPage("page", f"more than {limits.wire_bytes} bytes")
        return _checked(_wire_map(data), limits)

    @staticmethod
    def decode_stored(data: bytes, limits: PageLimits = DEFAULT_LIMITS) -> "Page":
        """The page in *data*, stored or wire form, as this node made or checked it. Raises as :meth:`decode`."""
        if data[:1] != b"\x92":
            return Page.decode(data, limits)
        wire, extra = _split(data)
        fields = _wire_map(wire)
        page = _columns(fields, int(fields["count"]))
        values = msgpack.unpackb(extra, raw=True, strict_map_key=False)
        return Page(
            page.directories, page.directory, page.names, page.kinds, page.empty, page.sizes, page.mtimes, page.modes,
            page.links, values[0], np.frombuffer(values[1], "<u2").astype(np.uint32),
            dict(zip(values[2], values[3], strict=True)),
        )  # fmt: skip


def wire_form(stored: bytes) -> bytes:
    """The wire form within a page in stored form (or in wire form, which is given back as it is)."""
    return _split(stored)[0] if stored[:1] == b"\x92" else stored


def _split(stored: bytes) -> tuple[bytes, bytes]:
    try:
        wire, extra = msgpack.unpackb(stored, raw=True)
    except (ValueError, msgpack.UnpackException) as error:
        raise DamagedPage("page", "the stored form is damaged") from error
    return wire, extra


def _wire_map(data: bytes) -> dict[str, Any]:
    try:
        fields = msgpack.unpackb(data, raw=False, max_map_len=32, max_ext_len=0)
    except (ValueError, msgpack.UnpackException, UnicodeDecodeError) as error:
        raise DamagedPage("page", "no MessagePack map") from error
    if not isinstance(fields, dict) or fields.get("form") != FORM:
        raise DamagedPage("form", "this node knows no such form of a page")
    return fields


def _column(fields: Mapping[str, Any], name: str, kind: str, count: int) -> NDArray[Any]:
    data = fields.get(name)
    dtype = np.dtype(kind)
    if not isinstance(data, bytes) or len(data) != count * dtype.itemsize:
        raise DamagedPage(name, f"no column of {count} values")
    return np.frombuffer(data, dtype)


def _names(fields: Mapping[str, Any], name: str, least: int, most: int) -> list[bytes]:
    value = fields.get(name)
    if not isinstance(value, list) or not least <= len(value) <= most or set(map(type, value)) - {bytes}:
        raise DamagedPage(name, f"no list of {least} to {most} names")
    return value


def _columns(fields: Mapping[str, Any], count: int) -> Page:
    """The columns, with lengths and types that are right and values that may not be."""
    kinds = _column(fields, "kinds", "u1", count)
    links = _column(fields, "linkAt", "<u2", len(_names(fields, "links", 0, count)))
    return Page(
        directories=_names(fields, "directories", min(count, 1), count),
        directory=_column(fields, "directory", "<u2", count).astype(np.uint32),
        names=_names(fields, "names", count, count),
        kinds=np.bitwise_and(kinds, EMPTY - 1, dtype=np.uint8),
        empty=(kinds & EMPTY) != 0,
        sizes=_column(fields, "sizes", "<i8", count),
        mtimes=_column(fields, "mtimes", "<i8", count),
        modes=_column(fields, "modes", "<u2", count).astype(np.uint32),
        links=dict(zip(links.tolist(), fields["links"], strict=True)),
    )


def _checked(fields: Mapping[str, Any], limits: PageLimits) -> Page:
    count = fields.get("count")
    if type(count) is not int or not 0 <= count <= limits.entries:
        raise DamagedPage("count", f"a page has 0 to {limits.entries} entries")
    page = _columns(fields, count)
    if count:
        _check_values(page, limits)
        _check_paths(page)
    _check_links(page)
    return page


def _check_values(page: Page, limits: PageLimits) -> None:
    is_file = page.kinds == Kind.FILE
    if int(page.kinds.max()) > Kind.SYMLINK:
        raise DamagedPage("kinds", "an unknown kind of entry")
    if bool((page.empty & (page.kinds != Kind.DIRECTORY)).any()):
        raise DamagedPage("kinds", "only a directory can be empty")
    if int(page.sizes.min()) < 0 or bool(page.sizes[~is_file].any()):
        raise DamagedPage("sizes", "a size is negative, or something without content has one")
    # Added as Python integers: sums of hostile sizes overflow 64 bits.
    if sum(page.sizes.tolist()) > limits.total:
        raise DamagedPage("sizes", f"more than {limits.total} bytes")
    if int(page.modes.max()) > 0o777:
        raise DamagedPage("modes", "more than permission bits")
    if int(page.directory.max()) >= len(page.directories):
        raise DamagedPage("directory", "no directory has that number")


def _check_paths(page: Page) -> None:
    for folder in page.directories:
        if folder and b"/".join(target_components(folder)) != folder:
            raise DamagedPage("directories", "a folder is not in its shortest form")
    bad = first_bad_name(page.names)
    if bad:
        raise UnsafePath(page.target(bad[0]), bad[1])
    lengths = np.fromiter(map(len, page.directories), np.int64, len(page.directories))
    if int(lengths.max()) + 256 > MAX_TARGET:
        names = np.fromiter(map(len, page.names), np.int64, len(page.names))
        longest = int((lengths[page.directory] + names + 1).max())
        if longest > MAX_TARGET:
            raise DamagedPage("names", f"a target has at most {MAX_TARGET} bytes")
    for position in np.flatnonzero(page.directory == _top(page.directories)).tolist():
        target_components(page.names[position])


def _top(directories: Sequence[bytes]) -> int:
    """Number of the top folder, or one that no entry has: names there are subject to the rule on drive letters."""
    return directories.index(b"") if b"" in directories else len(directories)


def _check_links(page: Page) -> None:
    positions = set(np.flatnonzero(page.kinds == Kind.SYMLINK).tolist())
    if positions != set(page.links):
        raise DamagedPage("links", "links and their targets do not match")
    for link in page.links.values():
        if not 0 < len(link) <= MAX_LINK or b"\0" in link:
            raise DamagedPage("links", "an impossible link target")
