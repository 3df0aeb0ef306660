"""API tokens: one that is restricted to a path stays inside of it, and each does only what it was given."""

from pathlib import Path
from typing import Any

import pytest

from jetstream.constants import PERMISSION_DOWNLOAD, PERMISSION_MODIFY, PERMISSION_SHARE, PERMISSION_UPLOAD
from jetstream.errors import NotFound, PermissionDenied
from jetstream.tokens import new_token
from jetstream_server.access.principal import ALL_PERMISSIONS, Principal

from .conftest import OWNER, Client, Desk

LINK = f"jetstream://127.0.0.1:1/download?token={new_token(bytes)}"


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A folder that a token is restricted to, with a link that leads out, beside one that is not meant for it."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "diary").write_text("private")
    folder = tmp_path / "inside"
    folder.mkdir()
    (folder / "file").write_text("x")
    (folder / "door").symlink_to(tmp_path / "secret")
    return folder


async def login(desk: Desk, folder: Path | None, permissions: int = ALL_PERMISSIONS) -> Client:
    """A connection that is logged in by a new API token of the owner."""
    made = await desk.client(OWNER)(
        "server.createAPIToken", path=str(folder) if folder else "", permissions=permissions
    )
    client = desk.client()
    await client("server.authToken", token=made["token"])
    assert isinstance(client.principal, Principal)
    return client


async def manifest_of(desk: Desk, client: Client, source: str) -> dict[str, Any]:
    made = await client("send.createManifest", mappings={"it": source})
    await desk.manifests.wait(made["manifestId"])
    return dict(await client("send.getManifest", manifest=made["manifestId"]))


async def everything_of(desk: Desk, client: Client, source: str) -> dict[str, str]:
    """One object of each kind, made by this login."""
    manifest = (await manifest_of(desk, client, source))["manifestId"]
    destination = (await client("send.createDestination", destinationAddress="127.0.0.1", destinationPort=1))
    transfer = await client("send.createTransfer", manifest=manifest, destination=destination["destinationId"])
    download = await client("recv.createDownload", link=LINK)
    token = await client("send.createSharedToken", manifest=manifest)
    return {
        "manifest": manifest, "destination": destination["destinationId"], "transfer": transfer["transferId"],
        "download": download["transferId"], "token": token["token"],
    }


READS = [
    ("send.getManifest", "manifest", "manifest"), ("send.getManifestFiles", "manifest", "manifest"),
    ("send.getDestination", "destination", "destination"), ("send.getTransfer", "transfer", "transfer"),
    ("send.getTransferEvents", "transfer", "transfer"), ("recv.getTransfer", "transfer", "download"),
    ("send.getSharedToken", "token", "token"),
]
LISTS = ["send.getManifests", "send.getDestinations", "send.getTransfers", "recv.getTransfers", "recv.getSources",
         "send.getSharedTokens"]


async def test_a_confined_token_sees_only_what_it_made(desk: Desk, inside: Path, tmp_path: Path) -> None:
    others = await everything_of(desk, desk.client(OWNER), str(tmp_path / "secret"))
    client = await login(desk, inside)
    for name in LISTS:
        assert await client(name) == [], name
    for name in ("send.getTransfers", "recv.getTransfers"):
        assert await client(name, modifiedSince=0) == [], name
    assert await client("server.getEventLog") == []
    for method, parameter, kind in READS:
        with pytest.raises(NotFound):
            await client(method, **{parameter: others[kind]})
    own = await everything_of(desk, client, "/file")
    assert own["destination"] != others["destination"]  # that one may hold credentials
    for method, parameter, kind in READS:
        await client(method, **{parameter: own[kind]})
    for name in LISTS:
        assert len(await client(name)) == 1, name
    assert {event["transferId"] for event in await client("server.getEventLog") if "transferId" in event} == {
        own["transfer"]
    }
    with pytest.raises(NotFound):
        await client("send.createTransfer", manifest=others["manifest"], destination=own["destination"])
    with pytest.raises(NotFound):
        await client("send.createTransfer", manifest=own["manifest"], destination=others["destination"])
    # Whoever made the token sees what was done with it.
    assert len(await desk.client(OWNER)("send.getTransfers")) == 2


async def test_a_free_token_sees_everything_of_its_maker(desk: Desk, inside: Path) -> None:
    others = await everything_of(desk, desk.client(OWNER), str(inside / "file"))
    client = await login(desk, None)
    for method, parameter, kind in READS:
        await client(method, **{parameter: others[kind]})
    again = await client("send.createDestination", destinationAddress="127.0.0.1", destinationPort=1)
    assert again["destinationId"] == others["destination"]


