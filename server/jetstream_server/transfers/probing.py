"""What this node answers to another one that asks, before it sends anything, whether it could.

A stranger learns whether it would be refused or asked about, and nothing of this node's disk or clock.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Final, Protocol

from jetstream_server.files.landing import Landing, look_at
from jetstream_server.link.messages import Admission, FolderState, ProbeAnswer
from jetstream_server.link.peer import PeerIdentity

_STATES: Final = {
    "ENOSPC": FolderState.FULL, "EDQUOT": FolderState.FULL, "EACCES": FolderState.DENIED, "EPERM": FolderState.DENIED,
    "EROFS": FolderState.READ_ONLY, "ENOTDIR": FolderState.NOT_A_FOLDER,
}


class Admitting(Protocol):
    """What is needed of the node's gate."""

    async def may_send(self, peer: PeerIdentity, account: str | None) -> bool:
        """Whether this node takes files from *peer*, logged in as *account* or not."""

    async def may_ask(self) -> bool:
        """Whether a person would be asked about a node that may not send."""

    async def landing_folder(self, account: str | None) -> tuple[str, Path]:
        """Owner and folder of what comes in."""


class Prober:
    """Answers ``probe``.

    :param files: threads for what looks at the disk.
    :param wall: microseconds since the epoch (UTC).
    """

    def __init__(self, gate: Admitting, files: Executor, wall: Callable[[], int]) -> None:
        self._gate = gate
        self._files = files
        self._wall = wall

    async def answer(self, peer: PeerIdentity, account: str | None) -> ProbeAnswer:
        """What would become of files of *peer*, logged in as *account* or not."""
        if not await self._gate.may_send(peer, account):
            return ProbeAnswer(admission=Admission.ASK if await self._gate.may_ask() else Admission.NO)
        _, folder = await self._gate.landing_folder(account)
        found = await asyncio.get_running_loop().run_in_executor(self._files, look_at, folder)
        return answer_of(found, self._wall())


def answer_of(found: Landing, now: int) -> ProbeAnswer:
    """The answer to a node that may send."""
    state = FolderState.OK if found.problem is None else _STATES.get(found.problem, FolderState.FAILED)
    return ProbeAnswer(
        admission=Admission.YES, folder=state, free=found.free, time=now,
        problem=found.problem or "" if state is FolderState.FAILED else "",
    )
