"""Whether a person lets a stranger's transfer in: asked here, answered through the API."""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Protocol

from jetstream.errors import Conflict, LimitExceeded, NotFound, PermissionDenied
from jetstream_server.claims import LONGEST_LABEL, claimed
from jetstream_server.eventlog import EventLog
from jetstream_server.link.messages import Offer, OfferAnswer, OfferState
from jetstream_server.link.peer import PeerIdentity
from jetstream_server.records import IncomingRecord
from jetstream_server.transfers.live import Live
from jetstream_server.transfers.offers import BoardFull, Declined, Key, OfferBoard, Proposal, WaitingOffer

log = logging.getLogger(__name__)

_MINUTE: Final = 60_000_000


class AskingGate(Protocol):
    """Who may do what, as asking needs it."""

    async def may_ask(self) -> bool:
        """Whether strangers may ask at all."""

    async def authorize(self, key: str, name: str, now: int) -> None:
        """Let an identity send here from now on."""


CreateAccepted = Callable[[Proposal, str, Path, str, str], Awaitable[Live[IncomingRecord]]]
"""Makes the record of an accepted proposal: proposal, owner, folder, path below the folder, who said yes."""


class Asking:
    """Keeps the offers of strangers until a person decides.

    :param owner: the user whom they are shown to.
    :param our_name: this node's name, for sentences that its peers read.
    """

    def __init__(
        self, board: OfferBoard, gate: AskingGate, create: CreateAccepted, events: EventLog, owner: str,
        our_name: str, wall: Callable[[], int],
    ) -> None:
        self.board = board
        self.owner = owner
        self._gate = gate
        self._create = create
        self._events = events
        self._our_name = our_name
        self._wall = wall

    # -- senders --------------------------------------------------------------------------------------------------

    async def answer(self, who: PeerIdentity, offer: Offer) -> OfferAnswer:
        """What a node hears that is not known here: to wait, while a person is asked.

        :raises PermissionDenied: if strangers may not ask, or somebody has said no.
        :raises LimitExceeded: if too many wait already.
        """
        if not await self._gate.may_ask():
            raise PermissionDenied(
                f"{self._our_name} takes files only from nodes that it knows. Ask its owner to let this one in: "
                f"jetstream api recv.addAuthorizedClient --clientPublicKey={who.fingerprint}",
                fingerprint=who.fingerprint,
            )
        now = self._wall()
        try:
            new = self.board.ask(_proposal(who, offer), now)
        except Declined as declined:
            minutes = max(1, -(-(declined.until - now) // _MINUTE))
            raise PermissionDenied(
                f"{self._our_name} said no to this transfer. It is not asked about it again for {minutes} min; its "
                f"owner can take the no back, then try again."
            ) from None
        except BoardFull:
            raise LimitExceeded(f"Too many offers wait for a yes at {self._our_name}.") from None
        if new is not None:
            log.info("%s (%s) wants to send %s. Let it in: jetstream accept %s", new.proposal.name,
                     new.proposal.address, new.proposal.label or "files", new.id)
            await self._tell(new, "Asked", "asks whether it may send")
        return OfferAnswer(state=OfferState.WAITING, message=f"{self._our_name} has to say yes first; it was asked.")

    def known(self, key: Key) -> None:
        """The sender of this offer may send without being asked about."""
        self.board.forget(key, self._wall())

    # -- people ---------------------------------------------------------------------------------------------------

    def find(self, id: str) -> WaitingOffer:
        """One offer.

        :raises NotFound: if none of this id waits, or was declined lately.
        """
        offer = self.board.find(id, self._wall())
        if offer is None:
            raise NotFound(f"There is no offer {id} now: its sender has stopped asking, or it was decided already.")
        return offer

    async def accept(
        self, offer: WaitingOffer, folder: Path, below: str, *, always: bool, by: str
    ) -> Live[IncomingRecord]:
        """Let it in; it starts when its sender asks the next time.

        :param folder: where it lands; *below* is a path in there.
        :param by: the user who says yes.
        :param always: let everything in that its sender offers from now on.
        :raises NotFound: if it was decided meanwhile.
        """
        self.board.decide(offer := self.find(offer.id))  # others may have decided while the caller looked
        proposal, taken = offer.proposal, False
        try:
            if always:
                await self._gate.authorize(proposal.fingerprint, proposal.name, self._wall())
            path = proposal.destination_path
            if below.strip("/"):
                path = f"{below.strip('/')}/{path.strip('/')}".rstrip("/")
            live = await self._create(proposal, self.owner, folder, path, _yes(by, proposal.name, always=always))
            taken = True
        finally:
            self.board.decided(offer, self._wall(), taken=taken)
        if always:
            self.board.forget_sender(proposal.fingerprint, self._wall())
        await self._tell(offer, "Accepted", "may send from now on" if always else "may send")
        return live

    async def decline(self, offer: WaitingOffer) -> None:
        """Say no.

        :raises Conflict: if somebody has done so already.
        """
        if offer not in self.board.all(self._wall()):
            raise Conflict(f"Offer {offer.id} was declined already.")
        self.board.decline(offer, self._wall())
        await self._tell(offer, "Declined", "may not send")

    async def _tell(self, offer: WaitingOffer, what: str, words: str) -> None:
        proposal = offer.proposal
        label = proposal.label or "files"
        await self._events.record(
            f"offer{what}", f"{proposal.name} ({proposal.address}) {words}: {label}.", kind="offer", subject=offer.id,
            owner=self.owner, peerFingerprint=proposal.fingerprint,
        )


def _yes(by: str, sender: str, *, always: bool) -> str:
    if always:
        return f"Accepted by {by}, with all that {sender} sends from now on."
    return f"Accepted by {by}."


def _proposal(who: PeerIdentity, offer: Offer) -> Proposal:
    return Proposal(
        uid=offer.uid, fingerprint=who.fingerprint, name=who.name, address=who.address, port=who.port,
        label=claimed(offer.label, LONGEST_LABEL), files=offer.files, size=offer.size,
        destination_path=offer.destination_path, overwrite_mode=offer.overwrite_mode,
    )
