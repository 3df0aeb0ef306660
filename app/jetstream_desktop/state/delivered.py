"""What a transfer has delivered here, as something that can be shared: each of its files, from where it lies."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from jetstream.constants import OVERWRITE_ALWAYS, OVERWRITE_BACKUP, OVERWRITE_IN_PLACE_ALWAYS
from jetstream.entities import ReceiveTransfer
from jetstream_desktop.i18n import tr

_UNDER_THEIR_NAMES: Final = (OVERWRITE_ALWAYS, OVERWRITE_BACKUP, OVERWRITE_IN_PLACE_ALWAYS)
"""With these every file has the name that the sender gave it; with the others an older one may have kept it."""


def landing(entity: ReceiveTransfer) -> str:
    """The folder at the node below which its files lie."""
    if not entity.destination_path:
        return entity.folder
    return f"{entity.folder.rstrip('/')}/{entity.destination_path.lstrip('/')}"


def not_shareable(entity: ReceiveTransfer) -> str | None:
    """Why what it delivered cannot be shared, as a sentence; ``None`` if it can."""
    if entity.status != "complete":
        return tr("Only what has arrived completely can be shared.")
    if entity.overwrite_mode not in _UNDER_THEIR_NAMES:
        return tr("This transfer left files alone that were there before, so a name in its folder may belong to an "
                  "older file. Choose what to share in the folder itself.")
    return None


def sources(entity: ReceiveTransfer, entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What is to be shared, {name: where it lies}. Files one by one, never a folder: it may hold other files by now."""
    folder = landing(entity).rstrip("/")
    return {str(entry["destPath"]): f"{folder}/{entry['destPath']}" for entry in entries if not entry.get("isEmptyDir")}
