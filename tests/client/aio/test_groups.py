"""What the async face sends, and what it makes of the answers."""

import pytest

from jetstream.aio import connect
from jetstream.entities import (
    ApiToken,
    BandwidthLimits,
    Connection,
    Destination,
    Event,
    Manifest,
    Offer,
    ReceiveTransfer,
    ServerInfo,
    Source,
    Token,
    Transfer,
    event_to_wire,
    to_wire,
)
from jetstream.errors import RequestTimeout, ServerError

MANIFEST = Manifest(manifest_id="2", status="complete", processing=False, total_files=1, skipped_sample=("a",))
DESTINATION = Destination(destination_id="42", destination_address="studio", destination_port=8886)
TRANSFER = Transfer(transfer_id="17", manifest_id="2", destination_id="42", status="sending", processing=True)
RECEIVED = ReceiveTransfer(transfer_id="9", status="complete", processing=False)
TOKEN = Token(token="MAYWEBRO.TRUPO.VEVEEBLU", manifest_id="2")
API_TOKEN = ApiToken(token="MAYWEBRO.TRUPO.VEVEEBLU", path="/x")
CONNECTION = Connection(connection_id="c", destination_ip="10.0.0.1", destination_port=8886)
INFO = ServerInfo(api_version=40, version="0.1.0", server_id="a", server_uid="b", server_name="n", host_name="h",
                  api_control_port=8886, receive_port=8886, public_key="p", fingerprint="f", auth_required=False,
                  bandwidth_limits=BandwidthLimits(incoming=5), carriers=("tcp",))
EVENT = Event(event="serverStarted", timestamp=5, cursor=1, message="Up.", fields={"kind": "server"})
OFFER = Offer(offer_id="123456", peer_name="Ann's laptop", total_files=2)
SOURCE = Source(source_ip="10.0.0.1", source_port=8886)