async def test_scans_of_a_confined_token_do_not_leave_its_path(desk: Desk, inside: Path, tmp_path: Path) -> None:
    client = await login(desk, inside)
    # Paths are those of its own small world, where this one is not.
    assert (await manifest_of(desk, client, str(tmp_path / "secret")))["status"] == "error"
    for source in ("/../secret", "/door", "/door/diary"):
        with pytest.raises(PermissionDenied):
            await manifest_of(desk, client, source)
    manifest = await manifest_of(desk, client, "/")
    assert (manifest["status"], manifest["totalFiles"]) == ("complete", 1)
    # The same folder, listed for the owner, goes through the door.
    assert (await manifest_of(desk, desk.client(OWNER), str(inside)))["totalFiles"] == 2


async def test_a_source_that_is_exchanged_for_a_link_out_is_refused_by_the_scan(
    desk: Desk, inside: Path, tmp_path: Path
) -> None:
    record = await desk.manifests.create(
        owner="olga", mappings={"it": str(inside / "door")}, symlink_mode=0, exclude=(), skip_unreadable=False,
        user_data={}, confined_to=(str(inside),), owner_token="A",
    )
    done = await desk.manifests.wait(record.id)
    assert done.status == "error"
    assert "outside" in (done.error_message or "")


async def test_what_a_confined_token_fetches_lands_in_its_path(desk: Desk, inside: Path, tmp_path: Path) -> None:
    client = await login(desk, inside)
    made = await client("recv.createDownload", link=LINK, destinationPath="/etc/x")
    assert (made["folder"], made["destinationPath"]) == (str(inside), "/etc/x")
    await desk.sandboxes.set("olga", {"data": str(tmp_path / "elsewhere")})
    with pytest.raises(PermissionDenied):
        await client("recv.createDownload", link=LINK)


CALLS: list[tuple[int, str, dict[str, Any]]] = [
    (PERMISSION_UPLOAD, "send.createManifest", {"mappings": {"a": "/file"}}),
    (PERMISSION_UPLOAD, "send.createDestination", {"destinationAddress": "127.0.0.1"}),
    (PERMISSION_UPLOAD, "send.createTransfer", {"manifest": "*", "destination": "*"}),
    (PERMISSION_UPLOAD, "send.suspendTransfer", {"transfer": "*"}),
    (PERMISSION_UPLOAD, "send.resumeTransfer", {"transfer": "*"}),
    (PERMISSION_UPLOAD, "send.updateTransfer", {"transfer": "*", "priority": 1}),
    (PERMISSION_MODIFY, "send.cancelTransfer", {"transfer": "*"}),
    (PERMISSION_MODIFY, "send.failTransfer", {"transfer": "*"}),
    (PERMISSION_MODIFY, "send.deleteTransfer", {"transfer": "*"}),
    (PERMISSION_MODIFY, "send.deleteManifest", {"manifest": "*"}),
    (PERMISSION_MODIFY, "send.updateDestination", {"destination": "*", "changes": {"name": "n"}}),
    (PERMISSION_MODIFY, "send.deleteDestination", {"destination": "*"}),
    (PERMISSION_MODIFY, "send.updateObjectUserData", {"object": {"manifestId": "*"}, "userData": {}}),
    (PERMISSION_MODIFY, "send.deleteObjectUserData", {"object": {"manifestId": "*"}, "keys": []}),
    (PERMISSION_MODIFY, "server.mkdir", {"path": "/new"}),
    (PERMISSION_MODIFY, "server.mv", {"source": "/file", "target": "/other"}),
    (PERMISSION_MODIFY, "server.rm", {"path": "/new"}),
    (PERMISSION_DOWNLOAD, "recv.createDownload", {"link": LINK}),
    (PERMISSION_DOWNLOAD, "recv.suspendTransfer", {"transfer": "*"}),
    (PERMISSION_DOWNLOAD, "recv.resumeTransfer", {"transfer": "*"}),
    (PERMISSION_MODIFY, "recv.cancelTransfer", {"transfer": "*"}),
    (PERMISSION_MODIFY, "recv.deleteTransfer", {"transfer": "*"}),
    (PERMISSION_SHARE, "send.createSharedToken", {"manifest": "*"}),
    (PERMISSION_SHARE, "send.getSharedTokens", {}),
    (PERMISSION_SHARE, "send.updateSharedToken", {"token": "*", "changes": {}}),
    (PERMISSION_SHARE, "send.deleteSharedToken", {"token": "*"}),
]


async def test_each_call_needs_its_permission(desk: Desk, inside: Path) -> None:
    permissions = (PERMISSION_UPLOAD, PERMISSION_DOWNLOAD, PERMISSION_MODIFY, PERMISSION_SHARE)
    with_one = {permission: await login(desk, inside, permission) for permission in permissions}
    without = {permission: await login(desk, inside, ALL_PERMISSIONS & ~permission) for permission in permissions}
    for permission, method, params in CALLS:
        with pytest.raises(PermissionDenied, match="This API token does not allow"):
            await without[permission](method, **params)
        try:
            await with_one[permission](method, **params)
        except NotFound:
            assert "*" in repr(params)
