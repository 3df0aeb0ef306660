"""Destinations tested for real: nodes and other programs on loopback."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.liars import somebody
from jetstream.checks import Check
from jetstream.errors import AuthenticationFailed, InvalidParameters
from jetstream.protocol.limits import ALPN_PEER
from jetstream_server.access.identity import server_tls
from jetstream_server.files import landing
from jetstream_server.link.handshake import Answering
from jetstream_server.link.messages import Login, understand
from jetstream_server.link.peer import PeerConnection, PeerIdentity
from jetstream_server.records import DestinationRecord
from jetstream_server.transfers.probing import Prober
from jetstream_server.trial import Target, Trials, chosen_target

WALL = 1_700_000_000_000_000
ALL = ["name", "route", "protocol", "identity", "login", "folder", "clock", "roundTrip"]


class Pins:
    def __init__(self, pinned: str | None = None) -> None:
        self.pinned = pinned

    async def get(self, address: str, port: int) -> str | None:
        return self.pinned


class Book:
    def __init__(self) -> None:
        self.seen_of: dict[str, dict[str, Any]] = {}

    async def seen(self, id: str, **changes: Any) -> None:
        self.seen_of[id] = changes


class Gate:
    def __init__(self, folder: Path, takes: bool = True, asks: bool = False) -> None:
        self.folder = folder
        self.takes = takes
        self.asks = asks

    async def may_send(self, peer: PeerIdentity, account: str | None) -> bool:
        return self.takes or account == "ann"

    async def may_ask(self) -> bool:
        return self.asks

    async def landing_folder(self, account: str | None) -> tuple[str, Path]:
        return "olga", self.folder


@asynccontextmanager
async def a_node(
    folder: Path, gate: Gate, *, knows_probe: bool = True, nonsense: dict[str, Any] | None = None
) -> AsyncIterator[tuple[int, str]]:
    """A node that answers tests; its port and fingerprint."""
    myself = somebody(folder / "there", "Studio B")
    with ThreadPoolExecutor(1) as threads:
        prober = Prober(gate, threads, lambda: WALL)
        open_now: set[PeerConnection] = set()

        def proven(peer: PeerConnection) -> None:
            accounts: list[str] = []

            async def login(params: dict[str, Any]) -> None:
                if understand(Login, params) != Login(user="ann", password="pw"):
                    raise AuthenticationFailed("No.")
                accounts.append("ann")

            async def probe(_: dict[str, Any]) -> Any:
                assert peer.peer is not None
                if nonsense is not None:
                    return nonsense
                return await prober.answer(peer.peer, accounts[0] if accounts else None)

            peer.on_request("login", login)
            if knows_probe:
                peer.on_request("probe", probe)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            peer = PeerConnection(reader, writer)
            open_now.add(peer)
            await Answering(peer, myself, ("127.0.0.1", 1), proven).run()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_tls(myself.identity, [ALPN_PEER]))
        try:
            yield server.sockets[0].getsockname()[1], myself.identity.fingerprint
        finally:
            for peer in open_now:
                await peer.close()
            server.close()
            await server.wait_closed()


@asynccontextmanager
async def something_else(answer: Callable[[bytes], bytes], first: bytes = b"") -> AsyncIterator[int]:
    """Another program: says *first*, then answers what it hears."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        heard = await reader.read(4096)
        writer.write(answer(heard))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def tried(
    tmp_path: Path, port: int, *, pinned: str | None = None, host: str = "127.0.0.1", book: Book | None = None,
    report: Callable[[Sequence[Check]], None] = lambda _: None, **more: Any
) -> dict[str, Check]:
    trials = Trials(somebody(tmp_path / "here", "Here"), Pins(pinned), book or Book(), lambda: WALL)  # type: ignore[arg-type]
    found = await trials.run(Target(address=host, port=port, **more), report)
    assert [check.step for check in found] == ALL
    assert all(check.text and (not check.failed or check.fix) for check in found)
    return {check.step: check for check in found}


