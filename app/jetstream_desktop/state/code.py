"""A transfer's set-up as a script or a command, for people who want to repeat it without the window."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import indent
from typing import Any, Final

from jetstream.constants import (
    DEFAULT_API_PORT,
    OVERWRITE_ALWAYS,
    OVERWRITE_BACKUP,
    OVERWRITE_IN_PLACE_ALWAYS,
    OVERWRITE_IN_PLACE_NEVER,
    OVERWRITE_IN_PLACE_SAME_SIZE,
    OVERWRITE_KEEP_BOTH,
    OVERWRITE_NEVER,
    RATE_POLICY_BACKGROUND,
    RATE_POLICY_FAIR,
    RATE_POLICY_FIXED,
    SYMLINK_FOLLOW,
    SYMLINK_IGNORE,
    SYMLINK_PRESERVE,
)
from jetstream.entities import Destination, Manifest, Transfer
from jetstream_desktop.state.nodes import LOCAL, OpenNode
from jetstream_desktop.state.options import LABEL, NORMAL
from jetstream_desktop.state.text import base_name, is_text

OVERWRITE_WORDS: Final = {
    OVERWRITE_NEVER: "never", OVERWRITE_BACKUP: "backup", OVERWRITE_KEEP_BOTH: "keep-both",
    OVERWRITE_IN_PLACE_ALWAYS: "in-place", OVERWRITE_IN_PLACE_NEVER: "in-place-never",
    OVERWRITE_IN_PLACE_SAME_SIZE: "in-place-same-size",
}
"""How the command calls what is not its default."""
_SYMLINKS: Final = {SYMLINK_IGNORE: "ignore", SYMLINK_PRESERVE: "keep"}
_OWN_MACHINE: Final = ("localhost", "127.0.0.1", "::1")
"""For these the command takes the port of the own node, if it is told none."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a manifest was made: what goes under which name, what is left out, what links become."""

    mappings: Mapping[str, str]
    exclude: Sequence[str] = ()
    symlinks: int = SYMLINK_FOLLOW

    def remembered(self) -> dict[str, Any]:
        """The form that a manifest keeps among its user data."""
        return {"mappings": dict(self.mappings), "exclude": list(self.exclude), "symlinks": self.symlinks}

    @property
    def text_only(self) -> bool:
        """Whether it can be kept, and written down at all: some names are bytes and no text."""
        return all(is_text(path) for pair in self.mappings.items() for path in pair)


def recipe_of(manifest: Manifest) -> Recipe | None:
    """How *manifest* was made, if it was made in a window and of few enough things to be remembered."""
    mappings, exclude = manifest.user_data.get("mappings"), manifest.user_data.get("exclude")
    symlinks = manifest.user_data.get("symlinks")
    if not isinstance(mappings, Mapping) or not mappings:
        return None
    return Recipe({str(target): str(source) for target, source in mappings.items()},
                  tuple(map(str, exclude)) if isinstance(exclude, Sequence) and not isinstance(exclude, str) else (),
                  symlinks if symlinks in _SYMLINKS else SYMLINK_FOLLOW)


def as_python(transfer: Transfer, destination: Destination, recipe: Recipe | None, node: OpenNode = LOCAL,
              port: int = DEFAULT_API_PORT) -> str:
    """Lines of Python that send the same again; without a *recipe* the same list of files, which the node has.
    *node* is the one that sends; *port* is that of the node of this computer, which need not be the usual one.
    """
    return "\n".join([*session(node, port, [
        *_python_manifest(transfer, recipe),
        f"destination = {_python_destination(destination)}",
        "transfer = api.send.createTransfer(",
        f"    destination, manifest, destinationPath={transfer.destination_path!r},",
        f"    priority={transfer.priority}, overwriteMode={transfer.overwrite_mode}{_manner(transfer)})",
        "print(api.send.waitForTransfer(transfer)['status'])",
    ]), ""])


def session(node: OpenNode, port: int, body: Sequence[str], *, getpass: bool = False) -> list[str]:
    """Lines of Python that do *body* with the ``api`` of *node*; *getpass*: whether the body asks for a password."""
    own = "" if port == DEFAULT_API_PORT else f"serverPort={port}"
    where = own if node.local else f"{node.host!r}, {node.port}"
    login = [f"api.server.auth({node.user!r}, getpass())"] if node.user else []
    return [*(["from getpass import getpass", ""] if login or getpass else []),
            "from jetstream import JetStream",
            "",
            f"with JetStream().api({where}) as api:",
            indent("\n".join([*login, *body]), "    ")]


