"""A transfer's set-up as a script or a command, for people who want to repeat it without the window."""

import shlex
from collections.abc import Mapping

from jetstream.constants import DEFAULT_API_PORT
from jetstream.entities import Destination, Transfer
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.text import base_name


def as_python(transfer: Transfer, destination: Destination | None, mappings: Mapping[str, str] | None) -> str:
    """Lines of Python that send the same again. *mappings* as the manifest was made, if that is still known."""
    address = destination.destination_address if destination else "ADDRESS"
    port = destination.destination_port if destination else DEFAULT_API_PORT
    shown = dict(mappings) if mappings else {"TARGET": "SOURCE"}
    return "\n".join([
        "from jetstream import JetStream",
        "",
        "with JetStream().api() as api:",
        f"    manifest = api.send.createManifest(mappings={shown!r})",
        f"    destination = api.send.createDestination({address!r}, {port})",
        "    transfer = api.send.createTransfer(",
        f"        destination, manifest, destinationPath={transfer.destination_path!r},",
        f"        priority={transfer.priority}, overwriteMode={transfer.overwrite_mode})",
        "    print(api.send.waitForTransfer(transfer)['status'])",
    ])


def as_command(transfer: Transfer, destination: Destination | None, mappings: Mapping[str, str] | None) -> str:
    """The command that sends the same again. Other names at the other side cannot be said in it; a remark says so."""
    host = destination.destination_address if destination else "HOST"
    number = destination.destination_port if destination else DEFAULT_API_PORT
    port = "" if number == DEFAULT_API_PORT else f":{number}"
    folder = f":{transfer.destination_path}" if transfer.destination_path else ""
    sources = list(mappings.values()) if mappings else ["PATH"]
    words = ["jetstream", "send", *sources, f"{f'[{host}]' if ':' in host else host}{port}{folder}"]
    renamed = any(base_name(source) != target for target, source in (mappings or {}).items())
    return shlex.join(words) + (tr("  # without the names given in the window") if renamed else "")