def codes(found: dict[str, Check]) -> list[str]:
    return [check.code for check in found.values()]


async def test_all_is_well_and_said_step_by_step(tmp_path: Path) -> None:
    heard: list[list[str]] = []
    async with a_node(tmp_path, Gate(tmp_path)) as (port, _):
        found = await tried(tmp_path, port, report=lambda checks: heard.append([check.step for check in checks]))
    assert codes(found)[:5] == ["name-ip", "route-open", "protocol-ok", "identity-first", "login-known"]
    assert codes(found)[6:] == ["clock-ok", "round-trip-ok"]
    assert found["folder"].code in ("folder-ok", "folder-low")
    assert heard == [ALL[:number] for number in range(1, 9)]
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".jetstream")] == []


async def test_a_name_is_looked_up(tmp_path: Path) -> None:
    async with a_node(tmp_path, Gate(tmp_path)) as (port, _):
        found = await tried(tmp_path, port, host="localhost")
    assert found["name"].code == "name-found"
    assert "127.0.0.1" in found["name"].text


async def test_an_unknown_name_ends_the_way(tmp_path: Path) -> None:
    found = await tried(tmp_path, 1, host="no-such-host.invalid")
    assert found["name"].outcome == "failed"
    assert {check.outcome for step, check in found.items() if step != "name"} == {"skipped"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_nothing_listens(tmp_path: Path, host: str) -> None:
    async with something_else(lambda _: b"") as port:
        pass
    found = await tried(tmp_path, port, host=host)
    assert found["route"].code == "route-refused"


@pytest.mark.parametrize(("answer", "first", "code"), [
    (b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", b"", "protocol-http"),
    (b"", b"SSH-2.0-OpenSSH_9.6\r\n", "protocol-ssh"),
    (b"\x15\x03\x01\x00\x02\x02\x46", b"", "protocol-tls"),
    (b"220 mail\r\n", b"", "protocol-other"),
])
async def test_another_program_answers(tmp_path: Path, answer: bytes, first: bytes, code: str) -> None:
    async with something_else(lambda _: answer, first) as port:
        found = await tried(tmp_path, port)
    assert found["protocol"].code == code
    assert found["identity"].outcome == "skipped"


async def test_a_tls_server_that_is_no_node(tmp_path: Path) -> None:
    identity = somebody(tmp_path / "web").identity
    context = server_tls(identity, ["http/1.1"])
    server = await asyncio.start_server(lambda _r, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        found = await tried(tmp_path, server.sockets[0].getsockname()[1])
    assert found["protocol"].outcome == "failed"


async def test_another_identity_hears_nothing_more(tmp_path: Path) -> None:
    async with a_node(tmp_path, Gate(tmp_path)) as (port, fingerprint):
        found = await tried(tmp_path, port, pinned="ab" * 32)
        assert codes(found)[2:4] == ["protocol-shown", "identity-changed"]
        assert found["login"].outcome == "skipped"
        assert (await tried(tmp_path, port, pinned=fingerprint))["identity"].code == "identity-known"
        named = await tried(tmp_path, port, pinned="ab" * 32, permitted_public_key=fingerprint)
        assert named["identity"].code == "identity-named"


async def test_logins(tmp_path: Path) -> None:
    async with a_node(tmp_path, Gate(tmp_path, takes=False)) as (port, _):
        stranger = await tried(tmp_path, port)
        wrong = await tried(tmp_path, port, user_name="ann", password="no")
        right = await tried(tmp_path, port, user_name="ann", password="pw")
    assert [stranger[step].code for step in ALL[4:7]] == ["login-refused", "folder-private", "clock-private"]
    assert stranger["roundTrip"].outcome == "ok"
    assert wrong["login"].code == "login-wrong"
    assert wrong["folder"].outcome == "skipped"
    assert [right[step].code for step in ("login", "clock")] == ["login-account", "clock-ok"]


async def test_an_older_node_that_knows_no_probe(tmp_path: Path) -> None:
    async with a_node(tmp_path, Gate(tmp_path), knows_probe=False) as (port, _):
        stranger = await tried(tmp_path, port)
        account = await tried(tmp_path, port, user_name="ann", password="pw")
    assert [stranger[step].outcome for step in ALL[4:7]] == ["unknown"] * 3
    assert [account[step].outcome for step in ALL[4:7]] == ["ok", "unknown", "unknown"]
    assert stranger["roundTrip"].outcome == "ok"


@pytest.mark.parametrize("answer", [
    {}, {"admission": "perhaps"}, {"admission": "yes", "free": -1}, {"admission": "yes", "problem": "x" * 5000},
    {"admission": "yes", "time": "now"},
])
async def test_a_node_that_answers_with_nonsense(tmp_path: Path, answer: dict[str, Any]) -> None:
    async with a_node(tmp_path, Gate(tmp_path), nonsense=answer) as (port, _):
        found = await tried(tmp_path, port)
    assert found["login"].code == "login-lost"
    assert found["folder"].outcome == found["clock"].outcome == "skipped"


async def test_folders_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(tmp_path / "file" / "below")
    (tmp_path / "file").touch()
    async with a_node(tmp_path, gate) as (port, _):
        assert (await tried(tmp_path, port))["folder"].code == "folder-none"
        gate.folder = tmp_path
        real = os.open
        for number, code in ((errno.EACCES, "folder-denied"), (errno.EROFS, "folder-read-only"),
                             (errno.ENOSPC, "folder-full"), (errno.EIO, "folder-failed")):

            def refuse(path: Any, *arguments: Any, number: int = number, **more: Any) -> int:
                if ".jetstream-" in str(path):
                    raise OSError(number, "refused")
                return real(path, *arguments, **more)

            monkeypatch.setattr(landing.os, "open", refuse)
            assert (await tried(tmp_path, port))["folder"].code == code


async def test_a_test_is_remembered_for_its_own_address_alone(tmp_path: Path) -> None:
    book = Book()
    trials = Trials(somebody(tmp_path / "here"), Pins(), book, lambda: WALL)  # type: ignore[arg-type]
    record = DestinationRecord(id="1", owner="olga", address="127.0.0.1", port=1, creation_time=0)
    found = await trials.run(chosen_target(record, {}), lambda _: None)
    await trials.remember(record, chosen_target(record, {"port": 2}), found)
    assert book.seen_of == {}
    await trials.remember(record, chosen_target(record, {}), found)
    assert book.seen_of["1"]["last_error"] == "route-refused"
    async with a_node(tmp_path, Gate(tmp_path)) as (port, _):
        record = DestinationRecord(id="2", owner="olga", address="127.0.0.1", port=port, creation_time=0)
        target = chosen_target(record, {})
        await trials.remember(record, target, await trials.run(target, lambda _: None))
    assert book.seen_of["2"]["last_error"] is None


def test_what_is_tested() -> None:
    record = DestinationRecord(id="1", owner="o", address="studio", port=1, user_name="ann", password="pw",
                               creation_time=0)
    assert chosen_target(record, {}).password == "pw"
    assert chosen_target(record, {"address": "Studio"}).password == "pw", "the same address"
    for other in ({"address": "elsewhere"}, {"port": 2}, {"user_name": "bob"}):
        target = chosen_target(record, other)
        assert (target.password, target.password_withheld) == (None, True), other
    typed = chosen_target(record, {"address": "elsewhere", "password": "new"})
    assert (typed.password, typed.password_withheld) == ("new", False)
    assert chosen_target(record, {"user_name": ""}).user_name is None
    assert not chosen_target(record, {"user_name": ""}).password_withheld
    assert chosen_target(None, {"address": " B ", "port": None}).address == "b"
    with pytest.raises(InvalidParameters, match="destinationAddress"):
        chosen_target(None, {})
