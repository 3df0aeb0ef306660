"""The address book: the same parameters give the same record, and nobody sees another's."""

import asyncio

import pytest

from jetstream.errors import InvalidParameters, NotFound, PermissionDenied
from jetstream_server.access.principal import Kind, Principal
from jetstream_server.destinations import Activity, Destinations, resolve_name
from jetstream_server.records import TransferRecord

from .conftest import ANN, BOB, OWNER, Desk

PIN = "ab" * 32


def guest(token: str, earlier: Principal | None = None) -> Principal:
    return Principal(Kind.SHARED_TOKEN, "", permissions=2, token=token, earlier=earlier)


async def test_a_destination_has_the_documented_fields(desk: Desk) -> None:
    client = desk.client(ANN)
    made = await client("send.createDestination", destinationAddress="localhost")
    assert made["destinationId"] == "1"
    assert (made["destinationAddress"], made["destinationPort"]) == ("localhost", 8886)
    assert made["destinationIP"] == "127.0.0.1"
    assert (made["owner"], made["ownerToken"], made["creationTime"]) == ("ann", None, desk.time)
    assert made["encryptedConnectionState"] == "disconnected"
    desk.activity = Activity(transfers_queued={"1": 2}, connections={"uid": "c"})
    assert (await client("send.getDestination", destination="1"))["connectionId"] is None
    await desk.destinations.seen("1", server_uid="uid")
    (shown,) = await client("send.getDestinations")
    assert (shown["numTransfersQueued"], shown["connectionId"], shown["encryptedConnectionState"]) == (
        2, "c", "connected",
    )


async def test_the_same_parameters_give_the_same_record(desk: Desk) -> None:
    client = desk.client(ANN)

    async def make(address: str = "studio.example", **more: object) -> str:
        made = await client("send.createDestination", destinationAddress=address, **more)
        return str(made["destinationId"])

    first = await make(userName="bob", password="pw", name="Studio B", sendRateMax=500, userData={"k": 1})
    assert await make(userName="bob", password="pw") == first
    assert await make(" Studio.Example ", destinationPort=8886, userName="bob", password="pw", name="Studio B") == first
    different = [
        await make(), await make(userName="bob"), await make(userName="bob", password="other"),
        await make(userName="bob", password="pw", destinationPort=1),
        await make(userName="bob", password="pw", name="Studio C"),
        await make(userName="bob", password="pw", sendRateMax=501),
        await make(userName="bob", password="pw", userData={"k": 2}),
        await make(userName="bob", password="pw", permittedDestinationPublicKey=PIN),
    ]
    assert len({first, *different}) == 9
    assert await make(userName="", password="") == different[0]
    bobs = await desk.client(BOB)("send.createDestination", destinationAddress="studio.example")
    assert bobs["destinationId"] not in {first, *different}
    await client("send.deleteDestination", destination=first)
    assert await make(userName="bob", password="pw") in different


async def test_many_at_once_make_one(desk: Desk) -> None:
    client = desk.client(ANN)
    made = await asyncio.gather(*(client("send.createDestination", destinationAddress="a") for _ in range(20)))
    assert {destination["destinationId"] for destination in made} == {"1"}


async def test_secrets_never_come_back_and_all_survives_a_restart(desk: Desk) -> None:
    client = desk.client(ANN)
    made = await client("send.createDestination", destinationAddress="::1", userName="u", password="pa55word")
    assert made["passwordSet"] is True
    assert made["destinationIP"] == "::1"
    assert "pa55word" not in repr(made) + repr(desk.destinations.get("1"))
    again = await Destinations.load(desk.catalog, desk.now)
    assert again.get("1") == desk.destinations.get("1")
    assert again.get("1").password == "pa55word"


async def test_others_destinations_do_not_exist(desk: Desk) -> None:
    await desk.client(ANN)("send.createDestination", destinationAddress="a")
    bob = desk.client(BOB)
    assert await bob("send.getDestinations") == []
    missing = str(pytest.raises(NotFound, desk.destinations.get, "1x").value).replace("1x", "1")
    for method, params in [("get", {}), ("delete", {}), ("update", {"changes": {}})]:
        with pytest.raises(NotFound) as caught:
            await bob(f"send.{method}Destination", destination="1", **params)
        assert str(caught.value) == missing
    root = desk.client(Principal(Kind.OWNER, "olga", superuser=True))
    assert [d["destinationId"] for d in await root("send.getDestinations")] == ["1"]


async def test_a_shared_token_has_its_own_and_may_use_those_of_the_login_before(desk: Desk) -> None:
    mine = await desk.client(ANN)("send.createDestination", destinationAddress="a")
    token = desk.client(guest("T1", earlier=ANN))
    assert (await token("send.getDestination", destination=mine["destinationId"])) == mine
    assert await token("send.getDestinations") == []
    made = await token("send.createDestination", destinationAddress="a")
    assert made["destinationId"] != mine["destinationId"]
    assert (made["owner"], made["ownerToken"]) == ("", "T1")
    assert [d["destinationId"] for d in await token("send.getDestinations")] == [made["destinationId"]]
    for stranger in (guest("T2"), guest("T1", earlier=BOB)):
        with pytest.raises(NotFound):
            await desk.client(stranger)("send.getDestination", destination=mine["destinationId"])
    with pytest.raises(PermissionDenied):
        await token("send.updateDestination", destination=made["destinationId"], changes={})


