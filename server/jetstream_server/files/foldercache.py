"""Open folders of a receiving tree by target path, a bounded number of them, shared by all writing threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from jetstream_server.files.errors import UnsafePath, WriteFailed
from jetstream_server.files.folders import Folder


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
    """

    def __init__(self, root: Folder, mode_of: Callable[[bytes], int | None], keep: int) -> None:
        self._root = root
        self._mode_of = mode_of
        self._keep = keep
        self._held: OrderedDict[bytes, _Held] = OrderedDict()
        self._lock = threading.RLock()
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
            held = self._held.get(path)
            if held is None:
                mode = self._mode_of(path)
                held = _Held(self._open(path, create), mode is not None and mode & 0o700 != 0o700)
                self._held[path] = held
                if held.folder.device not in self._devices:
                    # One folder of each file system stays open for flushing it.
                    held.users += 1
                    self._devices[held.folder.device] = held.folder
            else:
                self._held.move_to_end(path)
            if create and held.locked:  # an earlier session has come as far as setting permissions
                held.folder.allow_owner()
                held.locked = False
            held.users += 1
            if len(self._held) > self._keep:
                self._shrink()
            return held.folder

    def _open(self, path: bytes, create: bool) -> Folder:
        above, _, name = path.rpartition(b"/")
        parent = self.acquire(above, create=create)
        try:
            mode = self._mode_of(path)
            try:
                return parent.child(name)
            except FileNotFoundError:
                if not create:
                    raise
                parent.mkdir(name, 0o777 if mode is None else mode | 0o700)
                self._made.add(above)
                return parent.child(name)
            except PermissionError:
                if not create or mode is None or mode & 0o700 == 0o700:
                    raise
                parent.unlock(name)
                return parent.child(name)
        except NotADirectoryError as error:
            info = parent.lstat(name)
            if info is not None and info.st_mode & 0o170000 == 0o120000:
                raise UnsafePath(path, "is a link, and links are not followed") from error
            raise WriteFailed(path, "a file is where a folder is needed") from error
        finally:
            self.release(above)

    def release(self, path: bytes) -> None:
        """The folder is not needed for now."""
        if path:
            with self._lock:
                self._held[path].users -= 1

    def _shrink(self) -> None:
        excess = len(self._held) - self._keep
        for path in [path for path, held in self._held.items() if not held.users][:excess]:
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
