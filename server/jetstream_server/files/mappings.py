"""What a caller wants to send and as what: ``{target: source}``, checked. Pure.

Also decides where two mappings could meet, so that a scan has to remember targets only there.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jetstream_server.files.errors import ManifestFailed, UnsafePath
from jetstream_server.files.paths import target_components
from jetstream_server.files.sources import absolute


@dataclass(frozen=True, slots=True)
class Mapped:
    """One mapping."""

    components: tuple[bytes, ...]
    source: bytes

    @property
    def target(self) -> bytes:
        """The target path."""
        return b"/".join(self.components)

    @property
    def folder(self) -> bytes:
        """The target path without its last name."""
        return b"/".join(self.components[:-1])


def checked_mappings(mappings: Mapping[str, str]) -> list[Mapped]:
    """The mappings in the order given. A target that ends in ``/`` keeps the source's name.

    :raises UnsafePath: if a target is.
    :raises ManifestFailed: if a source is not absolute or has no name that could be kept.
    """
    result = []
    for target, source in mappings.items():
        path = absolute(source)
        wanted = os.fsencode(target)
        if wanted.endswith(b"/"):
            name = path.rpartition(b"/")[2]
            if not name:
                raise ManifestFailed(path, "the source has no name of its own; the target must say one")
            wanted += name
        if not wanted:
            raise UnsafePath(wanted, "an empty target names nothing; '/' keeps the source's name")
        result.append(Mapped(target_components(wanted), path))
    return result


class Contested:
    """Targets that several mappings could produce, and who did.

    Two folders may be merged; anything else at the same target is an error that names both sources.
    """

    def __init__(self, mappings: Sequence[Mapped]) -> None:
        self._seen: dict[bytes, tuple[bool, bytes, bool]] = {}
        contested: list[Mapped] = []
        by_target = sorted(mappings, key=lambda mapped: mapped.components)
        above: list[Mapped] = []
        for mapped in by_target:
            while above and mapped.components[: len(above[-1].components)] != above[-1].components:
                above.pop()
            if above:
                contested.append(mapped)
            above.append(mapped)
        self._prefixes = tuple(mapped.target for mapped in contested)
        self._prefix_folders = tuple(prefix + b"/" for prefix in self._prefixes)
        for mapped in contested:
            for depth in range(1, len(mapped.components)):
                self._seen.setdefault(b"/".join(mapped.components[:depth]), (True, mapped.source, False))

    def concerns(self, target: bytes) -> bool:
        """Whether :meth:`enter` must be asked for *target* and for what lies in it."""
        return target in self._seen or target in self._prefixes or target.startswith(self._prefix_folders)

    def enter(self, target: bytes, source: bytes, *, folder: bool) -> bool:
        """Note that *source* goes to *target*; whether it is new (a folder that is merged is not).

        :raises ManifestFailed: if something else goes there already.
        """
        before = self._seen.get(target)
        if before is None:
            self._seen[target] = (folder, source, True)
            return True
        was_folder, other, entered = before
        if not (folder and was_folder):
            raise ManifestFailed(target, f"both {os.fsdecode(other)} and {os.fsdecode(source)} would go there")
        self._seen[target] = (True, other, True)
        return not entered
