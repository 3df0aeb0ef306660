"""Looking through one folder of a scan: what it holds becomes entries, its subfolders wait on a stack."""

import os
import stat
from collections.abc import Callable
from typing import Final, NamedTuple

from jetstream.constants import SYMLINK_IGNORE, SYMLINK_PRESERVE
from jetstream.excluding import Exclude
from jetstream_server.files.errors import ManifestFailed, printable, reason_of
from jetstream_server.files.mappings import Contested
from jetstream_server.files.pages import Kind
from jetstream_server.files.pagestream import PageStream
from jetstream_server.files.paths import MAX_TARGET
from jetstream_server.files.sources import SourceFolder

SKIPPED_SAMPLE: Final = 100
_USUAL: Final = stat.S_IFREG | 0o444
_USUAL_MASK: Final = 0o170000 | 0o444


class Ancestor(NamedTuple):
    """A folder on the way to another, by its identity."""

    above: "Ancestor | None"
    device: int
    inode: int


class Pending(NamedTuple):
    """A folder to look through."""

    parent: bytes
    name: bytes
    source: bytes
    below: bytes
    """Path below the mapped folder."""
    ancestors: Ancestor | None
    linked: bool
    """Whether a link was followed on the way here."""
    follow: bool
    """Whether the folder itself may be a link: one that is followed, or that a mapping names."""


class Search:
    """What all folders of one scan share.

    :param may_read: see :func:`jetstream_server.files.scan.scan`, as the others.
    """

    def __init__(
        self,
        exclude: Exclude,
        symlink_mode: int,
        skip_unreadable: bool,
        may_read: Callable[[str], bool] | None,
        contested: Contested,
        out: PageStream,
        on_skipped: Callable[[str, str, bool], None] | None = None,
    ) -> None:
        self.exclude = exclude
        self.symlink_mode = symlink_mode
        self.may_read = may_read
        self.contested = contested
        self.out = out
        self.stack: list[Pending] = []
        """Folders to look through, the next one last."""
        self.skipped = 0
        self.skipped_sample: list[str] = []
        self.user = os.geteuid() if hasattr(os, "geteuid") else 0
        self._skip_unreadable = skip_unreadable
        self._made_up: dict[int, bool] = {}
        self._on_skipped = on_skipped

    def may_be_made_up(self, folder: SourceFolder, info: os.stat_result | None) -> bool:
        """Whether files in *folder* may be made while they are read, as in ``/proc``; only there empty ones are opened.
        The system is asked once for each file system: the answer may come from another machine.
        """
        if info is None:
            return folder.without_room()
        if info.st_dev not in self._made_up:
            self._made_up[info.st_dev] = folder.without_room()
        return self._made_up[info.st_dev]

    def problem(self, path: bytes, reason: str, *, harmless: bool = False) -> None:
        """Something cannot be sent.

        :raises ManifestFailed: unless it is *harmless* or the caller wants such things skipped.
        """
        if not (harmless or self._skip_unreadable):
            raise ManifestFailed(path, reason)
        if self._on_skipped is not None:
            self._on_skipped(os.fsdecode(path), reason, harmless)
        self.skipped += 1
        if len(self.skipped_sample) < SKIPPED_SAMPLE:
            self.skipped_sample.append(f"{printable(os.fsdecode(path))}: {reason}")


