"""The address book: where this node sends to."""

import asyncio
import contextlib
import dataclasses
import hmac
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jetstream.entities import Destination
from jetstream.errors import InvalidParameters, NotFound
from jetstream_server.access.identity import read_fingerprint
from jetstream_server.access.principal import Principal, sees
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.records import DestinationRecord

RESOLVE_SECONDS: Final = 2.0
_HOST: Final = re.compile(r"[^\s/\\?#@\[\]<>\"'%]{1,253}")

Resolve = Callable[[str], Awaitable[str | None]]
"""The IP address behind a name, or ``None``."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What goes on right now."""

    transfers_queued: Mapping[str, int] = field(default_factory=dict)
    """Transfers that are not done yet, by the id of their destination."""
    connections: Mapping[str, str] = field(default_factory=dict)
    """Ids of the connections that are open, by the lasting id (``serverUid``) of the node at the other end."""


async def resolve_name(host: str) -> str | None:
    """The IP address behind *host* (IPv4 first, as the node's link dials), or ``None`` if there is none in time."""
    with contextlib.suppress(OSError, UnicodeError, TimeoutError):
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        addresses = [str(where[0]) for _, _, _, _, where in sorted(found, key=lambda item: item[0] != socket.AF_INET)]
        return addresses[0] if addresses else None
    return None


class Destinations:
    """All address-book records, in memory; changes go to the catalog first.

    :param wall: microseconds since the epoch (UTC).
    :param activity: what goes on right now.
    """

    def __init__(
        self,
        catalog: Catalog,
        wall: Callable[[], int],
        records: list[DestinationRecord],
        resolve: Resolve = resolve_name,
        activity: Callable[[], Activity] = Activity,
    ) -> None:
        self._catalog = catalog
        self._wall = wall
        self._resolve = resolve
        self._activity = activity
        self._records = {record.id: record for record in records}
        self._creating = asyncio.Lock()

    @classmethod
    async def load(
        cls,
        catalog: Catalog,
        wall: Callable[[], int],
        resolve: Resolve = resolve_name,
        activity: Callable[[], Activity] = Activity,
    ) -> "Destinations":
        """With the records that the catalog holds. Deleted ones that no transfer names any more are forgotten."""
        records = await catalog.destinations.all()
        if any(record.deleted for record in records):
            used = {transfer.destination_id for transfer in await catalog.transfers.all()}
            for record in [record for record in records if record.deleted and record.id not in used]:
                await catalog.destinations.delete(record.id)
                records.remove(record)
        return cls(catalog, wall, records, resolve, activity)

    # -- reading --------------------------------------------------------------------------------------------------

    def get(self, id: str, *, also_deleted: bool = False) -> DestinationRecord:
        """One record.

        :raises NotFound: if there is none.
        """
        record = self._records.get(id)
        if record is None or (record.deleted and not also_deleted):
            raise NotFound(f"There is no destination {id}.")
        return record

    def visible(self, principal: Principal, id: str) -> DestinationRecord:
        """One record, if this login may use it.

        :raises NotFound: if there is none, or it is not theirs: both look alike.
        """
        record = self.get(id)
        if not _may_use(principal, record):
            raise NotFound(f"There is no destination {id}.")
        return record

    def all_visible(self, principal: Principal) -> list[DestinationRecord]:
        """All records that this login sees, oldest first."""
        return [
            record
            for record in self._records.values()
            if not record.deleted and sees(principal, record.owner, record.owner_token)
        ]

    def entities(self, records: Sequence[DestinationRecord]) -> list[Destination]:
        """The documented form of several records."""
        activity = self._activity()
        return [_entity(record, activity) for record in records]

    def entity(self, record: DestinationRecord) -> Destination:
        """The documented form of one."""
        return _entity(record, self._activity())

    # -- changing -------------------------------------------------------------------------------------------------

    async def create(self, principal: Principal, given: Mapping[str, Any]) -> DestinationRecord:
        """A new record, or the one that this login has already for the same parameters.

        Address, port, credentials and permitted identity have to be the same; name, rate limit and user data only
        if they are given.

        :param given: fields of the record by name.
        :raises InvalidParameters: if the address or the identity cannot be one.
        """
        fields = checked_fields(given)
        async with self._creating:
            same = [record for record in self._own(principal) if _is_same(record, fields)]
            if same:
                return same[0]
            record = DestinationRecord(
                id=await self._catalog.next_id("destination"),
                owner=principal.user,
                owner_token=principal.token,
                ip=await self._ip_of(fields["address"]),
                creation_time=self._wall(),
                **fields,
            )
            await self._catalog.destinations.add(record)
            self._records[record.id] = record
        return record

    async def update(self, id: str, given: Mapping[str, Any]) -> DestinationRecord:
        """Changes fields.

        :raises NotFound: if there is none.
        :raises InvalidParameters: if the address or the identity cannot be one.
        """
        changes = checked_fields(given)
        record = self.get(id)
        where = changes.get("address", record.address), changes.get("port", record.port)
        if where != (record.address, record.port):  # what was learnt of a destination that stays must stay, too
            changes |= {"ip": await self._ip_of(where[0]), "public_key": None, "server_id": None, "server_uid": None,
                        "last_error": None, "last_error_message": None}
        await self._save(id, changes)
        return self.get(id)

    async def set_user_data(self, id: str, user_data: Mapping[str, Any]) -> None:
        """Replaces the user data."""
        await self._save(id, {"user_data": dict(user_data)})

    async def seen(self, id: str, **changes: Any) -> None:
        """Remembers what was learnt of a destination; without effect if it is gone."""
        if id in self._records:
            await self._save(id, changes)

    async def delete(self, id: str) -> None:
        """Forgets a record; transfers that use it go on.

        :raises NotFound: if there is none.
        """
        await self._save(self.get(id).id, {"deleted": True})

    async def restore(self, principal: Principal, id: str) -> DestinationRecord:
        """Brings back a record that was forgotten; the next start of the node forgets it for good.

        :raises NotFound: if there is none, or it is not theirs.
        """
        record = self.get(id, also_deleted=True)
        if not _may_use(principal, record):
            raise NotFound(f"There is no destination {id}.")
        await self._save(id, {"deleted": False})
        return self.get(id)

    async def _save(self, id: str, changes: dict[str, Any]) -> None:
        await self._catalog.destinations.update(id, **changes)
        self._records[id] = dataclasses.replace(self._records[id], **changes)

    def _own(self, principal: Principal) -> list[DestinationRecord]:
        return [
            record
            for record in self.all_visible(principal)
            if record.owner == principal.user and record.owner_token in (None, principal.token)
        ]

    async def _ip_of(self, address: str) -> str | None:
        with contextlib.suppress(ValueError):
            return str(ipaddress.ip_address(address.partition("%")[0]))
        return await self._resolve(address)


