"""What the node remembers across restarts, as frozen values. The catalog stores them; nothing here does I/O.

Times are integer microseconds since the epoch (UTC), sizes bytes, rates kbit/s. Ids are short decimal strings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

UserData = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRecord:
    """A manifest. Its entries are stored as pages beside it (see :mod:`jetstream_server.files.pages`)."""

    id: str
    owner: str
    status: str = "pending"
    error_message: str | None = None
    label: str = ""
    mappings: Mapping[str, str] = field(default_factory=dict)
    """``{target: source}`` as asked for; needed to start a scan again that a restart interrupted."""
    symlink_mode: int = 0
    exclude: tuple[str, ...] = ()
    skip_unreadable: bool = False
    confined_to: tuple[str, ...] | None = None
    """Real paths of the folders that its maker may read: nothing outside is listed. ``None``: no restriction."""
    total_files: int | None = None
    total_size: int | None = None
    entries: int = 0
    pages: int = 0
    digest: bytes = b""
    """BLAKE3 over all pages in wire form, in order: what the two nodes compare."""
    skipped: int = 0
    skipped_sample: tuple[str, ...] = ()
    creation_time: int = 0
    deleted: bool = False
    """Hidden from lists, kept while a transfer uses it."""
    owner_token: str | None = None
    user_data: UserData = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationRecord:
    """An address-book record."""

    id: str
    owner: str
    address: str
    port: int
    user_name: str | None = None
    password: str | None = field(default=None, repr=False)
    permitted_public_key: str | None = None
    """Fingerprint or PEM certificate that the destination must show."""
    send_rate_max: int | None = None
    name: str = ""
    ip: str | None = None
    public_key: str | None = None
    """Fingerprint last seen there."""
    server_id: str | None = None
    server_uid: str | None = None
    last_error: str | None = None
    last_error_message: str | None = None
    last_recv_time: int | None = None
    last_send_time: int | None = None
    last_used_time: int | None = None
    last_rate: int | None = None
    creation_time: int = 0
    deleted: bool = False
    owner_token: str | None = None
    user_data: UserData = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRecord:
    """An outgoing transfer."""

    id: str
    owner: str
    uid: str
    """Random and unique everywhere: by it the receiver recognises the transfer after any restart."""
    manifest_id: str
    destination_id: str | None
    """``None`` when the receiver dialled us and pulls (a download of a shared token)."""
    status: str = "pending"
    error_message: str | None = None
    destination_path: str = ""
    priority: int = 100
    send_rate_max: int | None = None
    overwrite_mode: int = 4
    min_cipher: int = 3
    checkpoint_seconds: int = 10
    label: str = ""
    total_files: int | None = None
    total_bytes: int | None = None
    bytes_acked: int = 0
    checkpoint_bytes: int = 0
    last_checkpoint_time: int | None = None
    files_done: int = 0
    blocks_sent: int = 0
    blocks_retransmitted: int = 0
    bytes_sent: int = 0
    bytes_recv: int = 0
    packets_sent: int = 0
    packets_recv: int = 0
    active_seconds: float = 0.0
    """Time spent sending, over all sessions: what the average rate is measured against."""
    peer_name: str | None = None
    peer_fingerprint: str | None = None
    request_time: int = 0
    queue_time: int | None = None
    start_time: int | None = None
    end_time: int | None = None
    owner_token: str | None = None
    """The token whose login made it: says who sees it."""
    shared_token: str | None = None
    """The shared token whose downloads it uses up."""
    user_data: UserData = field(default_factory=dict)
    rate_policy: str = "fair"
    """What it does about others on the line: the value of a ``Policy``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingRecord:
    """An incoming transfer, pushed by a peer or fetched by us (``link`` is set)."""

    id: str
    owner: str
    uid: str
    """The sender's name for the transfer; unique together with the sender's identity."""
    status: str = "receiving"
    error_message: str | None = None
    destination_path: str = ""
    folder: str = ""
    """Absolute folder of the sandbox that it lands in; ``destination_path`` is below."""
    overwrite_mode: int = 4
    source_ip: str | None = None
    source_port: int | None = None
    peer_name: str | None = None
    peer_fingerprint: str | None = None
    label: str = ""
    link: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    total_files: int | None = None
    total_size: int | None = None
    entries: int = 0
    pages: int = 0
    digest: bytes = b""
    files_done: int = 0
    bytes_recv: int = 0
    checkpoint_bytes: int = 0
    last_checkpoint_time: int | None = None
    last_recv_time: int | None = None
    last_send_time: int | None = None
    last_error_time: int | None = None
    active_seconds: float = 0.0
    request_time: int = 0
    start_time: int | None = None
    end_time: int | None = None
    owner_token: str | None = None
    user_data: UserData = field(default_factory=dict)
    chosen: tuple[int, ...] | None = None
    """What of a download is wanted: first, count, first, count … of the sharing node's entries. ``None``: all."""
    accepted_time: int | None = None
    """When a person said yes to it; its sender needs no other permission for this transfer."""
    told_time: int | None = None
    """When the sharing node heard that this download is complete."""

    @property
    def chosen_entries(self) -> list[tuple[int, int]] | None:
        """:attr:`chosen` in pairs."""
        return None if self.chosen is None else list(zip(self.chosen[::2], self.chosen[1::2], strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """A shared token. ``downloads`` counts completed fetches; ``reserved`` those under way."""

    token: str
    owner: str
    manifest_id: str
    description: str = ""
    creation_time: int = 0
    expiry_time: int | None = None
    download_limit: int | None = None
    download_count: int = 0
    password_hash: str | None = field(default=None, repr=False)
    last_used_time: int | None = None
    permissions: int = 2
    owner_token: str | None = None
    user_data: UserData = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiTokenRecord:
    """A revocable login that acts as its owner, restricted to a path and to permissions."""

    token: str
    owner: str
    description: str = ""
    path: str = ""
    permissions: int = 15
    creation_time: int = 0
    expiry_time: int | None = None
    last_used_time: int | None = None
    owner_token: str | None = None
    user_data: UserData = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """An account of the node itself."""

    user: str
    password_hash: str = field(repr=False)
    creation_time: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizedClientRecord:
    """An identity that may send to this node."""

    fingerprint: str
    name: str = ""
    public_key: str | None = None
    creation_time: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One line of the event log. *cursor* grows by one with each; ``subject`` is the id of the object it is about."""

    cursor: int
    time: int
    name: str
    owner: str = ""
    kind: str = ""
    """``transfer``, ``receiveTransfer``, ``manifest``, ``token``, ``server``."""
    subject: str = ""
    message: str = ""
    owner_token: str | None = None
    """The token whose login made the object."""
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBlocks:
    """Consecutive blocks that a checkpoint covers, from *first* on, with the BLAKE3 hash (32 bytes) of each."""

    first: int
    hashes: bytes

    @property
    def count(self) -> int:
        """How many blocks."""
        return len(self.hashes) // 32
