"""New folders that nobody sees before their first files are whole.

A row of small files that opens a new folder is written to a hidden folder beside, under the names that the files are to
have, and then the folder takes its name: one renaming in place of one for each file, which is a third of the work of
small files. No path below the receiving folder ever leads to half a file by that. What a crash leaves is emptied and
used again when the folder is needed the next time.
"""

import hashlib
from collections.abc import Callable
from typing import Final

from jetstream_server.files.folders import DescriptorFolder
from jetstream_server.files.paths import PART_SUFFIX

HIDDEN_MARK: Final = b"new"
"""Behind the transfer's prefix; the names of part files have hexadecimal digits there."""


class Staged:
    """A folder on its way.

    :param folder: where files are written.
    :param path: below the root; there is nothing yet.
    """

    __slots__ = ("folder", "hidden", "name", "parent", "path")

    def __init__(self, folder: DescriptorFolder, path: bytes, parent: DescriptorFolder, hidden: bytes) -> None:
        self.folder = folder
        self.path = path
        self.name = path.rpartition(b"/")[2]
        self.parent = parent
        self.hidden = hidden

    def __repr__(self) -> str:
        return f"<Staged {self.path!r}>"

    def take_name(self) -> bool:
        """Let the folder appear; ``False`` if something else has the name by now."""
        return self.parent.rename_folder(self.hidden, self.name)

    def remove(self) -> None:
        """Close it and remove what is left of it, as far as that is possible."""
        self.folder.close()
        clear(self.parent, self.hidden)


def hider(prefix: bytes) -> Callable[[bytes], bytes]:
    """The function from the name of a folder to the name that it has before, in the transfer of this prefix."""

    def hidden_name(name: bytes) -> bytes:
        return prefix + HIDDEN_MARK + hashlib.blake2s(name, digest_size=8).hexdigest().encode() + PART_SUFFIX

    return hidden_name


def clear(parent: DescriptorFolder, hidden: bytes) -> bool:
    """Remove a hidden folder, if there is one; whether it is gone. What the system keeps stays: it disturbs nothing."""
    try:
        if parent.rmdir(hidden):
            return True
        folder = parent.child(hidden)
        try:
            for name in folder.names():
                folder.unlink(name)
        finally:
            folder.close()
        return parent.rmdir(hidden)
    except OSError:
        return False