CALLS = [
    ("server.auth", lambda c: c.server.auth("ann", "x"), {"user": "ann", "password": "x"}, None, None),
    ("server.authToken", lambda c: c.server.auth_token("maywebro-trupo-veveeblu", "x"),
     {"token": "MAYWEBRO.TRUPO.VEVEEBLU", "password": "x"}, None, None),
    ("server.authTicket", lambda c: c.server.auth_ticket("t"), {"ticket": "t"}, None, None),
    ("server.getServerInfo", lambda c: c.server.get_server_info(), {}, to_wire(INFO), INFO),
    ("server.getRequestStatus", lambda c: c.server.get_request_status({"requestId": 3}), {"request": 3}, {}, {}),
    ("server.superuser", lambda c: c.server.superuser(), {}, None, None),
    ("server.terminate", lambda c: c.server.terminate(), {}, None, None),
    ("server.getEventLog", lambda c: c.server.get_event_log(5), {"since": 5}, [event_to_wire(EVENT)], [EVENT]),
    ("server.createAPIToken", lambda c: c.server.create_api_token("d", "/x", 3, 9),
     {"description": "d", "path": "/x", "permissions": 3, "expiryTime": 9}, to_wire(API_TOKEN), API_TOKEN),
    ("server.getAPIToken", lambda c: c.server.get_api_token(API_TOKEN), {"token": API_TOKEN.token},
     to_wire(API_TOKEN), API_TOKEN),
    ("server.getAPITokens", lambda c: c.server.get_api_tokens(), {}, [to_wire(API_TOKEN)], [API_TOKEN]),
    ("server.deleteAPIToken", lambda c: c.server.delete_api_token("x"), {"token": "x"}, None, None),
    ("server.getSandboxMappings", lambda c: c.server.get_sandbox_mappings(), {}, {"": {}}, {"": {}}),
    ("server.setSandboxMapping", lambda c: c.server.set_sandbox_mapping("ann", {"": "/x"}),
     {"user": "ann", "mapping": {"": "/x"}}, None, None),
    ("server.deleteSandboxMapping", lambda c: c.server.delete_sandbox_mapping(""), {"user": ""}, None, None),
    ("server.updateBandwidthLimits", lambda c: c.server.update_bandwidth_limits(5, borrow_outgoing=True),
     {"incoming": 5, "borrowOutgoing": True}, {"incoming": 5}, BandwidthLimits(incoming=5)),
    ("server.createUser", lambda c: c.server.create_user("ann", "x"), {"user": "ann", "password": "x"}, None, None),
    ("server.getUsers", lambda c: c.server.get_users(), {}, [], []),
    ("server.deleteUser", lambda c: c.server.delete_user("ann"), {"user": "ann"}, None, None),
    ("server.setPassword", lambda c: c.server.set_password("ann", "x"), {"user": "ann", "password": "x"}, None, None),
    ("server.setReceivingFolder", lambda c: c.server.set_receiving_folder("/x"), {"path": "/x"}, None, None),
    ("server.lsRoots", lambda c: c.server.ls_roots(), {}, [], []),
    ("server.ls", lambda c: c.server.ls("/x", limit=5), {"path": "/x", "limit": 5}, {}, {}),
    ("server.du", lambda c: c.server.du("/x"), {"path": "/x"}, {}, {}),
    ("server.mkdir", lambda c: c.server.mkdir("/x"), {"path": "/x"}, None, None),
    ("server.mv", lambda c: c.server.mv("/x", "/y"), {"source": "/x", "target": "/y"}, None, None),
    ("server.rm", lambda c: c.server.rm("/x"), {"path": "/x"}, None, None),
    ("send.createManifest", lambda c: c.send.create_manifest({"a": "/a"}, exclude=["*.o"], skip_unreadable=True),
     {"mappings": {"a": "/a"}, "exclude": ["*.o"], "skipUnreadable": True}, to_wire(MANIFEST), MANIFEST),
    ("send.getManifest", lambda c: c.send.get_manifest(MANIFEST), {"manifest": "2"}, to_wire(MANIFEST), MANIFEST),
    ("send.getManifest", lambda c: c.send.wait_for_manifest("2"), {"manifest": "2"}, to_wire(MANIFEST), MANIFEST),
    ("send.getManifests", lambda c: c.send.get_manifests(), {}, [to_wire(MANIFEST)], [MANIFEST]),
    ("send.deleteManifest", lambda c: c.send.delete_manifest("2"), {"manifest": "2"}, None, None),
    ("send.getManifestFiles", lambda c: c.send.get_manifest_files("2", 5), {"manifest": "2", "offset": 5}, {}, {}),
    ("send.createDestination", lambda c: c.send.create_destination("studio", user_name="ann", send_rate_max=9),
     {"destinationAddress": "studio", "userName": "ann", "sendRateMax": 9}, to_wire(DESTINATION), DESTINATION),
    ("send.getDestination", lambda c: c.send.get_destination(DESTINATION), {"destination": "42"},
     to_wire(DESTINATION), DESTINATION),
    ("send.getDestinations", lambda c: c.send.get_destinations(), {}, [to_wire(DESTINATION)], [DESTINATION]),
    ("send.updateDestination", lambda c: c.send.update_destination("42", send_rate_max=None, user_data={"k": 1}),
     {"destination": "42", "changes": {"sendRateMax": None, "userData": {"k": 1}}}, to_wire(DESTINATION),
     DESTINATION),
    ("send.deleteDestination", lambda c: c.send.delete_destination("42"), {"destination": "42"}, None, None),
    ("send.createTransfer", lambda c: c.send.create_transfer(DESTINATION, MANIFEST, destination_path="x", priority=1,
                                                            rate_policy="background"),
     {"destination": "42", "manifest": "2", "destinationPath": "x", "priority": 1, "ratePolicy": "background"},
     to_wire(TRANSFER), TRANSFER),
    ("send.getTransfer", lambda c: c.send.get_transfer(TRANSFER), {"transfer": "17"}, to_wire(TRANSFER), TRANSFER),
    ("send.getTransfers", lambda c: c.send.get_transfers(5), {"modifiedSince": 5}, [to_wire(TRANSFER)], [TRANSFER]),
    ("send.suspendTransfer", lambda c: c.send.suspend_transfer("17"), {"transfer": "17"}, to_wire(TRANSFER), TRANSFER),
    ("send.resumeTransfer", lambda c: c.send.resume_transfer("17"), {"transfer": "17"}, to_wire(TRANSFER), TRANSFER),
    ("send.cancelTransfer", lambda c: c.send.cancel_transfer("17"), {"transfer": "17"}, to_wire(TRANSFER), TRANSFER),
    ("send.failTransfer", lambda c: c.send.fail_transfer("17", "no"), {"transfer": "17", "message": "no"},
     to_wire(TRANSFER), TRANSFER),
    ("send.deleteTransfer", lambda c: c.send.delete_transfer("17"), {"transfer": "17"}, None, None),
    ("send.updateTransfer", lambda c: c.send.update_transfer("17", send_rate_max=0, rate_policy="background"),
     {"transfer": "17", "sendRateMax": 0, "ratePolicy": "background"}, to_wire(TRANSFER), TRANSFER),
    ("send.getTransferEvents", lambda c: c.send.get_transfer_events("17"), {"transfer": "17"},
     [event_to_wire(EVENT)], [EVENT]),
    ("send.getConnections", lambda c: c.send.get_connections(), {}, [to_wire(CONNECTION)], [CONNECTION]),
    ("send.getConnection", lambda c: c.send.get_connection(CONNECTION), {"connection": "c"}, to_wire(CONNECTION),
     CONNECTION),
    ("send.createSharedToken", lambda c: c.send.create_shared_token("2", download_limit=1, password="x"),
     {"manifest": "2", "downloadLimit": 1, "password": "x"}, to_wire(TOKEN), TOKEN),
    ("send.getSharedToken", lambda c: c.send.get_shared_token(TOKEN), {"token": TOKEN.token}, to_wire(TOKEN), TOKEN),
    ("send.getSharedTokens", lambda c: c.send.get_shared_tokens(), {}, [to_wire(TOKEN)], [TOKEN]),
    ("send.updateSharedToken", lambda c: c.send.update_shared_token("x", download_limit=5),
     {"token": "x", "changes": {"downloadLimit": 5}}, to_wire(TOKEN), TOKEN),
    ("send.deleteSharedToken", lambda c: c.send.delete_shared_token("x"), {"token": "x"}, None, None),
    ("send.updateObjectUserData", lambda c: c.send.update_object_user_data(TRANSFER, {"k": 1}),
     {"object": {"transferId": "17"}, "userData": {"k": 1}}, None, None),
    ("send.deleteObjectUserData", lambda c: c.send.delete_object_user_data(MANIFEST, ["k"]),
     {"object": {"manifestId": "2"}, "keys": ["k"]}, None, None),
    ("recv.getTransfers", lambda c: c.receive.get_transfers(), {}, [to_wire(RECEIVED)], [RECEIVED]),
    ("recv.getTransfer", lambda c: c.receive.get_transfer("9"), {"transfer": "9"}, to_wire(RECEIVED), RECEIVED),
    ("recv.getTransfer", lambda c: c.receive.wait_for_transfer("9"), {"transfer": "9"}, to_wire(RECEIVED), RECEIVED),
    ("recv.createDownload", lambda c: c.receive.create_download("jetstream:x", "p", "f"),
     {"link": "jetstream:x", "password": "p", "destinationPath": "f"}, to_wire(RECEIVED), RECEIVED),
    ("recv.createDownload", lambda c: c.receive.create_download("jetstream:x", entries=[(0, 2)]),
     {"link": "jetstream:x", "entries": [[0, 2]]}, to_wire(RECEIVED), RECEIVED),
    ("recv.getTransferFiles", lambda c: c.receive.get_transfer_files("9", 5), {"transfer": "9", "offset": 5}, {}, {}),
    ("recv.verifyTransfer", lambda c: c.receive.verify_transfer(RECEIVED, 64),
     {"transfer": "9", "offset": 64}, {}, {}),
    ("recv.previewDownload", lambda c: c.receive.preview_download("jetstream:x", offset=5),
     {"link": "jetstream:x", "offset": 5}, {}, {}),
    ("recv.suspendTransfer", lambda c: c.receive.suspend_transfer("9"), {"transfer": "9"}, to_wire(RECEIVED), RECEIVED),
    ("recv.resumeTransfer", lambda c: c.receive.resume_transfer("9"), {"transfer": "9"}, to_wire(RECEIVED), RECEIVED),
    ("recv.cancelTransfer", lambda c: c.receive.cancel_transfer("9"), {"transfer": "9"}, to_wire(RECEIVED), RECEIVED),
    ("recv.deleteTransfer", lambda c: c.receive.delete_transfer(RECEIVED), {"transfer": "9"}, None, None),
    ("recv.getTransferEvents", lambda c: c.receive.get_transfer_events("9", 5), {"transfer": "9", "limit": 5},
     [event_to_wire(EVENT)], [EVENT]),
    ("recv.getOffers", lambda c: c.receive.get_offers(), {}, [to_wire(OFFER)], [OFFER]),
    ("recv.acceptOffer", lambda c: c.receive.accept_offer(OFFER, "in", always=True),
     {"offer": "123456", "path": "in", "always": True}, to_wire(RECEIVED), RECEIVED),
    ("recv.declineOffer", lambda c: c.receive.decline_offer({"offerId": "123456"}), {"offer": "123456"}, None, None),
    ("recv.getSources", lambda c: c.receive.get_sources(), {}, [to_wire(SOURCE)], [SOURCE]),
    ("recv.addAuthorizedClient", lambda c: c.receive.add_authorized_client({"clientPublicKey": "k"}, "n"),
     {"clientPublicKey": "k", "name": "n"}, None, None),
    ("recv.removeAuthorizedClient", lambda c: c.receive.remove_authorized_client("k"), {"clientPublicKey": "k"}, None,
     None),
    ("recv.getAuthorizedClients", lambda c: c.receive.get_authorized_clients(), {}, [], []),
    ("recv.allowOnlyAuthorizedClients", lambda c: c.receive.allow_only_authorized_clients(True),
     {"onlyAuthorizedClientsAllowed": True}, None, None),
]


