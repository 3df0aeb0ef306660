"""Manifests through the API."""

from pathlib import Path

import pytest

from jetstream.errors import InvalidParameters, NotFound

from .conftest import ANN, BOB, OWNER, Desk


async def test_made_read_paged_and_deleted(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    (folder / "d").mkdir(parents=True)
    for number in range(5):
        (folder / "d" / f"{number}").write_bytes(b"x" * number)
    client = desk.client(ANN)
    made = await client("send.createManifest", mappings={"in": str(folder)}, userData={"k": 1})
    assert (made["processing"], made["owner"], made["userData"]) == (True, "ann", {"k": 1})
    await desk.manifests.wait(made["manifestId"])
    done = await client("send.getManifest", manifest=made["manifestId"])
    assert (done["status"], done["totalFiles"], done["totalSize"]) == ("complete", 5, 10)
    assert await client("send.getManifests") == [done]
    first = await client("send.getManifestFiles", manifest=made["manifestId"], limit=3)
    rest = await client("send.getManifestFiles", manifest=made["manifestId"], offset=first["nextOffset"])
    assert rest["nextOffset"] is None
    assert [m["destPath"] for m in first["fileMappings"] + rest["fileMappings"]] == [f"in/d/{n}" for n in range(5)]
    await client("send.deleteManifest", manifest=made["manifestId"])
    assert await client("send.getManifests") == []


async def test_the_other_spelling_and_what_is_wrong(desk: Desk, tmp_path: Path) -> None:
    client = desk.client(ANN)
    (tmp_path / "f").touch()
    await client("send.createManifest", fileMappings={"f": str(tmp_path / "f")})
    for wrong in ({}, {"mappings": {}}, {"mappings": {"a": ""}}, {"mappings": {"a": "relative"}},
                  {"mappings": {"a": "/x"}, "fileMappings": {"a": "/x"}}):
        with pytest.raises(InvalidParameters):
            await client("send.createManifest", **wrong)


async def test_others_manifests_do_not_exist(desk: Desk, tmp_path: Path) -> None:
    made = await desk.client(ANN)("send.createManifest", mappings={"in": str(tmp_path)})
    for other in (desk.client(BOB), desk.client(OWNER)):
        assert await other("send.getManifests") == []
        for method in ("getManifest", "getManifestFiles", "deleteManifest"):
            with pytest.raises(NotFound):
                await other(f"send.{method}", manifest=made["manifestId"])


async def test_a_shared_one_stays_for_those_who_hold_the_token(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    client, guest = desk.client(ANN), desk.client()
    made = await client("send.createManifest", mappings={"f": str(tmp_path / "f")})
    await desk.manifests.wait(made["manifestId"])
    token = await client("send.createSharedToken", manifest=made["manifestId"])
    await client("send.deleteManifest", manifest=made["manifestId"])
    await guest("server.authToken", token=token["token"])
    (seen,) = await guest("send.getManifests")
    assert (seen["manifestId"], seen["owner"]) == (made["manifestId"], "")
    (mapping,) = (await guest("send.getManifestFiles", manifest=made["manifestId"]))["fileMappings"]
    assert (mapping["destPath"], mapping["srcPath"]) == ("f", "")
    with pytest.raises(NotFound):
        await guest("send.getManifest", manifest="999")
