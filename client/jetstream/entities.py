"""Frozen values of everything the API returns, and their documented dict form.

An entity's attributes are snake_case; :func:`to_wire` gives the documented camelCase map, :func:`from_wire` reads it.
Reading is tolerant: fields of a newer node are ignored, fields that an older one lacks keep their default, so both
sides may be updated in any order. Times are integer microseconds since the epoch (UTC), sizes bytes, rates kbit/s,
durations seconds. What is not known yet is ``None``.
"""

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar, get_args, get_origin

from jetstream.checks import Check
from jetstream.previews import PathProblem as PathProblem
from jetstream.previews import Preview as Preview

UserData = Mapping[str, Any]

_IRREGULAR = {
    "destination_ip": "destinationIP",
    "source_ip": "sourceIP",
    "api_tokens_available": "APITokensAvailable",
}


def wire_name(attribute: str) -> str:
    """The documented name of *attribute*: ``total_files`` is ``totalFiles``."""
    return _IRREGULAR.get(attribute) or re.sub(r"_([a-z0-9])", lambda m: m[1].upper(), attribute)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """An immutable list of entries. ``status`` is ``pending``, ``complete`` or ``error``."""

    manifest_id: str
    status: str
    processing: bool
    error_message: str | None = None
    total_files: int | None = None
    total_size: int | None = None
    scanned_files: int = 0
    scanned_size: int = 0
    skipped: int = 0
    """Entries left out because they could not be read or are no files (see ``skippedSample``)."""
    skipped_sample: tuple[str, ...] = ()
    creation_time: int | None = None
    label: str = ""
    """A name for people: the common name of what it holds."""
    owner: str = ""
    owner_token: str | None = None
    user_data: UserData = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id that the API asks for."""
        return self.manifest_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """An address-book record. Secrets never come back: ``password_set`` says whether there is one."""

    destination_id: str
    destination_address: str
    destination_port: int
    destination_ip: str | None = None
    connection_id: str | None = None
    destination_public_key: str | None = None
    permitted_destination_public_key: str | None = None
    encryption_enabled: bool = True
    encrypted_connection_state: str = "disconnected"
    last_destination_server_id: str | None = None
    last_destination_server_uid: str | None = None
    last_error: str | None = None
    last_error_message: str | None = None
    last_recv_time: int | None = None
    last_send_time: int | None = None
    num_transfers_queued: int = 0
    user_name: str | None = None
    password_set: bool = False
    send_rate_max: int | None = None
    name: str = ""
    creation_time: int | None = None
    last_used_time: int | None = None
    last_rate: int | None = None
    owner: str = ""
    owner_token: str | None = None
    user_data: UserData = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id that the API asks for."""
        return self.destination_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A link from this node to another one; several destinations may share it."""

    connection_id: str
    destination_ip: str | None
    destination_port: int
    destination_public_key: str | None = None
    encryption_enabled: bool = True
    encrypted_connection_state: str = "disconnected"
    last_destination_server_id: str | None = None
    last_destination_server_uid: str | None = None
    last_error: str | None = None
    last_error_message: str | None = None
    last_recv_time: int | None = None
    last_send_time: int | None = None
    num_transfers_queued: int = 0
    rate_controller_active: bool = False
    rate_control_method: str | None = None
    carrier: str | None = None
    rtt: int | None = None
    """Round trip in microseconds."""

    @property
    def id(self) -> str:
        """The id that the API asks for."""
        return self.connection_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A manifest on its way to a destination, as the sending node keeps it.

    ``status`` is ``pending``, ``sending``, ``complete``, ``suspended``, ``error`` or ``cancelled``; ``processing`` is
    true in the first two. ``phase`` says more while it lasts: ``queued``, ``connecting``, ``scanning``, ``sending``,
    ``verifying``, ``waiting for disk space``, ``waiting for the peer``.
    """

    transfer_id: str
    manifest_id: str
    destination_id: str
    status: str
    processing: bool
    phase: str | None = None
    error_message: str | None = None
    destination_path: str = ""
    priority: int = 100
    send_rate_max: int | None = None
    rate_policy: str = "fair"
    """What it does about others on the line: ``fair``, ``background``, or ``fixed``: ``send_rate_max`` is the rate."""
    overwrite_mode: int = 4
    min_cipher: int = 3
    checkpoint_frequency_seconds: int = 10
    block_size: int = 1 << 20
    total_blocks: int | None = None
    total_bytes: int | None = None
    total_files: int | None = None
    files_done: int = 0
    blocks_sent: int = 0
    blocks_acked: int = 0
    blocks_retransmitted: int = 0
    bytes_acked: int = 0
    """Bytes of the stream that the receiver has written. Progress is ``bytesAcked / totalBytes``."""
    bytes_sent: int = 0
    bytes_recv: int = 0
    packets_sent: int = 0
    packets_recv: int = 0
    checkpoint_bytes: int = 0
    last_checkpoint_time: int | None = None
    rate: int | None = None
    average_rate: int | None = None
    rtt: int | None = None
    loss_rate: float | None = None
    eta: int | None = None
    """Seconds left, ``None`` while it cannot be told."""
    carrier: str | None = None
    current_file: str | None = None
    bottleneck: str | None = None
    retries: int = 0
    next_retry_time: int | None = None
    asked_time: int | None = None
    """Since when the receiver's people are asked whether they want it; ``None`` while nobody is."""
    last_error_message: str | None = None
    """Why it waits, while ``phase`` is one of the waiting ones."""
    peer_name: str | None = None
    peer_fingerprint: str | None = None
    request_time: int | None = None
    queue_time: int | None = None
    start_time: int | None = None
    end_time: int | None = None
    snapshot_time: int | None = None
    modified_cursor: int = 0
    deleted: bool = False
    """Only in answers to ``modifiedSince``: the record is gone; forget the row. Other fields mean nothing then."""
    label: str = ""
    owner: str = ""
    owner_token: str | None = None
    user_data: UserData = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id that the API asks for."""
        return self.transfer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveTransfer:
    """An incoming transfer, as the receiving node keeps it.

    ``status`` is ``receiving``, ``complete``, ``error``, and for downloads that this node asked for also ``pending``,
    ``suspended`` or ``cancelled``.
    """

    transfer_id: str
    status: str
    processing: bool
    phase: str | None = None
    error_message: str | None = None
    destination_path: str = ""
    folder: str = ""
    """The folder on this machine below which the files appear."""
    source_ip: str | None = None
    source_port: int | None = None
    total_size: int | None = None
    total_files: int | None = None
    files_done: int = 0
    bytes_recv: int = 0
    checkpoint_bytes: int = 0
    last_checkpoint_time: int | None = None
    rate: int | None = None
    average_rate: int | None = None
    rtt: int | None = None
    eta: int | None = None
    carrier: str | None = None
    retries: int = 0
    next_retry_time: int | None = None
    last_error_message: str | None = None
    last_recv_time: int | None = None
    last_send_time: int | None = None
    last_error_time: int | None = None
    request_time: int | None = None
    start_time: int | None = None
    end_time: int | None = None
    snapshot_time: int | None = None
    overwrite_mode: int = 4
    peer_name: str | None = None
    peer_fingerprint: str | None = None
    download: bool = False
    """Whether this node asked for it (``createDownload``)."""
    modified_cursor: int = 0
    deleted: bool = False
    """As for :class:`Transfer`."""
    label: str = ""
    owner: str = ""
    user_data: UserData = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id that the API asks for."""
        return self.transfer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a node that is not known here wants to send; it waits until somebody says yes or no.

    ``peer_name`` and ``label`` are what the sender claims, cleaned for people; only ``peer_fingerprint`` is proven.
    """

    offer_id: str
    peer_name: str = ""
    peer_fingerprint: str = ""
    source_ip: str | None = None
    source_port: int | None = None
    label: str = ""
    total_files: int = 0
    total_size: int = 0
    destination_path: str = ""
    """Where below ``folder`` the sender wants it."""
    folder: str = ""
    """Where it lands unless another folder is chosen."""
    free_space: int | None = None
    """Bytes free there."""
    request_time: int | None = None
    last_asked_time: int | None = None
    """When the sender has asked last; it does so every few seconds as long as it is there."""
    modified_cursor: int = 0
    deleted: bool = False
    """Only in answers to ``modifiedSince``: decided, or its sender is gone. Other fields mean nothing then."""
    owner: str = ""

    @property
    def id(self) -> str:
        """The id that the API asks for."""
        return self.offer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A node that sends to this one."""

    source_ip: str
    source_port: int
    active_transfer_count: int = 0
    inactive_transfer_count: int = 0
    complete_transfer_count: int = 0
    error_transfer_count: int = 0
    ave_recv_rate: int = 0
    ave_recv_rate_window: int = 0
    destination_public_key: str | None = None
    encryption_enabled: bool = True
    encrypted_connection_state: str = "disconnected"
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A shared token: a secret that lets someone without an account fetch one manifest."""

    token: str
    manifest_id: str
    description: str = ""
    creation_time: int | None = None
    expiry_time: int | None = None
    download_count: int = 0
    download_limit: int | None = None
    password_required: bool = False
    link: str | None = None
    """The ``jetstream:`` link of this token at this node."""
    last_used_time: int | None = None
    permissions: int = 2
    owner: str = ""
    owner_token: str | None = None
    user_data: UserData = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id that the API asks for: the token itself."""
        return self.token


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A revocable login restricted to a path and to permissions."""

    token: str
    description: str = ""
    path: str = ""
    permissions: int = 15
    creation_time: int | None = None
    expiry_time: int | None = None
    last_used_time: int | None = None
    password_required: bool = False
    owner: str = ""
    owner_token: str | None = None
    user_data: UserData = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id that the API asks for: the token itself."""
        return self.token


