"""The composition root of the node: the one module that knows all its parts and how they fit."""

import asyncio
import contextlib
import getpass
import logging
import os
import secrets
import socket
import ssl
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from jetstream.constants import BUILD_VERSION
from jetstream.local import Ticket, ticket_path, write_ticket
from jetstream.nearby import Beacon
from jetstream.protocol.limits import ALPN_PEER, ALPN_RPC
from jetstream_server.access.accounts import Accounts
from jetstream_server.access.door import Door
from jetstream_server.access.gate import NodeGate
from jetstream_server.access.identity import Identity, load_or_create, server_tls
from jetstream_server.access.passwords import Passwords
from jetstream_server.access.principal import Principal
from jetstream_server.access.sandbox import Sandboxes
from jetstream_server.access.throttle import Throttle
from jetstream_server.access.tokens import ApiTokens, SharedTokens
from jetstream_server.addresses import bind_datagrams
from jetstream_server.bandwidth import Bandwidth
from jetstream_server.beacon import announce, hosts_of, is_wanted
from jetstream_server.catalog.catalog import CATALOG_FILE, Catalog
from jetstream_server.config import OnReady, Ready, Settings
from jetstream_server.control import Control
from jetstream_server.destinations import Activity, Destinations
from jetstream_server.diagnosis.looks import at_start
from jetstream_server.dispatch import Dispatcher, Handler
from jetstream_server.eventlog import EventLog
from jetstream_server.handlers.bandwidth import BandwidthHandlers
from jetstream_server.handlers.browse import BrowseHandlers
from jetstream_server.handlers.destinations import DestinationHandlers
from jetstream_server.handlers.diagnosis import DiagnosisHandlers
from jetstream_server.handlers.incoming import IncomingHandlers
from jetstream_server.handlers.login import LoginHandlers
from jetstream_server.handlers.manifests import ManifestHandlers
from jetstream_server.handlers.offers import OfferHandlers
from jetstream_server.handlers.outlook import OutlookHandlers
from jetstream_server.handlers.server_info import ServerInfoHandlers
from jetstream_server.handlers.tokens import TokenHandlers
from jetstream_server.handlers.transfers import TransferHandlers
from jetstream_server.handlers.user_data import UserDataHandlers
from jetstream_server.handlers.users import UserHandlers
from jetstream_server.link.data import DataPlane
from jetstream_server.link.handshake import Myself
from jetstream_server.link.limiter import Bucket
from jetstream_server.link.peer import Liveness
from jetstream_server.link.udp.datagrams import possible_ways
from jetstream_server.link.udp.port import UdpPort
from jetstream_server.links import Links
from jetstream_server.listener import Address, Listener, open_ports
from jetstream_server.lock import StateLock
from jetstream_server.manifests import Manifests
from jetstream_server.outlook import Outlooks
from jetstream_server.refusals import StartRefused
from jetstream_server.transfers.answering import PeerService
from jetstream_server.transfers.asking import Asking
from jetstream_server.transfers.carriertrial import CarrierTrials
from jetstream_server.transfers.delivering import Delivering
from jetstream_server.transfers.downloading import Downloading
from jetstream_server.transfers.incoming import Incoming
from jetstream_server.transfers.live import receiving_table, sending_table
from jetstream_server.transfers.offers import OfferBoard
from jetstream_server.transfers.outgoing import Outgoing
from jetstream_server.transfers.preview import Previews
from jetstream_server.transfers.probing import Prober
from jetstream_server.transfers.pulling import SharingNodes
from jetstream_server.transfers.pulls import Pulls
from jetstream_server.transfers.pushing import Pushing
from jetstream_server.transfers.session import Surroundings
from jetstream_server.transfers.surveying import Surveyor
from jetstream_server.transfers.taking import Taking
from jetstream_server.transfers.telling import Telling
from jetstream_server.transfers.verifying import Verifier
from jetstream_server.trial import Trials

log = logging.getLogger(__name__)

FILE_THREADS: Final = 16
CARRIERS: Final = {"auto": ("udp", "tcp"), "udp": ("udp",), "tcp": ("tcp",)}
SERVER_UID: Final = "serverUid"
VERSION: Final = ".".join(map(str, BUILD_VERSION))
SWEEP_SECONDS: Final = 600.0
LOST_SECONDS: Final = 30.0


