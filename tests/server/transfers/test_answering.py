"""What a node answers to one that dialled it: offers and fetches, with made-up services behind."""

import asyncio
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from helpers.liars import somebody
from jetstream.errors import (
    AuthenticationFailed,
    Conflict,
    JetStreamError,
    LimitExceeded,
    NotFound,
    PermissionDenied,
)
from jetstream_server.catalog import Catalog
from jetstream_server.eventlog import EventLog
from jetstream_server.link.data import DataPlane
from jetstream_server.link.errors import LinkError
from jetstream_server.link.handshake import dial, expect
from jetstream_server.link.limiter import Bucket
from jetstream_server.link.messages import (
    Admission,
    CarrierTried,
    Fetch,
    FolderState,
    Login,
    LoginToken,
    Offer,
    OfferAnswer,
    OfferState,
    Probe,
    ProbeAnswer,
    StopReason,
    TrialState,
    TryCarrier,
    Withdraw,
)
from jetstream_server.link.peer import Liveness, PeerConnection, PeerIdentity, ask
from jetstream_server.records import IncomingRecord, TokenRecord
from jetstream_server.transfers.answering import PeerService
from jetstream_server.transfers.asking import Asking
from jetstream_server.transfers.carriertrial import CarrierTrials
from jetstream_server.transfers.live import Live
from jetstream_server.transfers.offers import MOST_PER_SENDER, OfferBoard, Proposal
from jetstream_server.transfers.probing import Prober
from jetstream_server.transfers.pulls import Pulls
from jetstream_server.transfers.session import Surroundings
from jetstream_server.transfers.surveying import Surveyor

from .made import Clock, incoming

NOW = 1_700_000_000_000_000


class MadeGate:
    """Lets in whoever has logged in as ann, asks about strangers; the token 'T' opens."""

    def __init__(self) -> None:
        self.reserved = 0
        self.landing = Path("/landing")
        self.asks = True
        self.authorized: list[tuple[str, str]] = []

    async def check_account(self, user: str, password: str, address: str) -> None:
        if (user, password) != ("ann", "pw"):
            raise AuthenticationFailed("No.")

    async def check_token(self, token: str, password: str | None, address: str) -> TokenRecord:
        if token != "T":
            raise AuthenticationFailed("No.")
        return TokenRecord(token="T", owner="ann", manifest_id="1")

    async def may_send(self, peer: PeerIdentity, account: str | None) -> bool:
        return account == "ann"

    async def may_ask(self) -> bool:
        return self.asks

    async def authorize(self, key: str, name: str, now: int) -> None:
        self.authorized.append((key, name))

    async def landing_folder(self, account: str | None) -> tuple[str, Path]:
        return account or "olga", self.landing

    def reserve_download(self, token: str) -> None:
        if self.reserved:
            raise AuthenticationFailed("None is left.")
        self.reserved += 1

    async def release_download(self, token: str, completed: bool) -> None:
        self.reserved -= 1


class MadeIncoming:
    """Remembers offers that were taken."""

    def __init__(self) -> None:
        self.lives: dict[tuple[str, str], Live[IncomingRecord]] = {}
        self.received: list[str] = []
        self.why: list[str] = []
        self.lost = 0
        self.withdrawn_ones: list[tuple[str, str]] = []
        self.removed: set[tuple[str, str]] = set()
        self.removed_complete: set[tuple[str, str]] = set()
        self.creating = asyncio.Event()
        self.creating.set()

    def was_removed(self, uid: str, fingerprint: str) -> bool:
        return (uid, fingerprint) in self.removed

    def was_complete(self, uid: str, fingerprint: str) -> bool:
        return (uid, fingerprint) in self.removed_complete

    def find(self, uid: str, fingerprint: str) -> Live[IncomingRecord] | None:
        return self.lives.get((uid, fingerprint))

    async def create_pushed(self, offer: Offer, *, owner: str, folder: Path, peer: PeerConnection, why: str) -> Any:
        self.why.append(why)
        await self.creating.wait()
        assert peer.peer is not None
        live = Live(incoming(str(len(self.lives)), uid=offer.uid, owner=owner, folder=str(folder)))
        self.lives[offer.uid, peer.peer.fingerprint] = live
        return live

    async def create_accepted(self, proposal: Proposal, owner: str, folder: Path, path: str, why: str) -> Any:
        self.why.append(why)
        await self.creating.wait()
        record = incoming(str(len(self.lives)), uid=proposal.uid, owner=owner, folder=str(folder),
                          destination_path=path, accepted_time=1, total_files=proposal.files,
                          total_size=proposal.size)
        live = self.lives[proposal.uid, proposal.fingerprint] = Live(record)
        return live

    async def lose(self, live: Live[IncomingRecord], why: str) -> None:
        self.lost += 1

    async def withdrawn(self, live: Live[IncomingRecord], message: str) -> None:
        self.withdrawn_ones.append((live.id, message))

    def receive_pushed(self, peer: PeerConnection, live: Live[IncomingRecord], offer: Offer) -> None:
        self.received.append(live.id)


