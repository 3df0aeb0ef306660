"""Who other nodes are to this one."""

from pathlib import Path

import pytest

from jetstream.errors import AuthenticationFailed, InvalidParameters, NotFound, PermissionDenied
from jetstream_server.access.accounts import Accounts
from jetstream_server.access.door import Door
from jetstream_server.access.gate import NodeGate
from jetstream_server.access.identity import load_or_create
from jetstream_server.access.passwords import Passwords
from jetstream_server.access.principal import Kind, Principal
from jetstream_server.access.sandbox import Sandboxes
from jetstream_server.access.throttle import Throttle
from jetstream_server.access.tokens import ApiTokens, SharedTokens
from jetstream_server.catalog import Catalog
from jetstream_server.link.peer import PeerIdentity
from jetstream_server.records import ManifestRecord

NOW = 1_700_000_000_000_000
OWN, FRIEND, STRANGER = "a" * 64, "b" * 64, "c" * 64
OWNER = Principal(Kind.OWNER, "olga")


def peer(fingerprint: str) -> PeerIdentity:
    return PeerIdentity(fingerprint, "Studio", "uid", "launch", "192.0.2.1", 8886)


class Made:
    def __init__(self, gate: NodeGate, sandboxes: Sandboxes, tokens: SharedTokens) -> None:
        self.gate, self.sandboxes, self.tokens = gate, sandboxes, tokens


@pytest.fixture
async def made(catalog: Catalog, passwords: Passwords, tmp_path: Path) -> Made:
    tokens = await SharedTokens.load(catalog, passwords)
    sandboxes = await Sandboxes.load(catalog, "olga")
    await catalog.manifests.add(ManifestRecord(id="1", owner="olga"))
    door = Door(
        Accounts(catalog, passwords), tokens, await ApiTokens.load(catalog), Throttle(), lambda: NOW, lambda: 0.0
    )
    gate = NodeGate(catalog, door, tokens, sandboxes, OWN, "olga", tmp_path / "received", lambda: NOW)
    return Made(gate, sandboxes, tokens)


async def test_who_may_send(made: Made) -> None:
    gate = made.gate
    assert await gate.may_send(peer(OWN), None)
    assert not await gate.may_send(peer(STRANGER), None)
    assert await gate.may_send(peer(STRANGER), "ann")
    await gate.authorize(":".join(FRIEND[i : i + 2] for i in range(0, 64, 2)).upper(), "Friend", NOW)
    await gate.authorize(FRIEND, "Renamed", NOW)
    assert [(record.fingerprint, record.name) for record in await gate.authorized()] == [(FRIEND, "Renamed")]
    assert await gate.may_send(peer(FRIEND), None)
    assert await gate.may_ask()
    await gate.set_only_authorized(True)
    assert not await gate.may_ask()
    assert not await gate.may_send(peer(STRANGER), "ann")
    assert await gate.may_send(peer(FRIEND), None)
    await gate.unauthorize(FRIEND)
    assert not await gate.may_send(peer(FRIEND), None)
    with pytest.raises(NotFound):
        await gate.unauthorize(FRIEND)
    with pytest.raises(InvalidParameters):
        await gate.authorize("nonsense", "", NOW)


async def test_an_identity_may_be_named_by_its_certificate(made: Made, tmp_path: Path) -> None:
    identity = load_or_create(tmp_path / "friend")
    await made.gate.authorize(identity.certificate_pem.decode(), "", NOW)
    assert await made.gate.may_send(peer(identity.fingerprint), None)


async def test_where_things_land(made: Made, tmp_path: Path) -> None:
    gate = made.gate
    assert await gate.landing_folder(None) == ("olga", tmp_path / "received")
    assert await gate.landing_folder("ann") == ("ann", tmp_path / "received")
    await gate.set_receiving_folder(tmp_path / "elsewhere")
    assert await gate.landing_folder(None) == ("olga", tmp_path / "elsewhere")
    await made.sandboxes.set("ann", {"own": str(tmp_path / "ann's")})
    assert await gate.landing_folder("ann") == ("ann", tmp_path / "ann's")


async def test_where_downloads_land(made: Made, tmp_path: Path) -> None:
    gate = made.gate
    assert await gate.download_folder(OWNER, "/any/where") == (Path("/any/where"), "")
    assert await gate.download_folder(OWNER, "below") == (tmp_path / "received", "below")
    ann = Principal(Kind.ACCOUNT, "ann")
    await made.sandboxes.set("ann", {"own": str(tmp_path)})
    assert await gate.download_folder(ann, "/any/where") == (tmp_path, "/any/where")
    confined = Principal(Kind.API_TOKEN, "ann", root="/own/inside", token="T")
    assert await gate.download_folder(confined, "/x") == (tmp_path / "inside", "/x")
    lost = Principal(Kind.API_TOKEN, "ann", root="/not/theirs", token="T")
    with pytest.raises(PermissionDenied):
        await gate.download_folder(lost, "/x")


async def test_downloads_are_counted_and_may_outlive_their_token(made: Made) -> None:
    gate = made.gate
    token = (await made.tokens.create(owner="olga", manifest_id="1", now=NOW, download_limit=1)).token
    assert (await gate.check_token(token, None, "192.0.2.1")).manifest_id == "1"
    gate.reserve_download(token)
    with pytest.raises(AuthenticationFailed):
        gate.reserve_download(token)
    await gate.release_download(token, False)
    gate.reserve_download(token)
    await gate.release_download(token, True)
    assert (await made.tokens.get(token)).download_count == 1
    with pytest.raises(AuthenticationFailed):
        await gate.check_token(token, None, "192.0.2.1")
    await made.tokens.delete(token)
    await gate.release_download(token, True)
