"""Folders of a receiving tree: every operation names a single thing in an open folder and follows no link.

Two implementations of one interface. :class:`DescriptorFolder` works relative to a directory descriptor, so that a
folder which somebody swaps for a link in the meantime cannot lead out. ``PathFolder`` is for systems without
directory descriptors; it checks the real path of each folder once, when it is opened. :func:`open_root` chooses.
"""

import errno
import os
import stat
from pathlib import Path
from typing import Final, Protocol

from jetstream_server.files.opening import (
    CLOEXEC,
    CREATE,
    DIRECTORY,
    EFFECTIVE,
    EXISTING,
    IN_THE_WAY,
    NO_LINKS,
    NOFOLLOW,
    NOT_EMPTY,
    UNNAMED,
    link_unnamed,
    regular,
    rename_by_link,
    rename_in_folder,
)
from jetstream_server.files.pathfolder import PathFolder
from jetstream_server.files.rawio import write_at

HAVE_DIR_FD: Final = all(
    call in os.supports_dir_fd for call in (os.open, os.stat, os.mkdir, os.rename, os.unlink, os.link, os.readlink)
)


class Folder(Protocol):
    """An open folder. *name* is always one name. All methods raise ``OSError`` unless they say otherwise."""

    device: int
    """Number of the file system that it lies on."""
    fresh: bool
    """Whether this session has made it, so that nobody else has anything in it. Whoever makes it says so."""

    def create(self, name: bytes, mode: int) -> int:
        """A descriptor, for reading and writing, of a new file; ``FileExistsError`` if something has the name."""

    def write_new(
        self, name: bytes, data: memoryview | None, size: int, mtime_ns: int, mode: int, exact: bool
    ) -> None:
        """A new file with all that belongs to it; ``FileExistsError`` if something has the name. Nothing stays of it
        when that fails.

        :param data: the content; ``None`` for *size* zero bytes.
        :param exact: whether *mode* holds permissions that the system takes from new files.
        """

    def open(self, name: bytes, *, write: bool) -> int:
        """A descriptor of a regular file that is there; ``OSError`` if it is a link or no file."""

    def close_file(self, fd: int, name: bytes, mtime_ns: int, mode: int | None) -> None:
        """Set time and (unless ``None``) permissions of an open file and close it, also when that fails."""

    def replace(self, old: bytes, new: bytes) -> None:
        """Rename; a file that has the new name gives way."""

    def rename_new(self, old: bytes, new: bytes) -> bool:
        """Rename, unless something has the new name: then ``False``."""

    def link(self, old: bytes, new: bytes) -> bool:
        """Give a file a second name; ``False`` where there is no such thing. ``FileExistsError`` if it is taken."""

    def symlink(self, target: bytes, name: bytes) -> None:
        """A new symbolic link."""

    def readlink(self, name: bytes) -> bytes:
        """Target of a symbolic link."""

    def lstat(self, name: bytes) -> os.stat_result | None:
        """About something in the folder, ``None`` if there is nothing of that name."""

    def unlink(self, name: bytes) -> None:
        """Remove a file or a link; nothing happens if there is none."""

    def names(self) -> list[bytes]:
        """What is in the folder."""

    def takes_names(self) -> bool:
        """Whether this process may make something in the folder, as far as the system says."""

    def mkdir(self, name: bytes, mode: int) -> None:
        """A new folder; nothing happens if it is there already."""

    def child(self, name: bytes) -> "Folder":
        """A folder in this one, opened. ``NotADirectoryError`` if it is something else, a link for instance."""

    def unlock(self, name: bytes) -> None:
        """Let its owner, if that is us, into a folder in this one; nothing happens where that is not possible."""

    def allow_owner(self) -> None:
        """Let its owner read and write in this folder, if that is us."""

    def set_own(self, mtime_ns: int, mode: int) -> None:
        """Set the folder's own time and permissions."""

    def sync(self) -> None:
        """Wait until the names in it are on the disk."""

    def descriptor(self) -> int | None:
        """The directory descriptor, if the system has such."""

    def close(self) -> None:
        """Close it; it is not used any more."""


def open_root(path: Path, *, by_descriptor: bool = HAVE_DIR_FD) -> Folder:
    """The folder at *path*, which may be reached through links: it is the caller's choice, not a sender's."""
    if by_descriptor:
        return DescriptorFolder(os.open(os.fsencode(path), os.O_RDONLY | DIRECTORY | CLOEXEC))
    return PathFolder(os.path.realpath(os.fsencode(path)))


