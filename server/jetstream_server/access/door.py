"""Checks of secrets, slowed when somebody guesses: the one way in for API clients and for other nodes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from jetstream.errors import AuthenticationFailed
from jetstream_server.access.accounts import Accounts
from jetstream_server.access.throttle import Throttle
from jetstream_server.access.tokens import ApiTokens, SharedTokens
from jetstream_server.records import ApiTokenRecord, TokenRecord

WRONG = "The user name, the token or the password is not right."
TOO_MANY = "Too many wrong attempts; wait a minute and try again."

T = TypeVar("T")


class Door:
    """Proves accounts and tokens.

    :param wall: microseconds since the epoch.
    :param steady: seconds of a steady clock.
    """

    def __init__(
        self,
        accounts: Accounts,
        shared_tokens: SharedTokens,
        api_tokens: ApiTokens,
        throttle: Throttle,
        wall: Callable[[], int],
        steady: Callable[[], float],
    ) -> None:
        self._accounts = accounts
        self._shared_tokens = shared_tokens
        self._api_tokens = api_tokens
        self._throttle = throttle
        self._wall = wall
        self._steady = steady

    async def account(self, user: str, password: str, address: str) -> None:
        """Prove an account's password.

        :raises AuthenticationFailed: alike for unknown users and wrong passwords.
        """

        async def check() -> None:
            if not await self._accounts.check(user, password):
                raise AuthenticationFailed(WRONG)

        await self._slowed(address, f"user {user}", check)

    async def shared_token(self, token: str, password: str | None, address: str) -> TokenRecord:
        """Prove a shared token.

        :raises AuthenticationFailed: alike for everything that does not open.
        """
        return await self._slowed(
            address, _label(token), lambda: self._shared_tokens.check(token, password, self._wall())
        )

    async def any_token(self, token: str, password: str | None, address: str) -> TokenRecord | ApiTokenRecord:
        """Prove a shared token or an API token.

        :raises AuthenticationFailed: alike for everything that does not open.
        """

        async def check() -> TokenRecord | ApiTokenRecord:
            try:
                return await self._shared_tokens.check(token, password, self._wall())
            except AuthenticationFailed:
                return await self._api_tokens.check(token, self._wall())

        return await self._slowed(address, _label(token), check)

    async def _slowed(self, address: str, account: str, check: Callable[[], Awaitable[T]]) -> T:
        wait = self._throttle.admit(address, account, self._steady())
        if wait is None:
            raise AuthenticationFailed(TOO_MANY, slowed=1)
        if wait:
            await asyncio.sleep(wait)
        result = await check()
        self._throttle.succeeded(address, account, self._steady())
        return result


def _label(token: str) -> str:
    """One label for all ways to type a token: guesses at its password are slowed together."""
    return "token " + "".join(filter(str.isalpha, token)).upper()
