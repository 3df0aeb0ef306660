"""Sending: manifests, destinations, transfers, shared tokens."""

from collections.abc import Mapping, Sequence
from typing import Any

from jetstream.aio.group import (
    AnyObject,
    Ask,
    ConnectionRef,
    DestinationRef,
    Group,
    ManifestRef,
    TokenRef,
    TransferRef,
)
from jetstream.checks import Check
from jetstream.constants import (
    DEFAULT_API_PORT,
    DEFAULT_CHECKPOINT_SECONDS,
    DEFAULT_PRIORITY,
    MIN_CIPHER_ENCRYPTED_256,
    OVERWRITE_ALWAYS,
    RATE_POLICY_FAIR,
    SYMLINK_FOLLOW,
)
from jetstream.entities import (
    Connection,
    Destination,
    Event,
    Manifest,
    Preview,
    Token,
    Transfer,
    UserData,
    wire_name,
)


class Send(Group):
    """``client.send``. Objects may be given as entity, as dict, or by their bare id."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask, "send")

    # -- manifests ------------------------------------------------------------------------------------------------

    async def create_manifest(self, mappings: Mapping[str, str], *, symlink_mode: int = SYMLINK_FOLLOW,
                              exclude: Sequence[str] | None = None, skip_unreadable: bool = False,
                              user_data: UserData | None = None) -> Manifest:
        """Start listing files; the manifest is ``pending`` until it is complete.

        :param mappings: ``{target: source}``. A source is a file or a folder on the node's machine; a target that
            ends in ``/`` keeps the source's name.
        :param symlink_mode: one of ``SYMLINK_...``.
        :param exclude: patterns of names and paths to leave out.
        :param skip_unreadable: leave out what cannot be read instead of failing.
        """
        return await self._one(Manifest, "createManifest", mappings=mappings, symlinkMode=symlink_mode,
                               exclude=exclude, skipUnreadable=skip_unreadable, userData=user_data)

    async def get_manifest(self, manifest: ManifestRef) -> Manifest:
        """One manifest."""
        return await self._one(Manifest, "getManifest", manifest=manifest)

    async def get_manifests(self) -> list[Manifest]:
        """All manifests that this login sees."""
        return await self._many(Manifest, "getManifests")

    async def wait_for_manifest(self, manifest: ManifestRef, timeout: float | None = None) -> Manifest:
        """Wait until the manifest is complete or failed; look at ``status``.

        :param timeout: seconds, ``None`` for ever.
        :raises RequestTimeout: when the time is over.
        """
        return await self._wait(Manifest, "getManifest", timeout, manifest=manifest)

    async def delete_manifest(self, manifest: ManifestRef) -> None:
        """Forget a manifest; transfers that use it go on."""
        await self._none("deleteManifest", manifest=manifest)

    async def get_manifest_files(self, manifest: ManifestRef, offset: int = 0, limit: int = 1000) -> dict[str, Any]:
        """A page of the files of a manifest: ``{'manifestId', 'fileMappings': [...], 'nextOffset'}``.

        ``nextOffset`` is the *offset* of the next page, ``None`` after the last one.
        """
        page: dict[str, Any] = await self._raw("getManifestFiles", manifest=manifest, offset=offset, limit=limit)
        return page

    # -- destinations ---------------------------------------------------------------------------------------------

    async def create_destination(self, destination_address: str, destination_port: int = DEFAULT_API_PORT, *,
                                 user_name: str | None = None, password: str | None = None,
                                 permitted_destination_public_key: str | None = None,
                                 send_rate_max: int | None = None, name: str = "",
                                 user_data: UserData | None = None) -> Destination:
        """An address-book record; the same parameters give the same record back.

        :param user_name: login at the receiving node.
        :param permitted_destination_public_key: fingerprint or certificate that the receiving node must have.
        :param send_rate_max: kbit/s for all transfers to it.
        """
        return await self._one(
            Destination, "createDestination", destinationAddress=destination_address,
            destinationPort=destination_port, userName=user_name, password=password,
            permittedDestinationPublicKey=permitted_destination_public_key, sendRateMax=send_rate_max, name=name,
            userData=user_data)

    async def get_destination(self, destination: DestinationRef) -> Destination:
        """One destination."""
        return await self._one(Destination, "getDestination", destination=destination)

    async def get_destinations(self) -> list[Destination]:
        """All destinations of this login."""
        return await self._many(Destination, "getDestinations")

    async def update_destination(self, destination: DestinationRef, **changes: Any) -> Destination:
        """Change fields of a destination.

        :param changes: parameters of :meth:`create_destination`, by name.
        """
        return await self._one(Destination, "updateDestination", destination=destination, **_documented(changes))

    async def test_destination(self, destination: DestinationRef | None = None,
                               destination_address: str | None = None, destination_port: int | None = None,
                               user_name: str | None = None, password: str | None = None,
                               permitted_destination_public_key: str | None = None,
                               try_carriers: bool = False) -> list[Check]:
        """Whether the node could send there now: name, route, protocol, identity, login, folder, clock, round trip.

        Values given replace those of *destination*; without one they are a destination that nobody has saved yet. A
        saved password goes to the saved address only. *try_carriers* also sends random bytes both ways by every carrier
        for a few seconds each, and measures. :func:`jetstream.aio.watch_test` tells the steps as they end.
        """
        return await self._many(
            Check, "testDestination", destination=destination, destinationAddress=destination_address,
            destinationPort=destination_port, userName=user_name, password=password,
            permittedDestinationPublicKey=permitted_destination_public_key, tryCarriers=try_carriers)

    async def delete_destination(self, destination: DestinationRef) -> None:
        """Forget a destination; transfers that use it go on."""
        await self._none("deleteDestination", destination=destination)

    async def restore_destination(self, destination: DestinationRef) -> Destination:
        """Bring back a destination that was forgotten since the node started, with its password.

        :raises NotFound: if it is not there any more.
        """
        return await self._one(Destination, "restoreDestination", destination=destination)

    # -- transfers ------------------------------------------------------------------------------------------------

    async def create_transfer(self, destination: DestinationRef, manifest: ManifestRef, *, destination_path: str = "",
                              priority: int = DEFAULT_PRIORITY, send_rate_max: int | None = None,
                              overwrite_mode: int = OVERWRITE_ALWAYS, min_cipher: int = MIN_CIPHER_ENCRYPTED_256,
                              checkpoint_frequency_seconds: int = DEFAULT_CHECKPOINT_SECONDS,
                              user_data: UserData | None = None,
                              rate_policy: str = RATE_POLICY_FAIR) -> Transfer:
        """Send a manifest to a destination.

        :param destination_path: folder at the receiver that the targets go below.
        :param priority: lower goes first.
        :param send_rate_max: kbit/s.
        :param overwrite_mode: one of ``OVERWRITE_...``.
        :param min_cipher: one of ``MIN_CIPHER_...``; every transfer is encrypted with 256 bits anyway.
        :param checkpoint_frequency_seconds: how often the receiver makes sure of what it has.
        :param rate_policy: one of ``RATE_POLICY_...``: share with others on the line, let them go first, or send at
            *send_rate_max*, whatever happens.
        """
        return await self._one(
            Transfer, "createTransfer", destination=destination, manifest=manifest, destinationPath=destination_path,
            priority=priority, sendRateMax=send_rate_max, overwriteMode=overwrite_mode, minCipher=min_cipher,
            checkpointFrequencySeconds=checkpoint_frequency_seconds, userData=user_data, ratePolicy=rate_policy)

    async def preview_transfer(self, destination: DestinationRef | None = None,
                               destination_address: str | None = None, destination_port: int | None = None,
                               user_name: str | None = None, password: str | None = None,
                               permitted_destination_public_key: str | None = None,
                               manifest: ManifestRef | None = None, mappings: Mapping[str, str] | None = None, *,
                               symlink_mode: int = SYMLINK_FOLLOW, exclude: Sequence[str] | None = None,
                               skip_unreadable: bool = False, destination_path: str = "",
                               overwrite_mode: int = OVERWRITE_ALWAYS) -> Preview:
        """What a transfer there would meet now: nothing is sent or stored, on either side.

        The destination is given as in :meth:`test_destination`, and what would go either as a *manifest* or as
        *mappings* with the choices of :meth:`create_manifest`. At most a million names are looked at, for at most 20
        seconds. :func:`jetstream.aio.watch_preview` tells what is known while it goes on.

        :param destination_path: folder at the receiver that the targets go below.
        :param overwrite_mode: one of ``OVERWRITE_...``.
        """
        return await self._one(
            Preview, "previewTransfer", destination=destination, destinationAddress=destination_address,
            destinationPort=destination_port, userName=user_name, password=password,
            permittedDestinationPublicKey=permitted_destination_public_key, manifest=manifest, mappings=mappings,
            symlinkMode=symlink_mode, exclude=exclude, skipUnreadable=skip_unreadable,
            destinationPath=destination_path, overwriteMode=overwrite_mode)

    async def get_transfer(self, transfer: TransferRef) -> Transfer:
        """One transfer."""
        return await self._one(Transfer, "getTransfer", transfer=transfer)

    async def get_transfers(self, modified_since: int | None = None) -> list[Transfer]:
        """All transfers of this login.

        :param modified_since: only what changed after this cursor: the largest ``modified_cursor`` seen so far.
        """
        return await self._many(Transfer, "getTransfers", modifiedSince=modified_since)

    async def wait_for_transfer(self, transfer: TransferRef, timeout: float | None = None) -> Transfer:
        """Wait until the transfer is complete, suspended, cancelled or failed; look at ``status``.

        :param timeout: seconds, ``None`` for ever.
        :raises RequestTimeout: when the time is over.
        """
        return await self._wait(Transfer, "getTransfer", timeout, transfer=transfer)

    async def suspend_transfer(self, transfer: TransferRef) -> Transfer:
        """Pause; nothing is lost."""
        return await self._one(Transfer, "suspendTransfer", transfer=transfer)

    async def resume_transfer(self, transfer: TransferRef) -> Transfer:
        """Go on after a pause, or try again after an error."""
        return await self._one(Transfer, "resumeTransfer", transfer=transfer)

    async def cancel_transfer(self, transfer: TransferRef) -> Transfer:
        """Stop for good; the record stays."""
        return await self._one(Transfer, "cancelTransfer", transfer=transfer)

    async def fail_transfer(self, transfer: TransferRef, message: str = "") -> Transfer:
        """Stop with an error message of the caller's."""
        return await self._one(Transfer, "failTransfer", transfer=transfer, message=message)

    async def delete_transfer(self, transfer: TransferRef) -> None:
        """Stop and forget the record."""
        await self._none("deleteTransfer", transfer=transfer)

    async def update_transfer(self, transfer: TransferRef, *, priority: int | None = None,
                              send_rate_max: int | None = None, rate_policy: str | None = None) -> Transfer:
        """Change a transfer while it runs; ``None`` keeps a value.

        :param priority: lower goes first.
        :param send_rate_max: kbit/s, 0 lifts the limit.
        :param rate_policy: one of ``RATE_POLICY_...``.
        """
        return await self._one(Transfer, "updateTransfer", transfer=transfer, priority=priority,
                               sendRateMax=send_rate_max, ratePolicy=rate_policy)

    async def get_transfer_events(self, transfer: TransferRef, limit: int = 1000) -> list[Event]:
        """What happened to one transfer."""
        return await self._events("getTransferEvents", transfer=transfer, limit=limit)

    async def get_connections(self) -> list[Connection]:
        """The node's links to other nodes."""
        return await self._many(Connection, "getConnections")

    async def get_connection(self, connection: ConnectionRef) -> Connection:
        """One link to another node."""
        return await self._one(Connection, "getConnection", connection=connection)

    # -- shared tokens --------------------------------------------------------------------------------------------

    async def create_shared_token(self, manifest: ManifestRef, *, description: str = "",
                                  expiry_time: int | None = None, download_limit: int | None = None,
                                  password: str | None = None, user_data: UserData | None = None) -> Token:
        """A secret that lets someone without an account fetch one manifest.

        :param expiry_time: microseconds since the epoch, ``None`` for never.
        :param download_limit: how many downloads may complete.
        """
        return await self._one(Token, "createSharedToken", manifest=manifest, description=description,
                               expiryTime=expiry_time, downloadLimit=download_limit, password=password,
                               userData=user_data)

    async def get_shared_token(self, token: TokenRef) -> Token:
        """One shared token."""
        return await self._one(Token, "getSharedToken", token=token)

    async def get_shared_tokens(self) -> list[Token]:
        """All shared tokens of this login."""
        return await self._many(Token, "getSharedTokens")

    async def update_shared_token(self, token: TokenRef, **changes: Any) -> Token:
        """Change fields of a shared token.

        :param changes: ``description``, ``expiry_time``, ``download_limit``, ``password``, ``user_data``.
        """
        return await self._one(Token, "updateSharedToken", token=token, **_documented(changes))

    async def delete_shared_token(self, token: TokenRef) -> None:
        """Revoke a shared token."""
        await self._none("deleteSharedToken", token=token)

    # -- user data ------------------------------------------------------------------------------------------------

    async def update_object_user_data(self, object: AnyObject, user_data: UserData) -> None:
        """Merge keys into the user data of a manifest, destination, transfer or shared token."""
        await self._none("updateObjectUserData", object=object, userData=user_data)

    async def delete_object_user_data(self, object: AnyObject, keys: Sequence[str]) -> None:
        """Remove keys from the user data of a manifest, destination, transfer or shared token."""
        await self._none("deleteObjectUserData", object=object, keys=keys)


def _documented(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {wire_name(name): value for name, value in changes.items()}
