"""The node itself: logins, accounts, settings, folders."""

from collections.abc import Mapping
from typing import Any

from jetstream.aio.group import ApiTokenRef, Ask, Group
from jetstream.aio.shaping import one
from jetstream.checks import Check
from jetstream.entities import ApiToken, BandwidthLimits, Event, ServerInfo


class Server(Group):
    """``client.server``."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask, "server")

    async def auth(self, user: str, password: str) -> None:
        """Log in with an account.

        :raises AuthenticationFailed: if the node does not let them in.
        """
        await self._none("auth", user=user, password=password)

    async def auth_token(self, token: str, password: str | None = None) -> None:
        """Log in with a shared token or an API token, in any case, with or without dots.

        :raises InvalidParameters: if *token* has a typing mistake; the node is not asked then.
        :raises AuthenticationFailed: if it does not exist, has expired or is used up, or the password is wrong.
        """
        await self._none("authToken", token=token, password=password)

    async def auth_ticket(self, ticket: str) -> None:
        """Log in as the node's owner with the secret of this machine's ticket file; ``connect`` does this itself."""
        await self._none("authTicket", ticket=ticket)

    async def get_server_info(self) -> ServerInfo:
        """What this node is and can do, and who this connection is logged in as."""
        return await self._one(ServerInfo, "getServerInfo")

    async def get_request_status(self, request: Mapping[str, Any] | int) -> dict[str, Any]:
        """How far a background request of this connection is: ``requestId, errorMessage, processing, status``."""
        status: dict[str, Any] = await self._raw("getRequestStatus", request=request)
        return status

    async def get_request_result(self, request: Mapping[str, Any] | int) -> Any:
        """Wait, without a time limit, for the result of a background request of this connection."""
        return await self._raw("getRequestResult", request=request)

    async def cancel_request(self, request: Mapping[str, Any] | int) -> None:
        """End a background request of this connection that only looks; its result is a :class:`Conflict` then. One that
        has ended already stays as it is.

        :raises Conflict: if it is a request that goes on until it is done.
        """
        await self._none("cancelRequest", request=request)

    async def get_diagnostics(self, host: str = "") -> list[Check]:
        """What the node finds when it looks at itself: ports, firewall, buffers, receiving folder.

        :param host: also the interface at which the way to it begins.
        """
        return await self._many(Check, "getDiagnostics", host=host)

    async def echo(self, text: str = "") -> str:
        """The same text back: is the node there?"""
        return str(await self._raw("echo", text=text))

    async def superuser(self) -> None:
        """Take up superuser rights for this connection.

        :raises PermissionDenied: if this login may not.
        """
        await self._none("superuser")

    async def terminate(self) -> None:
        """Stop the node gracefully; transfers go on when it starts again. Superusers only."""
        await self._none("terminate")

    async def get_event_log(self, since: int | None = None, limit: int = 1000) -> list[Event]:
        """Events in order of time.

        :param since: the cursor of the last event already seen.
        :param limit: at most so many.
        """
        return await self._events("getEventLog", since=since, limit=limit)

    # -- API tokens -----------------------------------------------------------------------------------------------

    async def create_api_token(self, description: str = "", path: str = "", permissions: int = 15,
                               expiry_time: int | None = None) -> ApiToken:
        """A revocable login that acts as this one, restricted.

        :param path: the folder that it is restricted to, below what this login may touch.
        :param permissions: sum of ``PERMISSION_...`` constants.
        :param expiry_time: microseconds since the epoch.
        """
        return await self._one(ApiToken, "createAPIToken", description=description, path=path,
                               permissions=permissions, expiryTime=expiry_time)

    async def get_api_token(self, token: ApiTokenRef) -> ApiToken:
        """One API token."""
        return await self._one(ApiToken, "getAPIToken", token=token)

    async def get_api_tokens(self) -> list[ApiToken]:
        """All API tokens of this login."""
        return await self._many(ApiToken, "getAPITokens")

    async def delete_api_token(self, token: ApiTokenRef) -> None:
        """Revoke an API token; its connections end."""
        await self._none("deleteAPIToken", token=token)

    # -- settings (superusers) ------------------------------------------------------------------------------------

    async def get_sandbox_mappings(self) -> dict[str, dict[str, str]]:
        """Folders per user: ``{user: {name: path}}``; user ``''`` is everyone."""
        mappings: dict[str, dict[str, str]] = await self._raw("getSandboxMappings")
        return mappings

    async def set_sandbox_mapping(self, user: str, mapping: Mapping[str, str | Mapping[str, str]]) -> None:
        """Say which folders a user may touch.

        :param user: an account, ``''`` for everyone.
        :param mapping: ``{name: path}``; the name ``''`` is the root itself.
        """
        await self._none("setSandboxMapping", user=user, mapping=mapping)

    async def delete_sandbox_mapping(self, user: str) -> None:
        """Lift a user's sandbox."""
        await self._none("deleteSandboxMapping", user=user)

    async def update_bandwidth_limits(self, incoming: int | None = None, outgoing: int | None = None,
                                      borrow_incoming: bool | None = None,
                                      borrow_outgoing: bool | None = None) -> BandwidthLimits:
        """Change limits of the whole node.

        :param incoming: kbit/s; 0 lifts the limit, ``None`` keeps it.
        :param outgoing: the same for what it sends.
        """
        return one(BandwidthLimits, await self._raw(
            "updateBandwidthLimits", incoming=incoming, outgoing=outgoing, borrowIncoming=borrow_incoming,
            borrowOutgoing=borrow_outgoing))

    async def create_user(self, user: str, password: str) -> None:
        """Add an account.

        :raises Conflict: if there is one of that name.
        """
        await self._none("createUser", user=user, password=password)

    async def get_users(self) -> list[dict[str, Any]]:
        """The accounts: ``user`` and ``creationTime`` of each."""
        users: list[dict[str, Any]] = await self._raw("getUsers")
        return users

    async def delete_user(self, user: str) -> None:
        """Remove an account; its connections end."""
        await self._none("deleteUser", user=user)

    async def set_password(self, user: str, password: str) -> None:
        """Change an account's password; connections made with the old one end."""
        await self._none("setPassword", user=user, password=password)

    async def set_receiving_folder(self, path: str) -> None:
        """Say where incoming transfers land."""
        await self._none("setReceivingFolder", path=path)

    # -- folders --------------------------------------------------------------------------------------------------

    async def ls_roots(self) -> list[dict[str, Any]]:
        """The root folders that this login sees, in the form of the entries of :meth:`ls`."""
        roots: list[dict[str, Any]] = await self._raw("lsRoots")
        return roots

    async def ls(self, path: str, offset: int = 0, limit: int = 10_000) -> dict[str, Any]:
        """The entries of a folder on the node's machine, a page at a time: ``{'path', 'entries', 'offset', 'total'}``.

        An entry is ``{'name', 'path', 'type', 'size', 'modificationTime'}``; the type is one of ``FILETYPE_...``.
        """
        page: dict[str, Any] = await self._raw("ls", path=path, offset=offset, limit=limit)
        return page

    async def du(self, path: str) -> dict[str, Any]:
        """What is below a path: ``{'path', 'size', 'files', 'folders', 'unreadable'}``."""
        sums: dict[str, Any] = await self._raw("du", path=path)
        return sums

    async def mkdir(self, path: str) -> None:
        """Make a folder and the missing ones above it."""
        await self._none("mkdir", path=path)

    async def mv(self, source: str, target: str) -> None:
        """Move or rename."""
        await self._none("mv", source=source, target=target)

    async def rm(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        await self._none("rm", path=path)
