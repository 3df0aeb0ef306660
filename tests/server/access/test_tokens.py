"""Shared tokens and API tokens: what opens, what no longer does, and how downloads are counted."""

import asyncio

import pytest

from jetstream.errors import AuthenticationFailed, NotFound
from jetstream_server.access.passwords import Passwords
from jetstream_server.access.tokens import SWEEP_AFTER, ApiTokens, SharedTokens
from jetstream_server.catalog import Catalog
from jetstream_server.records import TokenRecord

NOW = 1_700_000_000_000_000
HOUR = 3_600_000_000
UNKNOWN = "MAYWEBRO.TRUPO.VEVEEBLU"


@pytest.fixture
async def tokens(catalog: Catalog, passwords: Passwords) -> SharedTokens:
    return await SharedTokens.load(catalog, passwords)


@pytest.fixture
async def api_tokens(catalog: Catalog) -> ApiTokens:
    return await ApiTokens.load(catalog)


async def made(tokens: SharedTokens, **options: object) -> TokenRecord:
    return await tokens.create(owner="ann", manifest_id="2", now=NOW, **options)  # type: ignore[arg-type]


async def test_a_token_opens_however_it_is_typed_also_after_a_restart(
    catalog: Catalog, passwords: Passwords, tokens: SharedTokens
) -> None:
    record = await made(tokens, description="for Bob", user_data={"k": 1})
    assert (record.owner, record.manifest_id, record.creation_time, record.download_count) == ("ann", "2", NOW, 0)
    for store in (tokens, await SharedTokens.load(catalog, passwords)):
        for typed in (record.token, record.token.lower().replace(".", " "), record.token.replace(".", "")):
            found = await store.check(typed, None, NOW + 5)
            assert (found.token, found.last_used_time) == (record.token, NOW + 5)
    assert (await tokens.get(record.token)).token == record.token
    assert [r.token for r in await tokens.all()] == [record.token]


async def test_everything_that_does_not_open_says_the_same(tokens: SharedTokens) -> None:
    expired = await made(tokens, expiry_time=NOW)
    locked = await made(tokens, password="right")
    used_up = await made(tokens, download_limit=1)
    tokens.reserve(used_up.token)
    await tokens.release(used_up.token, completed=True)
    deleted = await made(tokens)
    await tokens.delete(deleted.token)
    attempts = [
        (UNKNOWN, None), ("MAYWEBRO", None), ("", None), ("\udcff", None), (expired.token, None), (used_up.token, None),
        (deleted.token, None), (locked.token, None), (locked.token, ""), (locked.token, "wrong"),
    ]
    said = set()
    for token, password in attempts:
        with pytest.raises(AuthenticationFailed) as caught:
            await tokens.check(token, password, NOW)
        said.add((str(caught.value), tuple(caught.value.facts)))
    assert len(said) == 1
    assert (await tokens.check(locked.token, "right", NOW)).token == locked.token


async def test_every_check_costs_one_hash(tokens: SharedTokens, monkeypatch: pytest.MonkeyPatch) -> None:
    free, locked = await made(tokens), await made(tokens, password="right")
    work: list[str | None] = []
    real = Passwords.matches

    async def matches(self: Passwords, stored: str | None, password: str) -> bool:
        work.append(stored)
        return await real(self, stored, password)

    monkeypatch.setattr(Passwords, "matches", matches)
    await asyncio.gather(*(tokens.check(t, "wrong", NOW) for t in (free.token, locked.token, UNKNOWN, "typo")),
                         return_exceptions=True)
    assert len(work) == 4


async def test_downloads_are_reserved_at_the_start_and_counted_at_the_end(tokens: SharedTokens) -> None:
    token = (await made(tokens, download_limit=2)).token
    tokens.reserve(token)
    tokens.reserve(token)
    with pytest.raises(AuthenticationFailed):
        tokens.reserve(token)
    assert (await tokens.check(token, None, NOW)).download_count == 0
    await tokens.release(token, completed=False)
    tokens.reserve(token)
    await asyncio.gather(tokens.release(token, completed=True), tokens.release(token, completed=True))
    assert (await tokens.get(token)).download_count == 2
    with pytest.raises(AuthenticationFailed):
        tokens.reserve(token)
    with pytest.raises(AuthenticationFailed):
        await tokens.check(token, None, NOW)
    await tokens.update(token, download_limit=3)
    tokens.reserve(token)


