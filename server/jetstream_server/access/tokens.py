"""Tokens: shared ones, which open one manifest to whoever holds them, and API tokens, which act as their maker.

Tokens are found by a hash of their one form and then compared in constant time, so that how long an answer takes says
nothing about how much of a guess was right. They are stored as they are: their owner may read them again.
"""

import asyncio
import hashlib
import hmac
import os
from collections import Counter
from collections.abc import Mapping
from types import EllipsisType
from typing import Any, Final, Generic, TypeVar

from jetstream.errors import AuthenticationFailed, InvalidParameters, NotFound
from jetstream.tokens import canonical_token, new_token
from jetstream_server.access.passwords import Passwords
from jetstream_server.access.principal import ALL_PERMISSIONS
from jetstream_server.catalog import Catalog
from jetstream_server.catalog.stores import RecordStore
from jetstream_server.records import ApiTokenRecord, TokenRecord

SWEEP_AFTER: Final = 2 * 3600 * 1_000_000
"""Microseconds for which a token stays listed after it expired."""

WRONG: Final = "This token, or its password, is not right."

AnyToken = TypeVar("AnyToken", bound=TokenRecord | ApiTokenRecord)


class _Book(Generic[AnyToken]):
    """Tokens of one kind."""

    def __init__(self, store: RecordStore[AnyToken]) -> None:
        self._store = store
        self._by_hash: dict[bytes, str] = {}

    async def load(self) -> None:
        for record in await self._store.all():
            self._by_hash[_hash(record.token)] = record.token

    async def add(self, record: AnyToken) -> AnyToken:
        await self._store.add(record)
        self._by_hash[_hash(record.token)] = record.token
        return record

    async def find(self, text: str) -> AnyToken | None:
        """The record of the token in *text*, however that is typed."""
        try:
            asked = canonical_token(text)
        except InvalidParameters:
            return None
        stored = self._by_hash.get(_hash(asked), "")
        if not hmac.compare_digest(stored.encode(), asked.encode()):
            return None
        return await self._store.get(stored)

    async def require(self, text: str) -> AnyToken:
        record = await self.find(text)
        if record is None:
            raise NotFound("There is no such token.")
        return record

    async def all(self) -> list[AnyToken]:
        return await self._store.all()

    async def update(self, text: str, changes: Mapping[str, Any]) -> AnyToken:
        record = await self.require(text)
        await self._store.update(record.token, **changes)
        return await self.require(text)

    async def used(self, record: AnyToken, now: int) -> AnyToken:
        """Notes that the token has just opened; it may have been deleted a moment ago."""
        try:
            return await self.update(record.token, {"last_used_time": now})
        except NotFound as error:
            raise AuthenticationFailed(WRONG) from error

    async def delete(self, text: str) -> None:
        record = await self.require(text)
        self._by_hash.pop(_hash(record.token), None)
        await self._store.delete(record.token)

    async def sweep(self, now: int) -> list[str]:
        old = [
            record.token
            for record in await self._store.all()
            if record.expiry_time is not None and record.expiry_time + SWEEP_AFTER < now
        ]
        for token in old:
            await self.delete(token)
        return old


