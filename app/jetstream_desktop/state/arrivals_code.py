"""What came here as a script or a command: what was fetched is fetched again, what was sent to us is looked at."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jetstream.constants import DEFAULT_API_PORT, OVERWRITE_ALWAYS
from jetstream.entities import ReceiveTransfer
from jetstream_desktop.i18n import tr
from jetstream_desktop.state.code import OVERWRITE_WORDS, session, through
from jetstream_desktop.state.delivered import landing
from jetstream_desktop.state.nodes import LOCAL, OpenNode
from jetstream_desktop.state.text import is_text

FETCHED: Final = "fetched"
"""Where the user data of a download keep how it was asked for."""
MOST_RANGES: Final = 200
"""A choice of more pieces is not remembered: it would travel with every look at the row."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """How something was fetched. *locked*: with a password, which is not kept here."""

    link: str
    folder: str = ""
    entries: Sequence[tuple[int, int]] | None = None
    locked: bool = False

    def remembered(self) -> dict[str, Any]:
        """The user data of the download; nothing if it cannot be said again."""
        if not is_text(self.link + self.folder) or (self.entries is not None and len(self.entries) > MOST_RANGES):
            return {}
        entries = None if self.entries is None else [list(pair) for pair in self.entries]
        return {FETCHED: {"link": self.link, "folder": self.folder, "entries": entries, "locked": self.locked}}


def fetched_of(transfer: ReceiveTransfer) -> Fetched | None:
    """How *transfer* was fetched, if it was and a window remembers it."""
    kept = transfer.user_data.get(FETCHED)
    if not transfer.download or not isinstance(kept, Mapping):
        return None
    link, folder, entries = kept.get("link"), kept.get("folder"), kept.get("entries")
    if not isinstance(link, str) or not link or not isinstance(folder, str):
        return None
    if entries is None:
        return Fetched(link, folder, None, kept.get("locked") is True)
    pairs = [tuple(pair) for pair in entries if _is_pair(pair)] if isinstance(entries, Sequence) else []
    if not pairs or len(pairs) != len(entries):
        return None  # of another version, or changed: a part of a part would be something else
    return Fetched(link, folder, pairs, kept.get("locked") is True)


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and all(type(number) is int for number in pair)


def arrival_as_python(transfer: ReceiveTransfer, node: OpenNode = LOCAL, port: int = DEFAULT_API_PORT) -> str:
    """Lines of Python that fetch the same again; of what others sent here, that list what came."""
    fetched = fetched_of(transfer)
    body = _python_look(transfer) if fetched is None else _python_get(transfer, fetched)
    lines = session(node, port, body, getpass=fetched is not None and fetched.locked)
    return "\n".join([*_remark(transfer, fetched), *lines, ""])


def _python_get(transfer: ReceiveTransfer, fetched: Fetched) -> list[str]:
    more = f",\n    destinationPath={fetched.folder!r}" if fetched.folder else ""
    if transfer.overwrite_mode != OVERWRITE_ALWAYS:
        more += f",\n    overwriteMode={transfer.overwrite_mode}"
    if fetched.entries is not None:
        more += f",\n    entries={[list(pair) for pair in fetched.entries]!r}"
    if fetched.locked:
        more += ",\n    password=getpass('Password of the share: ')"
    return ["transfer = api.recv.createDownload(",
            f"    {fetched.link!r}{more})",
            "transfer = api.recv.waitForTransfer(transfer)",
            "print(transfer['errorMessage'] or transfer['status'])"]


def _python_look(transfer: ReceiveTransfer) -> list[str]:
    return [f"transfer = api.recv.getTransfer({transfer.id!r})",
            "print(transfer['errorMessage'] or transfer['status'])",
            "print(transfer['folder'], transfer['destinationPath'])",
            "offset = 0",
            "while offset is not None:",
            "    page = api.recv.getTransferFiles(transfer, offset=offset)",
            "    for file in page['files']:",
            "        print(file['fileSize'], repr(file['destPath']))",
            "    offset = page['nextOffset']"]


def arrival_as_command(transfer: ReceiveTransfer, node: OpenNode = LOCAL, port: int = DEFAULT_API_PORT) -> str | None:
    """The command that fetches the same again, ``None`` where no command can say it: a part of what a link gives.
    Of what others sent here, commands that show it, and verify it if all of it is there.
    """
    fetched = fetched_of(transfer)
    if fetched is None:
        return "\n".join([*_remark(transfer, fetched), *_look(transfer, node, port)])
    if fetched.entries is not None:
        return None
    mode = transfer.overwrite_mode
    words = ["jetstream", "get", *through(node, port)]
    words += ["--overwrite", OVERWRITE_WORDS[mode]] if mode in OVERWRITE_WORDS else []
    words += ["--ask-password"] if fetched.locked else []
    # The command takes a folder from where it runs, the node from its folder for incoming files.
    words += [fetched.link, *([landing(transfer)] if fetched.folder else [])]
    return shlex.join(words)


def _look(transfer: ReceiveTransfer, node: OpenNode, port: int) -> list[str]:
    ask = ["jetstream", "api", *through(node, port, user="--user")]
    if transfer.status != "complete":
        return [shlex.join([*ask, "recv.getTransfer", f"--transfer={transfer.id}"])]
    return [shlex.join([*ask, "recv.getTransferFiles", f"--transfer={transfer.id}"]),
            shlex.join(["jetstream", "verify", *through(node, port), f"r{transfer.id}"])]


def _remark(transfer: ReceiveTransfer, fetched: Fetched | None) -> list[str]:
    if fetched is not None or not transfer.download:
        return []
    return ["# " + tr("How this was fetched is not remembered here. This looks at what has arrived.")]