def checked_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """*given* (fields of a record by name) in the form in which they are stored.

    :raises InvalidParameters: if an address or an identity cannot be one.
    """
    fields = dict(given)
    if "address" in fields:
        fields["address"] = checked_address(fields["address"])
    if fields.get("permitted_public_key"):
        fields["permitted_public_key"] = _checked_identity(fields["permitted_public_key"])
    for name in ("user_name", "password", "permitted_public_key", "send_rate_max"):
        if name in fields:
            fields[name] = fields[name] or None
    if "user_data" in fields:
        fields["user_data"] = dict(fields["user_data"] or {})
    return fields


def checked_address(text: str) -> str:
    """A host name or an IP address, without the brackets of IPv6 and without blanks around it.

    :raises InvalidParameters: if it cannot be one.
    """
    address = text.strip()
    with contextlib.suppress(ValueError):
        bare = address[1:-1] if address.startswith("[") and address.endswith("]") else address
        ipaddress.ip_address(bare)
        return bare
    if not _HOST.fullmatch(address) or ":" in address:
        raise InvalidParameters(
            f"{text!r} is no address: give a host name or an IP address, and the port on its own.",
            field="destinationAddress",
        )
    return address.lower()


def _checked_identity(text: str) -> str:
    try:
        return read_fingerprint(text)
    except InvalidParameters as error:
        raise InvalidParameters(error.message, field="permittedDestinationPublicKey") from error


def _is_same(record: DestinationRecord, fields: Mapping[str, Any]) -> bool:
    where = ("address", "port", "user_name", "permitted_public_key")
    if any(getattr(record, name) != fields.get(name) for name in where):
        return False
    ours, theirs = (record.password or "").encode(), (fields.get("password") or "").encode()
    if not hmac.compare_digest(ours, theirs):
        return False
    return all(not fields.get(name) or getattr(record, name) == fields[name]
               for name in ("name", "send_rate_max", "user_data"))


def _may_use(principal: Principal, record: DestinationRecord) -> bool:
    if sees(principal, record.owner, record.owner_token):
        return True
    earlier = principal.earlier
    return earlier is not None and sees(earlier, record.owner, record.owner_token)


def _entity(record: DestinationRecord, activity: Activity) -> Destination:
    """The documented form; never the password."""
    connection = activity.connections.get(record.server_uid) if record.server_uid else None
    return Destination(
        destination_id=record.id,
        destination_address=record.address,
        destination_port=record.port,
        destination_ip=record.ip,
        connection_id=connection,
        destination_public_key=record.public_key,
        permitted_destination_public_key=record.permitted_public_key,
        encrypted_connection_state="connected" if connection else "disconnected",
        last_destination_server_id=record.server_id,
        last_destination_server_uid=record.server_uid,
        last_error=record.last_error,
        last_error_message=record.last_error_message,
        last_recv_time=record.last_recv_time,
        last_send_time=record.last_send_time,
        num_transfers_queued=activity.transfers_queued.get(record.id, 0),
        user_name=record.user_name,
        password_set=record.password is not None,
        send_rate_max=record.send_rate_max,
        name=record.name,
        creation_time=record.creation_time,
        last_used_time=record.last_used_time,
        last_rate=record.last_rate,
        owner=record.owner,
        owner_token=record.owner_token,
        user_data=record.user_data,
    )
