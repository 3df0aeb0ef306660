"""Which folders a login may touch, and that nothing leads out of them."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jetstream.errors import InvalidParameters, PermissionDenied
from jetstream_server.access.principal import Kind, Principal
from jetstream_server.access.sandbox import Sandboxes, read_mapping
from jetstream_server.catalog import Catalog

OWNER = Principal(Kind.OWNER, "olga")
ANN = Principal(Kind.ACCOUNT, "ann")
BOB = Principal(Kind.ACCOUNT, "bob")
GUEST = Principal(Kind.SHARED_TOKEN, "", token="T")


def api_token(user: str, root: str | None) -> Principal:
    return Principal(Kind.API_TOKEN, user, root=root, token="A")


@pytest.fixture
async def sandboxes(catalog: Catalog) -> Sandboxes:
    return await Sandboxes.load(catalog, "olga")


@pytest.fixture
def world(tmp_path: Path) -> Path:
    for name in ("ann/sub", "pics", "everyone/bob", "outside"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "outside" / "secret").write_text("x")
    return tmp_path


async def test_without_mappings_nobody_but_a_guest_is_restricted(sandboxes: Sandboxes) -> None:
    for principal in (OWNER, ANN, api_token("ann", None), api_token("ann", "")):
        assert sandboxes.roots(principal) is None
        assert sandboxes.resolve(principal, "/etc/x") == Path("/etc/x")
    assert sandboxes.roots(GUEST) == {}
    with pytest.raises(PermissionDenied):
        sandboxes.resolve(GUEST, "/etc/x")


async def test_a_mapping_survives_a_restart_and_can_be_lifted(catalog: Catalog, sandboxes: Sandboxes) -> None:
    await sandboxes.set("ann", {"data": "/srv/%u/100%%"})
    await sandboxes.set("", {"": {"type": "File", "path": "/srv/all"}})
    again = await Sandboxes.load(catalog, "olga")
    assert again.mappings() == {"ann": {"data": "/srv/%u/100%%"}, "": {"": "/srv/all"}} == sandboxes.mappings()
    assert again.roots(ANN) == {"data": Path("/srv/ann/100%")}
    assert again.roots(BOB) == {"": Path("/srv/all")}
    assert again.roots(OWNER) is None
    await again.delete("ann")
    assert again.roots(ANN) == {"": Path("/srv/all")}
    await again.delete("")
    assert again.roots(ANN) is None
    assert (await Sandboxes.load(catalog, "olga")).mappings() == {}


async def test_the_owner_and_superusers_are_free(sandboxes: Sandboxes) -> None:
    await sandboxes.set("", {"": "/srv/all"})
    assert sandboxes.roots(Principal(Kind.ACCOUNT, "ann", superuser=True)) is None
    assert sandboxes.roots(Principal(Kind.ACCOUNT, "olga")) is None
    assert sandboxes.roots(api_token("olga", None)) is None
    await sandboxes.set("olga", {"": "/srv/olga"})
    assert sandboxes.roots(OWNER) is None
    assert sandboxes.roots(Principal(Kind.ACCOUNT, "olga")) == {"": Path("/srv/olga")}


async def test_paths_of_a_restricted_login(sandboxes: Sandboxes, world: Path) -> None:
    await sandboxes.set("ann", {"": str(world / "ann"), "pics": str(world / "pics")})
    expected = {
        "/": world / "ann", "sub": world / "ann" / "sub", "/sub/": world / "ann" / "sub", "//a/./b": world / "ann/a/b",
        "/pics": world / "pics", "/pics/x": world / "pics" / "x", "/picsx": world / "ann" / "picsx",
    }
    for path, where in expected.items():
        assert sandboxes.resolve(ANN, path) == where


async def test_with_named_folders_only_the_rest_is_outside(sandboxes: Sandboxes, world: Path) -> None:
    await sandboxes.set("ann", {"pics": str(world / "pics")})
    assert sandboxes.resolve(ANN, "/pics/x") == world / "pics" / "x"
    for path in ("/", "/other", str(world / "pics")):
        with pytest.raises(PermissionDenied) as caught:
            sandboxes.resolve(ANN, path)
        assert caught.value.facts == {"path": path}


@pytest.mark.parametrize("path", ["..", "/../outside", "sub/../../outside", "sub/..", "/sub/../sub"])
async def test_the_way_up_is_refused(sandboxes: Sandboxes, world: Path, path: str) -> None:
    await sandboxes.set("ann", {"": str(world / "ann")})
    with pytest.raises(PermissionDenied):
        sandboxes.resolve(ANN, path)


async def test_links_that_lead_out_are_refused_and_others_followed(sandboxes: Sandboxes, world: Path) -> None:
    await sandboxes.set("ann", {"": str(world / "ann")})
    home = world / "ann"
    (home / "out").symlink_to(world / "outside")
    (home / "up").symlink_to("..")
    (home / "dangling").symlink_to(world / "nowhere")
    (home / "in").symlink_to("sub")
    (home / "twin").symlink_to(world / "annex")
    (world / "annex").mkdir()
    for path in ("out", "out/secret", "up", "up/outside/secret", "dangling", "in/../out", "twin", "twin/x"):
        with pytest.raises(PermissionDenied):
            sandboxes.resolve(ANN, path)
    assert sandboxes.resolve(ANN, "in/x") == home / "in" / "x"
    # What treats the link itself, such as removing it, may: but never anything behind it.
    assert sandboxes.resolve(ANN, "out", follow=False) == home / "out"
    with pytest.raises(PermissionDenied):
        sandboxes.resolve(ANN, "out/secret", follow=False)


async def test_a_sandbox_may_itself_be_behind_a_link(sandboxes: Sandboxes, world: Path) -> None:
    (world / "link").symlink_to(world / "ann")
    await sandboxes.set("ann", {"": str(world / "link")})
    for follow in (True, False):
        assert sandboxes.resolve(ANN, "/", follow=follow) == world / "link"
        assert sandboxes.resolve(ANN, "/sub", follow=follow) == world / "link" / "sub"


async def test_an_api_token_stays_below_its_path(sandboxes: Sandboxes, world: Path) -> None:
    free = api_token("zoe", str(world / "ann"))
    assert sandboxes.resolve(free, "/sub") == world / "ann" / "sub"
    with pytest.raises(PermissionDenied):
        sandboxes.resolve(free, "/../pics")
    await sandboxes.set("ann", {"home": str(world / "ann")})
    token = api_token("ann", "/home/sub")
    assert sandboxes.roots(token) == {"": world / "ann" / "sub"}
    assert sandboxes.resolve(token, "/x") == world / "ann" / "sub" / "x"
    outside = api_token("ann", str(world / "pics"))
    assert sandboxes.roots(outside) == {}
    with pytest.raises(PermissionDenied):
        sandboxes.resolve(outside, "/")


@pytest.mark.parametrize("path", ["", "a\0b", "relative"])
async def test_what_is_no_path_is_refused(sandboxes: Sandboxes, path: str) -> None:
    with pytest.raises(InvalidParameters):
        sandboxes.resolve(OWNER, path)


@pytest.mark.parametrize(
    "mapping",
    [
        {"a": "relative"}, {"a": ""}, {"a": "/x\0"}, {"a/b": "/x"}, {"..": "/x"}, {"a": 5}, {"a": {"type": "File"}},
        {"a": {"type": "S3", "path": "/x"}}, {"a": {"path": "/x", "bucketName": "b"}}, {"a": "/x/%d"}, {"a": "/x/%"},
        {"a": "%%/x"},
    ],
)
async def test_mappings_that_cannot_be_are_refused(sandboxes: Sandboxes, mapping: dict[str, object]) -> None:
    with pytest.raises(InvalidParameters) as caught:
        await sandboxes.set("ann", mapping)
    assert caught.value.facts["field"] == "mapping"
    assert sandboxes.mappings() == {}


def test_placeholders() -> None:
    assert read_mapping({"": "/a/%u/%%u/%%%u"}) == {"": "/a/%u/%%u/%%%u"}


async def test_a_user_whose_name_is_no_folder_name_has_no_folder(sandboxes: Sandboxes) -> None:
    await sandboxes.set("", {"": "/srv/%u", "%u": "/fixed"})
    assert sandboxes.roots(ANN) == {"": Path("/srv/ann"), "%u": Path("/fixed")}
    for user in ("..", "../x", "a/b", ""):
        with pytest.raises(PermissionDenied):
            sandboxes.roots(Principal(Kind.ACCOUNT, user))


names = st.sampled_from(["a", "b", "..", ".", "", "out", "in", "sub", "deep", "\udcff", "c d"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(names, min_size=1, max_size=6), follow=st.booleans())
async def test_nothing_is_ever_resolved_outside(
    sandboxes: Sandboxes, world: Path, parts: list[str], follow: bool
) -> None:
    home = world / "ann"
    for name, target in (("out", world / "outside"), ("in", Path("sub"))):
        if not (home / name).is_symlink():
            (home / name).symlink_to(target)
    await sandboxes.set("ann", {"": str(home), "b": str(world / "pics")})
    try:
        path = sandboxes.resolve(ANN, "/".join(parts) or "/", follow=follow)
    except PermissionDenied:
        return
    real = os.path.realpath(path if follow else path.parent if path not in (home, world / "pics") else path)
    assert any(Path(real).is_relative_to(os.path.realpath(root)) for root in (home, world / "pics"))
