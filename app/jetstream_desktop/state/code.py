"""A transfer's set-up as a script or a command, for people who want to repeat it without the window."""

import shlex
from collections.abc import Mapping

from jetstream.constants import (
    DEFAULT_API_PORT,
    RATE_POLICY_BACKGROUND,
    RATE_POLICY_FAIR,
    RATE_POLICY_FIXED,
)
from jetstream.entities import Destination, Transfer
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.nodes import LOCAL, OpenNode
from jetstream_desktop.state.text import base_name


def as_python(transfer: Transfer, destination: Destination | None, mappings: Mapping[str, str] | None,
              node: OpenNode = LOCAL) -> str:
    """Lines of Python that send the same again. *mappings* as the manifest was made, if that is still known; *node* is
    the one that sends.
    """
    address = destination.destination_address if destination else "ADDRESS"
    port = destination.destination_port if destination else DEFAULT_API_PORT
    shown = dict(mappings) if mappings else {"TARGET": "SOURCE"}
    where = "" if node.local else f"{node.host!r}, {node.port}"
    login = [f"    api.server.auth({node.user!r}, getpass())"] if node.user else []
    return "\n".join([
        *(["from getpass import getpass", ""] if login else []),
        "from jetstream import JetStream",
        "",
        f"with JetStream().api({where}) as api:",
        *login,
        f"    manifest = api.send.createManifest(mappings={shown!r})",
        f"    destination = api.send.createDestination({address!r}, {port})",
        "    transfer = api.send.createTransfer(",
        f"        destination, manifest, destinationPath={transfer.destination_path!r},",
        f"        priority={transfer.priority}, overwriteMode={transfer.overwrite_mode}{_manner(transfer)})",
        "    print(api.send.waitForTransfer(transfer)['status'])",
    ])


def as_command(transfer: Transfer, destination: Destination | None, mappings: Mapping[str, str] | None,
               node: OpenNode = LOCAL) -> str:
    """The command that sends the same again. Other names at the other side cannot be said in it; a remark says so."""
    host = destination.destination_address if destination else "HOST"
    number = destination.destination_port if destination else DEFAULT_API_PORT
    port = "" if number == DEFAULT_API_PORT else f":{number}"
    folder = f":{transfer.destination_path}" if transfer.destination_path else ""
    sources = list(mappings.values()) if mappings else ["PATH"]
    where = f"{f'[{host}]' if ':' in host else host}{port}{folder}"
    words = ["jetstream", "send", *_through(node), *_options(transfer), *sources, where]
    renamed = any(base_name(source) != target for target, source in (mappings or {}).items())
    return shlex.join(words) + (tr("  # without the names given in the window") if renamed else "")


def _manner(transfer: Transfer) -> str:
    if transfer.rate_policy == RATE_POLICY_FIXED:
        return f",\n        ratePolicy={transfer.rate_policy!r}, sendRateMax={transfer.send_rate_max}"
    return "" if transfer.rate_policy == RATE_POLICY_FAIR else f", ratePolicy={transfer.rate_policy!r}"


def _options(transfer: Transfer) -> list[str]:
    if transfer.rate_policy == RATE_POLICY_FIXED:
        return ["--rate", f"{transfer.send_rate_max}k", "--fixed"]
    return ["--background"] if transfer.rate_policy == RATE_POLICY_BACKGROUND else []


def _through(node: OpenNode) -> list[str]:
    if node.local:
        return []
    return ["--api-host", node.host, "--api-port", str(node.port), *(["--api-user", node.user] if node.user else [])]
