"""``send.…Transfer…`` and ``send.getConnection…``: moving manifests, and the links that they use."""

from collections.abc import Mapping
from typing import Any

from jetstream.constants import PERMISSION_MODIFY, PERMISSION_UPLOAD
from jetstream.entities import Transfer, event_to_wire, to_wire
from jetstream.errors import InvalidParameters, NotFound
from jetstream_server.access.principal import Kind, Principal, require, sees
from jetstream_server.access.tokens import SharedTokens
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.destinations import Destinations
from jetstream_server.dispatch import Call, Handler
from jetstream_server.eventlog import event_entity
from jetstream_server.files.errors import UnsafePath
from jetstream_server.files.paths import target_components
from jetstream_server.handlers.manifests import ManifestHandlers
from jetstream_server.links import Links
from jetstream_server.records import TransferRecord
from jetstream_server.transfers.live import Live, SendingTable
from jetstream_server.transfers.outgoing import Outgoing


class TransferHandlers:
    """The API's view of outgoing transfers."""

    def __init__(
        self,
        outgoing: Outgoing,
        table: SendingTable,
        destinations: Destinations,
        manifests: ManifestHandlers,
        tokens: SharedTokens,
        links: Links,
        catalog: Catalog,
    ) -> None:
        self._outgoing = outgoing
        self._table = table
        self._destinations = destinations
        self._manifests = manifests
        self._tokens = tokens
        self._links = links
        self._catalog = catalog

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {
            "send.createTransfer": self.create,
            "send.getTransfer": self.get,
            "send.getTransfers": self.all,
            "send.suspendTransfer": self.suspend,
            "send.resumeTransfer": self.resume,
            "send.cancelTransfer": self.cancel,
            "send.failTransfer": self.fail,
            "send.deleteTransfer": self.delete,
            "send.updateTransfer": self.update,
            "send.getTransferEvents": self.events,
            "send.getConnections": self.connections,
            "send.getConnection": self.connection,
        }

    async def create(
        self,
        call: Call,
        *,
        destination: str,
        manifest: str,
        destination_path: str,
        priority: int,
        send_rate_max: int | None,
        overwrite_mode: int,
        min_cipher: int,
        checkpoint_frequency_seconds: int,
        user_data: Mapping[str, Any] | None,
        rate_policy: str,
    ) -> dict[str, Any]:
        """Queue a manifest for a destination."""
        principal = call.login
        require(principal, PERMISSION_UPLOAD)
        record = await self._manifests.visible(principal, manifest)
        target = self._destinations.visible(principal, destination)
        check_destination_path(destination_path)
        shared = principal.token if principal.kind is Kind.SHARED_TOKEN else None
        live = await self._outgoing.create(
            owner=(await self._tokens.get(shared)).owner if shared else principal.user,
            owner_token=principal.token,
            shared_token=shared,
            destination=target,
            manifest_id=record.id,
            options={
                "destination_path": destination_path,
                "priority": priority,
                "send_rate_max": send_rate_max,
                "overwrite_mode": overwrite_mode,
                "min_cipher": min_cipher,
                "checkpoint_seconds": checkpoint_frequency_seconds,
                "user_data": dict(user_data or {}),
                "rate_policy": rate_policy,
            },
        )
        return self._shown(principal, live)

    async def get(self, call: Call, *, transfer: str) -> dict[str, Any]:
        """One transfer."""
        return self._shown(call.login, self.visible(call.login, transfer))

    async def all(self, call: Call, *, modified_since: int | None) -> list[dict[str, Any]]:
        """All, or what changed; deleted ones are named with ``deleted``."""
        principal = call.login
        if modified_since is None:
            lives = self._outgoing.all()
            return [self._shown(principal, live) for live in lives if self._sees(principal, live)]
        changed = [
            self._shown(principal, live)
            for live in self._table.changed_since(modified_since)
            if self._sees(principal, live)
        ]
        gone = [
            to_wire(Transfer(transfer_id=id, manifest_id="", destination_id="", status="cancelled", processing=False,
                             deleted=True, modified_cursor=cursor))
            for id, cursor, owner, token in self._table.deleted_since(modified_since)
            if sees(principal, owner, token)
        ]
        return changed + gone

    async def suspend(self, call: Call, *, transfer: str) -> dict[str, Any]:
        """Pause."""
        require(call.login, PERMISSION_UPLOAD)
        live = self.visible(call.login, transfer)
        await self._outgoing.suspend(live)
        return self._shown(call.login, live)

    async def resume(self, call: Call, *, transfer: str) -> dict[str, Any]:
        """Go on."""
        require(call.login, PERMISSION_UPLOAD)
        live = self.visible(call.login, transfer)
        await self._outgoing.resume(live)
        return self._shown(call.login, live)

    async def cancel(self, call: Call, *, transfer: str) -> dict[str, Any]:
        """Stop for good."""
        require(call.login, PERMISSION_MODIFY)
        live = self.visible(call.login, transfer)
        await self._outgoing.cancel(live)
        return self._shown(call.login, live)

    async def fail(self, call: Call, *, transfer: str, message: str) -> dict[str, Any]:
        """Stop with the caller's message."""
        require(call.login, PERMISSION_MODIFY)
        live = self.visible(call.login, transfer)
        await self._outgoing.fail(live, message)
        return self._shown(call.login, live)

    async def delete(self, call: Call, *, transfer: str) -> None:
        """Stop and forget."""
        require(call.login, PERMISSION_MODIFY)
        await self._outgoing.delete(self.visible(call.login, transfer))

    async def update(
        self, call: Call, *, transfer: str, priority: int | None, send_rate_max: int | None, rate_policy: str | None
    ) -> dict[str, Any]:
        """Change priority, limit and policy."""
        require(call.login, PERMISSION_UPLOAD)
        live = self.visible(call.login, transfer)
        await self._outgoing.update(live, priority, send_rate_max, rate_policy)
        return self._shown(call.login, live)

    async def events(self, call: Call, *, transfer: str, limit: int) -> list[dict[str, Any]]:
        """What happened to one transfer."""
        live = self.visible(call.login, transfer)
        found = await self._catalog.events.since(None, limit, subject=live.id, kind="transfer")
        return [event_to_wire(event_entity(record)) for record in found]

    async def connections(self, call: Call) -> list[dict[str, Any]]:
        """Links in use."""
        return [to_wire(connection) for connection in self._links.entities(call.login)]

    async def connection(self, call: Call, *, connection: str) -> dict[str, Any]:
        """One link in use."""
        for found in self._links.entities(call.login):
            if found.connection_id == connection:
                return to_wire(found)
        raise NotFound(f"There is no connection {connection} now.")

    # -- visibility -----------------------------------------------------------------------------------------------

    def visible(self, principal: Principal, id: str) -> Live[TransferRecord]:
        """The transfer, if this login sees it.

        :raises NotFound: if there is none, or it is not theirs: both look alike.
        """
        live = self._outgoing.get(id)
        if not self._sees(principal, live):
            raise NotFound(f"There is no transfer {id}.")
        return live

    def _sees(self, principal: Principal, live: Live[TransferRecord]) -> bool:
        return sees(principal, live.record.owner, live.record.owner_token)

    def _shown(self, principal: Principal, live: Live[TransferRecord]) -> dict[str, Any]:
        value = to_wire(self._outgoing.entity(live))
        if principal.kind is Kind.SHARED_TOKEN:
            value["owner"] = ""
        return value


def check_destination_path(path: str) -> None:
    """Refuse early what every receiver would refuse.

    :raises InvalidParameters: for a path that leaves the receiving folder.
    """
    if not path.strip("/"):
        return
    try:
        target_components(path.encode("utf-8", "surrogateescape"))
    except UnsafePath as error:
        raise InvalidParameters(f"destinationPath: {error}", field="destinationPath") from error
