"""Looking at and changing folders for the API: list, sum up, make, move, remove. Blocking.

Paths arrive resolved: who may touch them has been decided. Errors are :class:`BrowseFailed` and name the path.
"""

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jetstream.constants import FILETYPE_DIRECTORY, FILETYPE_REGULAR_FILE
from jetstream_server.files.errors import BrowseFailed, reason_of
from jetstream_server.files.opening import rename_no_replace
from jetstream_server.files.sources import HAVE_DIR_FD, open_folder

_CLOEXEC: Final = getattr(os, "O_CLOEXEC", 0)
_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | _CLOEXEC


@dataclass(frozen=True, slots=True)
class Usage:
    """What a path holds."""

    size: int
    """Bytes of all files."""
    files: int
    folders: int
    unreadable: int
    """Folders and files that could not be looked at; they are not in the sums."""


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BrowseFailed(os.fsencode(path), reason_of(error)) from error


def ls(folder: Path, shown: str, *, offset: int = 0, limit: int = 10_000) -> tuple[list[dict[str, Any]], int]:
    """The entries of *folder*, sorted by name, and how many there are in all.

    A link counts as what it leads to; one that leads nowhere and everything else that is no folder counts as a file.

    :param shown: the folder's path as the caller knows it; the entries' paths begin with it.
    """
    with _named(folder), open_folder(os.fsencode(folder)) as source:
        names = sorted(source.names(), key=os.fsencode)
        entries = []
        for name in names[offset : offset + limit]:
            raw = os.fsencode(name)
            try:
                info = source.look(raw)
                if stat.S_ISLNK(info.st_mode):
                    info = _followed(source.follow, raw) or info
            except FileNotFoundError:
                continue  # it has just gone
            is_folder = stat.S_ISDIR(info.st_mode)
            entries.append(
                {
                    "name": name,
                    "path": f"{shown.rstrip('/')}/{name}",
                    "type": FILETYPE_DIRECTORY if is_folder else FILETYPE_REGULAR_FILE,
                    "size": info.st_size if stat.S_ISREG(info.st_mode) else 0,
                    "modificationTime": info.st_mtime_ns // 1000,
                }
            )
        return entries, len(names)


def _followed(follow: Callable[[bytes], os.stat_result], name: bytes) -> os.stat_result | None:
    try:
        return follow(name)
    except OSError:
        return None


def du(path: Path, *, cancelled: Callable[[], bool] = lambda: False) -> Usage:
    """Sums over everything below *path*; links are not followed. Stops early, with what it has, when *cancelled*."""
    with _named(path):
        info = os.lstat(path)
    if not stat.S_ISDIR(info.st_mode):
        return Usage(info.st_size if stat.S_ISREG(info.st_mode) else 0, 1, 0, 0)
    size = files = folders = unreadable = 0
    waiting = [os.fsencode(path)]
    while waiting and not cancelled():
        here = waiting.pop()
        try:
            with open_folder(here) as source:
                for name in map(os.fsencode, source.names()):
                    found = source.look(name)
                    if stat.S_ISDIR(found.st_mode):
                        folders += 1
                        waiting.append(os.path.join(here, name))
                    else:
                        files += 1
                        size += found.st_size if stat.S_ISREG(found.st_mode) else 0
        except OSError:
            unreadable += 1
    return Usage(size, files, folders, unreadable)


def mkdir(path: Path) -> None:
    """Make a folder and the missing ones above it; one that is there already is fine."""
    try:
        os.makedirs(path, exist_ok=True)
    except FileExistsError as error:
        raise BrowseFailed(os.fsencode(path), "there is a file of that name") from error
    except NotADirectoryError as error:
        raise BrowseFailed(os.fsencode(path), "a file is where a folder is needed") from error
    except OSError as error:
        raise BrowseFailed(os.fsencode(path), reason_of(error)) from error


