"""Finding everything that a manifest holds: folder by folder, names sorted, so that reading it later is sequential.

Blocking; to be called in a thread. Only folders are opened, and files that claim to be empty where the system makes
files while they are read (``/proc``), without waiting: so neither a pipe nor a device can hang it.
What cannot be sent stops the scan with :class:`ManifestFailed`, or is left out and reported if the caller says so:

- missing and unreadable files and folders, links that lead nowhere;
- pipes, sockets, devices, and files with content but no size;
- names that no receiver may write (see :mod:`jetstream_server.files.paths`).

Left out and reported in any case: links back into a folder that is being read (what they lead to is there already),
links that lead out of the folders that the caller may read, and part files of transfers that are arriving just now.
A link that is itself the source of a mapping is kept with ``SYMLINK_PRESERVE`` and followed otherwise.
"""

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from jetstream.constants import SYMLINK_FOLLOW, SYMLINK_PRESERVE
from jetstream.excluding import Exclude
from jetstream_server.files.errors import ScanCancelled, reason_of
from jetstream_server.files.mappings import Contested, Mapped, checked_mappings
from jetstream_server.files.pagestream import LocalPage, PageStream
from jetstream_server.files.paths import MAX_TARGET, PART_SUFFIX, first_bad_name, name_problem
from jetstream_server.files.scanfolder import FolderSearch, Pending, Search, is_among, join
from jetstream_server.files.sources import HAVE_DIR_FD, SourceFolder, open_folder

CHUNK: Final = 512
"""Names looked at between two questions whether to stop."""


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
    on_skipped: Callable[[str, str, bool], None] | None = None,
    by_descriptor: bool = HAVE_DIR_FD,
) -> ScanResult:
    """List everything below the sources of *mappings* (``{target: source}``).

    :param symlink_mode: one of ``SYMLINK_FOLLOW``, ``SYMLINK_IGNORE``, ``SYMLINK_PRESERVE``.
    :param exclude: patterns of :mod:`jetstream.excluding`; they apply to what folders hold.
    :param skip_unreadable: leave out and report what cannot be sent, instead of failing.
    :param on_pages: receives finished pages in order; they are not kept here.
    :param on_progress: receives files and bytes found so far, now and then.
    :param cancelled: asked now and then.
    :param may_read: whether a place that a followed link leads to (its real path) may be read; ``None``: every place.
    :param on_skipped: receives path and reason of what is left out, and whether it is left out in any case.
    :param by_descriptor: see :func:`jetstream_server.files.sources.open_folder`.
    :raises ManifestFailed: if something cannot be sent, or two sources go to one target.
    :raises UnsafePath: if a target of *mappings* must not be written.
    :raises ScanCancelled: if *cancelled* said so.
    """
    checked = checked_mappings(mappings)
    search = Search(
        Exclude(exclude), symlink_mode, skip_unreadable, may_read, Contested(checked), PageStream(on_pages), on_skipped
    )
    return _Scanner(search, on_progress, cancelled, by_descriptor).run(checked)


class _Scanner:
    def __init__(
        self,
        search: Search,
        on_progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
        by_descriptor: bool,
    ) -> None:
        self._search = search
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._by_descriptor = by_descriptor

    def run(self, mappings: list[Mapped]) -> ScanResult:
        search = self._search
        for mapped in mappings:
            self._top(mapped)
            while search.stack:
                self._folder(search.stack.pop())
        out = search.out
        out.finish()
        self._on_progress(out.files, out.size)
        return ScanResult(
            out.entries, out.files, out.size, out.pages, out.digest, search.skipped, tuple(search.skipped_sample)
        )

    def _pause(self) -> None:
        if self._cancelled():
            raise ScanCancelled("scan", "was cancelled")
        self._on_progress(self._search.out.files, self._search.out.size)

    def _top(self, mapped: Mapped) -> None:
        """The source of a mapping itself."""
        parent, _, name = mapped.source.rpartition(b"/")
        whole = Pending(mapped.folder, mapped.components[-1], mapped.source, b"", None, linked=False, follow=True)
        if not name:
            self._search.stack.append(whole)
            return
        try:
            with open_folder(parent or b"/", by_descriptor=self._by_descriptor) as folder:
                info = (folder.look if self._search.symlink_mode == SYMLINK_PRESERVE else folder.follow)(name)
                if stat.S_ISDIR(info.st_mode):
                    self._search.stack.append(whole)
                    return
                here = FolderSearch(self._search, mapped.folder, parent or b"/", folder, None, mapped.components[-1])
                here.add(name, info)
                here.done()
        except OSError as error:
            self._search.problem(mapped.source, reason_of(error))

    def _folder(self, pending: Pending) -> None:
        try:
            with open_folder(pending.source, follow=pending.follow, by_descriptor=self._by_descriptor) as folder:
                self._look_through(pending, folder)
        except OSError as error:
            self._search.problem(pending.source, reason_of(error))

    def _look_through(self, pending: Pending, folder: SourceFolder) -> None:
        info = folder.info()
        if pending.linked and is_among(pending.ancestors, info):
            self._search.problem(pending.source, "leads back into a folder that holds it", harmless=True)
            return
        target = pending.parent + b"/" + pending.name if pending.parent else pending.name
        if len(target) > MAX_TARGET - 2:
            self._search.problem(pending.source, f"its target would have more than {MAX_TARGET} bytes")
            return
        names = self._names(pending, folder)
        here = FolderSearch(self._search, target, pending.source, folder, info, pending.name, pending)
        for start in range(0, len(names), CHUNK):
            self._pause()
            here.add_all(names[start : start + CHUNK])
            here.flush()
        if not names:
            self._pause()
        here.done()

    def _names(self, pending: Pending, folder: SourceFolder) -> list[bytes]:
        """Names in the folder, sorted, without those that no receiver may write."""
        texts = folder.names()
        if self._search.exclude.active:
            below = pending.below
            texts = [text for text in texts if not self._search.exclude.matches(below, text, folder=False)]
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
                self._search.problem(join(pending.source, name), problem, harmless=name.endswith(PART_SUFFIX))
        return good
