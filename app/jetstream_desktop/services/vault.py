"""Passwords in the keyring of the system. Where there is none they are asked for each time: we write no file of them.

Keyrings answer over D-Bus and may ask the person first, so every call runs in a thread of its own that nothing waits
for when the program ends.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from jetstream_desktop.i18n import tr
from jetstream_desktop.state.nodes import OpenNode

log = logging.getLogger("jetstream.desktop")

T = TypeVar("T")
SERVICE = "JetStream"
_SECONDS = 60.0
"""A person may have to unlock the keyring first."""


class VaultProblem(Exception):
    """The keyring cannot do it. ``str()`` is a sentence."""


class Vault:
    """The keyring.

    :param find: the backend to use, ``None`` if this system has none.
    """

    def __init__(self, find: Callable[[], Any] | None = None) -> None:
        self._find = find or system_keyring

    async def available(self) -> bool:
        """Whether passwords can be kept here."""
        try:
            return await _in_thread(self._find) is not None
        except VaultProblem:
            return False

    async def get(self, node: OpenNode) -> str | None:
        """The password kept for *node*, if there is one and the keyring gives it."""
        try:
            found = await self._ask(lambda ring: ring.get_password(SERVICE, _entry(node)))
        except VaultProblem as error:
            log.info("no password from the keyring: %s", error)
            return None
        return found if isinstance(found, str) else None

    async def keep(self, node: OpenNode, password: str) -> None:
        """Keep the password of *node*.

        :raises VaultProblem: if it cannot be kept.
        """
        await self._ask(lambda ring: ring.set_password(SERVICE, _entry(node), password))

    async def forget(self, node: OpenNode) -> None:
        """Keep none for *node* any more; there may be none.

        :raises VaultProblem: if the keyring does not answer.
        """
        await self._ask(lambda ring: _delete(ring, _entry(node)))

    async def _ask(self, call: Callable[[Any], T]) -> T:
        def work() -> T:
            ring = self._find()
            if ring is None:
                raise VaultProblem(tr("This system has no keyring."))
            return call(ring)

        return await _in_thread(work)


def system_keyring() -> Any:
    """The keyring of the system that protects what it keeps, or ``None``. May block."""
    from keyring import get_keyring
    from keyring.errors import KeyringError

    try:
        chosen = get_keyring()
        # Several keyrings stand behind one face, and a plain file may be among them: only what is recommended counts.
        rings = getattr(chosen, "backends", [chosen])
        return next((ring for ring in rings if float(ring.priority) >= 1), None)
    except (KeyringError, RuntimeError, ImportError) as error:
        log.info("no keyring: %s", error)
        return None


def _entry(node: OpenNode) -> str:
    return f"{node.user}@{node.address}"


def _delete(ring: Any, entry: str) -> None:
    if ring.get_password(SERVICE, entry) is not None:
        ring.delete_password(SERVICE, entry)


async def _in_thread(work: Callable[[], T]) -> T:
    """Run *work* in a daemon thread. Whatever a backend raises becomes a :class:`VaultProblem`."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(value)  # type: ignore[arg-type]
        else:
            answer.set_exception(error)

    def run() -> None:
        try:
            outcome: tuple[T | None, Exception | None] = work(), None
        except VaultProblem as error:
            outcome = None, error
        except Exception as error:  # backends raise what their system raises
            problem = VaultProblem(tr("The keyring refused: {reason}.", reason=str(error) or type(error).__name__))
            problem.__cause__ = error
            outcome = None, problem
        try:
            loop.call_soon_threadsafe(settle, *outcome)
        except RuntimeError:  # the program has ended meanwhile
            log.info("the keyring answered too late")

    threading.Thread(target=run, name="keyring", daemon=True).start()
    try:
        async with asyncio.timeout(_SECONDS):
            return await answer
    except TimeoutError as error:
        raise VaultProblem(tr("The keyring did not answer within {n} seconds.", n=int(_SECONDS))) from error