@dataclass(frozen=True, slots=True, kw_only=True)
class BandwidthLimits:
    """Limits of a whole node in kbit/s; ``None`` is no limit."""

    incoming: int | None = None
    outgoing: int | None = None
    borrow_incoming: bool = False
    borrow_outgoing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """What a node is and can do."""

    api_version: int
    version: str
    server_id: str
    server_uid: str
    server_name: str
    host_name: str
    api_control_port: int
    receive_port: int
    public_key: str
    fingerprint: str
    auth_required: bool
    allow_remote_control: bool = False
    encryption_available: bool = True
    min_cipher: int = 3
    bandwidth_limits: BandwidthLimits = field(default_factory=BandwidthLimits)
    server_external_address: str | None = None
    event_log_available: bool = True
    api_tokens_available: bool = True
    user: str | None = None
    superuser: bool = False
    carriers: tuple[str, ...] = ()
    receiving_folder: str | None = None
    free_space: int | None = None
    """Bytes free where incoming transfers land."""
    start_time: int | None = None
    platform: str = ""
    receive_address: str | None = None
    """Where other machines send to, as far as the node can tell: host, and port where it is not the usual one. Told to
    the owner alone."""
    client_address: str | None = None
    """The address that this call came from, as the node sees it: behind a router it is the router's."""
    only_authorized_clients_allowed: bool = False
    """Whether nodes that are not known here are refused instead of asking. Told to the owner alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the event log. ``fields`` holds the other documented keys."""

    event: str
    timestamp: int
    cursor: int = 0
    message: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


