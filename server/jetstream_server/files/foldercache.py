"""Open folders of a receiving tree by target path, a bounded number of them, shared by all writing threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice

from jetstream_server.files.errors import UnsafePath, WriteFailed
from jetstream_server.files.folders import DescriptorFolder, Folder
from jetstream_server.files.staging import Staged, clear


class _Held:
    __slots__ = ("folder", "locked", "users")

    def __init__(self, folder: Folder, locked: bool) -> None:
        self.folder = folder
        self.users = 0
        self.locked = locked
        """Whether it may be that its owner must be let in before something can be made in it."""


class FolderCache:
    """Opens folders below *root* and makes those that are missing.

    :param root: stays open as long as the cache.
    :param mode_of: permissions that a folder is to have in the end, by its path; ``None`` if it is not told. A missing
        folder is never made with more, except for the owner, who has to work in it.
    :param keep: folders to keep open while nobody uses them.
    :param hidden_name: the name that a new folder has before its own, see :meth:`stage`; without it there are no such.
    """

    def __init__(
        self, root: Folder, mode_of: Callable[[bytes], int | None], keep: int,
        hidden_name: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self._root = root
        self._mode_of = mode_of
        self._keep = keep
        self._hidden_name = hidden_name
        self._staged: set[bytes] = set()
        self._held: OrderedDict[bytes, _Held] = OrderedDict()
        self._lock = threading.Condition(threading.RLock())
        self._devices: dict[int, Folder] = {root.device: root}
        self._made: set[bytes] = set()

    def acquire(self, path: bytes, *, create: bool = True) -> Folder:
        """The folder at *path* below the root (``b""``: the root); :meth:`release` it afterwards.

        :raises UnsafePath: if a link is on the way.
        :raises WriteFailed: if a file is on the way.
        :raises FileNotFoundError: if it is missing and *create* is off.
        :raises OSError: if it cannot be opened or made.
        """
        if not path:
            return self._root
        with self._lock:
            self._wait_until_named(path)
            held = self._held.get(path)
            if held is None:
                held = self._find(path, create)
            else:
                self._held.move_to_end(path)
            if create and held.locked:  # an earlier session has come as far as setting permissions
                held.folder.allow_owner()
                held.locked = False
            held.users += 1
            self._shrink()
            return held.folder

    def _wait_until_named(self, path: bytes) -> None:
        while path in self._staged:
            self._lock.wait()

    def _hold(self, path: bytes, folder: Folder) -> _Held:
        mode = self._mode_of(path)
        held = self._held[path] = _Held(folder, mode is not None and mode & 0o700 != 0o700)
        if folder.device not in self._devices:
            # One folder of each file system stays open for flushing it.
            held.users += 1
            self._devices[folder.device] = folder
        return held

    def _find(self, path: bytes, create: bool) -> _Held:
        above = path.rpartition(b"/")[0]
        parent = self.acquire(above, create=create)
        try:
            self._wait_until_named(path)  # others may have been at it while we waited for the folder above
            return self._held.get(path) or self._hold(path, self._open(parent, path, create))
        finally:
            self.release(above)

    def _open(self, parent: Folder, path: bytes, create: bool) -> Folder:
        above, _, name = path.rpartition(b"/")
        mode = self._mode_of(path)
        try:
            try:
                folder = parent.child(name)
            except FileNotFoundError:
                if not create:
                    raise
                parent.mkdir(name, 0o777 if mode is None else mode | 0o700)
                self._made.add(above)
                made = parent.child(name)
                made.fresh = True
                return made
            except PermissionError:
                if not create or mode is None or mode & 0o700 == 0o700:
                    raise
                parent.unlock(name)
                folder = parent.child(name)
        except NotADirectoryError as error:
            info = parent.lstat(name)
            if info is not None and info.st_mode & 0o170000 == 0o120000:
                raise UnsafePath(path, "is a link, and links are not followed") from error
            raise WriteFailed(path, "a file is where a folder is needed") from error
        if create and self._hidden_name is not None and isinstance(parent, DescriptorFolder):
            # An earlier session may have been stopped while the folder had no name yet, and somebody made it since.
            clear(parent, self._hidden_name(name))
        return folder

    def stage(self, path: bytes) -> Staged | None:
        """A new folder for *path* that does not have its name yet, for this thread alone; :meth:`settle` it afterwards,
        and acquire nothing else until then. Others who want the folder wait.

        ``None`` if there is something of this name, or if it cannot be done here. Raises as :meth:`acquire`.
        """
        if not path or self._hidden_name is None:
            return None
        above, _, name = path.rpartition(b"/")
        with self._lock:
            self._wait_until_named(path)
            if path in self._held:
                return None
            parent = self.acquire(above)
            staged = None
            try:
                if path not in self._staged and isinstance(parent, DescriptorFolder) and parent.lstat(name) is None:
                    staged = self._stage(path, parent, self._hidden_name(name))
            finally:
                if staged is None:
                    self.release(above)
            return staged

    def _stage(self, path: bytes, parent: DescriptorFolder, hidden: bytes) -> Staged | None:
        mode = self._mode_of(path)
        mode = 0o777 if mode is None else mode | 0o700
        try:
            folder = parent.make_child(hidden, mode)
        except FileExistsError:  # left by a crash
            if not clear(parent, hidden):
                return None
            folder = parent.make_child(hidden, mode)
        folder.fresh = True
        self._staged.add(path)
        return Staged(folder, path, parent, hidden)

    def settle(self, staged: Staged) -> bool:
        """Let a staged folder appear; if something else has its name by now, it is removed and the answer ``False``.

        :raises OSError: if it cannot be named; it is removed then, too.
        """
        named = False
        try:
            named = staged.take_name()
            return named
        finally:
            if not named:
                staged.remove()
            above = staged.path.rpartition(b"/")[0]
            with self._lock:
                self._staged.discard(staged.path)
                if named:
                    self._hold(staged.path, staged.folder)
                    self._made.add(above)
                    self._shrink()
                self.release(above)
                self._lock.notify_all()

    def unstage(self, path: bytes) -> None:
        """Remove what a stopped session has left of a folder that did not have its name yet."""
        above, _, name = path.rpartition(b"/")
        if not path or self._hidden_name is None:
            return
        try:
            parent = self.acquire(above, create=False)
        except FileNotFoundError:
            return
        try:
            if isinstance(parent, DescriptorFolder):
                clear(parent, self._hidden_name(name))
        finally:
            self.release(above)

    def release(self, path: bytes) -> None:
        """The folder is not needed for now."""
        if path:
            with self._lock:
                self._held[path].users -= 1

    def _shrink(self) -> None:
        excess = len(self._held) - self._keep
        if excess > 0:
            idle = (path for path, held in self._held.items() if not held.users)
            for path in list(islice(idle, excess)):
                self._held.pop(path).folder.close()

    def take_made(self) -> set[bytes]:
        """Folders in which folders were made since the last question."""
        with self._lock:
            made, self._made = self._made, set()
            return made

    def devices(self) -> list[Folder]:
        """One open folder of every file system that the tree lies on."""
        with self._lock:
            return list(self._devices.values())

    def close(self) -> None:
        """Close all but the root. Nobody may use them any more."""
        with self._lock:
            for held in self._held.values():
                held.folder.close()
            self._held.clear()
            self._devices = {self._root.device: self._root}
