"""What the window remembers between starts: one JSON file. A broken file costs the settings, never the start."""

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jetstream_desktop.i18n import tr
from jetstream_desktop.state import nodes, week
from jetstream_desktop.state.nodes import OpenNode
from jetstream_desktop.state.week import WeekLimits

FILE_NAME = "desktop.json"


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices of the person. *on_close* is ``ask``, ``tray`` or ``quit``; *appearance* as the theme has it,
    *language* a code or nothing; *nodes* are those elsewhere that were open lately.
    """

    appearance: str = "system"
    on_close: str = "ask"
    language: str = ""
    start_hidden: bool = False
    notify: bool = True
    nearby: bool = True
    geometry: str = ""
    header: str = ""
    tab: int = 0
    welcomed: bool = False
    """Transfers were there at the end: the next start does not begin with the start page."""
    closed_groups: str = ""
    """Groups of the address book that are folded, one a line."""
    paused: str = ""
    """Keys of the rows that are paused until :attr:`paused_until` (µs UTC), with spaces between."""
    paused_until: int = 0
    week: WeekLimits = field(default_factory=WeekLimits)
    usual_kbps: int = 0
    """The limit between the slow hours, in kbit/s; 0 for none."""
    nodes: tuple[OpenNode, ...] = ()


_CHOICES = {"appearance": ("system", "light", "dark"), "on_close": ("ask", "tray", "quit")}


def parse(text: str) -> Settings:
    """Reads what :func:`dump` wrote. Unknown or malformed values are left at their defaults.

    :raises ValueError: if *text* is no JSON object at all.
    """
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    usual = Settings()
    given: dict[str, Any] = {}
    for item in dataclasses.fields(Settings):
        raw, default = value.get(item.name), getattr(usual, item.name)
        if item.name == "week":
            given["week"] = week.from_json(raw if isinstance(raw, dict) else {})
        elif item.name == "nodes":
            given["nodes"] = nodes.from_json(raw)
        elif type(raw) is type(default) and raw in _CHOICES.get(item.name, (raw,)):
            given[item.name] = raw
    return Settings(**given)


def dump(settings: Settings) -> str:
    """The text of the settings file."""
    value = {item.name: getattr(settings, item.name) for item in dataclasses.fields(Settings)}
    value["week"] = settings.week.to_json()
    value["nodes"] = nodes.to_json(settings.nodes)
    return json.dumps(value, indent=2, sort_keys=True)


def load(folder: Path) -> tuple[Settings, str | None]:
    """The settings in *folder*, and a sentence if there is a file that cannot be used (it is put aside)."""
    path = folder / FILE_NAME
    try:
        return parse(path.read_text(encoding="utf-8")), None
    except FileNotFoundError:
        return Settings(), None
    except (ValueError, OSError) as error:
        aside = path.with_suffix(".broken")
        try:
            os.replace(path, aside)
        except OSError:
            return Settings(), tr("The settings could not be read ({error}); the usual ones are used.", error=error)
        return Settings(), tr("The settings could not be read; the file is kept as {name}, the usual ones are used.",
                              name=aside.name)


def peek(folder: Path) -> Settings:
    """The settings in *folder* before anybody can be told anything: a file that cannot be used stays where it is."""
    try:
        return parse((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return Settings()


def save(folder: Path, settings: Settings) -> None:
    """Write the settings so that a crash leaves the old or the new file, never half of one."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f"{FILE_NAME}.part"
    part.write_text(dump(settings), encoding="utf-8")
    os.replace(part, folder / FILE_NAME)