async def test_every_method_sends_what_it_should_and_understands_the_answer(peer):
    async with connect("127.0.0.1", peer.port) as client:
        for name, call, params, answer, result in CALLS:
            peer.answers[name] = answer
            assert await call(client) == result, name
            assert peer.calls.pop() == (name, params)


@pytest.mark.parametrize("answer", [None, 5, "text", [], {}, [[]], {"manifestId": "2"}])
async def test_answers_of_another_world(peer, answer):
    peer.answers.update({"send.getManifest": answer, "send.getManifests": [answer], "server.getEventLog": [answer, 5]})
    async with connect("127.0.0.1", peer.port) as client:
        for call in (client.send.get_manifest("2"), client.send.get_manifests(), client.server.get_event_log()):
            with pytest.raises(ServerError, match="The node's answer is no"):
                await call


async def test_lists_that_are_none(peer):
    peer.answers.update({"send.getManifests": {}, "server.getEventLog": [{"_timestamp": "never"}]})
    async with connect("127.0.0.1", peer.port) as client:
        with pytest.raises(ServerError, match="no list of Manifest"):
            await client.send.get_manifests()
        with pytest.raises(ServerError, match="no event log"):
            await client.server.get_event_log()


async def test_waiting_until_it_is_done(peer):
    states = iter([True, True, False])
    peer.answers["send.getTransfer"] = lambda params: {**to_wire(TRANSFER), "processing": next(states)}
    async with connect("127.0.0.1", peer.port) as client:
        assert not (await client.send.wait_for_transfer(TRANSFER)).processing
    assert peer.names() == ["send.getTransfer"] * 3


async def test_waiting_has_a_limit(peer):
    peer.answers["send.getTransfer"] = to_wire(TRANSFER)
    async with connect("127.0.0.1", peer.port) as client:
        with pytest.raises(RequestTimeout, match=r"The transfer was not done within 0\.1 seconds; it goes on\."):
            await client.send.wait_for_transfer(TRANSFER, timeout=0.1)
