"""Keyrings are real backends of the keyring package; those of this machine are never touched."""

import asyncio
import threading

import pytest
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import PasswordSetError

from app.helpers.rings import MemoryRing
from jetstream_desktop.services import vault
from jetstream_desktop.services.vault import Vault, VaultProblem
from jetstream_desktop.state.nodes import OpenNode

NODE = OpenNode("b.example", 9, "ann")


class PlainFile(MemoryRing):
    priority = 0.5


class Locked(MemoryRing):
    def set_password(self, service, username, password):
        raise PasswordSetError("Prompt dismissed")


@pytest.fixture
def ring():
    return MemoryRing()


async def test_it_keeps_gives_and_forgets(ring):
    kept = Vault(lambda: ring)
    assert await kept.available()
    assert await kept.get(NODE) is None
    await kept.keep(NODE, "kettle")
    assert ring.kept == {("JetStream", "ann@b.example:9"): "kettle"}
    assert await kept.get(NODE) == "kettle"
    assert await kept.get(OpenNode("b.example", 9, "bob")) is None
    await kept.forget(NODE)
    await kept.forget(NODE)
    assert not ring.kept


async def test_without_a_keyring_nothing_is_kept_and_it_says_so():
    none = Vault(lambda: None)
    assert not await none.available()
    assert await none.get(NODE) is None
    with pytest.raises(VaultProblem, match="no keyring"):
        await none.keep(NODE, "kettle")


async def test_a_keyring_that_refuses_gives_its_reason():
    with pytest.raises(VaultProblem, match=r"refused: Prompt dismissed\."):
        await Vault(Locked).keep(NODE, "kettle")


async def test_a_keyring_that_hangs_is_waited_for_within_limits_and_holds_up_nothing(monkeypatch):
    monkeypatch.setattr(vault, "_SECONDS", 0.05)
    release, done = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    class Hanging(MemoryRing):
        def get_password(self, service, username):
            release.wait(30)
            loop.call_soon_threadsafe(done.set)

    assert await Vault(Hanging).get(NODE) is None
    assert not done.is_set()
    release.set()
    await done.wait()


@pytest.mark.parametrize(("chosen", "expected"), [
    (NoKeyring(), None), (PlainFile(), None), (MemoryRing(), MemoryRing),
])
def test_only_a_keyring_that_protects_counts(monkeypatch, chosen, expected):
    monkeypatch.setattr("keyring.get_keyring", lambda: chosen)
    found = vault.system_keyring()
    assert found is None if expected is None else isinstance(found, expected)


def test_behind_a_chain_the_file_is_passed_over(monkeypatch):
    plain, ring = PlainFile(), MemoryRing()
    monkeypatch.setattr(ChainerBackend, "backends", [plain, ring])
    monkeypatch.setattr("keyring.get_keyring", ChainerBackend)
    assert vault.system_keyring() is ring
