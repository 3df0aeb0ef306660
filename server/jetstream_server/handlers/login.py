"""``server.auth…`` and ``server.superuser``: who a connection speaks for."""

import dataclasses
import hmac
from collections.abc import Mapping

from jetstream.errors import AuthenticationFailed, PermissionDenied
from jetstream_server.access.accounts import one_form
from jetstream_server.access.door import Door
from jetstream_server.access.principal import Kind, Principal
from jetstream_server.dispatch import Call, Handler
from jetstream_server.records import TokenRecord


class LoginHandlers:
    """Logins.

    :param owner: the user who runs the node.
    :param ticket_secret: what the owner's ticket file holds.
    :param allow_remote_control: whether accounts may log in from other machines.
    """

    def __init__(self, door: Door, owner: str, ticket_secret: str, allow_remote_control: bool) -> None:
        self._door = door
        self._owner = owner
        self._ticket_secret = ticket_secret
        self._allow_remote_control = allow_remote_control

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {
            "server.auth": self.auth,
            "server.authToken": self.auth_token,
            "server.authTicket": self.auth_ticket,
            "server.superuser": self.superuser,
        }

    async def auth(self, call: Call, *, user: str, password: str) -> None:
        """Log in with an account."""
        if not (self._allow_remote_control or call.connection.is_loopback):
            raise PermissionDenied(
                "This node does not let accounts log in from other machines; "
                "its owner can allow it with --api-allow-remote-control."
            )
        name = one_form(user)
        await self._door.account(name, password, call.connection.address)
        call.connection.set_principal(Principal(Kind.ACCOUNT, name))

    async def auth_token(self, call: Call, *, token: str, password: str | None) -> None:
        """Log in with a shared token or an API token."""
        record = await self._door.any_token(token, password, call.connection.address)
        if isinstance(record, TokenRecord):
            before = call.principal
            principal = Principal(
                Kind.SHARED_TOKEN,
                "",
                permissions=record.permissions,
                token=record.token,
                earlier=before.earlier if before is not None and before.kind is Kind.SHARED_TOKEN else before,
            )
        else:
            principal = Principal(
                Kind.API_TOKEN, record.owner, permissions=record.permissions, root=record.path or None,
                token=record.token,
            )
        call.connection.set_principal(principal)

    async def auth_ticket(self, call: Call, *, ticket: str) -> None:
        """Log in as the owner, from their own machine. Never slowed: nobody guesses 256 bits."""
        right = hmac.compare_digest(ticket.encode("utf-8", "surrogatepass"), self._ticket_secret.encode())
        if not (right and call.connection.is_loopback):
            raise AuthenticationFailed("This is not the ticket of this node.")
        call.connection.set_principal(Principal(Kind.OWNER, self._owner))

    async def superuser(self, call: Call) -> None:
        """Take up the rights of a superuser. They are the owner's, also when the owner logs in with a password."""
        principal = call.login
        if principal.kind not in (Kind.OWNER, Kind.ACCOUNT) or principal.user != self._owner:
            raise PermissionDenied("Only the user who runs this node can be its superuser.")
        call.connection.set_principal(dataclasses.replace(principal, superuser=True))
