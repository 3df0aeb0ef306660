"""Looking at folders and files of this machine that are to be sent, whatever the length of their paths.

The system's calls take paths of at most 4,095 bytes, trees can be deeper. Where the system has directory descriptors,
long paths are walked in stretches; elsewhere the plain path is used and its limit is the system's.
"""

import os
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

from jetstream_server.files.errors import ManifestFailed

HAVE_DIR_FD = os.open in os.supports_dir_fd and os.stat in os.supports_dir_fd and os.listdir in os.supports_fd
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_LOOK = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_STRETCH = 4000


def open_path(path: bytes, flags: int) -> int:
    """A descriptor of *path*, opened with *flags*; the path may be longer than the system's limit.

    :raises OSError: as ``os.open``.
    """
    if len(path) <= _STRETCH or not HAVE_DIR_FD:
        return os.open(path, flags)
    current = -1
    try:
        while len(path) > _STRETCH:
            cut = path.rfind(b"/", 1, _STRETCH)
            if cut < 0:
                break  # a single name of that length: the system says what it thinks of it
            following = os.open(path[:cut], _FOLDER, dir_fd=current if current >= 0 else None)
            if current >= 0:
                os.close(current)
            current = following
            path = path[cut + 1 :]
        return os.open(path, flags, dir_fd=current if current >= 0 else None)
    finally:
        if current >= 0:
            os.close(current)


class SourceFolder(Protocol):
    """An open folder that is looked through. All methods raise ``OSError``."""

    def names(self) -> list[str]:
        """Names in it, in no order."""

    def info(self) -> os.stat_result:
        """About the folder itself."""

    def look(self, name: bytes) -> os.stat_result:
        """About something in it, itself if it is a link."""

    def look_at_all(self, names: Sequence[bytes]) -> list[os.stat_result]:
        """About many things in it."""

    def follow(self, name: bytes) -> os.stat_result:
        """About what something in it is, or leads to."""

    def readable(self, name: bytes) -> bool:
        """Whether this process may read something in it."""

    def readlink(self, name: bytes) -> bytes:
        """Target of a symbolic link in it."""

    def without_room(self) -> bool:
        """Whether it lies on a file system that has no room to speak of: the system's own (``/proc``), mostly."""

    def holds_bytes(self, name: bytes) -> bool:
        """Whether a byte can be read of a file in it, whatever its size says."""

    def __enter__(self) -> "SourceFolder": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class _ByDescriptor:
    def __init__(self, path: bytes, follow: bool) -> None:
        self._fd = open_path(path, _FOLDER if follow else _FOLDER | os.O_NOFOLLOW)

    def names(self) -> list[str]:
        return os.listdir(self._fd)

    def info(self) -> os.stat_result:
        return os.fstat(self._fd)

    def look(self, name: bytes) -> os.stat_result:
        return os.stat(name, dir_fd=self._fd, follow_symlinks=False)

    def look_at_all(self, names: Sequence[bytes]) -> list[os.stat_result]:
        stat, fd = os.stat, self._fd
        return [stat(name, dir_fd=fd, follow_symlinks=False) for name in names]

    def follow(self, name: bytes) -> os.stat_result:
        return os.stat(name, dir_fd=self._fd)

    def readable(self, name: bytes) -> bool:
        return os.access(name, os.R_OK, dir_fd=self._fd, effective_ids=os.access in os.supports_effective_ids)

    def readlink(self, name: bytes) -> bytes:
        return os.readlink(name, dir_fd=self._fd)

    def without_room(self) -> bool:
        return os.fstatvfs(self._fd).f_blocks == 0

    def holds_bytes(self, name: bytes) -> bool:
        return _holds_bytes(os.open(name, _LOOK, dir_fd=self._fd))

    def __enter__(self) -> "_ByDescriptor":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def _holds_bytes(fd: int) -> bool:
    try:
        return bool(os.read(fd, 1))
    except BlockingIOError:
        return True  # it has none just now: nothing that lies still
    finally:
        os.close(fd)


class _ByPath:
    def __init__(self, path: bytes) -> None:
        self._path = path

    def _join(self, name: bytes) -> bytes:
        return os.path.join(self._path, name)

    def names(self) -> list[str]:
        return os.listdir(os.fsdecode(self._path))

    def info(self) -> os.stat_result:
        return os.stat(self._path)

    def look(self, name: bytes) -> os.stat_result:
        return os.lstat(self._join(name))

    def look_at_all(self, names: Sequence[bytes]) -> list[os.stat_result]:
        return [os.lstat(self._join(name)) for name in names]

    def follow(self, name: bytes) -> os.stat_result:
        return os.stat(self._join(name))

    def readable(self, name: bytes) -> bool:
        return os.access(self._join(name), os.R_OK)

    def readlink(self, name: bytes) -> bytes:
        return os.readlink(self._join(name))

    def without_room(self) -> bool:
        return hasattr(os, "statvfs") and os.statvfs(self._path).f_blocks == 0

    def holds_bytes(self, name: bytes) -> bool:
        return _holds_bytes(os.open(self._join(name), _LOOK))

    def __enter__(self) -> "_ByPath":
        return self

    def __exit__(self, *_: object) -> None:
        pass


def open_folder(path: bytes, *, follow: bool = True, by_descriptor: bool = HAVE_DIR_FD) -> SourceFolder:
    """The folder at *path*.

    :param follow: whether the path may end in a link.
    :param by_descriptor: whether to use directory descriptors; what the system can do unless told otherwise.
    :raises OSError: if it cannot be opened.
    """
    return _ByDescriptor(path, follow) if by_descriptor else _ByPath(path)


def absolute(source: str) -> bytes:
    """*source* as bytes, without trailing slashes.

    :raises ManifestFailed: if it is not absolute or holds a NUL.
    """
    if not os.path.isabs(source) or "\0" in source:
        raise ManifestFailed(source.replace("\0", "?"), "a source is an absolute path")
    path = os.fsencode(os.path.normpath(source))
    return path[1:] if path.startswith(b"//") else path
