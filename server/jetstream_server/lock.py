"""One node per state folder."""

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Final

from jetstream_server.catalog.errors import CatalogReadOnly, StateFolderInUse

_NAME: Final = "node.lock"
_LOCKED_BYTE: Final = 1 << 30
"""Windows locks bytes and keeps others from reading them: this one is far behind the process id."""


class StateLock:
    """Holds the state folder *folder* for this process, by a lock that the system takes back when the process ends,
    however it ends. The file itself stays; only the lock on it means anything.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Takes the lock, making the folder if needed.

        :raises StateFolderInUse: if another process (or another lock object) holds it.
        :raises CatalogReadOnly: if the folder cannot be written.
        """
        if self._descriptor is not None:
            raise RuntimeError("the lock is held already")
        path = self._folder / _NAME
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise CatalogReadOnly(path, error.strerror or str(error)) from error
        try:
            _lock(descriptor)
        except OSError as error:
            pid = _read_pid(descriptor)
            os.close(descriptor)
            raise StateFolderInUse(self._folder, pid) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Gives the lock back. Without effect if it is not held."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "StateLock":
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _read_pid(descriptor: int) -> int | None:
    try:
        return int(os.read(descriptor, 32))
    except (OSError, ValueError):
        return None


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
