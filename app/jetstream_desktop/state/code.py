"""A transfer's set-up as a script, for people who want to repeat it without the window."""

from collections.abc import Mapping

from jetstream.entities import Destination, Transfer


def as_python(transfer: Transfer, destination: Destination | None, mappings: Mapping[str, str] | None) -> str:
    """Lines of Python that send the same again. *mappings* as the manifest was made, if that is still known."""
    address = destination.destination_address if destination else "ADDRESS"
    port = destination.destination_port if destination else 8886
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
