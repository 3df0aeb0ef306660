"""``send.…SharedToken…`` and ``server.…APIToken…``."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from jetstream.constants import PERMISSION_SHARE
from jetstream.entities import ApiToken, Token, to_wire
from jetstream.errors import Conflict, InvalidParameters, NotFound, PermissionDenied
from jetstream.links import DOWNLOAD, Link, format_link
from jetstream_server.access.principal import Kind, Principal, require, sees
from jetstream_server.access.sandbox import Sandboxes
from jetstream_server.access.tokens import ApiTokens, SharedTokens
from jetstream_server.dispatch import Call, Handler
from jetstream_server.handlers.changes import changes_of
from jetstream_server.handlers.manifests import ManifestHandlers
from jetstream_server.handlers.users import LogOut
from jetstream_server.records import ApiTokenRecord, TokenRecord

Revoke = Callable[[str], Awaitable[None]]
"""Ends what goes on by a shared token that was deleted."""


class TokenHandlers:
    """The API's view of tokens.

    :param link_host: host and port for links to this node.
    :param log_out: called when a token is revoked.
    """

    def __init__(
        self,
        shared: SharedTokens,
        api: ApiTokens,
        manifests: ManifestHandlers,
        sandboxes: Sandboxes,
        link_host: Callable[[], tuple[str, int]],
        log_out: LogOut,
        revoke: Revoke,
    ) -> None:
        self._shared = shared
        self._api = api
        self._manifests = manifests
        self._sandboxes = sandboxes
        self._link_host = link_host
        self._log_out = log_out
        self._revoke = revoke
        self._changes = changes_of("send.updateSharedToken", "send.createSharedToken", ("manifest",))

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {
            "send.createSharedToken": self.create,
            "send.getSharedToken": self.get,
            "send.getSharedTokens": self.all,
            "send.updateSharedToken": self.update,
            "send.deleteSharedToken": self.delete,
            "server.createAPIToken": self.create_api,
            "server.getAPIToken": self.get_api,
            "server.getAPITokens": self.all_api,
            "server.deleteAPIToken": self.delete_api,
        }

    # -- shared tokens --------------------------------------------------------------------------------------------

    async def create(
        self,
        call: Call,
        *,
        manifest: str,
        description: str,
        expiry_time: int | None,
        download_limit: int | None,
        password: str | None,
        user_data: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """Share a manifest."""
        principal = call.login
        require(principal, PERMISSION_SHARE)
        record = await self._manifests.visible(principal, manifest)
        if record.status == "error":
            raise Conflict(f"The manifest failed, so it cannot be shared: {record.error_message}")
        _require_future(expiry_time, call.now())
        return self._wire(
            await self._shared.create(
                owner=record.owner,
                manifest_id=record.id,
                now=call.now(),
                description=description,
                expiry_time=expiry_time,
                download_limit=download_limit,
                password=password,
                owner_token=principal.token,
                user_data=user_data,
            )
        )

    async def get(self, call: Call, *, token: str) -> dict[str, Any]:
        """One."""
        return self._wire(await self.visible(call.login, token))

    async def all(self, call: Call) -> list[dict[str, Any]]:
        """All of this login."""
        require(call.login, PERMISSION_SHARE)
        return [self._wire(record) for record in await self._shared.all() if _sees_shared(call.login, record)]

    async def update(self, call: Call, *, token: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change fields."""
        record = await self.visible(call.login, token)
        values = self._changes(changes)
        _require_future(values.get("expiry_time"), call.now())
        for name, empty in (("description", ""), ("user_data", {})):
            if name in values and values[name] is None:
                values[name] = empty
        return self._wire(await self._shared.update(record.token, **values))

    async def delete(self, call: Call, *, token: str) -> None:
        """Revoke; connections and transfers that go on by it end."""
        record = await self.visible(call.login, token)
        await self._shared.delete(record.token)
        await self._revoke(record.token)
        self._end_logins(record.token)

    async def visible(self, principal: Principal, token: str) -> TokenRecord:
        """The shared token, if this login sees it.

        :raises NotFound: if there is none, or it is not theirs: both look alike.
        """
        require(principal, PERMISSION_SHARE)
        record = await self._shared.get(token)
        if not _sees_shared(principal, record):
            raise NotFound("There is no such token.")
        return record

    def _wire(self, record: TokenRecord) -> dict[str, Any]:
        host, port = self._link_host()
        return to_wire(
            Token(
                token=record.token,
                manifest_id=record.manifest_id,
                description=record.description,
                creation_time=record.creation_time,
                expiry_time=record.expiry_time,
                download_count=record.download_count,
                download_limit=record.download_limit,
                password_required=record.password_hash is not None,
                link=format_link(Link(host, port, DOWNLOAD, {"token": record.token})),
                last_used_time=record.last_used_time,
                permissions=record.permissions,
                owner=record.owner,
                owner_token=record.owner_token,
                user_data=record.user_data,
            )
        )

    # -- API tokens -----------------------------------------------------------------------------------------------

    async def create_api(
        self, call: Call, *, description: str, path: str, permissions: int, expiry_time: int | None
    ) -> dict[str, Any]:
        """A login for scripts that acts as the caller, within limits."""
        principal = call.login
        if principal.kind is Kind.API_TOKEN:
            raise PermissionDenied("An API token cannot make further ones; log in with an account for this.")
        _require_future(expiry_time, call.now())
        if path:
            await asyncio.to_thread(self._sandboxes.resolve, principal, path)
        record = await self._api.create(
            owner=principal.user,
            now=call.now(),
            description=description,
            path=path,
            permissions=permissions,
            expiry_time=expiry_time,
        )
        return _api_wire(record)

    async def get_api(self, call: Call, *, token: str) -> dict[str, Any]:
        """One."""
        return _api_wire(await self._visible_api(call.login, token))

    async def all_api(self, call: Call) -> list[dict[str, Any]]:
        """All of this login."""
        return [_api_wire(record) for record in await self._api.all() if _sees_api(call.login, record)]

    async def delete_api(self, call: Call, *, token: str) -> None:
        """Revoke; connections that were opened with it end."""
        record = await self._visible_api(call.login, token)
        await self._api.delete(record.token)
        self._end_logins(record.token)

    async def _visible_api(self, principal: Principal, token: str) -> ApiTokenRecord:
        record = await self._api.get(token)
        if not _sees_api(principal, record):
            raise NotFound("There is no such token.")
        return record

    def _end_logins(self, token: str) -> None:
        self._log_out(lambda principal: principal.token == token)


def _sees_shared(principal: Principal, record: TokenRecord) -> bool:
    return sees(principal, record.owner, record.owner_token)


def _sees_api(principal: Principal, record: ApiTokenRecord) -> bool:
    """An API token sees itself only: others may allow more than it does."""
    if principal.kind is Kind.API_TOKEN:
        return record.token == principal.token
    return sees(principal, record.owner)


def _require_future(time: int | None, now: int) -> None:
    if time is not None and time <= now:
        raise InvalidParameters("`expiryTime` must be in the future: microseconds since the epoch.", field="expiryTime")


def _api_wire(record: ApiTokenRecord) -> dict[str, Any]:
    return to_wire(
        ApiToken(
            token=record.token,
            description=record.description,
            path=record.path,
            permissions=record.permissions,
            creation_time=record.creation_time,
            expiry_time=record.expiry_time,
            last_used_time=record.last_used_time,
            owner=record.owner,
            owner_token=record.owner_token,
        )
    )
