"""What this node answers to a node that dialled it: who may offer, who may fetch, and where it leads."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from jetstream.errors import (
    AuthenticationFailed,
    Conflict,
    InvalidParameters,
    LimitExceeded,
    PermissionDenied,
)
from jetstream_server.link.handshake import Answering, Myself
from jetstream_server.link.messages import (
    Fetch,
    Finished,
    Login,
    LoginToken,
    Look,
    Message,
    Offer,
    OfferAnswer,
    OfferState,
    StopReason,
    Withdraw,
    understand,
)
from jetstream_server.link.peer import Liveness, PeerConnection, PeerIdentity
from jetstream_server.records import IncomingRecord, TokenRecord
from jetstream_server.transfers.asking import Asking
from jetstream_server.transfers.carriertrial import CarrierTrials
from jetstream_server.transfers.incoming import Incoming
from jetstream_server.transfers.live import Live
from jetstream_server.transfers.probing import Prober
from jetstream_server.transfers.pulls import Pulls
from jetstream_server.transfers.states import Status
from jetstream_server.transfers.surveying import Surveyor

log = logging.getLogger(__name__)


class Gate(Protocol):
    """Who may do what, as the answering side needs it. All methods raise JetStream errors for *no*."""

    async def check_account(self, user: str, password: str, address: str) -> None:
        """Prove an account's password; slowed when guessed at."""

    async def check_token(self, token: str, password: str | None, address: str) -> TokenRecord:
        """Prove a shared token."""

    async def may_send(self, peer: PeerIdentity, account: str | None) -> bool:
        """Whether this node takes files from *peer*, logged in as *account* or not."""

    async def landing_folder(self, account: str | None) -> tuple[str, Path]:
        """Owner and folder of what comes in."""


class PeerService:
    """Serves the sessions that other nodes open."""

    def __init__(
        self, myself: Myself, gate: Gate, asking: Asking, incoming: Incoming, pulls: Pulls,
        liveness: Liveness, prober: Prober, trials: CarrierTrials, surveyor: Surveyor,
    ) -> None:
        self._myself = myself
        self._gate = gate
        self._asking = asking
        self._incoming = incoming
        self._pulls = pulls
        self._liveness = liveness
        self._prober = prober
        self._trials = trials
        self._surveyor = surveyor
        self._open: set[PeerConnection] = set()
        self._offered: set[tuple[str, str]] = set()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: tuple[str, int]
    ) -> None:
        """One connection of another node, from its first to its last byte."""
        peer = PeerConnection(reader, writer, liveness=self._liveness)
        self._open.add(peer)
        try:
            await Answering(peer, self._myself, (address[0], address[1]), self._on_proven).run()
        finally:
            self._open.discard(peer)
            await peer.close()

    async def close(self) -> None:
        """End all sessions."""
        await asyncio.gather(*(peer.close() for peer in list(self._open)))

    def _on_proven(self, peer: PeerConnection) -> None:
        _Guest(
            peer, self._gate, self._asking, self._incoming, self._pulls, self._myself,
            self._offered, self._prober, self._trials, self._surveyor,
        )


