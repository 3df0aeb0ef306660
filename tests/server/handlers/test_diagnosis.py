"""``server.getDiagnostics``: who hears what."""

import pytest

from jetstream.errors import InvalidParameters, PermissionDenied

from .conftest import ANN, OWNER, Desk


async def test_the_owner_hears_all(desk: Desk) -> None:
    found = {check["step"]: check for check in await desk.client(OWNER)("server.getDiagnostics", host="localhost")}
    assert {"node", "ports", "firewall", "datagrams", "ownFolder"} <= found.keys()
    assert found["ownFolder"]["facts"]["path"].endswith("received")
    assert found["node"]["facts"]["version"] == "0.1.0"


async def test_others_hear_nothing_of_the_disk_and_the_firewall(desk: Desk) -> None:
    found = await desk.client(ANN)("server.getDiagnostics")
    assert not {"ports", "firewall", "datagrams", "dropped", "ownFolder"} & {check["step"] for check in found}
    assert "received" not in str(found)
    assert "node-private" in [check["code"] for check in found]


async def test_a_host_has_to_be_one(desk: Desk) -> None:
    with pytest.raises(InvalidParameters):
        await desk.client(OWNER)("server.getDiagnostics", host="a b/c")
    with pytest.raises(PermissionDenied):
        await desk.client()("server.getDiagnostics")
