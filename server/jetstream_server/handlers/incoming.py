"""``recv.…``: incoming transfers, downloads, and who may send here."""

from collections.abc import Mapping
from typing import Any

from jetstream.constants import PERMISSION_DOWNLOAD, PERMISSION_MODIFY
from jetstream.entities import ReceiveTransfer, event_to_wire, to_wire
from jetstream.errors import InvalidParameters, NotFound
from jetstream_server.access.gate import NodeGate
from jetstream_server.access.principal import Principal, require, sees
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.dispatch import Call, Handler
from jetstream_server.eventlog import event_entity
from jetstream_server.handlers.transfers import check_destination_path
from jetstream_server.records import IncomingRecord
from jetstream_server.transfers.incoming import Incoming
from jetstream_server.transfers.live import Live, ReceivingTable
from jetstream_server.transfers.preview import Previews
from jetstream_server.transfers.verifying import Verifier


class IncomingHandlers:
    """The API's view of the receiving side."""

    def __init__(
        self, incoming: Incoming, previews: Previews, verifier: Verifier, table: ReceivingTable, gate: NodeGate,
        catalog: Catalog,
    ) -> None:
        self._incoming = incoming
        self._previews = previews
        self._verifier = verifier
        self._table = table
        self._gate = gate
        self._catalog = catalog

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {
            "recv.getTransfers": self.all,
            "recv.getTransfer": self.get,
            "recv.createDownload": self.download,
            "recv.previewDownload": self.preview,
            "recv.verifyTransfer": self.verify,
            "recv.getTransferFiles": self.files,
            "recv.suspendTransfer": self.suspend,
            "recv.resumeTransfer": self.resume,
            "recv.cancelTransfer": self.cancel,
            "recv.deleteTransfer": self.delete,
            "recv.getTransferEvents": self.events,
            "recv.getSources": self.sources,
            "recv.addAuthorizedClient": self.authorize,
            "recv.removeAuthorizedClient": self.unauthorize,
            "recv.getAuthorizedClients": self.authorized,
            "recv.allowOnlyAuthorizedClients": self.allow_only_authorized,
        }

    async def all(self, call: Call, *, modified_since: int | None) -> list[dict[str, Any]]:
        """All, or what changed; deleted ones are named with ``deleted``."""
        principal = call.login
        if modified_since is None:
            return [self._shown(live) for live in self._incoming.all() if _sees(principal, live.record)]
        changed = [
            self._shown(live)
            for live in self._table.changed_since(modified_since)
            if _sees(principal, live.record)
        ]
        gone = [
            to_wire(ReceiveTransfer(transfer_id=id, status="cancelled", processing=False, deleted=True,
                                    modified_cursor=cursor))
            for id, cursor, owner, token in self._table.deleted_since(modified_since)
            if sees(principal, owner, token)
        ]
        return changed + gone

    async def get(self, call: Call, *, transfer: str) -> dict[str, Any]:
        """One incoming transfer."""
        return self._shown(self._visible(call.login, transfer))

    async def download(
        self, call: Call, *, link: str, password: str | None, destination_path: str, overwrite_mode: int,
        user_data: Mapping[str, Any] | None, entries: list[tuple[int, int]] | None,
    ) -> dict[str, Any]:
        """Fetch a shared token."""
        principal = call.login
        require(principal, PERMISSION_DOWNLOAD)
        if entries is not None and not entries:
            raise InvalidParameters("Nothing is chosen: `entries` is empty. Leave it out to get everything.",
                                    field="entries")
        folder, below = await self._gate.download_folder(principal, destination_path)
        check_destination_path(below)
        live = await self._incoming.create_download(
            owner=principal.user, link=link, password=password, folder=folder, destination_path=below,
            overwrite_mode=overwrite_mode, user_data=user_data or {}, owner_token=principal.token,
            entries=entries,
        )
        return self._shown(live)

    async def preview(
        self, call: Call, *, link: str, password: str | None, offset: int, limit: int
    ) -> dict[str, Any]:
        """What a shared token gives, page by page."""
        require(call.login, PERMISSION_DOWNLOAD)
        return await self._previews.page(call.login.user, link, password, offset, limit)

    async def files(self, call: Call, *, transfer: str, offset: int, limit: int) -> dict[str, Any]:
        """A page of the files of an incoming transfer, as far as its sender has named them."""
        found, following = await self._incoming.files(self._visible(call.login, transfer), offset, limit)
        return {"files": found, "nextOffset": following}

    async def verify(self, call: Call, *, transfer: str, offset: int, limit: int) -> dict[str, Any]:
        """Whether the files are as they came, some blocks at a time."""
        require(call.login, PERMISSION_DOWNLOAD)
        return await self._verifier.step(self._visible(call.login, transfer), offset, limit)

    async def suspend(self, call: Call, *, transfer: str) -> dict[str, Any]:
        """Pause."""
        require(call.login, PERMISSION_DOWNLOAD)
        live = self._visible(call.login, transfer)
        await self._incoming.suspend(live)
        return self._shown(live)

    async def resume(self, call: Call, *, transfer: str) -> dict[str, Any]:
        """Go on."""
        require(call.login, PERMISSION_DOWNLOAD)
        live = self._visible(call.login, transfer)
        await self._incoming.resume(live)
        return self._shown(live)

    async def cancel(self, call: Call, *, transfer: str) -> dict[str, Any]:
        """Stop for good."""
        require(call.login, PERMISSION_MODIFY)
        live = self._visible(call.login, transfer)
        await self._incoming.cancel(live)
        return self._shown(live)

    async def delete(self, call: Call, *, transfer: str) -> None:
        """Stop and forget."""
        require(call.login, PERMISSION_MODIFY)
        await self._incoming.delete(self._visible(call.login, transfer))

    async def events(self, call: Call, *, transfer: str, limit: int) -> list[dict[str, Any]]:
        """What happened to one incoming transfer."""
        live = self._visible(call.login, transfer)
        found = await self._catalog.events.since(None, limit, subject=live.id, kind="receiveTransfer")
        return [event_to_wire(event_entity(record)) for record in found]

    async def sources(self, call: Call) -> list[dict[str, Any]]:
        """Who sends here."""
        return [to_wire(source) for source in self._incoming.sources(lambda r: _sees(call.login, r))]

    async def authorize(self, call: Call, *, client_public_key: str, name: str) -> None:
        """Let an identity send here."""
        await self._gate.authorize(client_public_key, name, call.now())

    async def unauthorize(self, call: Call, *, client_public_key: str) -> None:
        """Stop letting it."""
        await self._gate.unauthorize(client_public_key)

    async def authorized(self, call: Call) -> list[dict[str, Any]]:
        """Who may."""
        return [
            {"clientPublicKey": record.fingerprint, "name": record.name, "creationTime": record.creation_time}
            for record in await self._gate.authorized()
        ]

    async def allow_only_authorized(self, call: Call, *, only_authorized_clients_allowed: bool) -> None:
        """Whether credentials alone are not enough."""
        await self._gate.set_only_authorized(only_authorized_clients_allowed)

    def _visible(self, principal: Principal, id: str) -> Live[IncomingRecord]:
        live = self._incoming.get(id)
        if not _sees(principal, live.record):
            raise NotFound(f"There is no incoming transfer {id}.")
        return live

    def _shown(self, live: Live[IncomingRecord]) -> dict[str, Any]:
        return to_wire(self._incoming.entity(live))


def _sees(principal: Principal, record: IncomingRecord) -> bool:
    return sees(principal, record.owner, record.owner_token)
