"""``send.…Manifest…``: making and reading lists of files."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from typing import Any

from jetstream.constants import PERMISSION_MODIFY, PERMISSION_UPLOAD
from jetstream.entities import to_wire
from jetstream.errors import InvalidParameters, NotFound
from jetstream_server.access.principal import Kind, Principal, require, sees
from jetstream_server.access.sandbox import Sandboxes
from jetstream_server.access.tokens import SharedTokens
from jetstream_server.dispatch import Call, Handler
from jetstream_server.manifests import Manifests
from jetstream_server.records import ManifestRecord


class ManifestHandlers:
    """The API's view of manifests.

    :param in_use: whether a transfer or a token still needs a manifest.
    """

    def __init__(
        self,
        manifests: Manifests,
        sandboxes: Sandboxes,
        tokens: SharedTokens,
        in_use: Callable[[str], Awaitable[bool]],
        executor: Executor,
    ) -> None:
        self._executor = executor
        self._manifests = manifests
        self._sandboxes = sandboxes
        self._tokens = tokens
        self._in_use = in_use

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {
            "send.createManifest": self.create,
            "send.getManifest": self.get,
            "send.getManifests": self.all,
            "send.deleteManifest": self.delete,
            "send.getManifestFiles": self.files,
        }

    async def create(
        self,
        call: Call,
        *,
        mappings: Mapping[str, str] | None,
        file_mappings: Mapping[str, str] | None,
        symlink_mode: int,
        exclude: list[str] | None,
        skip_unreadable: bool,
        user_data: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """Start a scan."""
        given = mappings if mappings is not None else file_mappings
        if given is None or (mappings is not None and file_mappings is not None):
            raise InvalidParameters("Give `mappings` as {target: source}.", field="mappings")
        require(call.login, PERMISSION_UPLOAD)
        loop = asyncio.get_running_loop()
        sources, confined_to = await loop.run_in_executor(self._executor, self.places, call.login, given)
        record = await self._manifests.create(
            owner=call.login.user,
            mappings=sources,
            symlink_mode=symlink_mode,
            exclude=exclude or [],
            skip_unreadable=skip_unreadable,
            user_data=user_data or {},
            confined_to=confined_to,
            owner_token=call.login.token,
        )
        return to_wire(self._manifests.entity(record))

    def places(
        self, principal: Principal, mappings: Mapping[str, str]
    ) -> tuple[dict[str, str], tuple[str, ...] | None]:
        """Where the sources really are, and the folders that this login may read; ``None``: every one. Blocking.

        :raises JetStreamError: if a source is none that it may read.
        """
        if not all(mappings.values()):
            raise InvalidParameters("A source is the path of a file or a folder.", field="mappings")
        sources = {target: str(self._sandboxes.resolve(principal, source)) for target, source in mappings.items()}
        return sources, self._sandboxes.confinement(principal)

    async def get(self, call: Call, *, manifest: str) -> dict[str, Any]:
        """One manifest."""
        return self._shown(call.login, await self.visible(call.login, manifest))

    async def all(self, call: Call) -> list[dict[str, Any]]:
        """All that this login sees."""
        principal = call.login
        if principal.kind is Kind.SHARED_TOKEN:
            record = await self._of_token(principal)
            return [self._shown(principal, record)]
        return [
            self._shown(principal, record)
            for record in self._manifests.all()
            if sees(principal, record.owner, record.owner_token)
        ]

    async def delete(self, call: Call, *, manifest: str) -> None:
        """Forget one; transfers go on."""
        require(call.login, PERMISSION_MODIFY)
        record = await self.visible(call.login, manifest)
        await self._manifests.delete(record.id, in_use=await self._in_use(record.id))

    async def files(self, call: Call, *, manifest: str, offset: int, limit: int) -> dict[str, Any]:
        """A page of its files."""
        record = await self.visible(call.login, manifest)
        mappings, following = await self._manifests.files(record.id, offset, limit)
        if call.login.kind is Kind.SHARED_TOKEN:
            for mapping in mappings:
                mapping["srcPath"] = ""
        return {"manifestId": record.id, "fileMappings": mappings, "nextOffset": following}

    async def visible(self, principal: Principal, id: str) -> ManifestRecord:
        """The manifest, if this login sees it.

        :raises NotFound: if there is none, or it is not theirs: both look alike.
        """
        if principal.kind is Kind.SHARED_TOKEN:
            record = await self._of_token(principal)
            if record.id != id:
                raise NotFound(f"There is no manifest {id}.")
            return record
        record = self._manifests.get(id)
        if not sees(principal, record.owner, record.owner_token):
            raise NotFound(f"There is no manifest {id}.")
        return record

    async def _of_token(self, principal: Principal) -> ManifestRecord:
        token = await self._tokens.get(principal.token or "")
        return self._manifests.get(token.manifest_id, also_deleted=True)

    def _shown(self, principal: Principal, record: ManifestRecord) -> dict[str, Any]:
        outsider = principal.kind is Kind.SHARED_TOKEN
        return to_wire(self._manifests.entity(record, owner="" if outsider else None))
