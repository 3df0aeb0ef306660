"""What can go wrong with content, as facts: a path (text, undecodable bytes as surrogates) and a reason.

    ContentError
    ├── UnsafePath        a target or a link that must not be followed or created
    ├── ManifestFailed    something that should be sent cannot be
    ├── ScanCancelled     the caller asked the scan to stop
    ├── DamagedPage       a page of entries is malformed
    ├── WriteFailed       the operating system refused
    │   ├── DiskFull      no space or no quota left
    │   └── TargetBusy    somebody else writes into the file
    └── BrowseFailed      a folder operation of the API cannot be done
"""

import errno
import os

DISK_FULL_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT})


class ContentError(Exception):
    """Base of all; ``str()`` is the sentence for a person.

    :param path: what it is about.
    :param reason: why, without the path and without a full stop.
    """

    def __init__(self, path: str | bytes, reason: str) -> None:
        super().__init__(path, reason)
        self.path = os.fsdecode(path)
        self.reason = reason

    def __str__(self) -> str:
        return f"{printable(self.path)}: {self.reason}"


class UnsafePath(ContentError):
    """The path could leave the folder that it is meant for, or forge a name of ours."""


class ManifestFailed(ContentError):
    """The path cannot be part of a manifest."""


class ScanCancelled(ContentError):
    """The scan was asked to stop."""


class DamagedPage(ContentError):
    """A page of entries that no correct node makes. ``path`` says where in the page."""


class WriteFailed(ContentError):
    """The path could not be written."""


class DiskFull(WriteFailed):
    """No space is left. *free_bytes* is what the file system reports as free to us, ``None`` if it does not say."""

    def __init__(self, path: str | bytes, free_bytes: int | None) -> None:
        super().__init__(path, "the disk is full")
        self.free_bytes = free_bytes


class TargetBusy(WriteFailed):
    """Another transfer, or another program, writes into the file in place. Later it can be written."""

    def __init__(self, path: str | bytes) -> None:
        super().__init__(path, "another transfer or program is writing into it")


class BrowseFailed(ContentError):
    """Listing, making, moving or removing did not work."""


def printable(path: str) -> str:
    """*path* fit for a sentence: control characters and undecodable bytes are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in path)


def reason_of(error: OSError) -> str:
    """The operating system's words for *error*, beginning in lower case."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]
