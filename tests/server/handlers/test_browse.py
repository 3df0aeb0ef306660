"""Folders through the API: everybody in their own world, and nothing of where that really is gets out."""

import dataclasses
import os
from pathlib import Path

import pytest

from jetstream.constants import FILETYPE_DIRECTORY, FILETYPE_REGULAR_FILE, PERMISSION_DOWNLOAD
from jetstream.errors import Conflict, InvalidParameters, JetStreamError, NotFound, PermissionDenied
from jetstream_server.access.principal import Kind, Principal

from .conftest import ANN, OWNER, Client, Desk


@pytest.fixture
async def home(desk: Desk, tmp_path: Path) -> Path:
    home = tmp_path / "ann"
    (home / "sub").mkdir(parents=True)
    (home / "sub" / "a.txt").write_text("12345")
    (home / "b.txt").write_text("1")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("x")
    (home / "out").symlink_to(tmp_path / "outside")
    await desk.sandboxes.set("ann", {"": str(home)})
    return home


@pytest.fixture
def ann(desk: Desk, home: Path) -> Client:
    return desk.client(ANN)


async def names(client: Client, path: str) -> list[str]:
    return [entry["name"] for entry in (await client("server.ls", path=path))["entries"]]


async def test_a_folder_is_listed_by_pages_with_paths_that_can_be_used_again(ann: Client, home: Path) -> None:
    found = await ann("server.ls", path="/")
    assert (found["path"], found["offset"], found["total"]) == ("/", 0, 3)
    by_name = {entry["name"]: entry for entry in found["entries"]}
    assert by_name["b.txt"]["type"] == FILETYPE_REGULAR_FILE
    assert (by_name["b.txt"]["size"], by_name["b.txt"]["path"]) == (1, "/b.txt")
    assert by_name["b.txt"]["modificationTime"] == (home / "b.txt").stat().st_mtime_ns // 1000
    assert by_name["sub"]["type"] == FILETYPE_DIRECTORY
    assert await names(ann, by_name["sub"]["path"]) == ["a.txt"]
    page = await ann("server.ls", path="/", offset=1, limit=1)
    assert ([entry["name"] for entry in page["entries"]], page["total"]) == (["out"], 3)


async def test_sums(ann: Client) -> None:
    assert await ann("server.du", path="/sub") == {"path": "/sub", "size": 5, "files": 1, "folders": 0, "unreadable": 0}


async def test_folders_are_made_moved_and_removed(ann: Client, home: Path) -> None:
    await ann("server.mkdir", path="/new/deep")
    await ann("server.mv", source="/b.txt", target="/new/deep/c.txt")
    assert (home / "new" / "deep" / "c.txt").read_text() == "1"
    with pytest.raises(Conflict):
        await ann("server.mv", source="/sub/a.txt", target="/new/deep/c.txt")
    await ann("server.rm", path="/new")
    await ann("server.rm", path="/out")
    assert sorted(os.listdir(home)) == ["sub"]
    assert (home.parent / "outside" / "secret").exists()


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("ls", {"path": "/../outside"}), ("ls", {"path": "/out"}), ("du", {"path": "/out"}),
        ("mkdir", {"path": "/out/x"}), ("mv", {"source": "/out/secret", "target": "/s"}),
        ("mv", {"source": "/b.txt", "target": "/out/s"}), ("rm", {"path": "/out/secret"}), ("rm", {"path": "/"}),
        ("mv", {"source": "/", "target": "/sub/x"}), ("rm", {"path": "."}),
    ],
)
async def test_nothing_leads_out(ann: Client, home: Path, method: str, params: dict[str, str]) -> None:
    before = sorted(str(path) for path in home.parent.rglob("*") if "state" not in str(path))
    with pytest.raises(PermissionDenied):
        await ann(f"server.{method}", **params)
    assert sorted(str(path) for path in home.parent.rglob("*") if "state" not in str(path)) == before


@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("ls", {"path": "/none"}, NotFound), ("du", {"path": "/none"}, NotFound), ("rm", {"path": "/none"}, NotFound),
        ("mv", {"source": "/none", "target": "/x"}, NotFound), ("ls", {"path": "/b.txt"}, Conflict),
        ("mkdir", {"path": "/b.txt"}, Conflict), ("mkdir", {"path": "/b.txt/x"}, Conflict),
        ("mv", {"source": "/sub", "target": "/sub/x"}, Conflict), ("ls", {"path": ""}, InvalidParameters),
        ("rm", {"path": "a\0b"}, InvalidParameters),
    ],
)
async def test_what_cannot_be_done_is_said_of_the_path_as_the_caller_knows_it(
    ann: Client, home: Path, method: str, params: dict[str, str], error: type[JetStreamError]
) -> None:
    with pytest.raises(error) as caught:
        await ann(f"server.{method}", **params)
    assert str(home) not in str(caught.value) + repr(caught.value.facts)


