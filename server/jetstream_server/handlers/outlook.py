"""``send.previewTransfer``: looking before anything is sent."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from jetstream.constants import PERMISSION_UPLOAD
from jetstream.entities import to_wire
from jetstream.errors import InvalidParameters
from jetstream.previews import Preview
from jetstream_server.access.principal import require
from jetstream_server.dispatch import Call, Handler
from jetstream_server.handlers.destinations import DestinationHandlers
from jetstream_server.handlers.manifests import ManifestHandlers
from jetstream_server.handlers.transfers import check_destination_path
from jetstream_server.outlook import Outlooks, Wanted
from jetstream_server.pagefeed import Listing


class OutlookHandlers:
    """The API's view of previews.

    :param files: threads for what looks at files.
    """

    def __init__(
        self, outlooks: Outlooks, destinations: DestinationHandlers, manifests: ManifestHandlers, files: Executor
    ) -> None:
        self._outlooks = outlooks
        self._destinations = destinations
        self._manifests = manifests
        self._files = files

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {"send.previewTransfer": self.preview}

    async def preview(
        self,
        call: Call,
        *,
        destination: str | None,
        destination_address: str | None,
        destination_port: int | None,
        user_name: str | None,
        password: str | None,
        permitted_destination_public_key: str | None,
        manifest: str | None,
        mappings: Mapping[str, str] | None,
        symlink_mode: int,
        exclude: list[str] | None,
        skip_unreadable: bool,
        destination_path: str,
        overwrite_mode: int,
    ) -> dict[str, Any]:
        """What a transfer would meet now."""
        require(call.login, PERMISSION_UPLOAD)
        _, target = self._destinations.target(call.login, destination, {
            "address": destination_address, "port": destination_port, "user_name": user_name, "password": password,
            "permitted_public_key": permitted_destination_public_key,
        })
        check_destination_path(destination_path)
        if (manifest is None) == (mappings is None):
            raise InvalidParameters("Give either a `manifest`, or `mappings` as {target: source}.", field="mappings")
        record = None if manifest is None else await self._manifests.visible(call.login, manifest)
        listing = None
        if mappings is not None:
            listing = await self._listing(call, mappings, symlink_mode, exclude or [])
        wanted = Wanted(manifest=record, listing=listing, destination_path=destination_path,
                        overwrite_mode=overwrite_mode, skip_unreadable=skip_unreadable)

        def tell(known: Preview) -> None:
            call.progress.value = to_wire(known)

        return to_wire(await self._outlooks.run(target, wanted, tell))

    async def _listing(
        self, call: Call, mappings: Mapping[str, str], symlink_mode: int, exclude: list[str]
    ) -> Listing:
        if not mappings:
            raise InvalidParameters("Give at least one mapping {target: source}.", field="mappings")
        loop = asyncio.get_running_loop()
        sources, confined = await loop.run_in_executor(self._files, self._manifests.places, call.login, mappings)
        return Listing(mappings=sources, symlink_mode=symlink_mode, exclude=exclude, confined_to=confined)