def wall_clock() -> int:
    """Microseconds since the epoch (UTC)."""
    return time.time_ns() // 1000


def _offer_id() -> str:
    """Of six figures by chance: short enough to type, and no id of an earlier launch."""
    return str(secrets.randbelow(900_000) + 100_000)


def _way_of_datagrams(wanted: str) -> str | None:
    """The one that was chosen; ``None``: the best.

    :raises StartRefused: if it does not work on this system.
    """
    if wanted == "auto":
        return None
    possible = possible_ways()
    if wanted not in possible:
        raise StartRefused(f"--datagrams {wanted} does not work on this system; {' and '.join(possible)} would, "
                           f"and without the option it takes the best.")
    return wanted


async def serve(settings: Settings, stop: asyncio.Event, on_ready: OnReady) -> None:
    """Run a node until *stop* is set.

    :param on_ready: called when it accepts connections.
    :raises StartRefused, CatalogError: if it cannot start; the sentence says why and what to do.
    """
    lock = StateLock(settings.persistent_state_dir)
    lock.acquire()
    try:
        catalog = await Catalog.open(settings.persistent_state_dir / CATALOG_FILE)
        try:
            identity = load_or_create(settings.persistent_state_dir)
            async with Node.built(settings, catalog, identity, stop) as node:
                await node.run(stop, on_ready)
        finally:
            await catalog.close()
    finally:
        lock.release()


