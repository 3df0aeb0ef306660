"""Finding everything that a manifest holds: folder by folder, names sorted, so that reading it later is sequential.

Blocking; to be called in a thread. Nothing but folders is ever opened, so neither a pipe nor a device can hang it.
What cannot be sent stops the scan with :class:`ManifestFailed`, or is left out and reported if the caller says so:

- missing and unreadable files and folders, links that lead nowhere;
- pipes, sockets, devices;
- names that no receiver may write (see :mod:`jetstream_server.files.paths`).

Left out and reported in any case: links back into a folder that is being read (what they lead to is there already),
links that lead out of the folders that the caller may read, and part files of transfers that are arriving just now.
A link that is itself the source of a mapping is kept with ``SYMLINK_PRESERVE`` and followed otherwise.
"""

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from jetstream.constants import SYMLINK_FOLLOW, SYMLINK_IGNORE, SYMLINK_PRESERVE
from jetstream_server.files.errors import ManifestFailed, ScanCancelled, printable, reason_of
from jetstream_server.files.exclude import Exclude
from jetstream_server.files.mappings import Contested, Mapped, checked_mappings
from jetstream_server.files.pages import Kind
from jetstream_server.files.pagestream import LocalPage, PageStream
from jetstream_server.files.paths import MAX_TARGET, PART_SUFFIX, first_bad_name, name_problem
from jetstream_server.files.sources import HAVE_DIR_FD, SourceFolder, open_folder

