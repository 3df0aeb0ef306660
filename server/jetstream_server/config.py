"""What a node is told when it starts: defaults, then a file, then the environment, then arguments; the last one wins.

One table of options serves all three. ``api-port`` is ``--api-port`` as an argument, ``JETSTREAM_API_PORT`` in the
environment and ``api-port = 8886`` in the file, which is TOML.
"""

import os
import re
import socket
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jetstream.constants import DEFAULT_API_PORT
from jetstream.errors import InvalidParameters
from jetstream.local import state_folder
from jetstream_server.refusals import StartRefused

ENVIRONMENT_PREFIX: Final = "JETSTREAM_"


class SettingsError(StartRefused):
    """An option is unknown or has a value that it cannot have. ``str(error)`` is one sentence that says which."""


class HelpWanted(Exception):  # noqa: N818 - not an error: the way out of reading arguments
    """``--help`` was among the arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a node is told when it starts."""

    persistent_state_dir: Path
    """Where identity, catalog and settings are kept."""
    sandbox_dir: Path
    """Where incoming transfers land."""
    server_name: str
    api_host: str = ""
    """The address to listen on; empty: all interfaces."""
    api_port: int = DEFAULT_API_PORT
    """0 takes any free port; the listener tells which."""
    recv_port: int | None = None
    """The port for other nodes; ``None``: the same as *api_port*."""
    api_allow_remote_control: bool = False
    log_level: str = "info"
    external_address: str | None = None
    """How others reach this node from outside: host, or host:port. Goes into links."""
    incoming_rate_limit: int | None = None
    """kbit/s of the whole node; ``None``: no limit."""
    outgoing_rate_limit: int | None = None
    borrow_incoming: bool = False
    borrow_outgoing: bool = False
    max_active_transfers: int = 4
    discoverable: bool | None = None
    """Announce the node on the local network; ``None``: if others can reach it and zeroconf is installed."""
    carrier: str = "auto"
    """How blocks travel between nodes: ``udp``, ``tcp``, or ``auto``, which tries."""
    datagrams: str = "auto"
    """How datagrams go through the system: ``offload``, ``batch``, ``plain``, or ``auto``: the best that works."""
    announce: bool = False
    """Print one line of JSON to standard output when connections are accepted."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a node tells once it accepts connections."""

    port: int
    recv_port: int
    fingerprint: str


OnReady = Callable[[Ready], None]

Read = Callable[[object], Any]
"""Makes a value of what a file (any type) or an argument (text) says; raises ValueError with "must be ..."."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option. *value_name* stands for its value in the help; an empty one marks a switch."""

    name: str
    read: Read
    value_name: str
    help: str

    @property
    def attribute(self) -> str:
        """Its name in :class:`Settings`."""
        return self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return ENVIRONMENT_PREFIX + self.attribute.upper()


def _whole_number(low: int, high: int) -> Read:
    def read(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value.strip()):
            value = int(value)
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return read


def _rate(value: object) -> int | None:
    return _whole_number(0, 1 << 40)(value) or None


