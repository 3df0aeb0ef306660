"""Hashing passwords with argon2id, away from the event loop."""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")

AT_ONCE: Final = 2
"""Hashes computed at the same time. Each takes tens of MiB and of milliseconds, so that guessing is dear for whoever
has stolen the hashes; the bound keeps a flood of logins from making it dear for us."""


class Passwords:
    """Hashes and compares passwords. Equal work goes into every comparison, whether there is a hash or not.

    :param hasher: the parameters of argon2id; tests inject cheap ones.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._executor = ThreadPoolExecutor(AT_ONCE, "passwords")

    async def hash(self, password: str) -> str:
        """A salted hash in the usual text form, which names its own parameters."""
        return await self._in_thread(self._hasher.hash, _normal(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether *password* is the one behind the hash *stored*. Without a hash it never is, after the same work."""
        return await self._in_thread(self._matches, stored, _normal(password))

    def is_weak(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than ours and should be made anew at the next login."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Ends the threads, after the hash that each is at."""
        self._executor.shutdown(cancel_futures=True)

    def _matches(self, stored: str | None, password: bytes) -> bool:
        if stored is None:
            self._hasher.hash(password)
            return False
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, function: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)


def _normal(password: str) -> bytes:
    """One form for letters that keyboards compose differently (NFC)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