async def test_named_folders_are_a_small_world(desk: Desk, home: Path) -> None:
    await desk.sandboxes.set("ann", {"docs": str(home / "sub"), "all": str(home)})
    ann = desk.client(ANN)
    assert [(entry["name"], entry["path"]) for entry in await ann("server.lsRoots")] == [
        ("all", "/all"), ("docs", "/docs"),
    ]
    assert await names(ann, "/") == ["all", "docs"]
    assert await names(ann, "/docs") == ["a.txt"]
    with pytest.raises(PermissionDenied):
        await ann("server.rm", path="/docs")
    with pytest.raises(PermissionDenied):
        await ann("server.rm", path="/all/sub")


async def test_roots_of_a_sandbox_and_of_the_owner(desk: Desk, ann: Client) -> None:
    assert [entry["path"] for entry in await ann("server.lsRoots")] == ["/"]
    paths = {entry["name"]: entry["path"] for entry in await desk.client(OWNER)("server.lsRoots")}
    assert paths == {"/": "/", "Home": str(Path.home()), "Received": str(await desk.gate.receiving_folder())}


async def test_whoever_is_not_restricted_uses_absolute_paths(desk: Desk, home: Path) -> None:
    owner = desk.client(OWNER)
    assert await names(owner, str(home)) == ["b.txt", "out", "sub"]
    await owner("server.mkdir", path=str(home / "x"))
    assert (home / "x").is_dir()
    with pytest.raises(InvalidParameters):
        await owner("server.ls", path="relative")


async def test_the_root_of_everything_stays(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*paths: Path) -> None:
        raise AssertionError(paths)

    monkeypatch.setattr("jetstream_server.files.browse.rm", never)
    monkeypatch.setattr("jetstream_server.files.browse.mv", never)
    (tmp_path / "up").symlink_to("/")
    owner = desk.client(OWNER)
    for path in ("/", "//", "/.", "///", "/tmp/..", "/..", f"{tmp_path}/up/.."):
        for method, params in [("rm", {"path": path}), ("mv", {"source": path, "target": "/tmp/x"})]:
            with pytest.raises((PermissionDenied, InvalidParameters)):
                await owner(f"server.{method}", **params)


async def test_names_that_are_not_unicode_go_both_ways(ann: Client, home: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    (home / "sub" / name).write_text("x")
    (entry, _) = sorted((await ann("server.ls", path="/sub"))["entries"], key=lambda entry: entry["name"] != name)
    assert entry["name"] == name
    await ann("server.rm", path=entry["path"])
    assert await names(ann, "/sub") == ["a.txt"]


async def test_an_api_token_without_that_right_changes_nothing(desk: Desk, home: Path) -> None:
    script = desk.client(Principal(Kind.API_TOKEN, "ann", permissions=PERMISSION_DOWNLOAD, root="/sub", token="T"))
    assert await names(script, "/") == ["a.txt"]
    for method, params in [("mkdir", {"path": "/x"}), ("rm", {"path": "/a.txt"}),
                           ("mv", {"source": "/a.txt", "target": "/x"})]:
        with pytest.raises(PermissionDenied):
            await script(f"server.{method}", **params)
    assert await names(script, "/") == ["a.txt"]


async def test_the_receiving_folder_is_made_and_kept(desk: Desk, tmp_path: Path) -> None:
    root = desk.client(dataclasses.replace(OWNER, superuser=True))
    await root("server.setReceivingFolder", path=str(tmp_path / "in" / "box"))
    assert (tmp_path / "in" / "box").is_dir()
    assert await desk.gate.receiving_folder() == tmp_path / "in" / "box"
    (tmp_path / "file").touch()
    with pytest.raises(Conflict):
        await root("server.setReceivingFolder", path=str(tmp_path / "file"))
    assert await desk.gate.receiving_folder() == tmp_path / "in" / "box"
    with pytest.raises(PermissionDenied):
        await desk.client(OWNER)("server.setReceivingFolder", path="/tmp")
