"""Who is at the other end of a connection. Pure."""

import enum
from dataclasses import dataclass
from typing import Final

from jetstream.constants import PERMISSION_DOWNLOAD, PERMISSION_MODIFY, PERMISSION_SHARE, PERMISSION_UPLOAD
from jetstream.errors import PermissionDenied

_ALLOWS: Final = {
    PERMISSION_UPLOAD: "sending",
    PERMISSION_DOWNLOAD: "fetching",
    PERMISSION_MODIFY: "changing or removing anything",
    PERMISSION_SHARE: "sharing",
}
"""What each permission is for, as the end of "This API token does not allow ..."."""

ALL_PERMISSIONS: Final = PERMISSION_UPLOAD | PERMISSION_DOWNLOAD | PERMISSION_MODIFY | PERMISSION_SHARE


class Kind(enum.Enum):
    """How somebody logged in."""

    OWNER = "owner"
    """The user who runs the node, by the ticket file that only they can read."""
    ACCOUNT = "account"
    """An account of the node, by password."""
    SHARED_TOKEN = "shared token"
    """Whoever holds a shared token; sees one manifest and what they make of it."""
    API_TOKEN = "api token"
    """Acts as the user who made the token, within its path and permissions."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A login.

    :param user: the user that it acts as; ``''`` for the login of a shared token.
    :param superuser: whether the rights of a superuser have been taken up on this connection.
    :param permissions: sum of the ``PERMISSION_…`` values.
    :param root: the path that an API token is restricted to, ``None`` where there is no such restriction.
    :param token: the token of a token login.
    :param earlier: the login that this connection had before it took up a shared token. Its destinations may be used
        for what the token gives: the connection has proven both.
    """

    kind: Kind
    user: str
    superuser: bool = False
    permissions: int = ALL_PERMISSIONS
    root: str | None = None
    token: str | None = None
    earlier: "Principal | None" = None

    def __repr__(self) -> str:
        rights = " superuser" if self.superuser else ""
        return f"<Principal {self.kind.value} {self.user!r}{rights}>"

    def may(self, permission: int) -> bool:
        """Whether the login has all of *permission*."""
        return self.permissions & permission == permission

    @property
    def confined(self) -> bool:
        """Whether this is an API token that is restricted to a path."""
        return self.kind is Kind.API_TOKEN and self.root is not None


def sees(principal: Principal, owner: str, owner_token: str | None = None) -> bool:
    """Whether an object of *owner* exists for this login; *owner_token* is the token whose login made it.

    What a login does not see must look as if it did not exist. Superusers see everything; the login of a shared token,
    and of an API token that is restricted to a path, what was made with that token; everybody else what is theirs.
    """
    if principal.superuser:
        return True
    if principal.kind is Kind.SHARED_TOKEN:
        return owner_token is not None and owner_token == principal.token
    if principal.confined and (owner_token is None or owner_token != principal.token):
        return False  # it may open, or lead to, what lies outside of the token's path
    return owner == principal.user


def require(principal: Principal, permission: int) -> None:
    """Refuse an API token that was not given *permission*. Other logins have what their kind gives them.

    :raises PermissionDenied: saying what the token does not allow.
    """
    if principal.kind is Kind.API_TOKEN and not principal.may(permission):
        raise PermissionDenied(f"This API token does not allow {_ALLOWS[permission]}.")