class FolderSearch:
    """What is being found in one folder."""

    def __init__(
        self,
        search: Search,
        target: bytes,
        source: bytes,
        folder: SourceFolder,
        info: os.stat_result | None,
        name: bytes,
        pending: Pending | None = None,
    ) -> None:
        self._search = search
        self._target = target
        self._source = source
        self._folder = folder
        self._info = info
        """About the folder; ``None`` when it is only where a single source lies, and *name* is that one's target."""
        self._name = name
        self._pending = pending
        self._contested = search.contested.concerns(target) or pending is None
        self._entered = info is None
        self._names: list[bytes] = []
        self._sizes: list[int] = []
        self._mtimes: list[int] = []
        self._modes: list[int] = []
        self._folders: list[tuple[bytes, bool]] = []
        self._ancestors: Ancestor | None = None
        self._made_up = search.may_be_made_up(folder, info)
        if info is not None and pending is not None:
            self._ancestors = Ancestor(pending.ancestors, info.st_dev, info.st_ino)

    def add_all(self, names: list[bytes]) -> None:
        """Look at things of the folder and take them in. Nothing but usual files, the usual case, goes by columns."""
        try:
            infos = self._folder.look_at_all(names)
        except OSError:
            infos = []
        modes = [info.st_mode for info in infos]
        if infos and not self._made_up and all(mode & _USUAL_MASK == _USUAL for mode in set(modes)):
            self._names += names
            self._sizes += [info.st_size for info in infos]
            self._mtimes += [info.st_mtime_ns for info in infos]
            self._modes += modes
            return
        for name in names:
            try:
                self.add(name, self._folder.look(name))
            except OSError as error:
                self._problem(name, reason_of(error))

    def add(self, name: bytes, info: os.stat_result, *, linked: bool = False) -> None:
        """Take in one thing. *linked*: *info* is about what a link leads to, on whatever file system."""
        mode = info.st_mode
        if stat.S_ISREG(mode):
            if mode & 0o444 != 0o444 and not self._readable(name, info):
                self._problem(name, "permission denied")
            elif (linked or self._made_up) and not info.st_size and self._folder.holds_bytes(name):
                self._problem(name, "has content but no size: the system makes it while it is read")
            else:
                self._names.append(name)
                self._sizes.append(info.st_size)
                self._mtimes.append(info.st_mtime_ns)
                self._modes.append(mode)
        elif stat.S_ISDIR(mode):
            self._subfolder(name, linked=False)
        elif stat.S_ISLNK(mode):
            self._link(name, info)
        else:
            self._problem(name, "is neither a file nor a folder")

    def _problem(self, name: bytes, reason: str, *, harmless: bool = False) -> None:
        self._search.problem(join(self._source, name), reason, harmless=harmless)

    def _readable(self, name: bytes, info: os.stat_result) -> bool:
        user = self._search.user
        return user == 0 or (info.st_uid == user and bool(info.st_mode & 0o400)) or self._folder.readable(name)

    def _subfolder(self, name: bytes, *, linked: bool) -> None:
        exclude = self._search.exclude
        below = self._pending.below if self._pending else b""
        if not (exclude.active and exclude.matches(below, os.fsdecode(name), folder=True)):
            self._folders.append((name, linked))

    def _link(self, name: bytes, info: os.stat_result) -> None:
        mode = self._search.symlink_mode
        if mode == SYMLINK_IGNORE:
            return
        if mode == SYMLINK_PRESERVE:
            self.flush()
            self._enter()
            self._single(name, Kind.SYMLINK, info, link=self._folder.readlink(name))
            return
        may_read = self._search.may_read
        if may_read is not None and not may_read(os.path.realpath(os.fsdecode(join(self._source, name)))):
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
            self.add(name, found, linked=True)

    def _single(self, name: bytes, kind: Kind, info: os.stat_result, *, link: bytes | None = None) -> None:
        """An entry that is no file, or the single file of a mapping."""
        target = name if self._info is not None else self._name
        if not self._fits(target) or not self._new(target, name, folder=False):
            return
        size = info.st_size if kind is Kind.FILE else 0
        self._search.out.add(
            self._target, target, kind, size, info.st_mtime_ns, info.st_mode,
            source_folder=self._source, source_name=name, link=link,
        )  # fmt: skip

    def _new(self, target: bytes, name: bytes, *, folder: bool) -> bool:
        contested = self._search.contested
        path = self._target + b"/" + target if self._target else target
        if not (self._contested and contested.concerns(path)):
            return True
        return contested.enter(path, join(self._source, name), folder=folder)

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
        contested = self._search.contested
        if self._contested and not contested.enter(self._target, self._source, folder=True):
            return
        parent, _, name = self._source.rpartition(b"/")
        self._search.out.add(
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
                self._search.out.add(
                    self._target, self._name, Kind.FILE, size, mtime, mode,
                    source_folder=self._source, source_name=name,
                )  # fmt: skip
        else:
            self._search.out.add_files(self._target, self._source, names, sizes, mtimes, modes)
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
            self._search.stack.append(
                Pending(
                    self._target, name, join(self._source, name), below + b"/" + name if below else name,
                    self._ancestors, linked or pending.linked, linked,
                )  # fmt: skip
            )


def join(folder: bytes, name: bytes) -> bytes:
    """*name* in *folder*, which may be ``/``."""
    return folder + name if folder.endswith(b"/") else folder + b"/" + name


def is_among(ancestors: Ancestor | None, info: os.stat_result) -> bool:
    """Whether *info* is about one of *ancestors*."""
    while ancestors is not None:
        if ancestors.device == info.st_dev and ancestors.inode == info.st_ino:
            return True
        ancestors = ancestors.above
    return False
