"""Incoming transfers and downloads through the API: nobody answers at the link, so they wait."""

from pathlib import Path

import pytest

from jetstream.errors import Conflict, InvalidParameters, NotFound, PermissionDenied
from jetstream.tokens import new_token
from jetstream_server.access.principal import Kind, Principal

from .conftest import ANN, BOB, OWNER, Desk

LINK = f"jetstream://127.0.0.1:1/download?token={new_token(bytes)}"
BOSS = Principal(Kind.OWNER, "olga", superuser=True)
KEY = "ab" * 32


async def test_the_life_of_a_download(desk: Desk, tmp_path: Path) -> None:
    client = desk.client(OWNER)
    made = await client(
        "recv.createDownload", link=LINK, password="secret", destinationPath=str(tmp_path / "to"), userData={"k": 1}
    )
    id = made["transferId"]
    assert (made["status"], made["download"], made["folder"]) == ("pending", True, str(tmp_path / "to"))
    assert "secret" not in repr(made)
    assert (await client("recv.suspendTransfer", transfer=id))["status"] == "suspended"
    assert (await client("recv.resumeTransfer", transfer=id))["status"] == "pending"
    assert (await client("recv.cancelTransfer", transfer=id))["status"] == "cancelled"
    with pytest.raises(Conflict):
        await client("recv.resumeTransfer", transfer=id)
    assert {event["receiveTransferId"] for event in await client("recv.getTransferEvents", transfer=id)} == {id}
    cursor = (await client("recv.getTransfer", transfer=id))["modifiedCursor"]
    await client("recv.deleteTransfer", transfer=id)
    (gone,) = await client("recv.getTransfers", modifiedSince=cursor)
    assert (gone["transferId"], gone["deleted"]) == (id, True)


@pytest.mark.parametrize(
    "link", ["", "nonsense", "jetstream://host/connect", "jetstream://host/download", "http://host/download?token=X",
             LINK[:-1] + "Q"],
)
async def test_links_that_give_nothing(desk: Desk, link: str) -> None:
    with pytest.raises(InvalidParameters):
        await desk.client(OWNER)("recv.createDownload", link=link)
    assert await desk.client(OWNER)("recv.getTransfers") == []


async def test_others_do_not_see_it(desk: Desk) -> None:
    made = await desk.client(ANN)("recv.createDownload", link=LINK)
    other = desk.client(BOB)
    assert await other("recv.getTransfers") == await other("recv.getSources") == []
    for method in ("getTransfer", "suspendTransfer", "resumeTransfer", "cancelTransfer", "deleteTransfer",
                   "getTransferEvents"):
        with pytest.raises(NotFound):
            await other(f"recv.{method}", transfer=made["transferId"])
    (source,) = await desk.client(ANN)("recv.getSources")
    assert source["inactiveTransferCount"] == 1


async def test_who_may_send_here_is_the_superusers_word(desk: Desk) -> None:
    boss, owner = desk.client(BOSS), desk.client(OWNER)
    await boss("recv.addAuthorizedClient", clientPublicKey=KEY, name="Studio")
    (found,) = await boss("recv.getAuthorizedClients")
    assert (found["clientPublicKey"], found["name"], found["creationTime"]) == (KEY, "Studio", desk.time)
    await boss("recv.removeAuthorizedClient", clientPublicKey=KEY)
    with pytest.raises(NotFound):
        await boss("recv.removeAuthorizedClient", clientPublicKey=KEY)
    with pytest.raises(InvalidParameters):
        await boss("recv.addAuthorizedClient", clientPublicKey="nonsense")
    await boss("recv.allowOnlyAuthorizedClients", onlyAuthorizedClientsAllowed=True)
    for method, params in (("addAuthorizedClient", {"clientPublicKey": KEY}), ("getAuthorizedClients", {})):
        with pytest.raises(PermissionDenied):
            await owner(f"recv.{method}", **params)
