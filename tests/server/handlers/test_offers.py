"""Offers of unknown nodes through the API: who sees them, where they may land, what a yes and a no do."""

from pathlib import Path

import pytest

from jetstream.errors import Conflict, InvalidParameters, NotFound, PermissionDenied
from jetstream_server.access.principal import Kind, Principal
from jetstream_server.transfers.offers import GONE_AFTER, Proposal

from .conftest import ANN, OWNER, Desk

BOSS = Principal(Kind.OWNER, "olga", superuser=True)
CONFINED = Principal(Kind.API_TOKEN, "olga", root="/srv", token="T")
UPLOADS = Principal(Kind.API_TOKEN, "olga", permissions=1, token="T")
KEY = "ab" * 32


def offered(desk: Desk, uid: str = "u", path: str = "") -> str:
    """The id of an offer that a stranger has made."""
    offer = desk.board.ask(
        Proposal(uid=uid, fingerprint=KEY, name="Ann", address="192.0.2.1", port=5, label="films", files=2, size=3,
                 destination_path=path, overwrite_mode=5), desk.now()
    )
    assert offer is not None
    return offer.id


async def test_what_the_owner_sees(desk: Desk, tmp_path: Path) -> None:
    owner = desk.client(OWNER)
    assert await owner("recv.getOffers") == []
    id = offered(desk, path="x\n/\u202ey")
    (shown,) = await owner("recv.getOffers")
    assert shown["offerId"] == id
    assert (shown["peerName"], shown["peerFingerprint"], shown["sourceIP"]) == ("Ann", KEY, "192.0.2.1")
    assert (shown["label"], shown["totalFiles"], shown["totalSize"]) == ("films", 2, 3)
    assert (shown["folder"], shown["destinationPath"]) == (str(tmp_path / "received"), "x /y")
    assert shown["freeSpace"] > 0
    cursor = shown["modifiedCursor"]
    assert await owner("recv.getOffers", modifiedSince=cursor) == []
    desk.time += GONE_AFTER + 1
    (gone,) = await owner("recv.getOffers", modifiedSince=cursor)
    assert (gone["offerId"], gone["deleted"]) == (id, True)


@pytest.mark.parametrize("login", [ANN, CONFINED])
async def test_nobody_else_does(desk: Desk, login: Principal) -> None:
    id = offered(desk)
    client = desk.client(login)
    assert await client("recv.getOffers") == await client("recv.getOffers", modifiedSince=0) == []
    for method in ("acceptOffer", "declineOffer"):
        with pytest.raises(NotFound):
            await client(f"recv.{method}", offer=id)
    with pytest.raises(PermissionDenied, match="does not allow fetching"):
        await desk.client(UPLOADS)("recv.acceptOffer", offer=id)


@pytest.mark.parametrize(
    ("wanted", "path", "folder", "below"),
    [("", None, "received", ""), ("a/b", None, "received", "a/b"), ("a/b", "in/box", "received", "in/box/a/b"),
     ("", "in", "received", "in"), ("/a/", "in/", "received", "in/a")],
)
async def test_a_yes_makes_the_transfer(
    desk: Desk, tmp_path: Path, wanted: str, path: str | None, folder: str, below: str
) -> None:
    owner = desk.client(OWNER)
    made = await owner("recv.acceptOffer", offer=offered(desk, path=wanted), path=path)
    assert (made["status"], made["phase"], made["owner"]) == ("pending", "waiting for the peer", "olga")
    assert (made["folder"], made["destinationPath"], made["overwriteMode"]) == (str(tmp_path / folder), below, 5)
    assert await owner("recv.getTransfers") == [made]
    assert await owner("recv.getOffers") == []
    record = desk.incoming.get(made["transferId"]).record
    assert (record.accepted_time, record.peer_fingerprint, record.uid) == (desk.now(), KEY, "u")
    assert await desk.gate.authorized() == []


async def test_where_it_may_land(desk: Desk, tmp_path: Path) -> None:
    id = offered(desk)
    owner = desk.client(OWNER)
    for path in ("../out", "a/../../b", "x\0y"):
        with pytest.raises(InvalidParameters):
            await owner("recv.acceptOffer", offer=id, path=path)
    assert [offer["offerId"] for offer in await owner("recv.getOffers")] == [id]
    made = await owner("recv.acceptOffer", offer=id, path=str(tmp_path / "elsewhere"))
    assert (made["folder"], made["destinationPath"]) == (str(tmp_path / "elsewhere"), "")


async def test_always_is_for_superusers(desk: Desk) -> None:
    first, second = offered(desk, "1"), offered(desk, "2")
    with pytest.raises(PermissionDenied, match="superuser"):
        await desk.client(OWNER)("recv.acceptOffer", offer=first, always=True)
    await desk.client(BOSS)("recv.acceptOffer", offer=first, always=True)
    assert [client.fingerprint for client in await desk.gate.authorized()] == [KEY]
    with pytest.raises(NotFound):  # it needs no yes any more
        await desk.client(OWNER)("recv.acceptOffer", offer=second)


async def test_a_no_and_how_it_is_taken_back(desk: Desk) -> None:
    id = offered(desk)
    owner = desk.client(OWNER)
    await owner("recv.declineOffer", offer=id)
    assert await owner("recv.getOffers") == []
    with pytest.raises(Conflict):
        await owner("recv.declineOffer", offer=id)
    await owner("recv.acceptOffer", offer=id)
    for offer in (id, "999"):
        with pytest.raises(NotFound, match="decided already"):
            await owner("recv.acceptOffer", offer=offer)
