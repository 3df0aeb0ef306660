"""Outgoing transfers through the API: nobody answers at the destination, so they wait."""

from pathlib import Path
from typing import Any

import pytest

from jetstream.errors import Conflict, InvalidParameters, NotFound

from .conftest import ANN, BOB, Client, Desk


async def made(desk: Desk, client: Client, tmp_path: Path, **options: Any) -> dict[str, Any]:
    (tmp_path / "f").write_text("content")
    manifest = await client("send.createManifest", mappings={"f": str(tmp_path / "f")})
    await desk.manifests.wait(manifest["manifestId"])
    destination = await client("send.createDestination", destinationAddress="127.0.0.1", destinationPort=1)
    return dict(await client(
        "send.createTransfer", manifest=manifest["manifestId"], destination=destination["destinationId"], **options
    ))


async def test_the_rate_policy(desk: Desk, tmp_path: Path) -> None:
    client = desk.client(ANN)
    transfer = await made(desk, client, tmp_path)
    id = transfer["transferId"]
    assert transfer["ratePolicy"] == "fair"
    with pytest.raises(InvalidParameters, match="`sendRateMax` is missing"):
        await client("send.updateTransfer", transfer=id, ratePolicy="fixed")
    with pytest.raises(InvalidParameters, match="`ratePolicy` must be"):
        await client("send.updateTransfer", transfer=id, ratePolicy="")
    assert (await client("send.updateTransfer", transfer=id, ratePolicy="background"))["ratePolicy"] == "background"
    fixed = await client("send.updateTransfer", transfer=id, ratePolicy="fixed", sendRateMax=5000)
    assert (fixed["ratePolicy"], fixed["sendRateMax"]) == ("fixed", 5000)
    with pytest.raises(InvalidParameters, match="`sendRateMax` is missing"):
        await client("send.updateTransfer", transfer=id, sendRateMax=0)
    same = await client("send.updateTransfer", transfer=id, priority=3)
    assert (same["ratePolicy"], same["sendRateMax"]) == ("fixed", 5000)
    lifted = await client("send.updateTransfer", transfer=id, sendRateMax=0, ratePolicy="fair")
    assert (lifted["ratePolicy"], lifted["sendRateMax"]) == ("fair", None)
    for wrong in ({"ratePolicy": "polite"}, {"ratePolicy": "fixed"}):
        with pytest.raises(InvalidParameters):
            await made(desk, client, tmp_path, **wrong)
    stored = [record.rate_policy for record in await desk.catalog.transfers.all()]
    assert stored == ["fair"], "nothing was made of the refused ones"


async def test_the_life_of_a_transfer(desk: Desk, tmp_path: Path) -> None:
    client = desk.client(ANN)
    transfer = await made(desk, client, tmp_path, priority=7, sendRateMax=500, userData={"k": "v"})
    id = transfer["transferId"]
    assert (transfer["status"], transfer["processing"], transfer["totalBytes"]) == ("pending", True, 7)
    assert (transfer["priority"], transfer["sendRateMax"], transfer["userData"]) == (7, 500, {"k": "v"})
    changed = await client("send.updateTransfer", transfer=id, priority=1, sendRateMax=0)
    assert (changed["priority"], changed["sendRateMax"]) == (1, None)
    assert (await client("send.suspendTransfer", transfer=id))["status"] == "suspended"
    with pytest.raises(Conflict):
        await client("send.suspendTransfer", transfer=id)
    assert (await client("send.resumeTransfer", transfer=id))["status"] == "pending"
    failed = await client("send.failTransfer", transfer=id, message="As I say.")
    assert (failed["status"], failed["errorMessage"]) == ("error", "As I say.")
    assert (await client("send.resumeTransfer", transfer=id))["errorMessage"] is None
    assert (await client("send.cancelTransfer", transfer=id))["status"] == "cancelled"
    with pytest.raises(Conflict):
        await client("send.resumeTransfer", transfer=id)
    names = [event["_event"] for event in await client("send.getTransferEvents", transfer=id)]
    assert [name for name in names if name != "transferWaiting"] == [
        "transferCreated", "transferSuspended", "transferResumed", "transferFailed", "transferResumed",
        "transferCancelled",
    ]
    await client("send.deleteTransfer", transfer=id)
    assert await client("send.getTransfers") == []