def _switch(value: object) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if isinstance(value, str):
        value = words.get(value.strip().lower())
    if type(value) is not bool:
        raise ValueError("must be true or false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 1000 or not value.isprintable():
        raise ValueError("must be one line of text")
    return value.strip()


def _optional_text(value: object) -> str | None:
    return _text(value) or None


def _folder(value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("must be the path of a folder")
    try:
        return Path(value).expanduser()
    except RuntimeError as error:  # ~name of somebody unknown here
        raise ValueError("must be the path of a folder") from error


def _one_of(*words: str) -> Read:
    def read(value: object) -> str:
        if not isinstance(value, str) or value.lower() not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return value.lower()

    return read


OPTIONS: Final = (
    Option("api-host", _text, "ADDRESS", "listen on this address only (default: all)"),
    Option("api-port", _whole_number(0, 65535), "PORT",
           f"for clients and nodes (default: {DEFAULT_API_PORT}; 0: any free one)"),
    Option("recv-port", _whole_number(0, 65535), "PORT", "another port for other nodes, on all addresses"),
    Option("persistent-state-dir", _folder, "FOLDER", "identity, catalog and settings of the node"),
    Option("sandbox-dir", _folder, "FOLDER", "where incoming transfers land (default: Downloads/JetStream)"),
    Option("api-allow-remote-control", _switch, "", "let accounts log in from other machines"),
    Option("log-level", _one_of("debug", "info", "warning", "error"), "LEVEL", "debug, info, warning or error"),
    Option("server-name", _text, "NAME", "what others see (default: the host's name)"),
    Option("external-address", _optional_text, "HOST[:PORT]", "how others reach this node; goes into links"),
    Option("incoming-rate-limit", _rate, "KBIT/S", "of the whole node; 0: none"),
    Option("outgoing-rate-limit", _rate, "KBIT/S", "of the whole node; 0: none"),
    Option("borrow-incoming", _switch, "", "incoming transfers may use what outgoing ones leave of their limit"),
    Option("borrow-outgoing", _switch, "", "outgoing transfers may use what incoming ones leave of their limit"),
    Option("max-active-transfers", _whole_number(1, 1000), "NUMBER", "outgoing transfers at a time (default: 4)"),
    Option("discoverable", _switch, "",
           "announce the node on the local network (default: if it can)"),
    Option("carrier", _one_of("auto", "udp", "tcp"), "NAME",
           "how files travel between nodes: auto (default), udp or tcp"),
    Option("datagrams", _one_of("auto", "offload", "batch", "plain"), "NAME",
           "how datagrams go through the system: auto (default), offload, batch or plain"),
    Option("announce", _switch, "", "print a line of JSON to standard output once connections are accepted"),
)
_BY_NAME: Final = {option.name: option for option in OPTIONS}
_BY_ATTRIBUTE: Final = {option.attribute: option for option in OPTIONS}


def load_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """The settings that *arguments*, *environment* and a configuration file amount to.

    :raises SettingsError: naming the option, and the file and line where it came from one.
    :raises HelpWanted: if the arguments ask for help.
    """
    given = _read_arguments(arguments)
    named = given.pop("config", None) or environment.get(ENVIRONMENT_PREFIX + "CONFIG")
    values = _read_file(Path(named).expanduser()) if named else {}
    for option in OPTIONS:
        if environment.get(option.variable):
            values[option.attribute] = _checked(option, environment[option.variable], f"The variable {option.variable}")
    for name, text in given.items():
        option = _BY_NAME[name]
        values[option.attribute] = _checked(option, text, f"--{name}")
    return _with_defaults(values)


def _with_defaults(values: dict[str, Any]) -> Settings:
    try:
        if "persistent_state_dir" not in values:
            values["persistent_state_dir"] = state_folder() / "node"
        if "sandbox_dir" not in values:
            from platformdirs import user_downloads_path

            values["sandbox_dir"] = user_downloads_path() / "JetStream"
            if not values["sandbox_dir"].is_absolute():  # "~", which nobody could make a path of
                raise RuntimeError("no folder for downloads")
    except (InvalidParameters, RuntimeError) as error:
        raise SettingsError("This user has no home folder. Set JETSTREAM_HOME, and say with --sandbox-dir where "
                            "incoming files go.") from error
    values["server_name"] = values.get("server_name") or socket.gethostname() or "node"
    for name in ("persistent_state_dir", "sandbox_dir"):
        values[name] = Path(os.path.abspath(values[name]))
    return Settings(**values)


def _checked(option: Option, value: object, where: str) -> Any:
    try:
        return option.read(value)
    except ValueError as error:
        raise SettingsError(f"{where} {error}, not {_shown(value)}.") from error


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# -- arguments --------------------------------------------------------------------------------------------------------


def _read_arguments(arguments: Sequence[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in ("-h", "--help"):
            raise HelpWanted
        name, equals, value = word.removeprefix("--").partition("=")
        option = _BY_NAME.get(name)
        if not word.startswith("--") or (option is None and name != "config"):
            given.update(_negated(word))
            continue
        if option is not None and not option.value_name:
            given[name] = value if equals else "true"
        elif equals:
            given[name] = value
        elif rest:
            given[name] = rest.pop(0)
        else:
            raise SettingsError(f"--{name} needs a value.")
    return given


def _negated(word: str) -> dict[str, str]:
    name = word.removeprefix("--no-")
    if word.startswith("--no-") and name in _BY_NAME and not _BY_NAME[name].value_name:
        return {name: "false"}
    raise SettingsError(f"There is no option {_shown(word)}; --help lists them all.")


def help_text() -> str:
    """What ``--help`` prints."""
    lines = ["Usage: jetstream server [OPTIONS]", "", "Run a node. It stops gracefully on Ctrl-C or SIGTERM.", ""]
    config = Option("config", _text, "FILE", "TOML file with these options: api-port = 8886")
    for option in (*OPTIONS, config):
        left = f"  --{option.name}{' ' if option.value_name else ''}{option.value_name}"
        lines.append(f"{left:34}{option.help}")
    lines += ["", f"Each is also a variable of the environment: {ENVIRONMENT_PREFIX}API_PORT=8886.",
              "The file comes first, then the environment, then arguments; the last one wins."]
    return "\n".join(lines) + "\n"


# -- file -------------------------------------------------------------------------------------------------------------


def _read_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise SettingsError(f"The configuration file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"The configuration file {path} is no text in UTF-8.") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The configuration file {path} is no TOML: {error}.") from error
    values: dict[str, Any] = {}
    for key, value in table.items():
        option = _BY_NAME.get(key) or _BY_ATTRIBUTE.get(key)
        if option is None:
            raise SettingsError(f"{path}{_line_of(key, text)}: there is no option {_shown(key)}.")
        value = _checked(option, value, f"{path}{_line_of(key, text)}: {key}")
        # Folders in a file are meant as seen from the file.
        values[option.attribute] = path.absolute().parent / value if isinstance(value, Path) else value
    return values


def _line_of(key: str, text: str) -> str:
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(rf"""\s*\[?\s*["']?{re.escape(key)}["']?\s*[\].=]""", line):
            return f", line {number}"
    return ""