def mv(source: Path, target: Path) -> None:
    """Move or rename; never onto something that exists."""
    if not os.path.lexists(source):
        raise BrowseFailed(os.fsencode(source), "there is no such file or folder")
    if os.path.join(target, "").startswith(os.path.join(source, "")):
        raise BrowseFailed(os.fsencode(source), "a folder cannot be moved into itself")
    with _named(target):
        try:
            moved = rename_no_replace(os.fsencode(source), os.fsencode(target))
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            moved = not os.path.lexists(target)
            if moved:
                _move_across(source, target)
        if not moved:
            raise BrowseFailed(os.fsencode(target), "it exists already")


def _move_across(source: Path, target: Path) -> None:
    """Copy to another file system beside the target, rename, then remove: nothing is lost when it breaks off."""
    beside = target.with_name(f".{target.name[:200]}.moving")
    remove(beside)
    try:
        if source.is_dir() and not source.is_symlink():
            shutil.copytree(source, beside, symlinks=True)
        else:
            shutil.copy2(source, beside, follow_symlinks=False)
        if not rename_no_replace(os.fsencode(beside), os.fsencode(target)):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
    except shutil.Error as error:
        raise OSError(errno.EIO, f"copying failed: {error}") from error
    finally:
        remove(beside)
    remove(source)


def rm(path: Path) -> None:
    """Remove a file, a link, or a folder with everything in it; links are not followed."""
    if not os.path.lexists(path):
        raise BrowseFailed(os.fsencode(path), "there is no such file or folder")
    if os.path.ismount(path):
        raise BrowseFailed(os.fsencode(path), "a whole file system is not removed")
    with _named(path):
        remove(path)


def remove(path: Path) -> None:
    """As :func:`rm`, but nothing happens if there is nothing. Raises ``OSError``."""
    if not os.path.lexists(path):
        return
    if not os.path.isdir(path) or os.path.islink(path):
        os.unlink(path)
    elif not HAVE_DIR_FD:
        shutil.rmtree(path)
    else:
        parent = os.open(os.path.dirname(path) or ".", os.O_RDONLY | _CLOEXEC)
        try:
            _remove_tree(parent, os.path.basename(os.fsencode(path)))
        finally:
            os.close(parent)


def _remove_tree(parent: int, name: bytes) -> None:
    """Remove a folder of any depth with two descriptors, without recursion, never through a link."""
    current = os.open(name, _FOLDER, dir_fd=parent)
    path: list[tuple[bytes, tuple[int, int], list[str]]] = []
    try:
        waiting = os.listdir(current)
        while True:
            folder = _remove_until_folder(current, waiting)
            if folder is not None:
                child = os.open(folder, _FOLDER, dir_fd=current)
                path.append((folder, _identity(current), waiting))
                os.close(current)
                current = child
                waiting = os.listdir(current)
            elif path:
                folder, identity, waiting = path.pop()
                above = os.open("..", _FOLDER, dir_fd=current)
                os.close(current)
                current = above
                if _identity(current) != identity:
                    raise OSError(errno.EBUSY, "the folder was moved while it was being removed", folder)
                os.rmdir(folder, dir_fd=current)
            else:
                break
    finally:
        os.close(current)
    os.rmdir(name, dir_fd=parent)


def _remove_until_folder(current: int, waiting: list[str]) -> bytes | None:
    """Remove files of *waiting* up to the first folder, which is returned; ``None`` when there is none."""
    while waiting:
        name = os.fsencode(waiting.pop())
        try:
            os.unlink(name, dir_fd=current)
        except FileNotFoundError:
            continue
        except (IsADirectoryError, PermissionError):
            if not stat.S_ISDIR(os.stat(name, dir_fd=current, follow_symlinks=False).st_mode):
                raise
            return name
    return None


def _identity(fd: int) -> tuple[int, int]:
    info = os.fstat(fd)
    return info.st_dev, info.st_ino