class Refusing:
    """Outgoing transfers of a node that is about to stop."""

    scheduler: Any

    def __init__(self) -> None:
        self.scheduler = self

    def find_fetch(self, uid: str, token: str) -> None:
        return None

    async def create_for_fetch(self, **options: Any) -> object:
        return object()

    def start(self, live: object, attempt: object) -> None:
        raise LimitExceeded("This node is shutting down; ask again later.")


class Node:
    """A peer service on a port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gate, self.incoming = MadeGate(), MadeIncoming()
        self.threads = ThreadPoolExecutor(1)
        self.clock = Clock()
        ids = itertools.count(1)
        self.board = OfferBoard(lambda: str(next(ids)), 0)
        self.guests: list[PeerConnection] = []

    async def __aenter__(self) -> "Node":
        from jetstream.protocol.limits import ALPN_PEER
        from jetstream_server.access.identity import server_tls

        myself = somebody(self.folder / "node", "Studio B")
        self.catalog = await Catalog.open(self.folder / "catalog.db")
        self.asking = Asking(
            self.board, self.gate, self.incoming.create_accepted, EventLog(self.catalog, self.clock), "olga",
            "Studio B", self.clock,
        )
        refusing: Any = Refusing()
        pulls = Pulls(self.gate, refusing, refusing, "Studio B", self.clock)
        self.near = Surroundings(DataPlane(), self.threads, Bucket(None, 0.0), Bucket(None, 0.0), self.clock)
        self.service = PeerService(
            myself, self.gate, self.asking, self.incoming, pulls, Liveness(),  # type: ignore[arg-type]
            Prober(self.gate, self.threads, lambda: NOW), CarrierTrials(self.near),
            Surveyor(self.gate, self.threads, time.monotonic),
        )

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self.service.serve(reader, writer, ("127.0.0.1", 1))

        self.server = await asyncio.start_server(
            serve, "127.0.0.1", 0, ssl=server_tls(myself.identity, [ALPN_PEER])
        )
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for guest in self.guests:
            await guest.close()
        await self.service.close()
        self.server.close()
        await self.server.wait_closed()
        self.threads.shutdown()
        await self.catalog.close()

    async def events(self) -> list[str]:
        return [event.name for event in await self.catalog.events.since(None, 100)]

    async def guest(self, name: str = "guest", *, logged_in: bool = True) -> PeerConnection:
        """A proven node, logged in as ann or not."""
        peer = await dial("127.0.0.1", self.port, somebody(self.folder / name, name), expect(None, "there"))
        self.guests.append(peer)
        if logged_in:
            await peer.request("login", Login(user="ann", password="pw"))
        return peer


def offer(uid: str = "u") -> Offer:
    return Offer(uid=uid, label="l", files=0, size=0, entries=0, pages=0, digest=bytes(32), session=bytes(16),
                 key=bytes(32), carriers=["tcp"])


async def offered(peer: PeerConnection, uid: str = "u") -> OfferState:
    return (await ask(peer, "offer", offer(uid), OfferAnswer)).state


async def test_strangers_that_may_not_ask_are_told_how_to_be_let_in(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        node.gate.asks = False
        peer = await node.guest(logged_in=False)
        with pytest.raises(PermissionDenied, match="addAuthorizedClient --clientPublicKey=") as caught:
            await offered(peer)
        assert len(caught.value.facts["fingerprint"] or "") == 64
        assert len(node.board) == 0
        with pytest.raises(AuthenticationFailed):
            await peer.request("login", Login(user="ann", password="wrong"))
        await peer.request("login", Login(user="ann", password="pw"))
        assert await offered(peer) is OfferState.ACCEPTED
        (live,) = node.incoming.lives.values()
        assert (live.record.owner, live.record.folder) == ("ann", "/landing")
        assert node.incoming.why == ["Accepted: guest has logged in as ann."]


async def test_a_stranger_waits_for_a_yes_and_then_needs_no_other_permission(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        for _ in range(3):
            assert await offered(await node.guest(logged_in=False)) is OfferState.WAITING
        (waiting,) = node.board.all(node.clock.now)
        assert (waiting.proposal.uid, waiting.proposal.name, waiting.proposal.address) == ("u", "guest", "127.0.0.1")
        assert await node.events() == ["offerAsked"]
        await node.asking.accept(waiting, Path("/chosen"), "below", always=False, by="olga")
        with pytest.raises(NotFound):
            await node.asking.accept(waiting, Path("/chosen"), "", always=False, by="olga")
        assert await offered(await node.guest(logged_in=False)) is OfferState.ACCEPTED
        (live,) = node.incoming.lives.values()
        assert (live.record.folder, live.record.destination_path) == ("/chosen", "below")
        assert node.incoming.why == ["Accepted by olga."]
        assert node.gate.authorized == []
        # One yes is for one transfer.
        assert await offered(await node.guest(logged_in=False), "other") is OfferState.WAITING


async def test_a_yes_is_for_what_was_shown(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        assert await offered(await node.guest(logged_in=False)) is OfferState.WAITING
        (waiting,) = node.board.all(node.clock.now)
        await node.asking.accept(waiting, Path("/x"), "", always=False, by="olga")
        for more in ({"size": 1 << 40}, {"files": 9}):
            peer = await node.guest(logged_in=False)
            with pytest.raises(PermissionDenied, match="said yes to 0 files of 0 bytes, and this is something else"):
                await ask(peer, "offer", msgspec.structs.replace(offer(), **more), OfferAnswer)
        assert await offered(await node.guest(logged_in=False)) is OfferState.ACCEPTED


async def test_while_a_yes_is_carried_out_the_sender_waits_on(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        assert await offered(await node.guest(logged_in=False)) is OfferState.WAITING
        (waiting,) = node.board.all(node.clock.now)
        node.incoming.creating.clear()
        accepting = asyncio.create_task(node.asking.accept(waiting, Path("/chosen"), "", always=True, by="olga"))
        await asyncio.sleep(0)
        assert await offered(await node.guest(logged_in=False)) is OfferState.WAITING
        assert node.board.all(node.clock.now) == []
        node.incoming.creating.set()
        await accepting
        assert len(node.incoming.lives) == 1
        ((fingerprint, name),) = node.gate.authorized
        assert (fingerprint, name) == (waiting.proposal.fingerprint, "guest")


async def test_a_no_is_final_until_it_is_taken_back(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        assert await offered(await node.guest(logged_in=False)) is OfferState.WAITING
        (waiting,) = node.board.all(node.clock.now)
        await node.asking.decline(waiting)
        with pytest.raises(Conflict, match="declined already"):
            await node.asking.decline(waiting)
        for _ in range(2):
            with pytest.raises(PermissionDenied, match="said no to this transfer.* for 60 min"):
                await offered(await node.guest(logged_in=False))
        await node.asking.accept(waiting, Path("/x"), "", always=False, by="olga")
        assert await offered(await node.guest(logged_in=False)) is OfferState.ACCEPTED
        assert await node.events() == ["offerAsked", "offerDeclined", "offerAccepted"]


async def test_what_is_withdrawn_needs_no_decision(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        for uid in "12":
            assert await offered(await node.guest(logged_in=False), uid) is OfferState.WAITING
        stranger = await node.guest("stranger", logged_in=False)
        await stranger.request("withdraw", Withdraw(uid="1", reason=StopReason.CANCELLED))  # not theirs
        assert len(node.board) == 2
        guest = await node.guest(logged_in=False)
        await guest.request("withdraw", Withdraw(uid="1", reason=StopReason.SUSPENDED))
        (left,) = node.board.all(node.clock.now)
        assert left.proposal.uid == "2"
        live = await node.asking.accept(left, Path("/x"), "", always=False, by="olga")
        await guest.request("withdraw", Withdraw(uid="2", reason=StopReason.SUSPENDED))
        assert node.incoming.withdrawn_ones == []
        await guest.request("withdraw", Withdraw(uid="2", reason=StopReason.CANCELLED))
        assert node.incoming.withdrawn_ones == [(live.id, "guest has cancelled it.")]


async def test_a_sender_cannot_ask_for_more_than_a_few_at_once(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        for number in range(MOST_PER_SENDER):
            assert await offered(await node.guest(logged_in=False), str(number)) is OfferState.WAITING
        with pytest.raises(LimitExceeded, match="Too many offers"):
            await offered(await node.guest(logged_in=False), "more")


async def test_an_offer_of_a_node_that_was_let_in_meanwhile_waits_no_longer(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        assert await offered(await node.guest(logged_in=False)) is OfferState.WAITING
        assert await offered(await node.guest()) is OfferState.ACCEPTED
        assert len(node.board) == 0


async def test_one_session_carries_one_transfer(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        peer = await node.guest()
        assert await offered(peer, "1") is OfferState.ACCEPTED
        with pytest.raises(Conflict, match="one transfer"):
            await offered(peer, "2")


@pytest.mark.parametrize(
    ("status", "state"),
    [("complete", OfferState.COMPLETE), ("suspended", OfferState.PAUSED), ("cancelled", None),
     ("error", OfferState.ACCEPTED), ("pending", OfferState.ACCEPTED)],
)
async def test_a_known_transfer_is_answered_by_where_it_is(
    tmp_path: Path, status: str, state: OfferState | None
) -> None:
    async with Node(tmp_path) as node:
        peer = await node.guest()
        fingerprint = somebody(tmp_path / "guest").identity.fingerprint
        node.incoming.lives["u", fingerprint] = Live(incoming("7", status=status))
        if state is None:
            with pytest.raises(PermissionDenied, match="cancelled"):
                await offered(peer)
        else:
            assert await offered(peer) is state
        assert node.incoming.received == (["7"] if state is OfferState.ACCEPTED else [])


async def test_two_senders_with_one_name_for_two_transfers(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        for name in ("one", "other"):
            assert await offered(await node.guest(name)) is OfferState.ACCEPTED
        assert len(node.incoming.lives) == 2
        # The same sender, again: its earlier session is let go of.
        assert await offered(await node.guest("one")) is OfferState.ACCEPTED
        assert node.incoming.received == ["0", "1", "0"]


async def test_the_same_offer_twice_at_once_makes_one_transfer(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        node.incoming.creating.clear()
        first, second = await node.guest(), await node.guest()
        waiting = asyncio.create_task(offered(first))
        async with asyncio.timeout(10):
            while not node.service._offered:
                await first.measure()
        with pytest.raises(LimitExceeded):
            await offered(second)
        node.incoming.creating.set()
        assert await waiting is OfferState.ACCEPTED
        assert len(node.incoming.lives) == 1


async def test_a_fetch_needs_a_token_and_gives_its_place_back(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        peer = await node.guest()
        with pytest.raises(AuthenticationFailed, match="shared token first"):
            await peer.request("fetch", Fetch())
        with pytest.raises(AuthenticationFailed):
            await peer.request("loginToken", LoginToken(token="X"))
        await peer.request("loginToken", LoginToken(token="T"))
        with pytest.raises(LimitExceeded, match="shutting down"):
            await peer.request("fetch", Fetch())
        assert node.gate.reserved == 0
        with pytest.raises((JetStreamError, LinkError)):
            await peer.request("fetch", Fetch())


async def test_a_stranger_that_probes_learns_that_it_would_be_refused_and_nothing_else(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        node.gate.landing = tmp_path
        peer = await node.guest(logged_in=False)
        for node.gate.asks, admission in ((True, "ask"), (False, "no")):
            assert await peer.request("probe", Probe()) == {
                "admission": admission, "folder": None, "free": None, "problem": "", "time": None}
        await peer.request("login", Login(user="ann", password="pw"))
        answer = await ask(peer, "probe", Probe(), ProbeAnswer)
        assert (answer.admission, answer.folder, answer.time) == (Admission.YES, FolderState.OK, NOW)
        assert answer.free
        node.gate.landing = tmp_path / "file" / "below"
        (tmp_path / "file").write_text("x")
        assert (await ask(peer, "probe", Probe(), ProbeAnswer)).folder is FolderState.NOT_A_FOLDER
        assert await offered(peer) is OfferState.ACCEPTED, "a probe is no transfer"


async def test_trials_of_carriers_are_for_those_that_may_send(tmp_path: Path) -> None:
    async with Node(tmp_path) as node:
        wanted = TryCarrier(carrier="udp", session=bytes(16), key=bytes(32), size=1 << 20, seconds=0.5, block=1 << 16)
        with pytest.raises(PermissionDenied, match="may send here"):
            await ask(await node.guest(logged_in=False), "tryCarrier", wanted, CarrierTried)
        answer = await ask(await node.guest(), "tryCarrier", wanted, CarrierTried)
        assert answer.state is TrialState.OFF, "this one has no datagram sockets"
