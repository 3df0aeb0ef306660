"""Calls that all folders share: opening what is surely a regular file, and renaming without replacing."""

import ctypes
import errno
import os
import stat
from collections.abc import Callable
from typing import Final, Protocol

try:
    import fcntl
except ImportError:  # no such system
    fcntl = None  # type: ignore[assignment]

CLOEXEC: Final = getattr(os, "O_CLOEXEC", 0)
NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
DIRECTORY: Final = getattr(os, "O_DIRECTORY", 0)
CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | NOFOLLOW | CLOEXEC | getattr(os, "O_BINARY", 0)
EXISTING: Final = NOFOLLOW | CLOEXEC | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
UNNAMED: Final = os.O_RDWR | os.O_TMPFILE | CLOEXEC if hasattr(os, "O_TMPFILE") else 0
"""How a file is opened that has no name yet; 0 where there is no such thing."""
NOT_UNNAMED: Final = frozenset({
    errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.EISDIR, errno.ENOENT, errno.EPERM, errno.EMLINK,
})
"""What systems and file systems answer that cannot make such a file, or cannot name it."""
NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})
"""What systems and file systems without hard links answer."""
NOT_EMPTY: Final = frozenset({errno.ENOTEMPTY, errno.EEXIST})
"""What systems answer when a folder with something in it is to be removed."""
IN_THE_WAY: Final = NOT_EMPTY | {errno.ENOTDIR}
"""What systems answer when a folder is to get a name that is taken."""
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EBADF})
"""What file systems answer that have no locks."""
EFFECTIVE: Final = os.access in os.supports_effective_ids
"""Whether the system says what a process may as whom it acts for, not as who started it."""
_NOT_SUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})
_RENAME_NOREPLACE = 1


def regular(fd: int, name: bytes) -> int:
    """*fd*, if it is a regular file; closes it and raises ``OSError`` otherwise."""
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "is not a regular file", name)
    return fd


def hold(fd: int, name: bytes) -> int:
    """*fd*, of a file that is written in place, if nobody else has it so; until it is closed nobody else gets it. Two
    who write into one file make a mixture that neither knows of. Closes *fd* and raises ``BlockingIOError`` otherwise.
    """
    if fcntl is not None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(fd)
            raise BlockingIOError(error.errno, error.strerror, name) from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(fd)
                raise
    return fd


def _no_replace() -> Callable[[int, bytes, bytes], bool] | None:
    """``renameat2`` with ``RENAME_NOREPLACE`` within one directory, where the C library has it."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return None
    call.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]

    def rename(fd: int, old: bytes, new: bytes) -> bool:
        if call(fd, old, fd, new, _RENAME_NOREPLACE) == 0:
            return True
        number = ctypes.get_errno()
        if number == errno.EEXIST:
            return False
        raise OSError(number, os.strerror(number), new)

    return rename


_rename_no_replace = _no_replace()
_HERE = -100
"""``AT_FDCWD``: paths are what they are."""


def rename_in_folder(fd: int, old: bytes, new: bytes) -> bool | None:
    """Rename within an open folder, unless something has the new name: then ``False``; ``None``: not possible here."""
    if _rename_no_replace is None:
        return None
    try:
        return _rename_no_replace(fd, old, new)
    except OSError as error:
        if error.errno in _NOT_SUPPORTED:
            return None
        raise


class _Names(Protocol):
    """What a folder can do with names."""

    def link(self, old: bytes, new: bytes) -> bool:
        """Give a file a second name; ``False`` where there is no such thing. ``FileExistsError`` if it is taken."""

    def unlink(self, name: bytes) -> None:
        """Remove a name."""

    def lstat(self, name: bytes) -> os.stat_result | None:
        """What has the name, if anything has."""

    def replace(self, old: bytes, new: bytes) -> None:
        """Rename; a file that has the new name gives way."""


def rename_by_link(folder: _Names, old: bytes, new: bytes) -> bool:
    """Rename, unless something has the new name: then ``False``. Where there are no second names, somebody who takes
    the name in the same moment loses their file.
    """
    try:
        if folder.link(old, new):
            folder.unlink(old)
            return True
    except FileExistsError:
        return False
    if folder.lstat(new) is not None:
        return False
    folder.replace(old, new)
    return True


def rename_no_replace(old: bytes, new: bytes) -> bool:
    """Rename between any two folders, unless something has the new path: then ``False``. Raises ``OSError``."""
    if _rename_no_replace is not None:
        try:
            return _rename_no_replace(_HERE, old, new)
        except OSError as error:
            if error.errno not in _NOT_SUPPORTED:
                raise
    if os.path.lexists(new):
        return False
    os.rename(old, new)
    return True


def _by_descriptor() -> Callable[[int, int, bytes], int] | None:
    """``linkat`` with ``AT_EMPTY_PATH``, where the C library has it; returns an error number."""
    try:
        call = ctypes.CDLL(None, use_errno=True).linkat
    except (OSError, AttributeError, TypeError):
        return None
    call.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]

    def link(fd: int, folder: int, name: bytes) -> int:
        return ctypes.get_errno() if call(fd, b"", folder, name, _AT_EMPTY_PATH) else 0

    return link


_AT_EMPTY_PATH = 0x1000
_link_by_descriptor = _by_descriptor() if UNNAMED else None


def link_unnamed(fd: int, folder: int, name: bytes) -> bool:
    """Give a file that was opened with :data:`UNNAMED` its name, unless something has it: then ``False``.

    Ordinary users may do so by the descriptor since Linux 6.10, and by way of ``/proc`` before. Raises ``OSError``.
    """
    if _link_by_descriptor is not None:
        number = _link_by_descriptor(fd, folder, name)
        if number in (0, errno.EEXIST):
            return number == 0
        if number not in NOT_UNNAMED:
            raise OSError(number, os.strerror(number), name)
    try:
        os.link(b"/proc/self/fd/%d" % fd, name, dst_dir_fd=folder, follow_symlinks=True)
    except FileExistsError:
        return False
    return True
