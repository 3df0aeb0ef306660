"""Questions about names between two nodes' sessions: who is told, what is refused, and answers that lie."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from helpers.trees import build, scanned
from jetstream.errors import InvalidParameters, JetStreamError, LimitExceeded, PermissionDenied
from jetstream_server.files.pages import wire_form
from jetstream_server.link.errors import LinkError, PeerViolation
from jetstream_server.link.messages import Message, SurveyAnswer
from jetstream_server.link.peer import PeerConnection, PeerIdentity
from jetstream_server.transfers import surveying
from jetstream_server.transfers.surveying import AHEAD, Surveyor, ask_about

from .halves import peers


class MadeGate:
    """Lets in who has logged in as ann."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def may_send(self, peer: PeerIdentity, account: str | None) -> bool:
        return account == "ann"

    async def landing_folder(self, account: str | None) -> tuple[str, Path]:
        return "ann", self.folder


@contextlib.asynccontextmanager
async def asking(folder: Path, account: str | None = "ann") -> AsyncIterator[tuple[PeerConnection, PeerConnection]]:
    """A session that asks, and the one of the node that answers for *folder*."""
    with ThreadPoolExecutor(4) as threads:
        surveyor = Surveyor(MadeGate(folder), threads, time.monotonic)
        async with peers(1, 2) as (here, there):

            async def answer(params: dict[str, Any]) -> SurveyAnswer:
                return await surveyor.answer(there, account, params)

            there.on_request("survey", answer)
            yield here, there


@pytest.fixture
def page(tmp_path: Path) -> bytes:
    tree = build(tmp_path / "source", {"evilname": b"123", "other": b"4"})
    return wire_form(scanned({"t": tree}).pages[0])


async def test_counts_and_samples(tmp_path: Path, page: bytes) -> None:
    build(tmp_path / "land", {"box": {"t": {"evilname": b"1"}}})
    async with asking(tmp_path / "land") as (here, _):
        answer = await ask_about(here, page, 3, "box", 4)
        assert (answer.looked, answer.present, answer.unchanged, answer.present_size) == (3, 1, 0, 1)
        assert (answer.changed_sample, answer.unchanged_sample, answer.refused) == ([1], [], [])
        assert answer.needed == 3
        assert answer.free is not None
        elsewhere = await ask_about(here, page, 3, "", 4)
        assert (elsewhere.present, elsewhere.needed) == (0, 4)


async def test_strangers_are_told_nothing(tmp_path: Path, page: bytes) -> None:
    async with asking(tmp_path, account=None) as (here, _):
        with pytest.raises(PermissionDenied, match="told to those alone who may send here"):
            await ask_about(here, page, 3, "", 4)


HOSTILE: list[tuple[dict[str, Any], str]] = [
    ({}, "missing required field `page`"),
    ({"page": 7}, "Expected `bytes`"),
    ({"page": [b""]}, "Expected `bytes`"),
    ({"page": b"\xc1" * 100}, "no MessagePack map"),
    ({"page": b"\x81\xa1garbage"}, "no MessagePack map"),
    ({"page": b"\x80"}, "this node knows no such form"),
    ({"page": b"x" * ((768 << 10) + 1)}, "length <= 786432"),
    ({"page": b"", "overwriteMode": 7}, "Expected `int` <= 6"),
    ({"page": b"", "destinationPath": 1}, "Expected `str`"),
    ({"page": b"", "destinationPath": "x" * 9000}, "length <= 8192"),
]


@pytest.mark.parametrize(("params", "words"), HOSTILE, ids=lambda value: str(value)[:40])
async def test_what_makes_no_sense_is_refused(tmp_path: Path, params: dict[str, Any], words: str) -> None:
    async with asking(tmp_path) as (here, there):
        with pytest.raises(InvalidParameters, match=words):
            await here.request("survey", cast(Message, params))
        assert there.is_open
        await here.measure()


@pytest.mark.parametrize("name", [b"../../xx", b"a/../../x", b".." + b"/" * 6, b"\x00evil\x00xx"])
async def test_hostile_targets_are_refused_as_in_an_offer(tmp_path: Path, page: bytes, name: bytes) -> None:
    (tmp_path / "xx").write_bytes(b"outside")
    (tmp_path / "land").mkdir()
    async with asking(tmp_path / "land") as (here, _):
        with pytest.raises(InvalidParameters, match="This cannot be sent: "):
            await ask_about(here, page.replace(b"evilname", name[:8]), 3, "", 4)
        for path in ("..", "../..", "a/../../b"):
            with pytest.raises(InvalidParameters, match="would leave the folder"):
                await ask_about(here, page, 3, path, 4)