class Node:
    """A running node. Made by :meth:`built`."""

    def __init__(self, settings: Settings, catalog: Catalog, identity: Identity, server_uid: str) -> None:
        self._settings = settings
        self._catalog = catalog
        self._identity = identity
        self._owner = getpass.getuser()
        self._ticket_secret = secrets.token_urlsafe(32)
        self._files = ThreadPoolExecutor(FILE_THREADS, thread_name_prefix="files")
        self._scans = ThreadPoolExecutor(4, thread_name_prefix="scan")
        self._looks = ThreadPoolExecutor(4, thread_name_prefix="look")
        self._passwords = Passwords()
        self._myself = Myself(identity, server_uid, uuid.uuid4().hex, settings.server_name, VERSION)
        self._events = EventLog(catalog, wall_clock)
        self._data = DataPlane()
        self._links = Links(wall_clock)
        now = time.monotonic()
        self._outgoing_limit, self._incoming_limit = Bucket(None, now), Bucket(None, now)
        self._udp = UdpPort(_way_of_datagrams(settings.datagrams)) if settings.carrier != "tcp" else None
        self._near = Surroundings(self._data, self._files, self._outgoing_limit, self._incoming_limit, wall_clock,
                                  udp=self._udp, carriers=CARRIERS[settings.carrier])

    @classmethod
    @contextlib.asynccontextmanager
    async def built(
        cls, settings: Settings, catalog: Catalog, identity: Identity, stop: asyncio.Event
    ) -> AsyncIterator["Node"]:
        """A node with all its parts, closed in the end."""
        server_uid = await catalog.settings.get(SERVER_UID)
        if not isinstance(server_uid, str):
            server_uid = uuid.uuid4().hex
            await catalog.settings.set(SERVER_UID, server_uid)
        node = cls(settings, catalog, identity, server_uid)
        try:
            await node._build(stop)
            yield node
        finally:
            await node._close()

    async def _build(self, stop: asyncio.Event) -> None:
        # Long, because it is a list: every part once, in the order in which they need each other.
        settings, catalog, identity = self._settings, self._catalog, self._identity
        liveness = Liveness()
        sandboxes = await Sandboxes.load(catalog, self._owner)
        accounts = Accounts(catalog, self._passwords)
        self._shared_tokens = await SharedTokens.load(catalog, self._passwords)
        self._api_tokens = await ApiTokens.load(catalog)
        door = Door(accounts, self._shared_tokens, self._api_tokens, Throttle(), wall_clock, time.monotonic)
        gate = NodeGate(
            catalog, door, self._shared_tokens, sandboxes, identity.fingerprint, self._owner,
            settings.sandbox_dir, wall_clock,
        )
        self._manifests = Manifests(catalog, self._events, self._scans, wall_clock)
        destinations = await Destinations.load(catalog, wall_clock, activity=self._activity)
        self._sending = sending_table(catalog.transfers, wall_clock)
        self._receiving = receiving_table(catalog.incoming, wall_clock)
        delivering = Delivering(self._sending, self._manifests, self._links, self._near)
        pushing = Pushing(
            self._sending, catalog, destinations, self._shared_tokens, delivering, self._myself, liveness, wall_clock
        )
        self._outgoing = Outgoing(
            self._sending, catalog, self._manifests, self._events, delivering, pushing, self._near,
            settings.max_active_transfers,
        )
        sharing_nodes = SharingNodes(catalog, self._myself, liveness)
        taking = Taking(self._receiving, catalog, self._links, self._near)
        downloading = Downloading(self._receiving, sharing_nodes, taking, wall_clock, self._tell_later)
        self._incoming = Incoming(self._receiving, catalog, self._events, taking, downloading, self._near)
        self._telling = Telling(self._receiving, sharing_nodes, wall_clock)
        self._pulls = Pulls(gate, self._outgoing, delivering, settings.server_name, wall_clock)
        self._bandwidth = Bandwidth(
            catalog, self._incoming_limit, self._outgoing_limit, time.monotonic, self._limits_changed
        )
        await self._bandwidth.start(settings)
        board = OfferBoard(_offer_id, wall_clock())
        asking = Asking(
            board, gate, self._incoming.create_accepted, self._events, self._owner, settings.server_name, wall_clock
        )
        prober = Prober(gate, self._files, wall_clock)
        self._peers = PeerService(
            self._myself, gate, asking, self._incoming, self._pulls, liveness, prober,
            CarrierTrials(self._near), Surveyor(gate, self._files, time.monotonic),
        )
        trials = Trials(self._myself, catalog.pins, destinations, wall_clock, self._near)
        manifest_handlers = ManifestHandlers(
            self._manifests, sandboxes, self._shared_tokens, self._manifest_in_use, self._files
        )
        destination_handlers = DestinationHandlers(destinations, trials)
        self._info = ServerInfoHandlers(
            settings, self._myself, catalog, gate, self._bandwidth, self._files, stop, wall_clock
        )
        transfer_handlers = TransferHandlers(
            self._outgoing, self._sending, destinations, manifest_handlers, self._shared_tokens, self._links, catalog
        )
        token_handlers = TokenHandlers(
            self._shared_tokens, self._api_tokens, manifest_handlers, sandboxes, self._info.link_host, self._log_out,
            self._pulls.revoke,
        )
        handlers: dict[str, Handler] = {}
        groups: tuple[Mapping[str, Handler], ...] = (
            self._info.methods(),
            DiagnosisHandlers(settings, self._myself, gate, self._info, self._files, self._udp).methods(),
            LoginHandlers(door, self._owner, self._ticket_secret, settings.api_allow_remote_control).methods(),
            UserHandlers(accounts, sandboxes, self._log_out).methods(),
            BrowseHandlers(sandboxes, self._files, gate).methods(),
            BandwidthHandlers(self._bandwidth).methods(),
            manifest_handlers.methods(),
            destination_handlers.methods(),
            OutlookHandlers(
                Outlooks(trials, catalog.manifests, self._looks, time.monotonic), destination_handlers,
                manifest_handlers, self._files,
            ).methods(),
            transfer_handlers.methods(),
            token_handlers.methods(),
            IncomingHandlers(
                self._incoming, Previews(sharing_nodes, self._near), Verifier(catalog, self._near), self._receiving,
                gate, catalog,
            ).methods(),
            OfferHandlers(asking, self._incoming, gate, self._files).methods(),
            UserDataHandlers(
                self._manifests, manifest_handlers, destinations, self._outgoing, transfer_handlers,
                self._shared_tokens, token_handlers,
            ).methods(),
        )
        for group in groups:
            handlers.update(group)
        self._control = Control(Dispatcher(handlers), wall_clock)
        tls: ssl.SSLContext = server_tls(identity, [ALPN_RPC, ALPN_PEER])
        self._listener = Listener(tls, self._control.serve, self._peers.serve, self._accept_data)

    def _listen_for_datagrams(self) -> None:
        if self._udp is None:
            return
        try:
            self._udp.listen(bind_datagrams(self._listener.peer_sockets))
        except OSError as error:
            self._udp.trouble = error.strerror or str(error)
            log.warning("No datagrams can come in: %s. Nodes that dial this one use TCP.", error.strerror)

    def _activity(self) -> Activity:
        """What goes on with destinations right now."""
        queued = Counter(live.record.destination_id or "" for live in self._outgoing.all() if live.processing)
        connected = (link for link in self._links.entities() if link.encrypted_connection_state == "connected")
        return Activity(queued, {link.last_destination_server_uid or "": link.connection_id for link in connected})

    def _log_out(self, matches: Callable[[Principal], bool]) -> None:
        """End the connections of logins that were revoked."""
        self._control.log_out(matches)

    async def _accept_data(self, sock: socket.socket, _: Address) -> None:
        await self._data.accept(sock)

    def _limits_changed(self) -> None:
        self._outgoing.scheduler.wake_limits()
        self._incoming.jobs.wake_limits()

    async def _manifest_in_use(self, id: str) -> bool:
        return self._outgoing.uses_manifest(id) or await self._shared_tokens.uses_manifest(id)

    async def run(self, stop: asyncio.Event, on_ready: OnReady) -> None:
        """Serve until *stop*, then end politely: other nodes hear that we go, and checkpoints are made."""
        discoverable = is_wanted(self._settings)
        api_port, recv_port = open_ports(self._listener, self._settings)
        self._listen_for_datagrams()
        self._info.set_ports(api_port, recv_port)
        fingerprint = self._identity.fingerprint
        write_ticket(Ticket(fingerprint, api_port, os.getpid(), self._owner, self._ticket_secret))
        background: list[asyncio.Task[None]] = []
        try:
            await self._manifests.start()
            await self._outgoing.start()
            await self._incoming.start()
            background.append(asyncio.create_task(self._sweep(), name="sweep"))
            background.append(asyncio.create_task(self._end_lost_pulls(), name="lost-pulls"))
            background.append(asyncio.create_task(self._telling.run(), name="telling"))
            await self._events.record("serverStarted", f"Version {VERSION} started.", kind="server")
            on_ready(Ready(api_port, recv_port, fingerprint))
            log.info(
                "JetStream %s accepts connections on port %d; identity %s; state in %s",
                VERSION, api_port, fingerprint[:16], self._settings.persistent_state_dir,
            )
            if discoverable:
                beacon = Beacon(self._myself.server_uid, fingerprint, self._settings.server_name, recv_port)
                background.append(asyncio.create_task(announce(beacon, hosts_of(self._settings)), name="announce"))
            for found in await asyncio.get_running_loop().run_in_executor(self._files, at_start):
                log.warning("%s %s", found.text, found.fix)
            await stop.wait()
            log.info("Stopping")
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            ticket_path(fingerprint).unlink(missing_ok=True)

    async def _sweep(self) -> None:
        """What nobody needs any more is forgotten: tokens that expired long ago, deleted manifests out of use."""
        while True:
            await self._manifests.forget_hidden(self._manifest_in_use)
            await asyncio.sleep(SWEEP_SECONDS)
            await self._shared_tokens.sweep(wall_clock())
            await self._api_tokens.sweep(wall_clock())

    async def _end_lost_pulls(self) -> None:
        while True:
            await self._pulls.end_lost()
            await asyncio.sleep(LOST_SECONDS)

    def _tell_later(self) -> None:
        self._telling.wake()

    async def _close(self) -> None:
        if hasattr(self, "_listener"):
            self._listener.stop()
            farewell = f"{self._settings.server_name} is shutting down."
            await self._outgoing.scheduler.shut_down(farewell)
            await self._outgoing.withdrawing.close()
            await self._incoming.jobs.shut_down(farewell)
            await self._manifests.stop()
            await self._bandwidth.stop()
            await self._peers.close()
            await self._control.close()
            await self._listener.close()
        if self._udp is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._udp.close)
        self._passwords.close()
        self._files.shutdown(wait=True)
        self._scans.shutdown(wait=True)
        self._looks.shutdown(wait=True)