def _python_manifest(transfer: Transfer, recipe: Recipe | None) -> list[str]:
    if recipe is None:
        return [f"manifest = api.send.getManifest({transfer.manifest_id!r})"]
    more = f", exclude={list(recipe.exclude)!r}" if recipe.exclude else ""
    more += f", symlinkMode={recipe.symlinks}" if recipe.symlinks != SYMLINK_FOLLOW else ""
    return ["manifest = api.send.createManifest(",
            f"    mappings={dict(recipe.mappings)!r}{more}, skipUnreadable=True)"]


def _python_destination(destination: Destination) -> str:
    """By its address; by its record where that has what a script should not contain, or where it would be another."""
    if destination.user_name or destination.permitted_destination_public_key or destination.send_rate_max:
        return f"api.send.getDestination({destination.id!r})"
    return f"api.send.createDestination({destination.destination_address!r}, {destination.destination_port})"


def _manner(transfer: Transfer) -> str:
    rate = f", sendRateMax={transfer.send_rate_max}" if transfer.send_rate_max else ""
    policy = f", ratePolicy={transfer.rate_policy!r}" if transfer.rate_policy != RATE_POLICY_FAIR else ""
    label = transfer.user_data.get(LABEL)
    kept = f",\n    userData={ {LABEL: label}!r}" if isinstance(label, str) and label else ""
    return (f"{rate},\n    {policy[2:]}" if rate and policy else rate + policy) + kept


def as_command(transfer: Transfer, destination: Destination, recipe: Recipe | None,
               node: OpenNode = LOCAL, port: int = DEFAULT_API_PORT) -> str | None:
    """The command that sends the same again, ``None`` where nobody remembers which files were dropped."""
    if recipe is None:
        return None
    folder = _common_folder(recipe.mappings)
    path = "/".join(part for part in (transfer.destination_path, folder) if part)
    names = [] if folder is not None else [word for target in recipe.mappings for word in ("--as", target)]
    words = ["jetstream", "send", *through(node, port), *_options(transfer, destination, recipe), *names,
             *recipe.mappings.values(), _place(destination, path)]
    return shlex.join(words)


def _common_folder(mappings: Mapping[str, str]) -> str | None:
    """The one folder that everything goes into under its own name; ``None`` if names are others, or folders differ."""
    parts = [target.rpartition("/") for target in mappings]
    same = all(name == base_name(source) for (_, _, name), source in zip(parts, mappings.values(), strict=True))
    folders = {folder for folder, _, _ in parts}
    return folders.pop() if same and len(folders) == 1 else None


def _place(destination: Destination, path: str) -> str:
    host, port = destination.destination_address, destination.destination_port
    text = f"[{host}]" if ":" in host else host
    if port != DEFAULT_API_PORT or host.lower() in _OWN_MACHINE:
        text += f":{port}"
    elif re.match(r"\d{0,10}(:|$)", path) and path:
        text += ":"  # else the folder would pass for a port
    return f"{text}:{path}" if path else text


def _options(transfer: Transfer, destination: Destination, recipe: Recipe) -> list[str]:
    words = []
    if transfer.overwrite_mode != OVERWRITE_ALWAYS:
        words += ["--overwrite", OVERWRITE_WORDS[transfer.overwrite_mode]]
    if transfer.priority != NORMAL:
        words += ["--priority", str(transfer.priority)]
    if transfer.send_rate_max:
        words += ["--rate", f"{transfer.send_rate_max}k"]
        words += ["--fixed"] if transfer.rate_policy == RATE_POLICY_FIXED else []
    words += ["--background"] if transfer.rate_policy == RATE_POLICY_BACKGROUND else []
    words += [word for pattern in recipe.exclude for word in ("--exclude", pattern)]
    if recipe.symlinks in _SYMLINKS:
        words += ["--symlinks", _SYMLINKS[recipe.symlinks]]
    words.append("--skip-unreadable")
    words += ["--user", destination.user_name] if destination.user_name else []
    if destination.permitted_destination_public_key:
        words += ["--fingerprint", destination.permitted_destination_public_key]
    return words


def through(node: OpenNode, port: int, user: str = "--api-user") -> list[str]:
    """Options by which a command speaks to *node*, or to the node of this computer at *port*. *user* is the name of the
    option for the account.
    """
    if node.local:
        return [] if port == DEFAULT_API_PORT else ["--api-port", str(port)]
    return ["--api-host", node.host, "--api-port", str(node.port), *([user, node.user] if node.user else [])]
