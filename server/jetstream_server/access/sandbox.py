"""Which folders a login may touch.

Whoever is restricted sees a small world of their own: each of their folders by its name below ``/``, and the one
named ``''``, if there is one, as ``/`` itself. The paths of that world are what the API takes and gives back.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from jetstream.errors import InvalidParameters, PermissionDenied
from jetstream_server.access.principal import Kind, Principal
from jetstream_server.catalog import Catalog

EVERYONE: Final = ""
"""The user whose folders apply to all who have none of their own."""

ROOT: Final = ""
"""The name of a folder that is ``/`` itself."""


class Sandboxes:
    """The folders of every user. Kept in memory, so that questions need not wait; changes go to the catalog first.

    :param owner: the name of the user who runs the node.
    """

    def __init__(self, catalog: Catalog, owner: str, mappings: Mapping[str, Mapping[str, str]]) -> None:
        self._store = catalog.sandboxes
        self._owner = owner
        self._mappings = {user: dict(mapping) for user, mapping in mappings.items()}

    @classmethod
    async def load(cls, catalog: Catalog, owner: str) -> "Sandboxes":
        """With the mappings that the catalog holds."""
        return cls(catalog, owner, await catalog.sandboxes.all())

    def mappings(self) -> dict[str, dict[str, str]]:
        """``{user: {name: path}}`` as it was set."""
        return {user: dict(mapping) for user, mapping in self._mappings.items()}

    async def set(self, user: str, mapping: Mapping[str, Any]) -> None:
        """Replaces the folders of *user* (``''``: of everyone else).

        :param mapping: ``{name: path}`` or ``{name: {'type': 'File', 'path': path}}``; ``%u`` in a path stands for the
            user's name, ``%%`` for a percent sign.
        :raises InvalidParameters: if a name or a path cannot be one.
        """
        plain = read_mapping(mapping)
        await self._store.set(user, plain)
        self._mappings[user] = plain

    async def delete(self, user: str) -> None:
        """Lifts the restriction of *user*."""
        await self._store.delete(user)
        self._mappings.pop(user, None)

    def roots(self, principal: Principal) -> dict[str, Path] | None:
        """The folders of this login by name; ``None``: no restriction."""
        if principal.kind is Kind.SHARED_TOKEN:
            return {}
        base = self._user_roots(principal)
        if principal.kind is not Kind.API_TOKEN or not principal.root:
            return base
        try:
            return {ROOT: _resolve(base, principal.root, follow=True)}
        except (PermissionDenied, InvalidParameters):
            return {}  # its owner may no longer touch what the token was made for

    def resolve(self, principal: Principal, path: str, *, follow: bool = True) -> Path:
        """The file or folder on this machine that *path* means to this login. It need not exist.

        Blocking: it follows links.

        :param follow: whether the last part, if it is a link, is judged by where it leads; false for what treats the
            link itself (remove, rename).
        :raises PermissionDenied: if it is outside of the login's folders, or a link leads out of them.
        :raises InvalidParameters: if it cannot be a path.
        """
        return _resolve(self.roots(principal), path, follow=follow)

    def confinement(self, principal: Principal) -> tuple[str, ...] | None:
        """The real paths of the folders that this login may read; ``None``: no restriction. Blocking."""
        roots = self.roots(principal)
        return None if roots is None else tuple(os.path.realpath(root) for root in roots.values())

    def _user_roots(self, principal: Principal) -> dict[str, Path] | None:
        if principal.superuser or principal.kind is Kind.OWNER:
            return None
        mapping = self._mappings.get(principal.user)
        if mapping is None and principal.user != self._owner:
            mapping = self._mappings.get(EVERYONE)
        if mapping is None:
            return None
        return {name: Path(_expand(path, principal.user)) for name, path in mapping.items()}


def is_within(place: str, folders: Iterable[str]) -> bool:
    """Whether *place* is one of *folders* or below one. All are real paths."""
    return any(place == folder or place.startswith(os.path.join(folder, "")) for folder in folders)


def read_mapping(mapping: Mapping[str, Any]) -> dict[str, str]:
    """The plain form ``{name: path}`` of what an API caller gives.

    :raises InvalidParameters: naming what is wrong.
    """
    plain: dict[str, str] = {}
    for name, value in mapping.items():
        path = value
        if isinstance(value, Mapping):
            unknown = value.keys() - {"type", "path"}
            if unknown or value.get("type", "File") != "File":
                raise InvalidParameters(
                    f"The folder {name!r} is of a kind that this node does not know; only 'File' with a 'path'.",
                    field="mapping",
                )
            path = value.get("path")
        if not isinstance(path, str):
            raise InvalidParameters(f"The folder {name!r} has no path.", field="mapping")
        if name in (".", "..") or any(character in name for character in "/\\\0"):
            raise InvalidParameters(f"{name!r} cannot be the name of a folder.", field="mapping")
        if not Path(_expand(path, "user")).is_absolute() or "\0" in path:
            raise InvalidParameters(f"The path of the folder {name!r} must be absolute.", field="mapping")
        plain[name] = path
    return plain


def _expand(path: str, user: str) -> str:
    """*path* with ``%u`` and ``%%`` replaced.

    :raises InvalidParameters: for any other placeholder.
    """
    parts = path.split("%%")
    for part in parts:
        if "%" in part.replace("%u", ""):
            raise InvalidParameters(f"{path!r}: the placeholders are %u (user) and %% (percent sign).", field="mapping")
    if any("%u" in part for part in parts) and (user in ("", ".", "..") or any(c in user for c in "/\\\0")):
        raise PermissionDenied("This user name cannot be part of a folder's name.")
    return "%".join(part.replace("%u", user) for part in parts)


def _resolve(roots: Mapping[str, Path] | None, path: str, *, follow: bool) -> Path:
    if not path or "\0" in path:
        raise InvalidParameters(f"{path!r} is no path.", field="path")
    if roots is None:
        if not os.path.isabs(path):
            raise InvalidParameters(f"{path!r} must be an absolute path.", field="path")
        return Path(path)
    parts = _parts(path)
    root = roots.get(parts[0]) if parts else None
    if root is not None and parts[0] != ROOT:
        parts = parts[1:]
    else:
        root = roots.get(ROOT)
    if root is None:
        raise _denied(path)
    target = root.joinpath(*parts)
    real_root = os.path.realpath(root)
    # Below the root the way up to the last part counts; the root itself is there whatever it is.
    real = os.path.realpath(target) if follow or not parts else os.path.realpath(target.parent)
    if not is_within(real, [real_root]):
        raise _denied(path)
    return target


def _parts(path: str) -> list[str]:
    if os.sep == "\\":
        path = path.replace("\\", "/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or (os.sep == "\\" and any(":" in part for part in parts)):
        raise _denied(path)
    return parts


def _denied(path: str) -> PermissionDenied:
    return PermissionDenied(f"{path} is outside of the folders that this login may touch.", path=path)
