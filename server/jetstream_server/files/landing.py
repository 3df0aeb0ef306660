"""Whether files could be written to a folder: by writing a few bytes beside what is there, and removing them."""

import contextlib
import errno
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Landing:
    """What was found. *problem* is the system's name of an error, ``None`` where writing works; *free* is in bytes."""

    problem: str | None
    free: int | None


def look_at(folder: Path) -> Landing:
    """Try to write to *folder*, or to the folder in which it would be made. Blocks."""
    place = next((here for here in (folder, *folder.parents) if os.path.lexists(here)), folder)
    return Landing(_problem(place), free_space(place))


def free_space(folder: Path) -> int | None:
    """Bytes free where *folder* is or would be; ``None`` if the system does not tell."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


def _problem(place: Path) -> str | None:
    if not os.path.isdir(place):
        return errno.errorcode[errno.ENOTDIR]
    path = os.path.join(place, f".jetstream-{secrets.token_hex(8)}.test")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError as error:
        return _name(error)
    try:
        with contextlib.closing(os.fdopen(descriptor, "wb", buffering=0)) as file:
            file.write(b"\0" * _BYTES)
    except OSError as error:
        return _name(error)
    finally:
        os.unlink(path)
    return None


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "unknown error")
