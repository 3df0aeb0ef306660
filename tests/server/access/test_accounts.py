"""Accounts: made, checked, changed, removed; a wrong guess learns nothing."""

import pytest
from argon2 import PasswordHasher

from jetstream.errors import Conflict, InvalidParameters, NotFound
from jetstream_server.access.accounts import Accounts, checked_user
from jetstream_server.access.passwords import Passwords
from jetstream_server.catalog import Catalog

NOW = 1_700_000_000_000_000


@pytest.fixture
def accounts(catalog: Catalog, passwords: Passwords) -> Accounts:
    return Accounts(catalog, passwords)


async def test_only_the_right_password_opens(accounts: Accounts) -> None:
    await accounts.create("jsmith", "secret", NOW)
    assert await accounts.check("jsmith", "secret")
    for user, password in [("jsmith", "Secret"), ("jsmith", ""), ("jsmith", "secret "), ("Jsmith", "secret"), ("", "")]:
        assert not await accounts.check(user, password)
    (record,) = await accounts.all()
    assert (record.user, record.creation_time) == ("jsmith", NOW)
    assert record.password_hash.startswith("$argon2id$")
    assert "secret" not in repr(record)


async def test_letters_composed_differently_are_the_same(accounts: Accounts) -> None:
    await accounts.create("Jo\u0308rg", "Ma\u0308rz", NOW)
    assert await accounts.names() == ["J\u00f6rg"]
    assert await accounts.check("J\u00f6rg", "M\u00e4rz")
    assert not await accounts.check("J\u00f6rg", "Marz")
    with pytest.raises(Conflict):
        await accounts.create("J\u00f6rg", "other", NOW)


async def test_passwords_change_and_accounts_go(accounts: Accounts) -> None:
    await accounts.create("ann", "one", NOW)
    await accounts.set_password("ann", "two")
    assert [await accounts.check("ann", password) for password in ("one", "two")] == [False, True]
    await accounts.delete("ann")
    assert not await accounts.check("ann", "two")
    for change in (accounts.delete("ann"), accounts.set_password("ann", "x")):
        with pytest.raises(NotFound):
            await change
    with pytest.raises(InvalidParameters):
        await accounts.set_password("ann", "")


@pytest.mark.parametrize("user", ["", " ann", "ann\n", "a/b", "..", "a\\b", "a\0", "x" * 129, "a:b", "\udcff"])
async def test_names_that_cannot_be_folder_names_are_refused(accounts: Accounts, user: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        await accounts.create(user, "secret", NOW)
    assert caught.value.facts["field"] == "user"
    assert await accounts.names() == []


def test_ordinary_names_are_fine() -> None:
    for user in ("ann", "Ann Smith", "ann@example.org", "\u5f20\u4f1f", "a.b-c_d"):
        assert checked_user(user) == user


async def test_an_empty_password_is_refused(accounts: Accounts) -> None:
    with pytest.raises(InvalidParameters) as caught:
        await accounts.create("ann", "", NOW)
    assert caught.value.facts["field"] == "password"


async def test_unknown_users_cost_as_much_as_wrong_passwords(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    work: list[str] = []

    class Counted(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            work.append("argon2")
            return super().hash(password, salt=salt)

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002
            work.append("argon2")
            return super().verify(hash, password)

    passwords = Passwords(Counted(time_cost=1, memory_cost=8, parallelism=1))
    accounts = Accounts(catalog, passwords)
    await accounts.create("ann", "secret", NOW)
    work.clear()
    assert not await accounts.check("ann", "wrong")
    assert not await accounts.check("bob", "wrong")
    passwords.close()
    assert work == ["argon2", "argon2"]


async def test_hashes_made_with_older_parameters_are_renewed_at_login(catalog: Catalog, passwords: Passwords) -> None:
    await Accounts(catalog, passwords).create("ann", "secret", NOW)
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    accounts = Accounts(catalog, stronger)
    before = (await accounts.all())[0].password_hash
    assert not await accounts.check("ann", "wrong")
    assert (await accounts.all())[0].password_hash == before
    assert await accounts.check("ann", "secret")
    after = (await accounts.all())[0].password_hash
    assert "t=2" in after
    assert await accounts.check("ann", "secret")
    assert (await accounts.all())[0].password_hash == after
    stronger.close()


async def test_a_damaged_hash_opens_nothing(catalog: Catalog, accounts: Accounts) -> None:
    await accounts.create("ann", "secret", NOW)
    await catalog.accounts.update("ann", password_hash="not a hash")
    assert not await accounts.check("ann", "secret")