class _Guest:
    """One proven node that dialled us, and what it has logged in as."""

    def __init__(
        self, peer: PeerConnection, gate: Gate, asking: Asking, incoming: Incoming,
        pulls: Pulls, myself: Myself, offered: set[tuple[str, str]], prober: Prober, trials: CarrierTrials,
        surveyor: Surveyor,
    ) -> None:
        assert peer.peer is not None
        self._peer = peer
        self._who = peer.peer
        self._gate = gate
        self._asking = asking
        self._incoming = incoming
        self._pulls = pulls
        self._our_name = myself.name
        self._own = myself.identity.fingerprint
        self._offered = offered
        self._prober = prober
        self._trials = trials
        self._surveyor = surveyor
        self._account: str | None = None
        self._token: TokenRecord | None = None
        self._busy = False
        handlers: dict[str, Callable[[dict[str, Any]], Awaitable[Message | None]]] = {
            "login": self._login, "loginToken": self._login_token, "offer": self._offer,
            "look": self._look, "fetch": self._fetch, "fetchChosen": self._fetch_chosen,
            "withdraw": self._withdraw, "finished": self._finished, "probe": self._probe,
            "tryCarrier": self._try_carrier, "survey": self._survey,
        }
        for method, handler in handlers.items():
            peer.on_request(method, handler)

    async def _login(self, params: dict[str, Any]) -> None:
        login = understand(Login, params)
        await self._gate.check_account(login.user, login.password, self._who.address)
        self._account = login.user

    async def _login_token(self, params: dict[str, Any]) -> None:
        login = understand(LoginToken, params)
        self._token = await self._gate.check_token(login.token, login.password, self._who.address)

    async def _probe(self, _: dict[str, Any]) -> Message:
        return await self._prober.answer(self._who, self._account)

    async def _try_carrier(self, params: dict[str, Any]) -> Message:
        if not await self._gate.may_send(self._who, self._account):
            raise PermissionDenied("Trials are for nodes that may send here.")
        return await self._trials.answer(self._peer, params)

    async def _survey(self, params: dict[str, Any]) -> Message:
        return await self._surveyor.answer(self._peer, self._account, params)

    def _take_session(self) -> None:
        if self._busy:
            raise Conflict("One session carries one transfer.")
        self._busy = True

    # -- push -----------------------------------------------------------------------------------------------------

    async def _offer(self, params: dict[str, Any]) -> Message:
        offer = understand(Offer, params)
        if self._incoming.was_removed(offer.uid, self._who.fingerprint):
            raise PermissionDenied(f"{self._our_name} has removed this transfer. Send it as a new one.")
        if self._incoming.was_complete(offer.uid, self._who.fingerprint):
            self._take_session()
            return OfferAnswer(state=OfferState.COMPLETE)
        if not await self._may_send(offer):
            answer = await self._asking.answer(self._who, offer)
            self._take_session()
            return answer
        self._asking.known((self._who.fingerprint, offer.uid))
        self._take_session()
        transfer = (self._who.fingerprint, offer.uid)
        if transfer in self._offered:
            raise LimitExceeded("This transfer is being offered by another session; ask again later.")
        self._offered.add(transfer)
        try:
            return await self._taken(offer)
        finally:
            self._offered.discard(transfer)

    async def _withdraw(self, params: dict[str, Any]) -> None:
        withdraw = understand(Withdraw, params)
        self._asking.known((self._who.fingerprint, withdraw.uid))
        live = self._incoming.find(withdraw.uid, self._who.fingerprint)
        if live is not None and withdraw.reason is not StopReason.SUSPENDED:
            await self._incoming.withdrawn(live, withdraw.message or f"{self._who.name} has cancelled it.")

    async def _may_send(self, offer: Offer) -> bool:
        """Whether nobody needs to be asked: the sender is known here, or a person has let this transfer in already."""
        if await self._gate.may_send(self._who, self._account):
            return True
        earlier = self._incoming.find(offer.uid, self._who.fingerprint)
        if earlier is None or earlier.record.accepted_time is None:
            return False
        files, size = earlier.record.total_files, earlier.record.total_size
        if (offer.files, offer.size) != (files, size):
            raise PermissionDenied(f"{self._our_name} said yes to {files} files of {size} bytes, and this is something "
                                   f"else. Send it as a new transfer.")
        return True

    async def _taken(self, offer: Offer) -> OfferAnswer:
        live = self._incoming.find(offer.uid, self._who.fingerprint)
        if live is None:
            owner, folder = await self._gate.landing_folder(self._account)
            live = await self._incoming.create_pushed(offer, owner=owner, folder=folder, peer=self._peer,
                                                        why=self._why())
        await self._incoming.lose(live, "The sender began anew.")
        early = self._early_answer(live)
        if early is not None:
            return early
        self._incoming.receive_pushed(self._peer, live, offer)
        return OfferAnswer(state=OfferState.ACCEPTED)

    def _why(self) -> str:
        """Which rule lets in what comes without a question."""
        if self._account is not None:
            return f"Accepted: {self._who.name} has logged in as {self._account}."
        if self._who.fingerprint == self._own:
            return "Accepted: this node sends it to itself."
        return f"Accepted: {self._who.name} may send here without being asked about."

    def _early_answer(self, live: Live[IncomingRecord]) -> OfferAnswer | None:
        if live.status is Status.COMPLETE:
            return OfferAnswer(state=OfferState.COMPLETE)
        if live.status is Status.SUSPENDED:
            return OfferAnswer(state=OfferState.PAUSED, message=f"{self._our_name} has paused this transfer.")
        if live.status is Status.CANCELLED:
            raise PermissionDenied(f"{self._our_name} has cancelled this transfer.")
        return None

    # -- pull -----------------------------------------------------------------------------------------------------

    def _shown_token(self) -> TokenRecord:
        if self._token is None:
            raise AuthenticationFailed("Log in with a shared token first.")
        return self._token

    async def _look(self, params: dict[str, Any]) -> Message:
        understand(Look, params)
        return await self._pulls.show(self._peer, self._shown_token())

    async def _fetch(self, params: dict[str, Any]) -> Message:
        return await self._give(msgspec.structs.replace(understand(Fetch, params), entries=None))

    async def _fetch_chosen(self, params: dict[str, Any]) -> Message:
        fetch = understand(Fetch, params)
        if not fetch.entries:
            raise InvalidParameters("Nothing is chosen.", field="entries")
        return await self._give(fetch)

    async def _give(self, fetch: Fetch) -> Message:
        token = self._shown_token()
        self._take_session()
        return await self._pulls.give(self._peer, token, fetch)

    async def _finished(self, params: dict[str, Any]) -> None:
        finished = understand(Finished, params)
        token = self._shown_token()
        self._take_session()
        await self._pulls.finished(token, finished.uid)
