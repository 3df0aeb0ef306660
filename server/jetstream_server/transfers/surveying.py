"""What is there already of what might be sent: asked page by page, told to those alone who may send."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final, Protocol

from jetstream.errors import InvalidParameters, LimitExceeded, PermissionDenied
from jetstream_server.files.errors import ContentError, reason_of
from jetstream_server.files.pages import Page
from jetstream_server.files.survey import Surveyed, survey
from jetstream_server.link.errors import PeerViolation
from jetstream_server.link.messages import PRESENT_SAMPLE, REFUSED_SAMPLE, Survey, SurveyAnswer, understand
from jetstream_server.link.peer import PeerConnection, PeerIdentity, ask

AHEAD: Final = 4
"""Pages that one session may have asked about and not heard of."""
AT_ONCE: Final = 4
"""Pages that a node looks at, whoever asks; others wait."""
LOOK_SECONDS: Final = 5.0
"""So long a node looks at one page."""
ANSWER_SECONDS: Final = 60.0


class Landing(Protocol):
    """What is needed of the node's gate."""

    async def may_send(self, peer: PeerIdentity, account: str | None) -> bool:
        """Whether this node takes files from *peer*, logged in as *account* or not."""

    async def landing_folder(self, account: str | None) -> tuple[str, Path]:
        """Owner and folder of what comes in."""


class Surveyor:
    """Answers ``survey``.

    :param files: threads for what looks at the disk.
    :param steady: seconds that only grow.
    """

    def __init__(self, gate: Landing, files: Executor, steady: Callable[[], float]) -> None:
        self._gate = gate
        self._files = files
        self._steady = steady
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._asked: Counter[PeerConnection] = Counter()

    async def answer(self, peer: PeerConnection, account: str | None, params: dict[str, Any]) -> SurveyAnswer:
        """What is there of the page in *params*, which *peer* asks about, logged in as *account* or not.

        :raises PermissionDenied: if it may not send here.
        :raises LimitExceeded: if it asks about too many pages at once.
        :raises InvalidParameters: if the page makes no sense, or names what must not be written.
        """
        assert peer.peer is not None
        asked = understand(Survey, params)
        if not await self._gate.may_send(peer.peer, account):
            raise PermissionDenied("What is there already is told to those alone who may send here.")
        if self._asked[peer] >= AHEAD:
            raise LimitExceeded(f"At most {AHEAD} pages may be asked about at once; wait for an answer first.")
        self._asked[peer] += 1
        try:
            async with self._turns:
                _, folder = await self._gate.landing_folder(account)
                return await self._look(asked, folder)
        finally:
            self._asked[peer] -= 1
            if not self._asked[peer]:
                del self._asked[peer]

    async def _look(self, asked: Survey, folder: Path) -> SurveyAnswer:
        stop = threading.Event()
        end = self._steady() + LOOK_SECONDS

        def work() -> Surveyed:
            return survey(folder, asked.destination_path, Page.decode(asked.page), asked.overwrite_mode,
                          stop=lambda: stop.is_set() or self._steady() > end,
                          present_sample=PRESENT_SAMPLE, refused_sample=REFUSED_SAMPLE)

        try:
            found = await asyncio.get_running_loop().run_in_executor(self._files, work)
        except ContentError as error:
            raise InvalidParameters(f"This cannot be sent: {error}.") from error
        except OSError as error:
            raise PermissionDenied(f"The receiving folder cannot be looked at: {reason_of(error)}.") from error
        finally:
            stop.set()
        return SurveyAnswer(
            looked=found.looked, present=found.present, unchanged=found.unchanged, present_size=found.present_size,
            needed=found.needed, changed_sample=found.changed_sample, unchanged_sample=found.unchanged_sample,
            refused=found.refused, refused_total=found.refused_total, free=found.free,
        )


async def ask_about(peer: PeerConnection, page: bytes, entries: int, path: str, mode: int) -> SurveyAnswer:
    """What the other node has of a *page* of *entries*, in wire form.

    :raises PeerViolation: if the answer makes no sense. Else as :meth:`PeerConnection.request`.
    """
    question = Survey(page=page, destination_path=path, overwrite_mode=mode)
    answer = await ask(peer, "survey", question, SurveyAnswer, ANSWER_SECONDS)
    sensible = (
        answer.looked <= entries
        and answer.unchanged <= answer.present
        and answer.present + answer.refused_total <= answer.looked
        and len(answer.unchanged_sample) <= answer.unchanged
        and len(answer.changed_sample) <= answer.present - answer.unchanged
        and len(answer.refused) <= answer.refused_total
        and all(position < answer.looked for position in named(answer))
    )
    if not sensible:
        raise PeerViolation("The other node answered a question about names with numbers that make no sense.")
    return answer


def named(answer: SurveyAnswer) -> set[int]:
    """The positions that an answer names."""
    return {*answer.changed_sample, *answer.unchanged_sample, *(position for position, _ in answer.refused)}