async def test_pollers_hear_of_changes_and_deletions_once(desk: Desk, tmp_path: Path) -> None:
    client = desk.client(ANN)
    first, second = await made(desk, client, tmp_path), await made(desk, client, tmp_path)
    for transfer in (first, second):
        await client("send.suspendTransfer", transfer=transfer["transferId"])
    seen = max(row["modifiedCursor"] for row in await client("send.getTransfers"))
    assert await client("send.getTransfers", modifiedSince=seen) == []
    await client("send.updateTransfer", transfer=first["transferId"], priority=1)
    await client("send.deleteTransfer", transfer=second["transferId"])
    rows = await client("send.getTransfers", modifiedSince=seen)
    assert [(row["transferId"], row.get("deleted", False)) for row in rows] == [
        (first["transferId"], False), (second["transferId"], True)
    ]
    last = max(row["modifiedCursor"] for row in rows)
    assert await client("send.getTransfers", modifiedSince=last) == []
    assert await desk.client(BOB)("send.getTransfers", modifiedSince=0) == []


async def test_what_cannot_be_sent(desk: Desk, tmp_path: Path) -> None:
    client = desk.client(ANN)
    transfer = await made(desk, client, tmp_path)
    failed = await client("send.createManifest", mappings={"f": str(tmp_path / "missing")})
    await desk.manifests.wait(failed["manifestId"])
    with pytest.raises(Conflict, match="missing"):
        await client("send.createTransfer", manifest=failed["manifestId"], destination=transfer["destinationId"])
    for path in ("../up", "a/../../b", "nul\0"):
        with pytest.raises(InvalidParameters) as caught:
            await client("send.createTransfer", manifest=transfer["manifestId"],
                         destination=transfer["destinationId"], destinationPath=path)
        assert caught.value.facts["field"] == "destinationPath"


async def test_others_transfers_do_not_exist(desk: Desk, tmp_path: Path) -> None:
    transfer = await made(desk, desk.client(ANN), tmp_path)
    other = desk.client(BOB)
    for method in ("getTransfer", "suspendTransfer", "resumeTransfer", "cancelTransfer", "failTransfer",
                   "deleteTransfer", "updateTransfer", "getTransferEvents"):
        with pytest.raises(NotFound):
            await other(f"send.{method}", transfer=transfer["transferId"])
    with pytest.raises(NotFound):
        await other("send.getConnection", connection="any")
    assert await other("send.getConnections") == []


async def test_a_destination_that_was_deleted_is_still_sent_to(desk: Desk, tmp_path: Path) -> None:
    client = desk.client(ANN)
    transfer = await made(desk, client, tmp_path)
    await client("send.deleteDestination", destination=transfer["destinationId"])
    await client("send.suspendTransfer", transfer=transfer["transferId"])
    assert (await client("send.resumeTransfer", transfer=transfer["transferId"]))["status"] == "pending"


async def test_a_token_login_uses_up_its_downloads_and_sees_what_it_made(desk: Desk, tmp_path: Path) -> None:
    owner, guest = desk.client(ANN), desk.client()
    mine = await made(desk, owner, tmp_path)
    token = await owner("send.createSharedToken", manifest=mine["manifestId"], downloadLimit=1)
    await guest("server.authToken", token=token["token"])
    destination = await guest("send.createDestination", destinationAddress="127.0.0.1", destinationPort=1)
    theirs = await guest(
        "send.createTransfer", manifest=mine["manifestId"], destination=destination["destinationId"]
    )
    live = desk.outgoing_transfers.get(theirs["transferId"])
    assert (live.record.shared_token, live.record.owner_token, live.record.owner) == (
        token["token"], token["token"], "ann"
    )
    assert desk.outgoing_transfers.get(mine["transferId"]).record.shared_token is None
    assert [row["transferId"] for row in await guest("send.getTransfers")] == [theirs["transferId"]]
    assert theirs["owner"] == ""
    with pytest.raises(NotFound):
        await guest("send.getTransfer", transfer=mine["transferId"])
    assert len(await owner("send.getTransfers")) == 2
