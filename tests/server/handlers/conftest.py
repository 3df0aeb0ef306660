"""The handlers of logins, users, tokens, destinations and limits over real services; only the connection is made up."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from jetstream.api.methods import METHODS
from jetstream_server.access.accounts import Accounts
from jetstream_server.access.door import Door
from jetstream_server.access.gate import NodeGate
from jetstream_server.access.identity import load_or_create
from jetstream_server.access.passwords import Passwords
from jetstream_server.access.principal import Kind, Principal
from jetstream_server.access.sandbox import Sandboxes
from jetstream_server.access.throttle import Throttle
from jetstream_server.access.tokens import ApiTokens, SharedTokens
from jetstream_server.bandwidth import Bandwidth
from jetstream_server.catalog import Catalog
from jetstream_server.config import load_settings
from jetstream_server.destinations import Activity, Destinations
from jetstream_server.dispatch import Call, Dispatcher, Handler
from jetstream_server.eventlog import EventLog
from jetstream_server.handlers.bandwidth import BandwidthHandlers
from jetstream_server.handlers.browse import BrowseHandlers
from jetstream_server.handlers.destinations import DestinationHandlers
from jetstream_server.handlers.diagnosis import DiagnosisHandlers
from jetstream_server.handlers.incoming import IncomingHandlers
from jetstream_server.handlers.login import LoginHandlers
from jetstream_server.handlers.manifests import ManifestHandlers
from jetstream_server.handlers.offers import OfferHandlers
from jetstream_server.handlers.server_info import ServerInfoHandlers
from jetstream_server.handlers.tokens import TokenHandlers
from jetstream_server.handlers.transfers import TransferHandlers
from jetstream_server.handlers.user_data import UserDataHandlers
from jetstream_server.handlers.users import UserHandlers
from jetstream_server.link.data import DataPlane
from jetstream_server.link.handshake import Myself
from jetstream_server.link.limiter import Bucket
from jetstream_server.link.peer import Liveness
from jetstream_server.links import Links
from jetstream_server.manifests import Manifests
from jetstream_server.requests import Requests
from jetstream_server.transfers.asking import Asking
from jetstream_server.transfers.delivering import Delivering
from jetstream_server.transfers.downloading import Downloading
from jetstream_server.transfers.incoming import Incoming
from jetstream_server.transfers.live import ReceivingTable, SendingTable, receiving_table, sending_table
from jetstream_server.transfers.offers import OfferBoard
from jetstream_server.transfers.outgoing import Outgoing
from jetstream_server.transfers.preview import Previews
from jetstream_server.transfers.pulling import SharingNodes
from jetstream_server.transfers.pulls import Pulls
from jetstream_server.transfers.pushing import Pushing
from jetstream_server.transfers.session import Surroundings
from jetstream_server.transfers.taking import Taking
from jetstream_server.transfers.verifying import Verifier
from jetstream_server.trial import Trials

TICKET = "the ticket's secret"
OWNER = Principal(Kind.OWNER, "olga")
ANN = Principal(Kind.ACCOUNT, "ann")
BOB = Principal(Kind.ACCOUNT, "bob")


class Client:
    """One API connection, as handlers see it."""

    def __init__(self, desk: "Desk", address: str = "127.0.0.1", principal: Principal | None = None) -> None:
        self._desk = desk
        self.address = address
        self.port = 50_000
        self.is_loopback = address.startswith("127.")
        self.requests = Requests(asyncio.create_task, desk.now)
        self.principal = principal

    def set_principal(self, principal: Principal | None) -> None:
        self.principal = principal

    async def __call__(self, name: str, /, **params: Any) -> Any:
        """Calls the method *name* with its wire parameters."""
        return await self._desk.dispatcher.call(Call(self.principal, self, self._desk.now), name, params)


class Desk:
    """Everything that the handlers need, for real."""

    def __init__(self) -> None:
        self.time = 1_700_000_000_000_000
        self.dispatcher: Dispatcher
        self.accounts: Accounts
        self.shared: SharedTokens
        self.api: ApiTokens
        self.sandboxes: Sandboxes
        self.destinations: Destinations
        self.manifests: Manifests
        self.catalog: Catalog
        self.info: ServerInfoHandlers
        self.gate: NodeGate
        self.bandwidth: Bandwidth
        self.outgoing = Bucket(None, 0.0)
        self.sending: SendingTable
        self.receiving: ReceivingTable
        self.outgoing_transfers: Outgoing
        self.delivering: Delivering
        self.incoming: Incoming
        self.previews: Previews
        self.verifier: Verifier
        self.links: Links
        self.board: OfferBoard
        self.asking: Asking
        self.pulls: Pulls
        self.stop = asyncio.Event()
        self.logged_out: list[Callable[[Principal], bool]] = []
        self.activity = Activity()
        self.names = {"localhost": "127.0.0.1"}

    def now(self) -> int:
        return self.time

    def client(self, principal: Principal | None = None, address: str = "127.0.0.1") -> Client:
        return Client(self, address, principal)

    async def resolve(self, host: str) -> str | None:
        return self.names.get(host)

    def ended(self, principal: Principal) -> bool:
        """Whether connections of this login were ended."""
        return any(matches(principal) for matches in self.logged_out)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    desk = Desk()
    with ThreadPoolExecutor(2) as executor:
        async with await Catalog.open(tmp_path / "state" / "catalog.db") as catalog:
            await _build(desk, tmp_path, catalog, passwords, executor)
            yield desk
            await desk.outgoing_transfers.scheduler.shut_down("over")
            await desk.incoming.jobs.shut_down("over")
            await desk.manifests.stop()
    passwords.close()


async def _build(
    desk: Desk, folder: Path, catalog: Catalog, passwords: Passwords, executor: ThreadPoolExecutor
) -> None:
    identity = load_or_create(folder / "state")
    settings = load_settings(
        ["--sandbox-dir", str(folder / "received"), "--persistent-state-dir", str(folder / "state")], {}
    )
    desk.catalog = catalog
    desk.accounts = Accounts(catalog, passwords)
    desk.shared = await SharedTokens.load(catalog, passwords)
    desk.api = await ApiTokens.load(catalog)
    desk.sandboxes = await Sandboxes.load(catalog, "olga")
    desk.destinations = await Destinations.load(
        catalog, desk.now, desk.resolve, lambda: desk.activity
    )
    desk.manifests = Manifests(catalog, EventLog(catalog, desk.now), executor, desk.now)
    door = Door(desk.accounts, desk.shared, desk.api, Throttle(), desk.now, lambda: 0.0)
    gate = NodeGate(
        catalog, door, desk.shared, desk.sandboxes, identity.fingerprint, "olga", folder / "received", desk.now
    )

    desk.gate = gate

    async def in_use(id: str) -> bool:
        return desk.outgoing_transfers.uses_manifest(id) or await desk.shared.uses_manifest(id)

    manifests = ManifestHandlers(desk.manifests, desk.sandboxes, desk.shared, in_use, executor)
    myself = Myself(identity, "uid", "launch", "Studio A", "0.1.0")
    desk.bandwidth = Bandwidth(catalog, Bucket(None, 0.0), desk.outgoing, lambda: 0.0, lambda: None)
    await desk.bandwidth.start(settings)
    desk.info = ServerInfoHandlers(
        settings, myself, catalog, gate, desk.bandwidth, executor, desk.stop, desk.now
    )
    _build_transfers(desk, myself, executor)
    ids = itertools.count(100_000)
    desk.board = OfferBoard(lambda: str(next(ids)), desk.now())
    desk.asking = Asking(
        desk.board, gate, desk.incoming.create_accepted, EventLog(catalog, desk.now), "olga", "Studio A", desk.now
    )
    desk.pulls = Pulls(gate, desk.outgoing_transfers, desk.delivering, "Studio A", desk.now)
    transfers = TransferHandlers(
        desk.outgoing_transfers, desk.sending, desk.destinations, manifests, desk.shared, desk.links, catalog
    )
    tokens = TokenHandlers(
        desk.shared, desk.api, manifests, desk.sandboxes, lambda: ("2001:db8::7", 9000), desk.logged_out.append,
        desk.pulls.revoke,
    )
    handlers: dict[str, Handler] = {
        **transfers.methods(),
        **IncomingHandlers(desk.incoming, desk.previews, desk.verifier, desk.receiving, gate, catalog).methods(),
        **OfferHandlers(desk.asking, desk.incoming, gate, executor).methods(),
        **UserDataHandlers(
            desk.manifests, manifests, desk.destinations, desk.outgoing_transfers, transfers, desk.shared, tokens
        ).methods(),
        **manifests.methods(),
        **desk.info.methods(),
        **DiagnosisHandlers(settings, myself, gate, desk.info, executor, resolve=desk.resolve).methods(),
        **BandwidthHandlers(desk.bandwidth).methods(),
        **BrowseHandlers(desk.sandboxes, executor, gate).methods(),
        **LoginHandlers(door, "olga", TICKET, False).methods(),
        **UserHandlers(desk.accounts, desk.sandboxes, desk.logged_out.append).methods(),
        **DestinationHandlers(
            desk.destinations, Trials(myself, catalog.pins, desk.destinations, desk.now)
        ).methods(),
        **tokens.methods(),
    }
    desk.dispatcher = Dispatcher(handlers, {name: METHODS[name] for name in handlers})


def _build_transfers(desk: Desk, myself: Myself, executor: ThreadPoolExecutor) -> None:
    catalog, events, liveness = desk.catalog, EventLog(desk.catalog, desk.now), Liveness()
    desk.links = Links(desk.now)
    near = Surroundings(DataPlane(), executor, desk.outgoing, Bucket(None, 0.0), desk.now)
    desk.sending = sending_table(catalog.transfers, desk.now)
    desk.receiving = receiving_table(catalog.incoming, desk.now)
    desk.delivering = Delivering(desk.sending, desk.manifests, desk.links, near)
    pushing = Pushing(
        desk.sending, catalog, desk.destinations, desk.shared, desk.delivering, myself, liveness, desk.now
    )
    desk.outgoing_transfers = Outgoing(
        desk.sending, catalog, desk.manifests, events, desk.delivering, pushing, near, max_active=2
    )
    sharing_nodes = SharingNodes(catalog, myself, liveness)
    taking = Taking(desk.receiving, catalog, desk.links, near)
    downloading = Downloading(desk.receiving, sharing_nodes, taking, desk.now)
    desk.incoming = Incoming(desk.receiving, catalog, events, taking, downloading, near)
    desk.previews = Previews(sharing_nodes, near)
    desk.verifier = Verifier(catalog, near)
