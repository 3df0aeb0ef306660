"""The one way in: what opens, and that guessing is slowed by whom and by what."""

from collections.abc import Awaitable, Callable

import pytest

from jetstream.errors import AuthenticationFailed
from jetstream_server.access.accounts import Accounts
from jetstream_server.access.door import TOO_MANY, Door
from jetstream_server.access.passwords import Passwords
from jetstream_server.access.throttle import Throttle
from jetstream_server.access.tokens import ApiTokens, SharedTokens
from jetstream_server.catalog import Catalog
from jetstream_server.records import ApiTokenRecord, ManifestRecord, TokenRecord

NOW = 1_700_000_000_000_000
HERE, THERE = "192.0.2.1", "198.51.100.7"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def door(catalog: Catalog, passwords: Passwords) -> Door:
    """With the account ann, and a throttle that turns away after four wrong attempts, since its clock stands still."""
    accounts = Accounts(catalog, passwords)
    await accounts.create("ann", "a long secret", NOW)
    await catalog.manifests.add(ManifestRecord(id="1", owner="ann"))
    door = Door(
        accounts, await SharedTokens.load(catalog, passwords), await ApiTokens.load(catalog),
        Throttle(free=2, first=0.001, longest=0.001), lambda: NOW, Clock(),
    )
    return door


async def refusal(attempt: Callable[[], Awaitable[object]]) -> str:
    with pytest.raises(AuthenticationFailed) as caught:
        await attempt()
    return caught.value.message


async def test_right_passwords_open_and_wrong_ones_look_like_unknown_users(door: Door) -> None:
    await door.account("ann", "a long secret", HERE)
    wrong = await refusal(lambda: door.account("ann", "wrong", HERE))
    assert wrong == await refusal(lambda: door.account("nobody", "wrong", THERE))


async def test_guessing_is_turned_away_but_not_who_got_in_lately(door: Door) -> None:
    await door.account("ann", "a long secret", THERE)
    refusals = [await refusal(lambda: door.account("ann", "wrong", HERE)) for _ in range(6)]
    assert (refusals[0] == TOO_MANY, refusals[-1] == TOO_MANY) == (False, True)
    assert await refusal(lambda: door.account("ann", "a long secret", HERE)) == TOO_MANY
    await door.account("ann", "a long secret", THERE)


async def test_both_kinds_of_token_in_any_spelling(door: Door) -> None:
    shared = await door._shared_tokens.create(owner="ann", manifest_id="1", now=NOW, password="pw")
    api = await door._api_tokens.create(owner="ann", now=NOW)
    assert isinstance(await door.any_token(shared.token.lower().replace(".", " "), "pw", HERE), TokenRecord)
    assert isinstance(await door.any_token(api.token, None, HERE), ApiTokenRecord)
    assert (await door.shared_token(shared.token, "pw", HERE)).manifest_id == "1"
    await refusal(lambda: door.shared_token(api.token, None, THERE))  # opens nothing for other nodes


async def test_a_tokens_password_is_guessed_slowly_however_the_token_is_typed(door: Door) -> None:
    shared = await door._shared_tokens.create(owner="ann", manifest_id="1", now=NOW, password="pw")
    ways = [shared.token, shared.token.lower(), shared.token.replace(".", "-"), shared.token.title()]
    for number, way in enumerate(ways):
        await refusal(lambda way=way, number=number: door.any_token(way, "no", f"203.0.113.{number}"))  # type: ignore[misc]
    assert await refusal(lambda: door.any_token(shared.token, "pw", "203.0.113.9")) == TOO_MANY