CHUNK: Final = 512
"""Names looked at between two questions whether to stop."""
SKIPPED_SAMPLE: Final = 100
_USUAL: Final = stat.S_IFREG | 0o444
_USUAL_MASK: Final = 0o170000 | 0o444


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What was found."""

    entries: int
    files: int
    size: int
    """Bytes of all files."""
    pages: int
    digest: bytes
    """BLAKE3 over the wire form of all pages, in order."""
    skipped: int
    skipped_sample: tuple[str, ...]
    """The first of them, each ``path: reason``."""


class _Ancestor(NamedTuple):
    above: "_Ancestor | None"
    device: int
    inode: int


class _Pending(NamedTuple):
    """A folder to look through."""

    parent: bytes
    name: bytes
    source: bytes
    below: bytes
    """Path below the mapped folder."""
    ancestors: _Ancestor | None
    linked: bool
    """Whether a link was followed on the way here."""


def scan(
    mappings: Mapping[str, str],
    *,
    symlink_mode: int = SYMLINK_FOLLOW,
    exclude: Iterable[str] = (),
    skip_unreadable: bool = False,
    on_pages: Callable[[list[LocalPage]], None],
    on_progress: Callable[[int, int], None] = lambda files, size: None,
    cancelled: Callable[[], bool] = lambda: False,
    may_read: Callable[[str], bool] | None = None,
    by_descriptor: bool = HAVE_DIR_FD,
) -> ScanResult:
    """List everything below the sources of *mappings* (``{target: source}``).

    :param symlink_mode: one of ``SYMLINK_FOLLOW``, ``SYMLINK_IGNORE``, ``SYMLINK_PRESERVE``.
    :param exclude: patterns of :mod:`jetstream_server.files.exclude`; they apply to what folders hold.
    :param skip_unreadable: leave out and report what cannot be sent, instead of failing.
    :param on_pages: receives finished pages in order; they are not kept here.
    :param on_progress: receives files and bytes found so far, now and then.
    :param cancelled: asked now and then.
    :param may_read: whether a place that a followed link leads to (its real path) may be read; ``None``: every place.
    :param by_descriptor: see :func:`jetstream_server.files.sources.open_folder`.
    :raises ManifestFailed: if something cannot be sent, or two sources go to one target.
    :raises UnsafePath: if a target of *mappings* must not be written.
    :raises ScanCancelled: if *cancelled* said so.
    """
    scanner = _Scanner(
        Exclude(exclude), symlink_mode, skip_unreadable, on_pages, on_progress, cancelled, may_read, by_descriptor
    )
    return scanner.run(checked_mappings(mappings))


class _Scanner:
    def __init__(
        self,
        exclude: Exclude,
        symlink_mode: int,
        skip_unreadable: bool,
        on_pages: Callable[[list[LocalPage]], None],
        on_progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
        may_read: Callable[[str], bool] | None,
        by_descriptor: bool,
    ) -> None:
        self._exclude = exclude
        self._symlink_mode = symlink_mode
        self._skip_unreadable = skip_unreadable
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._may_read = may_read
        self._by_descriptor = by_descriptor
        self._out = PageStream(on_pages)
        self._contested = Contested(())
        self._stack: list[_Pending] = []
        self._skipped = 0
        self._skipped_sample: list[str] = []
        self._user = os.geteuid() if hasattr(os, "geteuid") else 0

    def run(self, mappings: list[Mapped]) -> ScanResult:
        self._contested = Contested(mappings)
        for mapped in mappings:
            self._top(mapped)
            while self._stack:
                self._folder(self._stack.pop())
        out = self._out
        out.finish()
        self._on_progress(out.files, out.size)
        return ScanResult(
            out.entries, out.files, out.size, out.pages, out.digest, self._skipped, tuple(self._skipped_sample)
        )

    def _problem(self, path: bytes, reason: str, *, harmless: bool = False) -> None:
        if not (harmless or self._skip_unreadable):
            raise ManifestFailed(path, reason)
        self._skipped += 1
        if len(self._skipped_sample) < SKIPPED_SAMPLE:
            self._skipped_sample.append(f"{printable(os.fsdecode(path))}: {reason}")

    def _pause(self) -> None:
        if self._cancelled():
            raise ScanCancelled("scan", "was cancelled")
        self._on_progress(self._out.files, self._out.size)

    def _top(self, mapped: Mapped) -> None:
        """The source of a mapping itself."""
        parent, _, name = mapped.source.rpartition(b"/")
        if not name:
            self._stack.append(_Pending(mapped.folder, mapped.components[-1], mapped.source, b"", None, False))
            return
        try:
            with open_folder(parent or b"/", by_descriptor=self._by_descriptor) as folder:
                info = (folder.look if self._symlink_mode == SYMLINK_PRESERVE else folder.follow)(name)
                if stat.S_ISDIR(info.st_mode):
                    self._stack.append(_Pending(mapped.folder, mapped.components[-1], mapped.source, b"", None, False))
                    return
                here = _Here(self, mapped.folder, parent or b"/", folder, None, mapped.components[-1])
                here.add(name, info)
                here.done()
        except OSError as error:
            self._problem(mapped.source, reason_of(error))

    def _folder(self, pending: _Pending) -> None:
        try:
            with open_folder(pending.source, by_descriptor=self._by_descriptor) as folder:
                self._look_through(pending, folder)
        except OSError as error:
            self._problem(pending.source, reason_of(error))

    def _look_through(self, pending: _Pending, folder: SourceFolder) -> None:
        info = folder.info()
        if pending.linked and _is_among(pending.ancestors, info):
            self._problem(pending.source, "leads back into a folder that holds it", harmless=True)
            return
        target = pending.parent + b"/" + pending.name if pending.parent else pending.name
        if len(target) > MAX_TARGET - 2:
            self._problem(pending.source, f"its target would have more than {MAX_TARGET} bytes")
            return
        names = self._names(pending, folder)
        here = _Here(self, target, pending.source, folder, info, pending.name, pending)
        for start in range(0, len(names), CHUNK):
            self._pause()
            here.add_all(names[start : start + CHUNK])
            here.flush()
        if not names:
            self._pause()
        here.done()

    def _names(self, pending: _Pending, folder: SourceFolder) -> list[bytes]:
        """Names in the folder, sorted, without those that no receiver may write."""
        texts = folder.names()
        if self._exclude.active:
            below = pending.below
            texts = [text for text in texts if not self._exclude.matches(below, text, folder=False)]
        if not texts:
            return []
        names = sorted(os.fsencode("\0".join(texts)).split(b"\0"))
        if first_bad_name(names) is None:
            return names
        good = []
        for name in names:
            problem = name_problem(name)
            if problem is None:
                good.append(name)
            else:
                self._problem(_join(pending.source, name), problem, harmless=name.endswith(PART_SUFFIX))
        return good


class _Here:
    """What is being found in one folder."""

    def __init__(
        self,
        scanner: _Scanner,
        target: bytes,
        source: bytes,
        folder: SourceFolder,
        info: os.stat_result | None,
        name: bytes,
        pending: _Pending | None = None,
    ) -> None:
        self._scanner = scanner
        self._target = target
        self._source = source
        self._folder = folder
        self._info = info
        """About the folder; ``None`` when it is only where a single source lies, and *name* is that one's target."""
        self._name = name
        self._pending = pending
        self._contested = scanner._contested.concerns(target) or pending is None
        self._entered = info is None
        self._names: list[bytes] = []
        self._sizes: list[int] = []
        self._mtimes: list[int] = []
        self._modes: list[int] = []
        self._folders: list[tuple[bytes, bool]] = []
        self._ancestors: _Ancestor | None = None
        if info is not None and pending is not None:
            self._ancestors = _Ancestor(pending.ancestors, info.st_dev, info.st_ino)

    def add_all(self, names: list[bytes]) -> None:
        """Look at things of the folder and take them in. Nothing but usual files, the usual case, goes by columns."""
        try:
            infos = self._folder.look_at_all(names)
        except OSError:
            infos = []
        modes = [info.st_mode for info in infos]
        if infos and all(mode & _USUAL_MASK == _USUAL for mode in set(modes)):
            self._names += names
            self._sizes += [info.st_size for info in infos]
            self._mtimes += [info.st_mtime_ns for info in infos]
            self._modes += [mode & 0o777 for mode in modes]
            return
        for name in names:
            try:
                self.add(name, self._folder.look(name))
            except OSError as error:
                self._problem(name, reason_of(error))

    def add(self, name: bytes, info: os.stat_result) -> None:
        """Take in one thing."""
        mode = info.st_mode
        if stat.S_ISREG(mode):
            if mode & 0o444 != 0o444 and not self._readable(name, info):
                self._problem(name, "permission denied")
            else:
                self._names.append(name)
                self._sizes.append(info.st_size)
                self._mtimes.append(info.st_mtime_ns)
                self._modes.append(mode & 0o777)
        elif stat.S_ISDIR(mode):
            self._subfolder(name, linked=False)
        elif stat.S_ISLNK(mode):
            self._link(name, info)
        else:
            self._problem(name, "is neither a file nor a folder")

    def _problem(self, name: bytes, reason: str, *, harmless: bool = False) -> None:
        self._scanner._problem(_join(self._source, name), reason, harmless=harmless)

    def _readable(self, name: bytes, info: os.stat_result) -> bool:
        user = self._scanner._user
        return user == 0 or (info.st_uid == user and bool(info.st_mode & 0o400)) or self._folder.readable(name)

    def _subfolder(self, name: bytes, *, linked: bool) -> None:
        exclude = self._scanner._exclude
        below = self._pending.below if self._pending else b""
        if not (exclude.active and exclude.matches(below, os.fsdecode(name), folder=True)):
            self._folders.append((name, linked))

    def _link(self, name: bytes, info: os.stat_result) -> None:
        mode = self._scanner._symlink_mode
        if mode == SYMLINK_IGNORE:
            return
        if mode == SYMLINK_PRESERVE:
            self.flush()
            self._enter()
            self._single(name, Kind.SYMLINK, info, link=self._folder.readlink(name))
            return
        may_read = self._scanner._may_read
        if may_read is not None and not may_read(os.path.realpath(os.fsdecode(_join(self._source, name)))):
            self._problem(name, "leads out of the folders that may be read", harmless=True)
            return
        try:
            found = self._folder.follow(name)
        except FileNotFoundError:
            self._problem(name, "the link leads nowhere")
            return
        if stat.S_ISDIR(found.st_mode):
            self._subfolder(name, linked=True)
        else:
            self.add(name, found)

    def _single(self, name: bytes, kind: Kind, info: os.stat_result, *, link: bytes | None = None) -> None:
        """An entry that is no file, or the single file of a mapping."""
        target = name if self._info is not None else self._name
        if not self._fits(target) or not self._new(target, name, folder=False):
            return
        size = info.st_size if kind is Kind.FILE else 0
        self._scanner._out.add(
            self._target, target, kind, size, info.st_mtime_ns, info.st_mode,
            source_folder=self._source, source_name=name, link=link,
        )  # fmt: skip

    def _new(self, target: bytes, name: bytes, *, folder: bool) -> bool:
        contested = self._scanner._contested
        path = self._target + b"/" + target if self._target else target
        if not (self._contested and contested.concerns(path)):
            return True
        return contested.enter(path, _join(self._source, name), folder=folder)

    def _fits(self, name: bytes) -> bool:
        if len(self._target) + 1 + len(name) <= MAX_TARGET:
            return True
        self._problem(name, f"its target would have more than {MAX_TARGET} bytes")
        return False

    def _enter(self, *, empty: bool = False) -> None:
        """The folder's own entry comes before all that it holds."""
        if self._entered or self._info is None or self._pending is None:
            return
        self._entered = True
        contested = self._scanner._contested
        if self._contested and not contested.enter(self._target, self._source, folder=True):
            return
        parent, _, name = self._source.rpartition(b"/")
        self._scanner._out.add(
            self._pending.parent, self._name, Kind.DIRECTORY, 0, self._info.st_mtime_ns, self._info.st_mode,
            source_folder=parent or b"/", source_name=name, empty=empty,
        )  # fmt: skip

    def flush(self) -> None:
        """Hand on the files found so far."""
        if not self._names:
            return
        self._enter()
        if len(self._target) + 257 > MAX_TARGET or self._contested:
            self._drop_unfit()
        names, sizes, mtimes, modes = self._names, self._sizes, self._mtimes, self._modes
        if self._info is None:
            for name, size, mtime, mode in zip(names, sizes, mtimes, modes, strict=True):
                self._scanner._out.add(
                    self._target, self._name, Kind.FILE, size, mtime, mode,
                    source_folder=self._source, source_name=name,
                )  # fmt: skip
        else:
            self._scanner._out.add_files(self._target, self._source, names, sizes, mtimes, modes)
        self._names, self._sizes, self._mtimes, self._modes = [], [], [], []

    def _drop_unfit(self) -> None:
        for position in reversed(range(len(self._names))):
            name = self._names[position]
            target = self._name if self._info is None else name
            if not (self._fits(target) and self._new(target, name, folder=False)):
                for column in (self._names, self._sizes, self._mtimes, self._modes):
                    del column[position]

    def done(self) -> None:
        """Everything in the folder has been seen: its subfolders are next, in order."""
        self.flush()
        if self._folders:
            self._enter()
        self._enter(empty=True)
        pending = self._pending
        if pending is None:
            return
        below = pending.below
        for name, linked in reversed(self._folders):
            self._scanner._stack.append(
                _Pending(
                    self._target, name, _join(self._source, name), below + b"/" + name if below else name,
                    self._ancestors, linked or pending.linked,
                )  # fmt: skip
            )


def _join(folder: bytes, name: bytes) -> bytes:
    return folder + name if folder.endswith(b"/") else folder + b"/" + name


def _is_among(ancestors: _Ancestor | None, info: os.stat_result) -> bool:
    while ancestors is not None:
        if ancestors.device == info.st_dev and ancestors.inode == info.st_ino:
            return True
        ancestors = ancestors.above
    return False
