"""Logging in: who a connection speaks for afterwards, and what does not open."""

import pytest

from jetstream.errors import AuthenticationFailed, PermissionDenied
from jetstream_server.access.principal import Kind, Principal

from .conftest import ANN, OWNER, TICKET, Desk


async def test_an_account_logs_in_with_its_password(desk: Desk) -> None:
    await desk.accounts.create("J\u00f6rg", "secret", 0)
    client = desk.client()
    assert await client("server.auth", user="Jo\u0308rg", password="secret") is None
    assert client.principal == Principal(Kind.ACCOUNT, "J\u00f6rg")


async def test_wrong_passwords_and_unknown_users_are_told_the_same_and_change_nothing(desk: Desk) -> None:
    await desk.accounts.create("ann", "secret", 0)
    client = desk.client(principal=OWNER)
    said = set()
    for user in ("ann", "bob"):
        with pytest.raises(AuthenticationFailed) as caught:
            await client("server.auth", user=user, password="wrong")
        said.add(str(caught.value))
    assert len(said) == 1
    assert client.principal == OWNER


async def test_passwords_from_other_machines_are_refused_unless_allowed(desk: Desk) -> None:
    await desk.accounts.create("ann", "secret", 0)
    client = desk.client(address="192.0.2.1")
    with pytest.raises(PermissionDenied, match="allow-remote-control"):
        await client("server.auth", user="ann", password="secret")
    assert client.principal is None


async def test_guessing_is_turned_away_but_never_the_owners_ticket(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def no_wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("jetstream_server.access.door.asyncio.sleep", no_wait)
    client = desk.client()
    for _ in range(20):
        with pytest.raises(AuthenticationFailed) as caught:
            await client("server.auth", user="ann", password="wrong")
    assert "Too many" in str(caught.value)
    assert waited == [0.5, 1.5, 3.5, 7.5, 15.5]
    assert await client("server.authTicket", ticket=TICKET) is None
    assert client.principal == OWNER


async def test_one_token_is_one_however_it_is_typed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_wait(seconds: float) -> None:
        return

    monkeypatch.setattr("jetstream_server.access.door.asyncio.sleep", no_wait)
    token = (await desk.shared.create(owner="ann", manifest_id="1", now=0, password="pw")).token
    forms = (token, token.lower(), token.replace(".", "-"), token.replace(".", ""))
    for n in range(40):
        with pytest.raises(AuthenticationFailed) as caught:
            await desk.client(address=f"192.0.2.{n}")("server.authToken", token=forms[n % 4], password=str(n))
    assert "Too many" in str(caught.value)


async def test_the_ticket_opens_on_the_same_machine_only(desk: Desk) -> None:
    for client, ticket in [
        (desk.client(), "wrong"), (desk.client(), ""), (desk.client(), "\u00e9"),
        (desk.client(address="192.0.2.1"), TICKET),
    ]:
        with pytest.raises(AuthenticationFailed):
            await client("server.authTicket", ticket=ticket)
        assert client.principal is None


async def test_a_shared_token_sees_only_itself_but_the_earlier_login_is_remembered(desk: Desk) -> None:
    record = await desk.shared.create(owner="ann", manifest_id="1", now=0, password="pw")
    client = desk.client(principal=ANN, address="192.0.2.1")
    for token, password in [(record.token, None), (record.token, "wrong"), ("MAYWEBRO.TRUPO.VEVEEBLU", "pw")]:
        with pytest.raises(AuthenticationFailed):
            await client("server.authToken", token=token, password=password)
    await client("server.authToken", token=record.token.lower(), password="pw")
    expected = Principal(Kind.SHARED_TOKEN, "", permissions=2, token=record.token, earlier=ANN)
    assert client.principal == expected
    await client("server.authToken", token=record.token, password="pw")
    assert client.principal == expected
    with pytest.raises(PermissionDenied):
        await client("server.superuser")


async def test_an_api_token_acts_as_its_maker_within_its_limits(desk: Desk) -> None:
    record = await desk.api.create(owner="ann", now=0, path="/data", permissions=5)
    client = desk.client()
    await client("server.authToken", token=record.token)
    assert client.principal == Principal(Kind.API_TOKEN, "ann", permissions=5, root="/data", token=record.token)
    with pytest.raises(PermissionDenied):
        await client("server.superuser")


@pytest.mark.parametrize(
    ("principal", "allowed"),
    [
        (OWNER, True),
        (Principal(Kind.ACCOUNT, "olga"), True),
        (ANN, False),
        (Principal(Kind.API_TOKEN, "olga", token="T"), False),
    ],
)
async def test_only_the_nodes_own_user_becomes_superuser(desk: Desk, principal: Principal, allowed: bool) -> None:
    client = desk.client(principal)
    if not allowed:
        with pytest.raises(PermissionDenied):
            await client("server.superuser")
    else:
        await client("server.superuser")
    assert client.principal is not None
    assert client.principal.superuser is allowed
    assert client.principal.user == principal.user
