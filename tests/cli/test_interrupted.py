"""Ctrl-C where no command listens for it yet."""

import getpass
import io
import sys
import types

import pytest

from jetstream_cli import main, secrets


class Slow(types.ModuleType):
    """A module during whose reading somebody presses Ctrl-C."""

    def __getattr__(self, name: str) -> object:
        raise KeyboardInterrupt


@pytest.mark.parametrize(("module", "words"), [("jetstream_cli.app", ["ls"]), ("jetstream_cli.serving", ["server"])])
def test_while_the_command_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], module: str, words: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, module, Slow(module))
    monkeypatch.setattr(sys, "argv", ["jetstream", *words])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "")


def test_at_a_password_the_line_ends(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(prompt: str) -> str:
        raise KeyboardInterrupt

    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr(getpass, "getpass", interrupted)
    with pytest.raises(KeyboardInterrupt):
        secrets.new_password("Password for ann")
    assert capsys.readouterr().err == "\n"
