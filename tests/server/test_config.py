"""Settings: where they come from, which one wins, and what is said about wrong ones."""

from dataclasses import fields
from pathlib import Path

import pytest

from jetstream_server.config import OPTIONS, HelpWanted, Settings, SettingsError, help_text, load_settings


def written(folder: Path, text: str) -> str:
    path = folder / "node.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_table_and_the_settings_name_the_same_things() -> None:
    assert {option.attribute for option in OPTIONS} == {field.name for field in fields(Settings)}


def test_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JETSTREAM_HOME", str(tmp_path))
    settings = load_settings([], {})
    assert settings.persistent_state_dir == tmp_path / "node"
    assert settings.sandbox_dir.name == "JetStream"
    assert (settings.api_host, settings.api_port, settings.recv_port) == ("", 8886, None)
    assert (settings.api_allow_remote_control, settings.log_level, settings.announce) == (False, "info", False)
    assert settings.server_name


def test_arguments_win_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    file = written(tmp_path, "api-port = 1\nrecv-port = 1\nmax_active_transfers = 1\n")
    environment = {"JETSTREAM_API_PORT": "2", "JETSTREAM_RECV_PORT": "2", "JETSTREAM_LOG_LEVEL": ""}
    settings = load_settings(["--config", file, "--api-port=3"], environment)
    assert (settings.api_port, settings.recv_port, settings.max_active_transfers) == (3, 2, 1)
    assert settings.log_level == "info"


def test_the_environment_may_name_the_file(tmp_path: Path) -> None:
    settings = load_settings([], {"JETSTREAM_CONFIG": written(tmp_path, 'server-name = "Studio B"')})
    assert settings.server_name == "Studio B"


def test_switches(tmp_path: Path) -> None:
    file = written(tmp_path, "borrow-incoming = true\nborrow-outgoing = true\n")
    settings = load_settings(["--no-borrow-incoming", "--announce", "--config=" + file],
                             {"JETSTREAM_API_ALLOW_REMOTE_CONTROL": "yes"})
    assert (settings.borrow_incoming, settings.borrow_outgoing) == (False, True)
    assert (settings.announce, settings.api_allow_remote_control) == (True, True)
    assert load_settings(["--announce=off"], {}).announce is False


def test_folders_in_a_file_are_seen_from_the_file_and_others_from_here(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    file = written(tmp_path, 'sandbox-dir = "incoming"\n')
    settings = load_settings(["--persistent-state-dir", "state", "--config", file], {})
    assert settings.sandbox_dir == tmp_path / "incoming"
    assert settings.persistent_state_dir == tmp_path / "here" / "state"


def test_a_rate_of_nothing_is_no_limit() -> None:
    settings = load_settings(["--incoming-rate-limit", "0", "--outgoing-rate-limit", "8000"], {})
    assert (settings.incoming_rate_limit, settings.outgoing_rate_limit) == (None, 8000)


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["--api-port", "http"], "--api-port must be a whole number from 0 to 65535, not 'http'."),
    (["--api-port", "-1"], "--api-port must be a whole number from 0 to 65535, not '-1'."),
    (["--api-port=65536"], "--api-port must be a whole number from 0 to 65535, not '65536'."),
    (["--api-port", "٣"], "--api-port must be a whole number from 0 to 65535, not '٣'."),
    (["--api-port"], "--api-port needs a value."),
    (["--api-prot", "1"], "There is no option '--api-prot'; --help lists them all."),
    (["--no-api-port"], "There is no option '--no-api-port'; --help lists them all."),
    (["start"], "There is no option 'start'; --help lists them all."),
    (["--announce=maybe"], "--announce must be true or false, not 'maybe'."),
    (["--log-level", "loud"], "--log-level must be one of debug, info, warning, error, not 'loud'."),
    (["--server-name", "a\nb"], "--server-name must be one line of text, not 'a\\nb'."),
    (["--sandbox-dir", ""], "--sandbox-dir must be the path of a folder, not ''."),
    (["--sandbox-dir", "~nobody-of-this-name/x"],
     "--sandbox-dir must be the path of a folder, not '~nobody-of-this-name/x'."),
    (["--max-active-transfers", "0"], "--max-active-transfers must be a whole number from 1 to 1000, not '0'."),
])
def test_wrong_arguments(arguments: list[str], sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(arguments, {})
    assert str(refusal.value) == sentence


def test_a_wrong_variable_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^The variable JETSTREAM_API_PORT must be a whole number"):
        load_settings([], {"JETSTREAM_API_PORT": "x"})


@pytest.mark.parametrize(("text", "sentence"), [
    ("\n\napi-prot = 1\n", "{file}, line 3: there is no option 'api-prot'."),
    ('# a comment\napi-port = "x"\n', "{file}, line 2: api-port must be a whole number from 0 to 65535, not 'x'."),
    ("api-port = true\n", "{file}, line 1: api-port must be a whole number from 0 to 65535, not True."),
    ("api-port = 1.0\n", "{file}, line 1: api-port must be a whole number from 0 to 65535, not 1.0."),
    ("announce = 1\n", "{file}, line 1: announce must be true or false, not 1."),
    ("[server]\nport = 1\n", "{file}, line 1: there is no option 'server'."),
    ("sandbox-dir = 7\n", "{file}, line 1: sandbox-dir must be the path of a folder, not 7."),
    ("api-port = \n", "The configuration file {file} is no TOML: Invalid value (at line 1, column 12)."),
])
def test_wrong_files_are_named_with_key_and_line(tmp_path: Path, text: str, sentence: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(SettingsError) as refusal:
        load_settings(["--config", file], {})
    assert str(refusal.value) == sentence.format(file=file)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read: No such file or directory\."):
        load_settings(["--config", str(tmp_path / "none.toml")], {})
    (tmp_path / "latin.toml").write_bytes(b"server-name = '\xff'")
    with pytest.raises(SettingsError, match=r"is no text in UTF-8\."):
        load_settings(["--config", str(tmp_path / "latin.toml")], {})


def test_help_lists_every_option() -> None:
    for word in ("-h", "--help"):
        with pytest.raises(HelpWanted):
            load_settings([word], {})
    text = help_text()
    assert all(f"--{option.name}" in text for option in OPTIONS)
    assert "--config FILE" in text
    assert max(map(len, text.splitlines())) <= 110


def test_a_user_without_a_home_is_told_what_to_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("JETSTREAM_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", none)
    with pytest.raises(SettingsError, match="no home folder. Set JETSTREAM_HOME, and say with --sandbox-dir"):
        load_settings([], {})
    given = ["--persistent-state-dir", str(tmp_path / "state"), "--sandbox-dir", str(tmp_path / "in")]
    assert load_settings(given, {}).sandbox_dir == tmp_path / "in"
    monkeypatch.setattr("platformdirs.user_downloads_path", lambda: Path("~/Downloads"))
    with pytest.raises(SettingsError, match="--sandbox-dir"):
        load_settings(given[:2], {})
