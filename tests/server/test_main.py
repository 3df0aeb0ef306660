"""The process around a node: arguments, log, signals, exit codes, with a made-up node inside."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType

import pytest

import jetstream_server
from jetstream_server.__main__ import OneLine, run
from jetstream_server.access.identity import IdentityDamaged
from jetstream_server.catalog.errors import CatalogFull
from jetstream_server.config import OnReady, Ready, Settings
from jetstream_server.refusals import StartRefused

Serve = Callable[[Settings, asyncio.Event, OnReady], Awaitable[None]]


@pytest.fixture
def as_node(monkeypatch: pytest.MonkeyPatch) -> Callable[[Serve], None]:
    """Puts a coroutine function in the place of the node."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", root.handlers[:])
    monkeypatch.setattr(root, "level", root.level)

    def put(serve: Serve) -> None:
        module = ModuleType("jetstream_server.node")
        module.serve = serve  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "jetstream_server.node", module)
        monkeypatch.setattr(jetstream_server, "node", module, raising=False)

    return put


def test_wrong_options_are_one_sentence_and_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--port", "1"]) == 2
    assert capsys.readouterr() == ("", "jetstream server: There is no option '--port'; --help lists them all.\n")


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert capsys.readouterr().out.startswith("Usage: jetstream server [OPTIONS]\n")


@pytest.mark.parametrize("refusal", [StartRefused("The port is taken."), CatalogFull(Path("c")),
                                     IdentityDamaged(Path("identity.pem"), "no key in it")])
def test_refusals_are_one_sentence_and_a_code(as_node: Callable[[Serve], None], capsys: pytest.CaptureFixture[str],
                                              refusal: Exception) -> None:
    async def serve(settings: Settings, stop: asyncio.Event, on_ready: OnReady) -> None:
        raise refusal

    as_node(serve)
    assert run([]) == 3
    assert capsys.readouterr() == ("", f"jetstream server: {refusal}\n")


def test_a_folder_that_cannot_be_used_is_a_refusal_before_the_start_and_a_fault_after(
        as_node: Callable[[Serve], None], capsys: pytest.CaptureFixture[str]) -> None:
    async def serve(settings: Settings, stop: asyncio.Event, on_ready: OnReady) -> None:
        if settings.announce:
            on_ready(Ready(1, 1, ""))
        raise PermissionError(13, "Permission denied", "/state")

    as_node(serve)
    assert run([]) == 3
    assert capsys.readouterr().err == "jetstream server: Cannot use /state: Permission denied.\n"
    assert run(["--announce"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_fault_is_logged_with_its_traceback(as_node: Callable[[Serve], None],
                                              capsys: pytest.CaptureFixture[str]) -> None:
    async def serve(settings: Settings, stop: asyncio.Event, on_ready: OnReady) -> None:
        raise ZeroDivisionError("a bug")

    as_node(serve)
    assert run([]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "ZeroDivisionError: a bug" in err


@pytest.mark.skipif(sys.platform == "win32", reason="signals to one's own process differ there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_gracefully(as_node: Callable[[Serve], None], capsys: pytest.CaptureFixture[str],
                                   number: signal.Signals) -> None:
    async def serve(settings: Settings, stop: asyncio.Event, on_ready: OnReady) -> None:
        on_ready(Ready(4711, 4712, "ab" * 32))
        os.kill(os.getpid(), number)
        await stop.wait()

    as_node(serve)
    assert run(["--announce"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"port": 4711, "recvPort": 4712, "fingerprint": "ab" * 32, "pid": os.getpid()}
    assert out.count("\n") == 1
    assert f"Stopping ({number.name})" in err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no child to end")
def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    script = tmp_path / "stubborn.py"
    script.write_text("""
import asyncio, os, signal, sys, types
import jetstream_server
from jetstream_server.__main__ import run

async def serve(settings, stop, on_ready):
    os.kill(os.getpid(), signal.SIGTERM)
    await stop.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()

node = sys.modules["jetstream_server.node"] = jetstream_server.node = types.ModuleType("node")
node.serve = serve
sys.exit(run([]))
""", encoding="utf-8")
    pid = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, str(script)])
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 128 + signal.SIGTERM


def test_without_announce_standard_output_stays_empty(as_node: Callable[[Serve], None],
                                                      capsys: pytest.CaptureFixture[str]) -> None:
    async def serve(settings: Settings, stop: asyncio.Event, on_ready: OnReady) -> None:
        on_ready(Ready(1, 1, ""))

    as_node(serve)
    assert run([]) == 0
    assert capsys.readouterr() == ("", "")


def test_names_from_outside_cannot_forge_lines_of_the_log() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "from %s", ("eve\n2026 INFO fake\x1b[2J\udc80",), None)
    assert OneLine("%(message)s").format(record) == "from eve\\n2026 INFO fake\\x1b[2J\\udc80"
