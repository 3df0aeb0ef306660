# ruff: noqa: N803 - parameters have their names on the wire
"""A node in memory with the interface of ``jetstream.aio``: a real implementation of the few calls the window makes."""

import asyncio
from dataclasses import replace

from jetstream.aio import Receive, Send, Server
from jetstream.entities import (
    BandwidthLimits,
    Destination,
    Event,
    Manifest,
    Offer,
    ReceiveTransfer,
    ServerInfo,
    Token,
    Transfer,
    event_to_wire,
    to_wire,
)
from jetstream.errors import InvalidParameters, NotFound

FINGERPRINT = "ab" * 32
LOOK = 2
"""The number of the request that looks before sending."""


class MemoryNode:
    """Holds objects; transfers move only when a test moves them."""

    def __init__(self):
        self.cursor = 0
        self.transfers = {}
        self.incoming = {}
        self.destinations = {}
        self.tokens = {}
        self.manifests = {}
        self.gone = []
        self.offers = {}
        self.only_known = False
        self.calls = []
        self.limit = None
        self.folder = "/received"
        self.clients = []
        self.refuse = {}
        self.stalled = {}
        """Calls that are answered only after an event."""
        self.rubbish = {}
        self.forgotten = {}
        self.findings = []
        self.findings_done = False
        self.preview = None
        """What a look before sending finds; ``None``: the node is too old to look."""
        self.preview_done = True
        self.shared_files = 30

    async def connect(self, _step=None):
        client = MemoryClient(self)
        self.clients.append(client)
        return client

    def drop_connections(self):
        for client in self.clients:
            client.lose()
        self.clients.clear()

    def put(self, entity):
        self.cursor += 1
        store = self.incoming if isinstance(entity, ReceiveTransfer) else self.transfers
        store[entity.id] = replace(entity, modified_cursor=self.cursor)

    def offer(self, id="123456", **values):
        """Somebody asks."""
        self.cursor += 1
        self.offers[id] = Offer(**{
            "offer_id": id, "peer_name": "Ann's laptop", "peer_fingerprint": FINGERPRINT, "source_ip": "192.0.2.7",
            "label": "Reel 07", "total_files": 412, "total_size": 18_200_000_000, "folder": self.folder,
            "free_space": 10**12, "request_time": self.cursor, "modified_cursor": self.cursor, **values})

    def drop_offer(self, id):
        """It was decided, or whoever asked is gone."""
        del self.offers[id]
        self.cursor += 1
        self.gone.append((Offer, id, self.cursor))

    def move(self, number, **changes):
        self.put(replace(self.transfers[number], **changes))