async def test_fields_can_be_changed(desk: Desk) -> None:
    client = desk.client(ANN)
    await client("send.createDestination", destinationAddress="a", userName="u", password="p", sendRateMax=9)
    await desk.destinations.seen("1", public_key=PIN, last_error="ConnectionFailed", last_rate=7)
    changed = await client(
        "send.updateDestination", destination="1",
        changes={"name": "B", "sendRateMax": None, "password": "", "userData": {"a": 1},
                 "permittedDestinationPublicKey": PIN.upper()},
    )
    assert (changed["name"], changed["sendRateMax"], changed["passwordSet"], changed["userData"]) == (
        "B", None, False, {"a": 1},
    )
    assert (changed["userName"], changed["permittedDestinationPublicKey"]) == ("u", PIN)
    assert (changed["destinationPublicKey"], changed["lastError"]) == (PIN, "ConnectionFailed")
    saved = await client("send.updateDestination", destination="1",  # as a form does, with all that stands in it
                         changes={"destinationAddress": "a", "destinationPort": 8886, "name": "B"})
    assert (saved["destinationPublicKey"], saved["lastError"]) == (PIN, "ConnectionFailed")
    moved = await client("send.updateDestination", destination="1", changes={"destinationAddress": "localhost"})
    assert (moved["destinationIP"], moved["destinationPublicKey"], moved["lastError"], moved["lastRate"]) == (
        "127.0.0.1", None, None, 7,
    )
    assert (await Destinations.load(desk.catalog, desk.now)).get("1") == desk.destinations.get("1")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"destinationPort": 0}, "destinationPort"),
        ({"destinationPort": "8886"}, "destinationPort"),
        ({"destinationAddress": "a b"}, "destinationAddress"),
        ({"destinationAddress": None}, "destinationAddress"),
        ({"name": None}, "name"),
        ({"destinationId": "2"}, "destinationId"),
        ({"permittedDestinationPublicKey": "xyz"}, "permittedDestinationPublicKey"),
    ],
)
async def test_wrong_changes_name_the_field_and_change_nothing(
    desk: Desk, changes: dict[str, object], field: str
) -> None:
    client = desk.client(ANN)
    await client("send.createDestination", destinationAddress="a", name="n")
    before = desk.destinations.get("1")
    with pytest.raises(InvalidParameters) as caught:
        await client("send.updateDestination", destination="1", changes=changes)
    assert caught.value.facts["field"] == field
    assert desk.destinations.get("1") == before


@pytest.mark.parametrize("address", ["", " ", "a b", "a/b", "http://a", "a:80", "user@a", "a%0a", "[a]", "x" * 254])
async def test_what_is_no_address_is_refused(desk: Desk, address: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        await desk.client(ANN)("send.createDestination", destinationAddress=address)
    assert caught.value.facts["field"] == "destinationAddress"


async def test_deleted_ones_stay_for_transfers_until_nothing_names_them(desk: Desk) -> None:
    client = desk.client(OWNER)
    for address in ("a", "b"):
        await client("send.createDestination", destinationAddress=address)
    await desk.catalog.transfers.add(TransferRecord(id="1", owner="", uid="u", manifest_id="1", destination_id="1"))
    for id in ("1", "2"):
        await client("send.deleteDestination", destination=id)
        with pytest.raises(NotFound):
            desk.destinations.get(id)
        assert desk.destinations.get(id, also_deleted=True).deleted
    assert await client("send.getDestinations") == []
    again = await Destinations.load(desk.catalog, desk.now)
    assert again.get("1", also_deleted=True).address == "a"
    with pytest.raises(NotFound):
        again.get("2", also_deleted=True)
    await desk.destinations.seen("unknown", last_rate=1)


async def test_names_are_resolved_by_the_system() -> None:
    assert await resolve_name("localhost") in ("127.0.0.1", "::1")
    assert await resolve_name("does-not-exist.invalid") is None
    assert await resolve_name("x" * 300) is None


async def test_what_was_forgotten_comes_back_with_its_password(desk: Desk) -> None:
    client = desk.client(ANN)
    made = await client("send.createDestination", destinationAddress="studio", userName="ann", password="pw", name="B")
    await client("send.deleteDestination", destination=made["destinationId"])
    with pytest.raises(NotFound):
        await desk.client(BOB)("send.restoreDestination", destination=made["destinationId"])
    back = await client("send.restoreDestination", destination=made["destinationId"])
    assert (back["name"], back["passwordSet"]) == ("B", True)
    assert [one["destinationId"] for one in await client("send.getDestinations")] == [made["destinationId"]]
    with pytest.raises(NotFound):
        await client("send.restoreDestination", destination="77")
