"""Transfers of other nodes that this node's people removed before their senders knew how they ended.

Their senders come back by themselves: whoever paused or cancelled something and took it off the list does not want to
see it begin anew. So a removed one is remembered, also across restarts, and its sender hears *no*. Of one that was
complete it hears that, so that it does not send everything again.
"""

from typing import Any, Final

from blake3 import blake3

from jetstream_server.catalog.stores import SettingStore

KEPT: Final = 1_000
UNFINISHED: Final = "removedTransfers"
COMPLETE: Final = "removedCompleteTransfers"
_LENGTH: Final = 12
"""Bytes that stand for a transfer: enough that no two are taken for each other."""


class Removed:
    """The last :data:`KEPT` of them.

    :param settings: where they last.
    :param kind: :data:`UNFINISHED` or :data:`COMPLETE`.
    """

    def __init__(self, settings: SettingStore, kind: str) -> None:
        self._settings = settings
        self._kind = kind
        self._marks: dict[str, None] = {}

    async def load(self) -> None:
        """Learn what earlier launches knew."""
        found: Any = await self._settings.get(self._kind)
        self._marks = dict.fromkeys(found or ())

    def holds(self, uid: str, fingerprint: str) -> bool:
        """Whether the transfer that this node calls *uid* was removed here."""
        return _mark(uid, fingerprint) in self._marks

    async def add(self, uid: str, fingerprint: str) -> None:
        """Remember a transfer; of too many the oldest is forgotten. It counts from now on, written down or not."""
        self._marks[_mark(uid, fingerprint)] = None
        while len(self._marks) > KEPT:
            del self._marks[next(iter(self._marks))]
        await self._settings.set(self._kind, list(self._marks))


def _mark(uid: str, fingerprint: str) -> str:
    return blake3(f"{fingerprint}/{uid}".encode()).hexdigest(_LENGTH)
