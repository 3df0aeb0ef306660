"""The accounts of the node itself: who may log in by password."""

import unicodedata
from typing import Final

from jetstream.errors import Conflict, InvalidParameters, NotFound
from jetstream_server.access.passwords import Passwords
from jetstream_server.catalog import AlreadyStored, Catalog
from jetstream_server.records import AccountRecord

MAX_USER_NAME: Final = 128


class Accounts:
    """Makes, checks, changes and removes accounts."""

    def __init__(self, catalog: Catalog, passwords: Passwords) -> None:
        self._store = catalog.accounts
        self._passwords = passwords

    async def create(self, user: str, password: str, now: int) -> None:
        """Adds an account.

        :param now: microseconds since the epoch (UTC).
        :raises InvalidParameters: if the name or the password cannot be one.
        :raises Conflict: if there is an account of that name.
        """
        user = checked_user(user)
        _require_password(password)
        record = AccountRecord(user=user, password_hash=await self._passwords.hash(password), creation_time=now)
        try:
            await self._store.add(record)
        except AlreadyStored as error:
            raise Conflict(f"There already is an account {user!r}.") from error

    async def check(self, user: str, password: str) -> bool:
        """Whether this is the password of *user*. An unknown user takes as long as a wrong password."""
        record = await self._store.get(one_form(user))
        stored = None if record is None else record.password_hash
        if not await self._passwords.matches(stored, password):
            return False
        if record is not None and self._passwords.is_weak(record.password_hash):
            await self._store.update(record.user, password_hash=await self._passwords.hash(password))
        return True

    async def set_password(self, user: str, password: str) -> None:
        """Changes a password.

        :raises InvalidParameters: if *password* is empty.
        :raises NotFound: if there is no such account.
        """
        _require_password(password)
        record = await self._require(user)
        await self._store.update(record.user, password_hash=await self._passwords.hash(password))

    async def delete(self, user: str) -> None:
        """Removes an account.

        :raises NotFound: if there is no such account.
        """
        record = await self._require(user)
        await self._store.delete(record.user)

    async def all(self) -> list[AccountRecord]:
        """Every account, the oldest first."""
        return await self._store.all()

    async def names(self) -> list[str]:
        """The names of all accounts."""
        return [record.user for record in await self._store.all()]

    async def _require(self, user: str) -> AccountRecord:
        record = await self._store.get(one_form(user))
        if record is None:
            raise NotFound(f"There is no account {user!r}.")
        return record


def checked_user(user: str) -> str:
    """*user* in its one form, if it can be the name of an account.

    A name may become part of a folder's path (``%u`` in a sandbox), so it must be a plain file name.

    :raises InvalidParameters: if it cannot.
    """
    name = one_form(user)
    if not name or name != name.strip() or len(name) > MAX_USER_NAME or name in (".", ".."):
        raise InvalidParameters(
            f"A user name has 1 to {MAX_USER_NAME} characters, without spaces around it.", field="user"
        )
    if any(character in '/\\:*?"<>|' or not character.isprintable() for character in name):
        raise InvalidParameters('A user name has no control characters and none of / \\ : * ? " < > |', field="user")
    return name


def one_form(user: str) -> str:
    """The form of *user* in which names are stored and compared: letters that keyboards compose differently (NFC)."""
    return unicodedata.normalize("NFC", user)


def _require_password(password: str) -> None:
    if not password:
        raise InvalidParameters("A password must not be empty.", field="password")
