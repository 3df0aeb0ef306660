"""Finds and reads what is in ``resources/``, in a checkout and in an installed wheel alike."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_HERE: Final = Path(__file__).resolve().parent


@cache
def folder() -> Path:
    """The resources folder: inside the package when installed, beside ``app/`` in a checkout."""
    for candidate in (_HERE / "resources", _HERE.parents[1] / "resources"):
        if (candidate / "tokens.json").is_file():
            return candidate
    raise FileNotFoundError("The resources of JetStream are missing; please install it again.")


@dataclass(frozen=True, slots=True)
class Colours:
    """One appearance, as ``#rrggbb``. *accent_ink* is the accent as text, *wash* the ground of a selection."""

    window: str
    pane: str
    sidebar: str
    hairline: str
    track: str
    hover: str
    text: str
    dim: str
    faint: str
    accent: str
    accent_hover: str
    accent_text: str
    accent_ink: str
    wash: str
    good: str
    caution: str
    bad: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """The measures of the look. *type* holds sizes in pixels by role; *space* is the step of all distances."""

    light: Colours
    dark: Colours
    type: dict[str, int]
    space: int
    radius: int
    row: int


@cache
def tokens() -> Tokens:
    """The tokens of ``tokens.json``."""
    value: dict[str, Any] = json.loads((folder() / "tokens.json").read_text(encoding="utf-8"))
    return Tokens(
        light=Colours(**value["light"]),
        dark=Colours(**value["dark"]),
        type=dict(value["type"]),
        space=int(value["space"]),
        radius=int(value["radius"]),
        row=int(value["row"]),
    )


@cache
def icon_source(name: str) -> str:
    """The SVG text of an icon, with ``currentColor`` still in it."""
    return (folder() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def icon_svg(name: str, colour: str) -> bytes:
    """The icon drawn in *colour*."""
    return icon_source(name).replace("currentColor", colour).encode()


def icon_names() -> list[str]:
    """The names of all icons."""
    return sorted(path.stem for path in (folder() / "icons").glob("*.svg"))


def languages() -> dict[str, Path]:
    """The translation catalogues by language code."""
    return {path.stem: path for path in sorted((folder() / "languages").glob("*.json"))}


def catalogue(code: str) -> dict[str, str]:
    """The translations of a language; empty for English and for languages that there are none for."""
    path = languages().get(code)
    return {} if path is None else dict(json.loads(path.read_text(encoding="utf-8")))


def sentences(code: str) -> dict[str, str]:
    """What nodes say, in a language; empty where there is no table."""
    path = folder() / "sentences" / f"{code}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
