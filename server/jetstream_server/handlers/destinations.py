"""``send.…Destination…``: the address book."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jetstream.checks import Check
from jetstream.constants import PERMISSION_MODIFY, PERMISSION_UPLOAD
from jetstream.entities import to_wire
from jetstream_server.access.principal import Principal, require
from jetstream_server.destinations import Destinations
from jetstream_server.dispatch import Call, Handler
from jetstream_server.handlers.changes import changes_of
from jetstream_server.records import DestinationRecord
from jetstream_server.trial import Target, Trials, chosen_target

_FIELDS: Final = {
    "destination_address": "address",
    "destination_port": "port",
    "permitted_destination_public_key": "permitted_public_key",
}
"""Names in the record of parameters that the API calls otherwise."""


class DestinationHandlers:
    """The API's view of destinations."""

    def __init__(self, destinations: Destinations, trials: Trials) -> None:
        self._destinations = destinations
        self._trials = trials
        self._changes = changes_of("send.updateDestination", "send.createDestination", ())

    def methods(self) -> Mapping[str, Handler]:
        """Handlers by the names of the method table."""
        return {
            "send.createDestination": self.create,
            "send.getDestination": self.get,
            "send.getDestinations": self.all,
            "send.updateDestination": self.update,
            "send.deleteDestination": self.delete,
            "send.restoreDestination": self.restore,
            "send.testDestination": self.test,
        }

    async def create(
        self,
        call: Call,
        *,
        destination_address: str,
        destination_port: int,
        user_name: str | None,
        password: str | None,
        permitted_destination_public_key: str | None,
        send_rate_max: int | None,
        name: str,
        user_data: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """A record for these parameters, new or not."""
        require(call.login, PERMISSION_UPLOAD)
        record = await self._destinations.create(
            call.login,
            {
                "address": destination_address,
                "port": destination_port,
                "user_name": user_name,
                "password": password,
                "permitted_public_key": permitted_destination_public_key,
                "send_rate_max": send_rate_max,
                "name": name,
                "user_data": user_data,
            },
        )
        return to_wire(self._destinations.entity(record))

    async def get(self, call: Call, *, destination: str) -> dict[str, Any]:
        """One."""
        return to_wire(self._destinations.entity(self._destinations.visible(call.login, destination)))

    async def all(self, call: Call) -> list[dict[str, Any]]:
        """All of this login."""
        visible = self._destinations.all_visible(call.login)
        return [to_wire(destination) for destination in self._destinations.entities(visible)]

    async def update(self, call: Call, *, destination: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change fields."""
        require(call.login, PERMISSION_MODIFY)
        record = self._destinations.visible(call.login, destination)
        fields = {_FIELDS.get(name, name): value for name, value in self._changes(changes).items()}
        return to_wire(self._destinations.entity(await self._destinations.update(record.id, fields)))

    async def delete(self, call: Call, *, destination: str) -> None:
        """Forget one; transfers go on."""
        require(call.login, PERMISSION_MODIFY)
        await self._destinations.delete(self._destinations.visible(call.login, destination).id)

    async def restore(self, call: Call, *, destination: str) -> dict[str, Any]:
        """Bring one back."""
        require(call.login, PERMISSION_MODIFY)
        return to_wire(self._destinations.entity(await self._destinations.restore(call.login, destination)))

    async def test(
        self,
        call: Call,
        *,
        destination: str | None,
        destination_address: str | None,
        destination_port: int | None,
        user_name: str | None,
        password: str | None,
        permitted_destination_public_key: str | None,
        try_carriers: bool,
    ) -> list[dict[str, Any]]:
        """Whether the node could send there now."""
        require(call.login, PERMISSION_UPLOAD)
        record, target = self.target(
            call.login, destination,
            {"address": destination_address, "port": destination_port, "user_name": user_name, "password": password,
             "permitted_public_key": permitted_destination_public_key},
        )

        def report(found: Sequence[Check]) -> None:
            call.progress.value = [to_wire(check) for check in found]

        found = await self._trials.run(target, report, try_carriers)
        if record is not None:
            await self._trials.remember(record, target, found)
        return [to_wire(check) for check in found]

    def target(
        self, principal: Principal, destination: str | None, given: Mapping[str, Any]
    ) -> tuple[DestinationRecord | None, Target]:
        """The record with this id, if one is named, and what is to be dialled: its values, or those that are *given*.

        :raises JetStreamError: if *principal* sees no such record, or there is no address.
        """
        record = self._destinations.visible(principal, destination) if destination is not None else None
        return record, chosen_target(record, given)