class DescriptorFolder:
    """A folder behind a directory descriptor."""

    __slots__ = ("_fd", "device", "fresh")

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.fresh = False
        self.device = os.fstat(fd).st_dev

    def __repr__(self) -> str:
        return f"<DescriptorFolder {self._fd}>"

    def create(self, name: bytes, mode: int) -> int:
        return os.open(name, CREATE, mode, dir_fd=self._fd)

    def write_new(
        self, name: bytes, data: memoryview | None, size: int, mtime_ns: int, mode: int, exact: bool
    ) -> None:
        fd = os.open(name, CREATE, mode, dir_fd=self._fd)
        try:
            try:
                _fill(fd, data, size, mtime_ns, mode, exact)
            finally:
                os.close(fd)
        except BaseException:
            self.unlink(name)
            raise

    def open(self, name: bytes, *, write: bool) -> int:
        return regular(os.open(name, EXISTING | (os.O_RDWR if write else os.O_RDONLY), dir_fd=self._fd), name)

    def close_file(self, fd: int, name: bytes, mtime_ns: int, mode: int | None) -> None:
        try:
            os.utime(fd, ns=(mtime_ns, mtime_ns))
            if mode is not None:
                os.fchmod(fd, mode)
        finally:
            os.close(fd)

    def replace(self, old: bytes, new: bytes) -> None:
        os.rename(old, new, src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def rename_new(self, old: bytes, new: bytes) -> bool:
        done = rename_in_folder(self._fd, old, new)
        if done is not None:
            return done
        return rename_by_link(self, old, new)

    def link(self, old: bytes, new: bytes) -> bool:
        try:
            os.link(old, new, src_dir_fd=self._fd, dst_dir_fd=self._fd, follow_symlinks=False)
        except OSError as error:
            if error.errno in NO_LINKS:
                return False
            raise
        return True

    def symlink(self, target: bytes, name: bytes) -> None:
        os.symlink(target, name, dir_fd=self._fd)

    def readlink(self, name: bytes) -> bytes:
        return os.readlink(name, dir_fd=self._fd)

    def lstat(self, name: bytes) -> os.stat_result | None:
        try:
            return os.stat(name, dir_fd=self._fd, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def unlink(self, name: bytes) -> None:
        try:
            os.unlink(name, dir_fd=self._fd)
        except FileNotFoundError:
            return

    def names(self) -> list[bytes]:
        return [os.fsencode(name) for name in os.listdir(self._fd)]

    def takes_names(self) -> bool:
        return os.access(b".", os.W_OK | os.X_OK, dir_fd=self._fd, effective_ids=EFFECTIVE)

    def mkdir(self, name: bytes, mode: int) -> None:
        try:
            os.mkdir(name, mode, dir_fd=self._fd)
        except FileExistsError:
            return

    def child(self, name: bytes) -> "DescriptorFolder":
        try:
            fd = os.open(name, os.O_RDONLY | DIRECTORY | NOFOLLOW | CLOEXEC, dir_fd=self._fd)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name) from error
            raise
        return DescriptorFolder(fd)

    def unlock(self, name: bytes) -> None:
        if not hasattr(os, "O_PATH"):
            return
        # A folder that may not be read can be pointed at without following a link, and be changed through that.
        fd = os.open(name, os.O_PATH | DIRECTORY | NOFOLLOW | CLOEXEC, dir_fd=self._fd)
        try:
            os.chmod(f"/proc/self/fd/{fd}", stat.S_IMODE(os.fstat(fd).st_mode) | 0o700)
        finally:
            os.close(fd)

    def allow_owner(self) -> None:
        mode = stat.S_IMODE(os.fstat(self._fd).st_mode)
        if mode & 0o700 != 0o700:
            os.fchmod(self._fd, mode | 0o700)

    def set_own(self, mtime_ns: int, mode: int) -> None:
        os.utime(self._fd, ns=(mtime_ns, mtime_ns))
        os.fchmod(self._fd, mode)

    def sync(self) -> None:
        os.fsync(self._fd)

    def descriptor(self) -> int | None:
        return self._fd

    def close(self) -> None:
        os.close(self._fd)

    # What only descriptors allow: files that have no name before they are whole, and a folder that is renamed while it
    # is in use.

    def write_unnamed(
        self, name: bytes, data: memoryview | None, size: int, mtime_ns: int, mode: int, exact: bool
    ) -> bool:
        """As :meth:`write_new`, but nobody sees the file before it is whole, and nothing stays of it whatever happens;
        ``False`` if something has the name. Raises ``OSError``; the numbers in :data:`NOT_UNNAMED` may mean that it
        cannot be done here.
        """
        fd = os.open(b".", UNNAMED, mode, dir_fd=self._fd)
        try:
            _fill(fd, data, size, mtime_ns, mode, exact)
            return link_unnamed(fd, self._fd, name)
        finally:
            os.close(fd)

    def make_child(self, name: bytes, mode: int) -> "DescriptorFolder":
        """A new folder in this one, opened; ``FileExistsError`` if something has the name."""
        os.mkdir(name, mode, dir_fd=self._fd)
        return self.child(name)

    def rename_folder(self, old: bytes, new: bytes) -> bool:
        """Rename a folder, unless something has the new name: then ``False``."""
        done = rename_in_folder(self._fd, old, new)
        if done is not None:
            return done
        if self.lstat(new) is not None:
            return False
        try:
            os.rename(old, new, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError as error:
            if error.errno in IN_THE_WAY:
                return False
            raise
        return True

    def rmdir(self, name: bytes) -> bool:
        """Remove a folder; nothing happens if there is none. ``False`` if it is not empty."""
        try:
            os.rmdir(name, dir_fd=self._fd)
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno in NOT_EMPTY:
                return False
            raise
        return True


def _fill(fd: int, data: memoryview | None, size: int, mtime_ns: int, mode: int, exact: bool) -> None:
    if data is None:
        os.ftruncate(fd, size)
    elif os.write(fd, data) != size:
        write_at(fd, data, 0)
    os.utime(fd, ns=(mtime_ns, mtime_ns))
    if exact:
        os.fchmod(fd, mode)
