"""``send.…ObjectUserData``: keys and values that callers keep with an object."""

from collections.abc import Mapping
from typing import Any, Final

from jetstream.constants import PERMISSION_MODIFY
from jetstream.errors import InvalidParameters, LimitExceeded
from jetstream.protocol.framing import pack
from jetstream_server.access.principal import require
from jetstream_server.access.tokens import SharedTokens
from jetstream_server.destinations import Destinations
from jetstream_server.dispatch import Call, Handler
from jetstream_server.handlers.manifests import ManifestHandlers
from jetstream_server.handlers.tokens import TokenHandlers
from jetstream_server.handlers.transfers import TransferHandlers
from jetstream_server.manifests import Manifests
from jetstream_server.transfers.outgoing import Outgoing

MAX_USER_DATA: Final = 64 * 1024


class UserDataHandlers:
    """Reads, merges and writes the user data of manifests, destinations, transfers and shared tokens."""

    def __init__(
        self,
        manifests: Manifests,
        manifest_handlers: ManifestHandlers,
        destinations: Destinations,
        outgoing: Outgoing,
        transfer_handlers: TransferHandlers,
        tokens: SharedTokens,
        token_handlers: TokenHandlers,
    ) -> None:
        self._manifests = manifests
        self._manifest_handlers = manifest_handlers
        self._destinations = destinations
        self._outgoing = outgoing
        self._transfer_handlers = transfer_handlers
        self._tokens = tokens
        self._token_handlers = token_handlers

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {"send.updateObjectUserData": self.update, "send.deleteObjectUserData": self.delete}

    async def update(self, call: Call, *, object: Mapping[str, str], user_data: Mapping[str, Any]) -> None:
        """Merge keys."""
        require(call.login, PERMISSION_MODIFY)
        field, id = _the_one(object)
        merged = {**await self._read(call, field, id), **user_data}
        if len(pack(merged)) > MAX_USER_DATA:
            raise LimitExceeded(f"User data may have at most {MAX_USER_DATA} bytes.", limit=MAX_USER_DATA)
        await self._write(call, field, id, merged)

    async def delete(self, call: Call, *, object: Mapping[str, str], keys: list[str]) -> None:
        """Remove keys; ones that are not there do not matter."""
        require(call.login, PERMISSION_MODIFY)
        field, id = _the_one(object)
        kept = {key: value for key, value in (await self._read(call, field, id)).items() if key not in set(keys)}
        await self._write(call, field, id, kept)

    async def _read(self, call: Call, field: str, id: str) -> Mapping[str, Any]:
        principal = call.login
        if field == "manifestId":
            return (await self._manifest_handlers.visible(principal, id)).user_data
        if field == "destinationId":
            return self._destinations.visible(principal, id).user_data
        if field == "transferId":
            return self._transfer_handlers.visible(principal, id).record.user_data
        return (await self._token_handlers.visible(principal, id)).user_data

    async def _write(self, call: Call, field: str, id: str, user_data: Mapping[str, Any]) -> None:
        if field == "manifestId":
            await self._manifests.set_user_data(id, user_data)
        elif field == "destinationId":
            await self._destinations.set_user_data(id, user_data)
        elif field == "transferId":
            await self._outgoing.set_user_data(self._transfer_handlers.visible(call.login, id), user_data)
        else:
            await self._tokens.update(id, user_data=dict(user_data))


def _the_one(object: Mapping[str, str]) -> tuple[str, str]:
    fields = ("manifestId", "destinationId", "transferId", "token")
    if len(object) != 1 or next(iter(object)) not in fields:
        raise InvalidParameters(f"An object is named by one of {', '.join(fields)}.", field="object")
    return next(iter(object.items()))