class SharedTokens:
    """Makes, checks, counts and removes shared tokens.

    A download is *reserved* while it is under way and counted when it is complete. Reservations live as long as the
    process: whatever goes on after a restart reserves again.
    """

    def __init__(self, catalog: Catalog, passwords: Passwords) -> None:
        self._book = _Book(catalog.tokens)
        self._passwords = passwords
        self._limits: dict[str, int | None] = {}
        self._counts: Counter[str] = Counter()
        self._reserved: Counter[str] = Counter()
        self._lock = asyncio.Lock()

    @classmethod
    async def load(cls, catalog: Catalog, passwords: Passwords) -> "SharedTokens":
        """With the tokens that the catalog holds."""
        tokens = cls(catalog, passwords)
        await tokens._book.load()
        for record in await tokens.all():
            tokens._remember(record)
        return tokens

    async def create(
        self,
        *,
        owner: str,
        manifest_id: str,
        now: int,
        description: str = "",
        expiry_time: int | None = None,
        download_limit: int | None = None,
        password: str | None = None,
        owner_token: str | None = None,
        user_data: Mapping[str, Any] | None = None,
    ) -> TokenRecord:
        """Makes a token for a manifest.

        :param now: microseconds since the epoch (UTC), as is *expiry_time*.
        :param password: asked for together with the token, if given and not empty.
        """
        record = TokenRecord(
            token=new_token(os.urandom),
            owner=owner,
            manifest_id=manifest_id,
            description=description,
            creation_time=now,
            expiry_time=expiry_time,
            download_limit=download_limit,
            password_hash=await self._passwords.hash(password) if password else None,
            owner_token=owner_token,
            user_data=user_data or {},
        )
        self._remember(record)
        return await self._book.add(record)

    async def check(self, token: str, password: str | None, now: int) -> TokenRecord:
        """The record of a token that opens its manifest now.

        :raises AuthenticationFailed: in the same words and after the same work for a token that is unknown, mistyped,
            deleted, expired or used up, and for a wrong password.
        """
        record = await self._book.find(token)
        stored = None if record is None else record.password_hash
        right = await self._passwords.matches(stored, password or "")
        if record is None or not (right or record.password_hash is None):
            raise AuthenticationFailed(WRONG)
        used_up = record.download_limit is not None and record.download_count >= record.download_limit
        if used_up or _expired(record, now):
            raise AuthenticationFailed(WRONG)
        return await self._book.used(record, now)

    def reserve(self, token: str) -> None:
        """Takes one of the downloads that the token allows; an expired token may finish what was begun.

        :param token: as in its record.
        :raises AuthenticationFailed: if there is no such token, or all of its downloads are used or under way.
        """
        if token not in self._limits:
            raise AuthenticationFailed(WRONG)
        limit = self._limits[token]
        if limit is not None and self._counts[token] + self._reserved[token] >= limit:
            raise AuthenticationFailed("All downloads of this token are used or under way.")
        self._reserved[token] += 1

    async def release(self, token: str, completed: bool) -> None:
        """Gives a reservation back; counts the download if it is complete. Without effect for a token that is gone."""
        async with self._lock:
            if self._reserved[token] > 0:
                self._reserved[token] -= 1
            if completed and token in self._limits:
                # In memory first: until the catalog has it, nobody may take the place that has just been used.
                self._counts[token] += 1
                record = await self._book.find(token)
                if record is not None:
                    await self._book.update(token, {"download_count": self._counts[token]})

    async def uses_manifest(self, manifest_id: str) -> bool:
        """Whether a token gives this manifest."""
        return any(record.manifest_id == manifest_id for record in await self.all())

    async def get(self, token: str) -> TokenRecord:
        """One token.

        :raises NotFound: if there is none.
        """
        return await self._book.require(token)

    async def all(self) -> list[TokenRecord]:
        """Every token, the oldest first."""
        return await self._book.all()

    async def update(self, token: str, *, password: str | None | EllipsisType = ..., **changes: Any) -> TokenRecord:
        """Changes fields of a token.

        :param password: a new one; ``None`` or an empty one lifts it.
        :raises NotFound: if there is none.
        :raises TypeError: if a name is no field.
        """
        if password is not ...:
            changes["password_hash"] = await self._passwords.hash(password) if password else None
        record = await self._book.update(token, changes)
        self._remember(record)
        return record

    async def delete(self, token: str) -> None:
        """Revokes a token.

        :raises NotFound: if there is none.
        """
        record = await self._book.require(token)
        await self._book.delete(record.token)
        self._forget(record.token)

    async def sweep(self, now: int) -> list[str]:
        """Removes, and names, the tokens that expired over two hours ago."""
        swept = await self._book.sweep(now)
        for token in swept:
            self._forget(token)
        return swept

    def _remember(self, record: TokenRecord) -> None:
        self._limits[record.token] = record.download_limit
        self._counts[record.token] = max(self._counts[record.token], record.download_count)

    def _forget(self, token: str) -> None:
        self._limits.pop(token, None)
        del self._counts[token]
        del self._reserved[token]


class ApiTokens:
    """Makes, checks and removes API tokens."""

    def __init__(self, catalog: Catalog) -> None:
        self._book = _Book(catalog.api_tokens)

    @classmethod
    async def load(cls, catalog: Catalog) -> "ApiTokens":
        """With the tokens that the catalog holds."""
        tokens = cls(catalog)
        await tokens._book.load()
        return tokens

    async def create(
        self,
        *,
        owner: str,
        now: int,
        description: str = "",
        path: str = "",
        permissions: int = ALL_PERMISSIONS,
        expiry_time: int | None = None,
        owner_token: str | None = None,
    ) -> ApiTokenRecord:
        """Makes a token that acts as *owner*.

        :param path: the path that it is restricted to, ``''`` for none, as *owner* sees paths.
        :param permissions: sum of the ``PERMISSION_…`` values.
        :param now: microseconds since the epoch (UTC), as is *expiry_time*.
        """
        record = ApiTokenRecord(
            token=new_token(os.urandom),
            owner=owner,
            description=description,
            path=path,
            permissions=permissions,
            creation_time=now,
            expiry_time=expiry_time,
            owner_token=owner_token,
        )
        return await self._book.add(record)

    async def check(self, token: str, now: int) -> ApiTokenRecord:
        """The record of a token that is good now.

        :raises AuthenticationFailed: if it is unknown, mistyped, deleted or expired: all alike.
        """
        record = await self._book.find(token)
        if record is None or _expired(record, now):
            raise AuthenticationFailed(WRONG)
        return await self._book.used(record, now)

    async def get(self, token: str) -> ApiTokenRecord:
        """One token.

        :raises NotFound: if there is none.
        """
        return await self._book.require(token)

    async def all(self) -> list[ApiTokenRecord]:
        """Every token, the oldest first."""
        return await self._book.all()

    async def delete(self, token: str) -> None:
        """Revokes a token.

        :raises NotFound: if there is none.
        """
        await self._book.delete(token)

    async def sweep(self, now: int) -> list[str]:
        """Removes, and names, the tokens that expired over two hours ago."""
        return await self._book.sweep(now)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _expired(record: TokenRecord | ApiTokenRecord, now: int) -> bool:
    return record.expiry_time is not None and now >= record.expiry_time
