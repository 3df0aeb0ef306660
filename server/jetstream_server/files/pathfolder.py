"""Folders of a receiving tree where the system has no directory descriptors."""

import errno
import os
import stat

from jetstream_server.files.errors import UnsafePath
from jetstream_server.files.opening import CREATE, EFFECTIVE, EXISTING, NO_LINKS, regular, rename_by_link
from jetstream_server.files.paths import windows_problem
from jetstream_server.files.rawio import write_at


class PathFolder:
    """A folder known by its path, for systems without directory descriptors."""

    __slots__ = ("_path", "device", "fresh")

    def __init__(self, path: bytes) -> None:
        self._path = path
        self.fresh = False
        self.device = os.stat(path).st_dev

    def __repr__(self) -> str:
        return f"<PathFolder {self._path!r}>"

    def _join(self, name: bytes) -> bytes:
        if os.name == "nt":
            problem = windows_problem(name)
            if problem:
                raise UnsafePath(name, problem)
        return os.path.join(self._path, name)

    def create(self, name: bytes, mode: int) -> int:
        return os.open(self._join(name), CREATE, mode)

    def write_new(
        self, name: bytes, data: memoryview | None, size: int, mtime_ns: int, mode: int, exact: bool
    ) -> None:
        fd = self.create(name, mode)
        try:
            try:
                if data is None:
                    os.ftruncate(fd, size)
                else:
                    write_at(fd, data, 0)
            except BaseException:
                os.close(fd)
                raise
            self.close_file(fd, name, mtime_ns, mode if exact else None)
        except BaseException:
            self.unlink(name)
            raise

    def open(self, name: bytes, *, write: bool) -> int:
        path = self._join(name)
        if os.path.islink(path):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
        return regular(os.open(path, EXISTING | (os.O_RDWR if write else os.O_RDONLY)), name)

    def close_file(self, fd: int, name: bytes, mtime_ns: int, mode: int | None) -> None:
        os.close(fd)
        path = self._join(name)
        os.utime(path, ns=(mtime_ns, mtime_ns))
        if mode is not None:
            os.chmod(path, mode)

    def replace(self, old: bytes, new: bytes) -> None:
        os.replace(self._join(old), self._join(new))

    def rename_new(self, old: bytes, new: bytes) -> bool:
        if os.name == "nt":
            try:
                os.rename(self._join(old), self._join(new))
            except FileExistsError:
                return False
            return True
        return rename_by_link(self, old, new)

    def link(self, old: bytes, new: bytes) -> bool:
        try:
            os.link(self._join(old), self._join(new))
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno in NO_LINKS:
                return False
            raise
        return True

    def symlink(self, target: bytes, name: bytes) -> None:
        os.symlink(target, self._join(name))

    def readlink(self, name: bytes) -> bytes:
        return os.readlink(self._join(name))

    def lstat(self, name: bytes) -> os.stat_result | None:
        try:
            return os.lstat(self._join(name))
        except FileNotFoundError:
            return None

    def unlink(self, name: bytes) -> None:
        try:
            os.unlink(self._join(name))
        except FileNotFoundError:
            return

    def names(self) -> list[bytes]:
        return os.listdir(self._path)

    def takes_names(self) -> bool:
        return os.access(self._path, os.W_OK | os.X_OK, effective_ids=EFFECTIVE)

    def mkdir(self, name: bytes, mode: int) -> None:
        try:
            os.mkdir(self._join(name), mode)
        except FileExistsError:
            return

    def child(self, name: bytes) -> "PathFolder":
        path = self._join(name)
        info = os.lstat(path)
        if not stat.S_ISDIR(info.st_mode) or os.path.realpath(path) != path:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name)
        return PathFolder(path)

    def unlock(self, name: bytes) -> None:
        self.child(name).allow_owner()

    def allow_owner(self) -> None:
        mode = stat.S_IMODE(os.stat(self._path).st_mode)
        if mode & 0o700 != 0o700:
            os.chmod(self._path, mode | 0o700)

    def set_own(self, mtime_ns: int, mode: int) -> None:
        os.utime(self._path, ns=(mtime_ns, mtime_ns))
        os.chmod(self._path, mode)

    def sync(self) -> None:
        if os.name != "nt":
            fd = os.open(self._path, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def descriptor(self) -> int | None:
        return None

    def close(self) -> None:
        pass
