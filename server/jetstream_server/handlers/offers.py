"""``recv.…Offer``: what unknown nodes want to send, and the yes or no of the person who is asked."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from jetstream.constants import PERMISSION_DOWNLOAD
from jetstream.entities import Offer, to_wire
from jetstream.errors import NotFound, PermissionDenied
from jetstream_server.access.gate import NodeGate
from jetstream_server.access.principal import Principal, require, sees
from jetstream_server.claims import LONGEST_PATH, claimed
from jetstream_server.dispatch import Call, Handler
from jetstream_server.files.landing import free_space
from jetstream_server.handlers.transfers import check_destination_path
from jetstream_server.transfers.asking import Asking
from jetstream_server.transfers.incoming import Incoming
from jetstream_server.transfers.offers import WaitingOffer


class OfferHandlers:
    """The API's view of the offers that wait for a yes. They belong to the node's owner.

    :param files: threads for what looks at the disk.
    """

    def __init__(self, asking: Asking, incoming: Incoming, gate: NodeGate, files: Executor) -> None:
        self._asking = asking
        self._incoming = incoming
        self._gate = gate
        self._files = files

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {
            "recv.getOffers": self.all,
            "recv.acceptOffer": self.accept,
            "recv.declineOffer": self.decline,
        }

    async def all(self, call: Call, *, modified_since: int | None) -> list[dict[str, Any]]:
        """All that wait, or what changed; those that went away are named with ``deleted``."""
        if not self._is_asked(call.login):
            return []
        board, now = self._asking.board, call.now()
        if modified_since is None:
            return await self._shown(board.all(now))
        changed = board.changed_since(modified_since, now)
        gone = [
            to_wire(Offer(offer_id=id, modified_cursor=cursor, deleted=True))
            for id, cursor in board.gone_since(modified_since)
        ]
        return await self._shown(changed) + gone

    async def accept(self, call: Call, *, offer: str, path: str | None, always: bool) -> dict[str, Any]:
        """Yes."""
        found = self._visible(call.login, offer)
        require(call.login, PERMISSION_DOWNLOAD)
        if always and not call.login.superuser:
            raise PermissionDenied("Only a superuser may let a node in for good; call superuser() first, or leave out "
                                   "`always`.", required="superuser")
        folder, below = await self._folder(call.login, path)
        check_destination_path(below)
        live = await self._asking.accept(found, folder, below, always=always, by=call.login.user)
        return to_wire(self._incoming.entity(live))

    async def decline(self, call: Call, *, offer: str) -> None:
        """No."""
        found = self._visible(call.login, offer)
        require(call.login, PERMISSION_DOWNLOAD)
        await self._asking.decline(found)

    async def _folder(self, principal: Principal, path: str | None) -> tuple[Path, str]:
        if path is None:
            return await self._gate.receiving_folder(), ""
        return await self._gate.download_folder(principal, path)

    def _is_asked(self, principal: Principal) -> bool:
        return sees(principal, self._asking.owner)

    def _visible(self, principal: Principal, id: str) -> WaitingOffer:
        if not self._is_asked(principal):
            raise NotFound(f"There is no offer {id}.")
        return self._asking.find(id)

    async def _shown(self, offers: list[WaitingOffer]) -> list[dict[str, Any]]:
        if not offers:
            return []
        folder = await self._gate.receiving_folder()
        space = await asyncio.get_running_loop().run_in_executor(self._files, free_space, folder)
        return [to_wire(self._entity(offer, folder, space)) for offer in offers]

    def _entity(self, offer: WaitingOffer, folder: Path, space: int | None) -> Offer:
        proposal = offer.proposal
        return Offer(
            offer_id=offer.id,
            peer_name=proposal.name,
            peer_fingerprint=proposal.fingerprint,
            source_ip=proposal.address,
            source_port=proposal.port,
            label=proposal.label,
            total_files=proposal.files,
            total_size=proposal.size,
            destination_path=claimed(proposal.destination_path, LONGEST_PATH),
            folder=str(folder),
            free_space=space,
            request_time=offer.first_time,
            last_asked_time=offer.last_time,
            modified_cursor=offer.cursor,
            owner=self._asking.owner,
        )
