"""What the node says of itself, and to whom."""

import dataclasses
import ipaddress
from pathlib import Path

import pytest

from jetstream.entities import ServerInfo, from_wire
from jetstream.errors import InvalidParameters, PermissionDenied
from jetstream_server.access.identity import read_fingerprint
from jetstream_server.handlers.server_info import outward_address, split_address

from .conftest import ANN, OWNER, Desk


async def test_strangers_learn_what_they_need_to_log_in(desk: Desk) -> None:
    desk.info.set_ports(1111, 2222)
    info = from_wire(ServerInfo, await desk.client()("server.getServerInfo"))
    assert (info.api_control_port, info.receive_port, info.api_version) == (1111, 2222, 40)
    assert (info.server_uid, info.server_id, info.version) == ("uid", "launch", "0.1.0")
    assert info.server_name
    assert read_fingerprint(info.public_key) == info.fingerprint
    assert (info.auth_required, info.user, info.superuser) == (True, None, False)
    assert (info.receiving_folder, info.free_space) == (None, None)
    assert info.api_tokens_available
    assert info.client_address == "127.0.0.1"


async def test_the_owner_also_learns_where_files_land(desk: Desk, tmp_path: Path) -> None:
    info = from_wire(ServerInfo, await desk.client(OWNER)("server.getServerInfo"))
    assert (info.auth_required, info.user) == (False, "olga")
    assert info.receiving_folder == str(tmp_path / "received")
    assert info.free_space is not None
    assert info.free_space > 0
    assert (info.receive_address, info.only_authorized_clients_allowed) == (outward_address(), False)
    desk.info.set_ports(1111, 2222)
    await desk.gate.set_only_authorized(True)
    info = from_wire(ServerInfo, await desk.client(OWNER)("server.getServerInfo"))
    assert (info.receive_address, info.only_authorized_clients_allowed) == (f"{outward_address()}:2222", True)
    ann = from_wire(ServerInfo, await desk.client(ANN)("server.getServerInfo"))
    assert (ann.user, ann.receiving_folder, ann.receive_address) == ("ann", None, None)
    assert not ann.only_authorized_clients_allowed


async def test_echo_and_terminate(desk: Desk) -> None:
    assert await desk.client()("server.echo", text="h\u00e9") == "h\u00e9"
    assert await desk.client()("server.echo") == ""
    with pytest.raises(PermissionDenied):
        await desk.client(OWNER)("server.terminate")
    assert not desk.stop.is_set()
    await desk.client(dataclasses.replace(OWNER, superuser=True))("server.terminate")
    assert desk.stop.is_set()


async def test_everybody_reads_their_own_events_and_superusers_all(desk: Desk) -> None:
    for owner in ("ann", "bob", ""):
        await desk.catalog.events.add(1, "transferUpdated", owner, "transfer", "7", f"of {owner}", {"rate": 5})
    (event,) = await desk.client(ANN)("server.getEventLog")
    assert event == {"_event": "transferUpdated", "_timestamp": 1, "_cursor": 1, "message": "of ann", "owner": "ann",
                     "transferId": "7", "rate": 5}
    root = desk.client(dataclasses.replace(OWNER, superuser=True))
    assert [e["_cursor"] for e in await root("server.getEventLog")] == [1, 2, 3]
    assert [e["_cursor"] for e in await root("server.getEventLog", since=1, limit=1)] == [2]


async def test_superusers_change_the_limits_of_the_node(desk: Desk) -> None:
    with pytest.raises(PermissionDenied):
        await desk.client(OWNER)("server.updateBandwidthLimits", outgoing=1)
    root = desk.client(dataclasses.replace(OWNER, superuser=True))
    assert (await root("server.updateBandwidthLimits", outgoing=5000))["outgoing"] == 5000
    assert (await root("server.updateBandwidthLimits", incoming=7))["outgoing"] == 5000
    info = from_wire(ServerInfo, await desk.client()("server.getServerInfo"))
    assert (info.bandwidth_limits.incoming, info.bandwidth_limits.outgoing) == (7, 5000)
    assert desk.outgoing.rate == 5000
    assert (await root("server.updateBandwidthLimits", outgoing=0))["outgoing"] is None
    with pytest.raises(InvalidParameters):
        await root("server.updateBandwidthLimits", outgoing=-1)


async def test_background_calls(desk: Desk) -> None:
    client = desk.client(OWNER)
    request = await client("server.echoAsync", text="later")
    assert await client("server.getRequestResult", request=request["requestId"]) == "later"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host.example", ("host.example", 8886)), ("host.example:99", ("host.example", 99)),
        ("10.0.0.1", ("10.0.0.1", 8886)),
        ("[2001:db8::1]:99", ("2001:db8::1", 99)), ("2001:db8::1", ("2001:db8::1", 8886)),
        ("[2001:db8::1]", ("2001:db8::1", 8886)),
    ],
)
def test_external_addresses_are_split(text: str, expected: tuple[str, int]) -> None:
    assert split_address(text, 8886) == expected


def test_the_outward_address_is_one() -> None:
    address = outward_address()
    assert address
    if address[0].isdigit():
        assert not ipaddress.ip_address(address).is_unspecified