async def test_a_restart_releases_reservations_and_keeps_counts(
    catalog: Catalog, passwords: Passwords, tokens: SharedTokens
) -> None:
    token = (await made(tokens, download_limit=2)).token
    tokens.reserve(token)
    await tokens.release(token, completed=True)
    tokens.reserve(token)
    again = await SharedTokens.load(catalog, passwords)
    again.reserve(token)
    with pytest.raises(AuthenticationFailed):
        again.reserve(token)


async def test_releasing_more_than_was_reserved_gives_nothing_away(tokens: SharedTokens) -> None:
    token = (await made(tokens, download_limit=1)).token
    await tokens.release(token, completed=False)
    tokens.reserve(token)
    with pytest.raises(AuthenticationFailed):
        tokens.reserve(token)


async def test_without_a_limit_any_number_may_run(tokens: SharedTokens) -> None:
    token = (await made(tokens)).token
    for _ in range(100):
        tokens.reserve(token)
    await tokens.release(token, completed=True)
    assert (await tokens.get(token)).download_count == 1


async def test_a_token_that_is_deleted_under_way(tokens: SharedTokens) -> None:
    token = (await made(tokens)).token
    tokens.reserve(token)
    await tokens.delete(token)
    await tokens.release(token, completed=True)
    with pytest.raises(AuthenticationFailed):
        tokens.reserve(token)
    for missing in (tokens.get(token), tokens.delete(token), tokens.update(token, description="x")):
        with pytest.raises(NotFound):
            await missing


async def test_everything_stays_editable(tokens: SharedTokens) -> None:
    token = (await made(tokens, password="one")).token
    changed = await tokens.update(token.lower(), description="new", expiry_time=NOW + HOUR, user_data={"a": 1})
    assert (changed.description, changed.expiry_time, changed.user_data) == ("new", NOW + HOUR, {"a": 1})
    assert (await tokens.check(token, "one", NOW)).token == token
    await tokens.update(token, password="two")
    with pytest.raises(AuthenticationFailed):
        await tokens.check(token, "one", NOW)
    await tokens.update(token, password=None)
    assert (await tokens.check(token, None, NOW)).password_hash is None
    with pytest.raises(TypeError):
        await tokens.update(token, colour="red")


async def test_expired_tokens_are_swept_two_hours_later(tokens: SharedTokens, api_tokens: ApiTokens) -> None:
    for_ever = await made(tokens)
    brief = await made(tokens, expiry_time=NOW)
    api = await api_tokens.create(owner="ann", now=NOW, expiry_time=NOW)
    assert await tokens.sweep(NOW + SWEEP_AFTER) == await api_tokens.sweep(NOW + SWEEP_AFTER) == []
    assert await tokens.sweep(NOW + SWEEP_AFTER + 1) == [brief.token]
    assert await api_tokens.sweep(NOW + SWEEP_AFTER + 1) == [api.token]
    assert [r.token for r in await tokens.all()] == [for_ever.token]
    assert await api_tokens.all() == []


async def test_api_tokens(catalog: Catalog, api_tokens: ApiTokens) -> None:
    record = await api_tokens.create(
        owner="ann", now=NOW, description="d", path="/data", permissions=3, expiry_time=NOW + HOUR
    )
    assert (record.path, record.permissions) == ("/data", 3)
    again = await ApiTokens.load(catalog)
    assert (await again.check(record.token.lower(), NOW)).last_used_time == NOW
    assert (await again.get(record.token)).owner == "ann"
    for token, now in ((record.token, NOW + HOUR), (UNKNOWN, NOW), ("typo", NOW)):
        with pytest.raises(AuthenticationFailed):
            await again.check(token, now)
    await again.delete(record.token)
    with pytest.raises(AuthenticationFailed):
        await again.check(record.token, NOW)
    with pytest.raises(NotFound):
        await again.get(record.token)


async def test_the_two_kinds_do_not_open_each_other(tokens: SharedTokens, api_tokens: ApiTokens) -> None:
    shared = await made(tokens)
    api = await api_tokens.create(owner="ann", now=NOW)
    with pytest.raises(AuthenticationFailed):
        await tokens.check(api.token, None, NOW)
    with pytest.raises(AuthenticationFailed):
        await api_tokens.check(shared.token, NOW)