async def test_too_many_questions_at_once(tmp_path: Path, page: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    go, usual = threading.Event(), surveying.survey

    def slow(*values: Any, **options: Any) -> Any:
        go.wait(60)
        return usual(*values, **options)

    monkeypatch.setattr(surveying, "survey", slow)
    async with asking(tmp_path) as (here, _):
        asked = [asyncio.create_task(ask_about(here, page, 3, "", 4)) for _ in range(AHEAD + 3)]
        try:
            refused, _ = await asyncio.wait(asked[AHEAD:], timeout=60)
            assert len(refused) == 3
            for task in refused:
                with pytest.raises(LimitExceeded, match="may be asked about at once"):
                    task.result()
        finally:
            go.set()
        assert [answer.looked for answer in await asyncio.gather(*asked[:AHEAD])] == [3] * AHEAD
        assert (await ask_about(here, page, 3, "", 4)).looked == 3


async def test_who_hangs_up_is_not_looked_for_any_more(
    tmp_path: Path, page: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def endless(*_: Any, stop: Any, **__: Any) -> Any:
        begun.set()
        while not stop():
            time.sleep(0.001)
        ended.set()
        raise OSError("nobody hears this")

    monkeypatch.setattr(surveying, "survey", endless)
    monkeypatch.setattr(surveying, "LOOK_SECONDS", 3600.0)
    async with asking(tmp_path) as (here, there):
        question = asyncio.create_task(ask_about(here, page, 3, "", 4))
        await asyncio.to_thread(begun.wait, 60)
        await there.close()
        assert await asyncio.to_thread(ended.wait, 60)
        with pytest.raises(LinkError):
            await question


async def test_a_page_that_takes_too_long_is_looked_at_in_part(
    tmp_path: Path, page: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveying, "LOOK_SECONDS", -1.0)
    async with asking(tmp_path) as (here, _):
        assert (await ask_about(here, page, 3, "", 4)).looked == 0


GOOD: dict[str, Any] = {"looked": 3, "present": 2, "unchanged": 1, "changedSample": [0], "unchangedSample": [1],
                        "refusedTotal": 1, "refused": [[2, "why"]]}


@pytest.mark.parametrize("lie", [
    {"looked": 4}, {"looked": -1}, {"looked": "3"}, {"present": 3}, {"unchanged": 3}, {"refusedTotal": 2},
    {"changedSample": [0, 1]}, {"unchangedSample": [0, 1]}, {"changedSample": [3]}, {"refused": [[3, "why"]]},
    {"refused": [[2, "why"], [1, "x"]]}, {"refused": [[2]]}, {"refused": [[2, "x" * 2000]]}, {"free": -1},
    {"needed": 1 << 70}, {"presentSize": 0.5}, {"changedSample": list(range(21))}, {"refused": 1},
])
async def test_answers_that_lie(page: bytes, lie: dict[str, Any]) -> None:
    async with peers(1, 2) as (here, there):
        said: dict[str, Any] = GOOD

        async def answer(_: dict[str, Any]) -> Any:
            return said

        there.on_request("survey", answer)
        assert (await ask_about(here, page, 3, "", 4)).present == 2
        said = {**GOOD, **lie}
        with pytest.raises((PeerViolation, JetStreamError)):
            await ask_about(here, page, 3, "", 4)
        said = {"looked": 3, "newer": "fields are fine"}
        assert (await ask_about(here, page, 3, "", 4)).looked == 3


async def test_half_an_answer(page: bytes) -> None:
    async with peers(1, 2) as (here, there):
        heard = asyncio.Event()

        async def silent(_: dict[str, Any]) -> Any:
            heard.set()
            await asyncio.Event().wait()

        there.on_request("survey", silent)
        question = asyncio.create_task(ask_about(here, page, 3, "", 4))
        await heard.wait()
        there._writer.write(b"\x94\x01\x01\xc0\x83\xa6look")
        await there.close()
        with pytest.raises(LinkError):
            await question