class MemoryClient:
    def __init__(self, node):
        self.node = node
        self.closed = asyncio.get_running_loop().create_future()
        self.server = Server(self.call)
        self.send = Send(self.call)
        self.receive = Receive(self.call)

    def lose(self):
        if not self.closed.done():
            self.closed.set_result(None)

    async def close(self):
        self.lose()

    async def call(self, name, params):
        self.node.calls.append((name, params))
        if name in self.node.refuse:
            raise self.node.refuse[name]
        if name in self.node.stalled:
            await self.node.stalled[name].wait()
        if name in self.node.rubbish:
            rubbish = self.node.rubbish[name]
            return rubbish(self, params) if callable(rubbish) else rubbish
        await asyncio.sleep(0)
        return getattr(self, name.replace(".", "_"))(**params)

    # server

    def server_getServerInfo(self):
        return to_wire(ServerInfo(
            api_version=40, version="0.1.0", server_id="1", server_uid="u", server_name="here", host_name="here",
            api_control_port=8886, receive_port=8886, public_key="", fingerprint=FINGERPRINT, auth_required=False,
            bandwidth_limits=BandwidthLimits(outgoing=self.node.limit), receiving_folder=self.node.folder,
            free_space=10**12, receive_address="192.0.2.9",
            only_authorized_clients_allowed=self.node.only_known))

    def server_lsRoots(self):
        return [{"name": "/", "path": "/", "type": 2, "size": 0, "modificationTime": None}]

    def server_ls(self, path, offset, limit):
        entries = [{"name": f"reel {n}", "path": f"{path}reel {n}", "type": 4, "size": n, "modificationTime": 1}
                   for n in range(3)]
        return {"path": path, "entries": entries[offset:], "offset": offset, "total": 3}

    def server_superuser(self):
        return None

    def server_updateBandwidthLimits(self, outgoing=None, **_others):
        self.node.limit = outgoing or None
        return {}

    def server_setReceivingFolder(self, path):
        self.node.folder = path

    # send

    def _changed(self, store, since, cls, **blank):
        found = [to_wire(e) for e in store.values() if since is None or e.modified_cursor > since]
        if since is not None:
            found += [to_wire(cls(deleted=True, modified_cursor=cursor, **{"transfer_id": id, **blank}))
                      for kind, id, cursor in self.node.gone if kind is cls and cursor > since]
        return found

    def send_getTransfers(self, modifiedSince=None):
        return self._changed(self.node.transfers, modifiedSince, Transfer, manifest_id="", destination_id="",
                             status="cancelled", processing=False)

    def recv_getTransfers(self, modifiedSince=None):
        return self._changed(self.node.incoming, modifiedSince, ReceiveTransfer, status="cancelled", processing=False)

    def send_getDestinations(self):
        return [to_wire(d) for d in self.node.destinations.values()]

    def send_createDestination(self, **values):
        from jetstream.entities import from_wire

        values.pop("password", None)
        number = len(self.node.destinations) + len(self.node.forgotten) + 1
        made = from_wire(Destination, {"destinationId": str(number), "destinationPort": 8886,
                                       **{k: v for k, v in values.items() if v is not None}})
        self.node.destinations[made.id] = made
        return to_wire(made)

    def send_updateDestination(self, destination, changes):
        from jetstream.entities import from_wire

        known = to_wire(self.node.destinations[destination])
        self.node.destinations[destination] = from_wire(Destination, {**known, **changes})
        return to_wire(self.node.destinations[destination])

    def send_deleteDestination(self, destination):
        self.node.forgotten[destination] = self.node.destinations.pop(destination)

    def send_restoreDestination(self, destination):
        self.node.destinations[destination] = self.node.forgotten.pop(destination)
        return to_wire(self.node.destinations[destination])

    def send_testDestinationAsync(self, **_values):
        return {"requestId": 1}

    def send_previewTransferAsync(self, **_values):
        if self.node.preview is None:
            raise InvalidParameters("There is no such method.", field="method")
        return {"requestId": LOOK}

    def server_cancelRequest(self, request):
        return None

    def server_getDiagnostics(self):
        return [to_wire(check) for check in self.node.findings]

    def server_getRequestStatus(self, request):
        if request == LOOK:
            return {"requestId": request, "processing": not self.node.preview_done,
                    "progress": to_wire(self.node.preview)}
        return {"requestId": request, "processing": not self.node.findings_done,
                "progress": [to_wire(check) for check in self.node.findings]}

    def server_getRequestResult(self, request):
        if request == LOOK:
            return to_wire(self.node.preview)
        return [to_wire(check) for check in self.node.findings]

    def send_createManifest(self, mappings, **_options):
        made = Manifest(manifest_id=str(len(self.node.manifests) + 1), status="complete", processing=False,
                        total_files=len(mappings), total_size=100, label=next(iter(mappings)))
        self.node.manifests[made.id] = made
        return to_wire(made)

    def send_getManifest(self, manifest):
        if manifest not in self.node.manifests:
            raise NotFound("There is no such manifest.")
        return to_wire(self.node.manifests[manifest])

    def send_getManifests(self):
        return [to_wire(m) for m in self.node.manifests.values()]

    def send_getManifestFiles(self, manifest, offset=0, limit=1000):
        names = [f"file {n:04}" for n in range(1200)][offset : offset + limit]
        return {"manifestId": manifest, "fileMappings": [
            {"srcPath": f"/source/{n}", "destPath": n, "fileSize": 5} for n in names],
            "nextOffset": offset + limit if offset + limit < 1200 else None}

    def send_createTransfer(self, destination, manifest, **options):
        number = str(len(self.node.transfers) + 1)
        self.node.put(Transfer(
            transfer_id=number, manifest_id=manifest, destination_id=destination, status="sending", processing=True,
            phase="sending", total_bytes=100, total_files=1, label=self.node.manifests[manifest].label,
            priority=options.get("priority", 100), destination_path=options.get("destinationPath", ""), request_time=1,
            start_time=1, user_data=options.get("userData") or {}))
        return to_wire(self.node.transfers[number])

    def _act(self, transfer, **changes):
        if transfer not in self.node.transfers:
            raise NotFound("There is no such transfer.")
        self.node.move(transfer, **changes)
        return to_wire(self.node.transfers[transfer])

    def send_suspendTransfer(self, transfer):
        return self._act(transfer, status="suspended", processing=False)

    def send_resumeTransfer(self, transfer):
        return self._act(transfer, status="sending", processing=True, error_message=None)

    def send_cancelTransfer(self, transfer):
        return self._act(transfer, status="cancelled", processing=False)

    def send_updateTransfer(self, transfer, priority=None, sendRateMax=None, ratePolicy=None):
        known = self.node.transfers[transfer]
        return self._act(transfer, priority=known.priority if priority is None else priority,
                         send_rate_max=known.send_rate_max if sendRateMax is None else sendRateMax or None,
                         rate_policy=ratePolicy or known.rate_policy)

    def send_deleteTransfer(self, transfer):
        del self.node.transfers[transfer]
        self.node.cursor += 1
        self.node.gone.append((Transfer, transfer, self.node.cursor))

    def send_getTransferEvents(self, transfer, limit=1000):
        return [event_to_wire(Event(event="queued", timestamp=1_700_000_000_000_000, cursor=1, message="Queued."))]

    def recv_getTransferEvents(self, transfer, limit=1000):
        return self.send_getTransferEvents(transfer, limit)

    def send_getSharedTokens(self):
        return [to_wire(t) for t in self.node.tokens.values()]

    def send_createSharedToken(self, manifest, description="", expiryTime=None, downloadLimit=None,
                               password=None, userData=None):
        token = Token(token="MAYWEBRO.TRUPO.VEVEEBLU", manifest_id=manifest, description=description,
                      expiry_time=expiryTime, download_limit=downloadLimit, password_required=bool(password),
                      link="jetstream://here/download?token=MAYWEBRO.TRUPO.VEVEEBLU", creation_time=1)
        self.node.tokens[token.token] = token
        return to_wire(token)

    def send_updateSharedToken(self, token, changes):
        from jetstream.entities import from_wire

        known = to_wire(self.node.tokens[token])
        self.node.tokens[token] = from_wire(Token, {**known, **{k: v for k, v in changes.items() if k != "password"}})
        return to_wire(self.node.tokens[token])

    def send_deleteSharedToken(self, token):
        del self.node.tokens[token]

    # recv

    def recv_deleteTransfer(self, transfer):
        del self.node.incoming[transfer]
        self.node.cursor += 1
        self.node.gone.append((ReceiveTransfer, transfer, self.node.cursor))

    def recv_previewDownload(self, link, password=None, offset=0, limit=1000):
        files = [{"entry": n, "destPath": f"Reel 07/{'sound' if n % 3 else 'picture'}/take {n:03}", "fileSize": 10,
                  "isEmptyDir": False, "isSymlink": False} for n in range(self.node.shared_files)]
        following = offset + limit if offset + limit < len(files) else None
        return {"label": "Reel 07", "description": "", "sourceName": "Studio <b>B</b>", "totalFiles": len(files),
                "totalSize": 10 * len(files), "expiryTime": None, "downloadsLeft": 2,
                "files": files[offset : offset + limit], "nextOffset": following}

    def recv_getTransferFiles(self, transfer, offset=0, limit=1000):
        names = [f"plate {n:04}" for n in range(700)][offset : offset + limit]
        return {"files": [{"entry": n, "destPath": name, "fileSize": 7} for n, name in enumerate(names)],
                "nextOffset": offset + limit if offset + limit < 700 else None}

    def recv_verifyTransfer(self, transfer, offset=0, limit=64):
        found = {kind: [] for kind in ("missing", "changed", "damaged", "unsure")}
        following = offset + limit if offset + limit < 200 else None
        return {"nextOffset": following, "totalBlocks": 200, "sameBlocks": limit, **found}

    def recv_createDownload(self, link, **_options):
        made = ReceiveTransfer(transfer_id=str(len(self.node.incoming) + 1), status="receiving", processing=True,
                               download=True, label="Fetched", total_size=10)
        self.node.put(made)
        return to_wire(self.node.incoming[made.id])

    def recv_getOffers(self, modifiedSince=None):
        found = [to_wire(o) for o in self.node.offers.values()
                 if modifiedSince is None or o.modified_cursor > modifiedSince]
        if modifiedSince is not None:
            found += [to_wire(Offer(offer_id=id, deleted=True, modified_cursor=cursor))
                      for kind, id, cursor in self.node.gone if kind is Offer and cursor > modifiedSince]
        return found

    def recv_acceptOffer(self, offer, path=None, always=False):
        found = self.node.offers[offer]
        self.node.drop_offer(offer)
        made = ReceiveTransfer(transfer_id=str(len(self.node.incoming) + 1), status="pending", processing=True,
                               phase="waiting for the peer", label=found.label, total_size=found.total_size,
                               peer_name=found.peer_name, folder=path or found.folder)
        self.node.put(made)
        return to_wire(self.node.incoming[made.id])

    def recv_declineOffer(self, offer):
        if offer not in self.node.offers:
            raise NotFound("There is no such offer.")
        self.node.drop_offer(offer)

    def recv_allowOnlyAuthorizedClients(self, onlyAuthorizedClientsAllowed):
        self.node.only_known = onlyAuthorizedClientsAllowed

    def recv_getAuthorizedClients(self):
        return []


def knowing_studio_b(**changes):
    """A node with one destination, to which transfers of :mod:`app.helpers.build` go."""
    node = MemoryNode()
    node.destinations["d"] = Destination(**{"destination_id": "d", "destination_address": "b.example",
                                            "destination_port": 8886, "name": "Studio B"} | changes)
    return node
