"""``server.…User…`` and ``server.…SandboxMapping…``: accounts, and the folders that they may touch."""

from collections.abc import Callable, Mapping
from typing import Any

from jetstream.errors import NotFound
from jetstream_server.access.accounts import Accounts, checked_user, one_form
from jetstream_server.access.principal import Kind, Principal
from jetstream_server.access.sandbox import EVERYONE, Sandboxes
from jetstream_server.dispatch import Call, Handler

LogOut = Callable[[Callable[[Principal], bool]], object]
"""Ends the connections of the logins for which the argument is true."""


class UserHandlers:
    """The API's view of accounts and sandboxes.

    :param log_out: called when a login is no longer what it was.
    """

    def __init__(self, accounts: Accounts, sandboxes: Sandboxes, log_out: LogOut) -> None:
        self._accounts = accounts
        self._sandboxes = sandboxes
        self._log_out = log_out

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {
            "server.createUser": self.create,
            "server.getUsers": self.all,
            "server.deleteUser": self.delete,
            "server.setPassword": self.set_password,
            "server.getSandboxMappings": self.mappings,
            "server.setSandboxMapping": self.set_mapping,
            "server.deleteSandboxMapping": self.delete_mapping,
        }

    async def create(self, call: Call, *, user: str, password: str) -> None:
        """Add an account."""
        await self._accounts.create(user, password, call.now())

    async def all(self, call: Call) -> list[dict[str, Any]]:
        """Every account."""
        return [
            {"user": record.user, "creationTime": record.creation_time} for record in await self._accounts.all()
        ]

    async def delete(self, call: Call, *, user: str) -> None:
        """Remove an account; its connections end."""
        await self._accounts.delete(user)
        self._end_logins(user)

    async def set_password(self, call: Call, *, user: str, password: str) -> None:
        """Change a password; connections made with the old one end."""
        await self._accounts.set_password(user, password)
        self._end_logins(user)

    async def mappings(self, call: Call) -> dict[str, dict[str, str]]:
        """The folders of every user."""
        return self._sandboxes.mappings()

    async def set_mapping(self, call: Call, *, user: str, mapping: Mapping[str, Any]) -> None:
        """Restrict a user, or everyone."""
        await self._sandboxes.set(checked_user(user) if user != EVERYONE else EVERYONE, mapping)

    async def delete_mapping(self, call: Call, *, user: str) -> None:
        """Lift a restriction."""
        name = one_form(user)
        if name not in self._sandboxes.mappings():
            raise NotFound(f"No folders are set for {name or 'everyone'}.")
        await self._sandboxes.delete(name)

    def _end_logins(self, user: str) -> None:
        name = one_form(user)
        self._log_out(lambda principal: principal.kind is Kind.ACCOUNT and principal.user == name)
