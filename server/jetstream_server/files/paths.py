"""Rules for target paths: what may be written below a sandbox. Pure; paths are bytes, separated by ``/``.

A name is at most 255 bytes, a whole target at most 4,096. A leading ``/`` is dropped, because targets land inside the
sandbox; ``.`` and repeated slashes collapse. Refused are ``..``, NUL, an empty target, a drive letter in front, what
would climb or be absolute if somebody read backslashes as separators, and names of the form that our part files have.

A backslash or a colon elsewhere is an ordinary character on POSIX systems (``dev-disk\\x2duuid.service`` is a real
name) and travels; a receiver where it is none refuses it with :func:`windows_problem`.
"""

import os
import re
from collections.abc import Sequence
from typing import Final

from jetstream_server.files.errors import UnsafePath

MAX_NAME: Final = 255
MAX_TARGET: Final = 4096

PART_SUFFIX: Final = b".jetpart"
BACKUP_SUFFIX: Final = b".jetbak"

_PART_NAME = re.compile(rb"\.[0-9a-f]{8}-[0-9a-z]+\.jetpart", re.DOTALL)
_DRIVE = re.compile(rb"[A-Za-z]:")
_WINDOWS_FORBIDDEN = re.compile(rb'[\x00-\x1f<>:"|?*\\]')
_WINDOWS_DEVICES = re.compile(rb"(con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$)(\..*)?", re.I | re.DOTALL)


def target_components(target: bytes) -> tuple[bytes, ...]:
    """The names along *target*, checked.

    :raises UnsafePath: if the target must not be written; the reason says why.
    """
    components = tuple(part for part in target.split(b"/") if part not in (b"", b"."))
    if not components:
        raise UnsafePath(target, "an empty target names nothing")
    if len(target) > MAX_TARGET:
        raise UnsafePath(target[:200], f"a target has at most {MAX_TARGET} bytes")
    if _DRIVE.fullmatch(components[0]):
        raise UnsafePath(target, "a drive letter has no place in a target")
    for component in components:
        problem = name_problem(component)
        if problem:
            raise UnsafePath(target, problem)
    return components


def below_root(destination_path: str) -> bytes:
    """The folder below the receiving root that *destination_path* means; ``b""``: the root itself.

    :raises UnsafePath: if it must not be written.
    """
    wanted = os.fsencode(destination_path)
    itself = all(part in (b"", b".") for part in wanted.split(b"/"))
    return b"" if itself else b"/".join(target_components(wanted))


def name_problem(name: bytes) -> str | None:
    """Why one name cannot be part of a target, or ``None``."""
    if name in (b"", b".", b".."):
        return "'..' would leave the folder" if name == b".." else "a name is empty"
    if b"/" in name or b"\0" in name:
        return "a name holds a character that no name may hold"
    if len(name) > MAX_NAME:
        return f"a name has at most {MAX_NAME} bytes"
    if name.endswith(PART_SUFFIX) and _PART_NAME.fullmatch(name):
        return "the name is reserved for part files"
    if b"\\" in name:
        pieces = name.split(b"\\")
        if b".." in pieces or not pieces[0] or _DRIVE.fullmatch(pieces[0]):
            return "backslashes that lead elsewhere have no place in a target"
    return None


def first_bad_name(names: Sequence[bytes]) -> tuple[int, str] | None:
    """Position and reason of the first name that :func:`name_problem` refuses; thousands of names at a time.

    The common case is proven for all names at once on the joined text.
    """
    if not names:
        return None
    text = b"/" + b"/".join(names) + b"/"
    suspicious = (
        text.count(b"/") != len(names) + 1
        or not all(names)
        or max(map(len, names)) > MAX_NAME
        or any(sign in text for sign in (b"\0", b"\\", b".jetpart/"))
        or (b"/." in text and (b"/./" in text or b"/../" in text))
    )
    if suspicious:
        for number, name in enumerate(names):
            problem = name_problem(name)
            if problem:
                return number, problem
    return None


def windows_problem(name: bytes) -> str | None:
    """Why a Windows system cannot keep *name* as it is, or ``None``."""
    if _WINDOWS_FORBIDDEN.search(name):
        return "Windows allows no such character in a name"
    if name.endswith((b" ", b".")):
        return "Windows drops blanks and dots at the end of a name"
    if _WINDOWS_DEVICES.fullmatch(name):
        return "Windows keeps this name for a device"
    return None


def with_suffix(name: bytes, suffix: bytes) -> bytes:
    """*name* plus *suffix*; a name that would become too long loses characters before the suffix, never half of one."""
    room = MAX_NAME - len(suffix)
    if len(name) <= room:
        return name + suffix
    return _cut(name, room) + suffix


def numbered(name: bytes, number: int) -> bytes:
    """*name* with `` (number)`` before its extension: ``photo (2).jpg``."""
    dot = name.rfind(b".")
    stem, extension = (name[:dot], name[dot:]) if dot > 0 and len(name) - dot <= 32 else (name, b"")
    mark = b" (%d)" % number + extension
    return _cut(stem, MAX_NAME - len(mark)) + mark


def _cut(name: bytes, room: int) -> bytes:
    if len(name) <= room:
        return name
    while room > 0 and name[room] & 0xC0 == 0x80:
        room -= 1
    return name[:room]


def link_stays_inside(folder: Sequence[bytes], link: bytes) -> bool:
    """Whether a symbolic link in *folder* (names below the receiving root) with target *link* stays below that root.

    Judged by the text alone, so it has to hold whatever the names along the way are: a link may first climb, not above
    the root, and then descend. A ``..`` behind a name is refused, because that name may be a link itself, and from
    where it leads one step up can be outside.
    """
    if not link or link.startswith((b"/", b"\\")) or b"\0" in link or _DRIVE.match(link):
        return False
    parts = [part for part in link.replace(b"\\", b"/").split(b"/") if part not in (b"", b".")]
    climbs = 0
    while climbs < len(parts) and parts[climbs] == b"..":
        climbs += 1
    return climbs <= len(folder) and b".." not in parts[climbs:]
