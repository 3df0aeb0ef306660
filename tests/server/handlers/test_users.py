"""Accounts and sandboxes through the API."""

import dataclasses

import pytest

from jetstream.errors import Conflict, InvalidParameters, NotFound, PermissionDenied
from jetstream_server.access.principal import Kind, Principal

from .conftest import ANN, BOB, OWNER, Client, Desk


@pytest.fixture
def root(desk: Desk) -> Client:
    return desk.client(dataclasses.replace(OWNER, superuser=True))


async def test_accounts_are_made_listed_changed_and_removed(desk: Desk, root: Client) -> None:
    await root("server.createUser", user="ann", password="one")
    assert await root("server.getUsers") == [{"user": "ann", "creationTime": desk.time}]
    with pytest.raises(Conflict):
        await root("server.createUser", user="ann", password="two")
    assert not desk.ended(ANN)
    await root("server.setPassword", user="ann", password="two")
    assert await desk.accounts.check("ann", "two")
    assert desk.ended(ANN)
    desk.logged_out.clear()
    await root("server.deleteUser", user="ann")
    assert desk.ended(ANN)
    assert not desk.ended(BOB)
    assert not desk.ended(Principal(Kind.OWNER, "ann"))
    assert await root("server.getUsers") == []
    for method, params in [("deleteUser", {}), ("setPassword", {"password": "x"})]:
        with pytest.raises(NotFound):
            await root(f"server.{method}", user="ann", **params)


async def test_only_superusers_manage_accounts_and_sandboxes(desk: Desk) -> None:
    for principal in (OWNER, ANN):
        for method, params in [("getUsers", {}), ("createUser", {"user": "x", "password": "y"}),
                               ("getSandboxMappings", {}), ("deleteSandboxMapping", {"user": ""})]:
            with pytest.raises(PermissionDenied):
                await desk.client(principal)(f"server.{method}", **params)


async def test_sandboxes_are_set_and_lifted(desk: Desk, root: Client) -> None:
    await root("server.setSandboxMapping", user="", mapping={"": {"type": "File", "path": "/srv/%u"}})
    await root("server.setSandboxMapping", user="ann", mapping={"data": "/srv/data"})
    assert await root("server.getSandboxMappings") == {"": {"": "/srv/%u"}, "ann": {"data": "/srv/data"}}
    assert str(desk.sandboxes.resolve(BOB, "/x")) == "/srv/bob/x"
    await root("server.deleteSandboxMapping", user="")
    assert desk.sandboxes.roots(BOB) is None
    with pytest.raises(NotFound):
        await root("server.deleteSandboxMapping", user="")
    for user, mapping in [("a/b", {"": "/x"}), ("ann", {"": "relative"}), ("ann", {"": {"type": "S3", "path": "/x"}})]:
        with pytest.raises(InvalidParameters):
            await root("server.setSandboxMapping", user=user, mapping=mapping)
