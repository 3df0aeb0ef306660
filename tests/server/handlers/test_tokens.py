"""Sharing and API tokens through the API."""

from pathlib import Path

import pytest

from jetstream.constants import PERMISSION_DOWNLOAD, PERMISSION_SHARE
from jetstream.errors import InvalidParameters, NotFound, PermissionDenied
from jetstream.links import parse_link
from jetstream_server.access.principal import Kind, Principal

from .conftest import ANN, BOB, OWNER, Desk

HOUR = 3_600_000_000


@pytest.fixture
async def manifest(desk: Desk, tmp_path: Path) -> str:
    (tmp_path / "readme.txt").write_text("x")
    made = await desk.client(ANN)("send.createManifest", mappings={"/readme.txt": str(tmp_path / "readme.txt")})
    await desk.manifests.wait(made["manifestId"])
    return str(made["manifestId"])


async def test_a_token_has_the_documented_fields(desk: Desk, manifest: str) -> None:
    token = await desk.client(ANN)("send.createSharedToken", manifest=manifest)
    documented = {
        "creationTime": desk.time, "description": "", "downloadCount": 0, "downloadLimit": None, "expiryTime": None,
        "manifestId": manifest, "owner": "ann", "passwordRequired": False,
    }
    assert {name: token[name] for name in documented} == documented
    link = parse_link(token["link"])
    assert (link.host, link.port, link.action, link.token) == ("2001:db8::7", 9000, "download", token["token"])


async def test_tokens_are_listed_read_changed_and_revoked(desk: Desk, manifest: str) -> None:
    client = desk.client(ANN)
    made = await client("send.createSharedToken", manifest=manifest, password="pw", downloadLimit=2)
    assert made["passwordRequired"] is True
    assert "pw" not in {str(value) for value in made.values()}
    assert await client("send.getSharedTokens") == [made] == [await client("send.getSharedToken", token=made["token"])]
    changed = await client(
        "send.updateSharedToken", token=made["token"],
        changes={"description": "d", "expiryTime": desk.time + HOUR, "downloadLimit": None, "password": None,
                 "userData": {"k": 1}},
    )
    assert (changed["description"], changed["expiryTime"], changed["downloadLimit"], changed["passwordRequired"],
            changed["userData"]) == ("d", desk.time + HOUR, None, False, {"k": 1})
    cleared = await client("send.updateSharedToken", token=made["token"],
                           changes={"description": "", "expiryTime": None, "userData": None})
    assert (cleared["description"], cleared["expiryTime"], cleared["userData"]) == ("", None, {})
    guest = Principal(Kind.SHARED_TOKEN, "", token=made["token"])
    await client("send.deleteSharedToken", token=made["token"])
    assert desk.ended(guest)
    assert not desk.ended(Principal(Kind.SHARED_TOKEN, "", token="other"))
    assert await client("send.getSharedTokens") == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"manifest": "1"}, "manifest"), ({"token": "x"}, "token"), ({"downloadLimit": 0}, "downloadLimit"),
     ({"expiryTime": 5}, "expiryTime"), ({"downloadCount": 0}, "downloadCount"),
     ({"description": None}, "description")],
)
async def test_wrong_changes_name_the_field(
    desk: Desk, manifest: str, changes: dict[str, object], field: str
) -> None:
    client = desk.client(ANN)
    made = await client("send.createSharedToken", manifest=manifest)
    with pytest.raises(InvalidParameters) as caught:
        await client("send.updateSharedToken", token=made["token"], changes=changes)
    assert caught.value.facts["field"] == field
    assert await client("send.getSharedTokens") == [made]


async def test_others_tokens_and_manifests_do_not_exist(desk: Desk, manifest: str) -> None:
    made = await desk.client(ANN)("send.createSharedToken", manifest=manifest)
    bob = desk.client(BOB)
    assert await bob("send.getSharedTokens") == []
    for method, params in [("getSharedToken", {}), ("deleteSharedToken", {}), ("updateSharedToken", {"changes": {}})]:
        with pytest.raises(NotFound):
            await bob(f"send.{method}", token=made["token"], **params)
    with pytest.raises(NotFound):
        await bob("send.createSharedToken", manifest=manifest)
    with pytest.raises(InvalidParameters):
        await desk.client(ANN)("send.createSharedToken", manifest=manifest, expiryTime=desk.time)


async def test_api_tokens_share_only_if_allowed_and_see_only_their_own(desk: Desk, manifest: str) -> None:
    made = await desk.client(ANN)("send.createSharedToken", manifest=manifest)
    without = Principal(Kind.API_TOKEN, "ann", permissions=PERMISSION_DOWNLOAD, token="A")
    for method, params in [("createSharedToken", {"manifest": manifest}), ("getSharedTokens", {}),
                           ("getSharedToken", {"token": made["token"]})]:
        with pytest.raises(PermissionDenied):
            await desk.client(without)(f"send.{method}", **params)
    free = desk.client(Principal(Kind.API_TOKEN, "ann", permissions=PERMISSION_SHARE, token="A"))
    assert await free("send.getSharedTokens") == [made]
    confined = desk.client(Principal(Kind.API_TOKEN, "ann", permissions=PERMISSION_SHARE, token="A", root="/data"))
    assert await confined("send.getSharedTokens") == []
    with pytest.raises(NotFound):
        await confined("send.getSharedToken", token=made["token"])


async def test_api_tokens(desk: Desk) -> None:
    client = desk.client(ANN)
    made = await client(
        "server.createAPIToken", description="script", path="/data", permissions=3, expiryTime=desk.time + HOUR
    )
    assert (made["description"], made["path"], made["permissions"], made["owner"]) == ("script", "/data", 3, "ann")
    assert await client("server.getAPITokens") == [made] == [await client("server.getAPIToken", token=made["token"])]
    assert await desk.client(BOB)("server.getAPITokens") == []
    with pytest.raises(NotFound):
        await desk.client(BOB)("server.getAPIToken", token=made["token"])
    await client("server.deleteAPIToken", token=made["token"])
    assert desk.ended(Principal(Kind.API_TOKEN, "ann", token=made["token"]))
    assert await client("server.getAPITokens") == []


async def test_an_api_token_makes_no_further_ones_and_sees_itself_only(desk: Desk) -> None:
    owner = desk.client(OWNER)
    await owner("server.createAPIToken")
    mine = await owner("server.createAPIToken", permissions=1)
    script = desk.client(Principal(Kind.API_TOKEN, "olga", permissions=1, token=mine["token"]))
    assert await script("server.getAPITokens") == [mine]
    with pytest.raises(PermissionDenied):
        await script("server.createAPIToken")


async def test_an_api_token_cannot_be_made_for_a_path_outside(desk: Desk, tmp_path: Path) -> None:
    await desk.sandboxes.set("ann", {"data": str(tmp_path)})
    client = desk.client(ANN)
    assert (await client("server.createAPIToken", path="/data/x"))["path"] == "/data/x"
    with pytest.raises(PermissionDenied):
        await client("server.createAPIToken", path="/etc")
    with pytest.raises(InvalidParameters):
        await client("server.createAPIToken", expiryTime=desk.time - 1)