Entity = (
    Manifest
    | Destination
    | Connection
    | Transfer
    | ReceiveTransfer
    | Offer
    | Source
    | Token
    | ApiToken
    | BandwidthLimits
    | ServerInfo
    | Check
    | Preview
    | PathProblem
)

T = TypeVar("T")

_WITHIN: Mapping[str, type[Any]] = {"bandwidth_limits": BandwidthLimits, "checks": Check, "refused": PathProblem,
                                    "unreadable": PathProblem}
"""Attributes that hold entities, alone or in a list."""


@functools.cache
def _wire_fields(cls: type) -> tuple[tuple[str, str], ...]:
    return tuple((f.name, wire_name(f.name)) for f in dataclasses.fields(cls))


@functools.cache
def _wire_plan(cls: type) -> tuple[Callable[[Any], tuple[Any, ...]], tuple[str, ...], tuple[str, ...]]:
    """How a *cls* becomes a map: all values at once, their names, and the names of what needs another form."""
    fields = dataclasses.fields(cls)
    special = tuple(wire_name(f.name) for f in fields if _has_form(f.type))
    return attrgetter(*(f.name for f in fields)), tuple(wire_name(f.name) for f in fields), special


def _has_form(kind: Any) -> bool:
    return (get_origin(kind) is tuple or dataclasses.is_dataclass(kind)
            or any(get_origin(part) is tuple for part in get_args(kind)))


def to_wire(entity: Entity) -> dict[str, Any]:
    """The documented map form of *entity*. Nodes do this thousands of times a second for clients that poll."""
    cls: Any = type(entity)
    values, names, special = _wire_plan(cls)
    result: dict[str, Any] = dict(zip(names, values(entity), strict=True))
    for name in special:
        value = result[name]
        if isinstance(value, tuple):
            result[name] = [to_wire(item) if isinstance(item, Check | PathProblem) else item for item in value]
        elif value is not None:
            result[name] = to_wire(value)
    return result


def event_to_wire(event: Event) -> dict[str, Any]:
    """The documented map form of an event: ``_event``, ``_timestamp`` and the keys of what it is about."""
    return {"_event": event.event, "_timestamp": event.timestamp, "_cursor": event.cursor, "message": event.message,
            **event.fields}


def event_from_wire(value: Mapping[str, Any]) -> Event:
    """Reads what :func:`event_to_wire` made."""
    known = {"_event", "_timestamp", "_cursor", "message"}
    return Event(
        event=str(value.get("_event", "")),
        timestamp=int(value.get("_timestamp", 0)),
        cursor=int(value.get("_cursor", 0)),
        message=str(value.get("message", "")),
        fields={k: v for k, v in value.items() if k not in known},
    )


def from_wire(cls: type[T], value: Mapping[str, Any]) -> T:
    """Reads the map form of a *cls*. Unknown keys are ignored, absent ones keep their default.

    :raises TypeError: if a field without a default is absent.
    """
    given: dict[str, Any] = {}
    kind: Any = cls
    for attribute, name in _wire_fields(kind):
        if name in value:
            item = value[name]
            within = _WITHIN.get(attribute)
            if isinstance(item, list):
                item = tuple(from_wire(within, part) if within and isinstance(part, Mapping) else part for part in item)
            elif within and isinstance(item, Mapping):
                item = from_wire(within, item)
            given[attribute] = item
    return cls(**given)
