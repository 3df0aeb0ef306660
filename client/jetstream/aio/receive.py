"""Receiving: incoming transfers, downloads, and who may send here."""

from collections.abc import Mapping, Sequence
from typing import Any

from jetstream.aio.group import Ask, Group, OfferRef, ReceiveTransferRef
from jetstream.constants import OVERWRITE_ALWAYS
from jetstream.entities import Event, Offer, ReceiveTransfer, Source, UserData


class Receive(Group):
    """``client.receive``. Transfers may be given as entity, as dict, or by their bare id."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask, "recv")

    async def get_transfers(self, modified_since: int | None = None) -> list[ReceiveTransfer]:
        """Incoming transfers.

        :param modified_since: only what changed after this cursor: the largest ``modified_cursor`` seen so far.
        """
        return await self._many(ReceiveTransfer, "getTransfers", modifiedSince=modified_since)

    async def get_transfer(self, transfer: ReceiveTransferRef) -> ReceiveTransfer:
        """One incoming transfer."""
        return await self._one(ReceiveTransfer, "getTransfer", transfer=transfer)

    async def wait_for_transfer(self, transfer: ReceiveTransferRef, timeout: float | None = None) -> ReceiveTransfer:
        """Wait until an incoming transfer is complete, suspended, cancelled or failed; look at ``status``.

        :param timeout: seconds, ``None`` for ever.
        :raises RequestTimeout: when the time is over.
        """
        return await self._wait(ReceiveTransfer, "getTransfer", timeout, transfer=transfer)

    async def create_download(self, link: str, password: str | None = None, destination_path: str = "",
                              overwrite_mode: int = OVERWRITE_ALWAYS,
                              user_data: UserData | None = None,
                              entries: Sequence[tuple[int, int]] | None = None) -> ReceiveTransfer:
        """Fetch a shared token by dialling its node; needs no open port here.

        :param link: ``jetstream://HOST[:PORT]/download?token=WORDS``.
        :param destination_path: the folder that the files go below.
        :param overwrite_mode: one of ``OVERWRITE_...``.
        :param entries: the wanted ones as (first, count), numbered as :meth:`preview_download` numbers them;
            ``None`` for everything. :func:`jetstream.choosing.ranges_of` makes them.
        """
        return await self._one(ReceiveTransfer, "createDownload", link=link, password=password,
                               destinationPath=destination_path, overwriteMode=overwrite_mode, userData=user_data,
                               entries=entries)

    async def preview_download(self, link: str, password: str | None = None, offset: int = 0,
                               limit: int = 1000) -> dict[str, Any]:
        """What a shared token gives, by dialling its node; nothing is fetched.

        ``label``, ``description``, ``sourceName``, ``sourcePublicKey``, ``totalFiles``, ``totalSize``, ``expiryTime``
        and ``downloadsLeft`` (``None``: no end, no limit), ``files`` (``entry``, ``destPath``, ``fileSize``,
        ``isEmptyDir``, ``isSymlink``, ``executable``, ``modificationTime`` of each), ``nextOffset`` (``None`` after
        the last page).
        """
        page: dict[str, Any] = await self._raw("previewDownload", link=link, password=password, offset=offset,
                                               limit=limit)
        return page

    async def get_transfer_files(self, transfer: ReceiveTransferRef, offset: int = 0,
                                 limit: int = 1000) -> dict[str, Any]:
        """A page of the files of an incoming transfer: ``{'files': [...], 'nextOffset'}`` as :meth:`preview_download`
        lists them; none before the sender has named them.
        """
        page: dict[str, Any] = await self._raw("getTransferFiles", transfer=transfer, offset=offset, limit=limit)
        return page

    async def verify_transfer(self, transfer: ReceiveTransferRef, offset: int = 0, limit: int = 64) -> dict[str, Any]:
        """Compare the files of a complete transfer with the hashes that were made when they arrived.

        One call takes *limit* blocks of 1 MiB from *offset* on; ``nextOffset`` is where to go on, ``None`` at the end,
        ``totalBlocks`` how many there are. ``missing``, ``changed`` (another size or time than it came with),
        ``damaged`` (looks untouched and is not; all files of a block, where small ones share it) and ``unsure`` (shares
        a block with one of those) are lists of paths.
        """
        found: dict[str, Any] = await self._raw("verifyTransfer", transfer=transfer, offset=offset, limit=limit)
        return found

    async def suspend_transfer(self, transfer: ReceiveTransferRef) -> ReceiveTransfer:
        """Pause an incoming transfer."""
        return await self._one(ReceiveTransfer, "suspendTransfer", transfer=transfer)

    async def resume_transfer(self, transfer: ReceiveTransferRef) -> ReceiveTransfer:
        """Let an incoming transfer go on, or fetch again after an error."""
        return await self._one(ReceiveTransfer, "resumeTransfer", transfer=transfer)

    async def cancel_transfer(self, transfer: ReceiveTransferRef) -> ReceiveTransfer:
        """Stop an incoming transfer for good; the record stays."""
        return await self._one(ReceiveTransfer, "cancelTransfer", transfer=transfer)

    async def delete_transfer(self, transfer: ReceiveTransferRef) -> None:
        """Stop and forget an incoming transfer."""
        await self._none("deleteTransfer", transfer=transfer)

    async def get_transfer_events(self, transfer: ReceiveTransferRef, limit: int = 1000) -> list[Event]:
        """What happened to one incoming transfer."""
        return await self._events("getTransferEvents", transfer=transfer, limit=limit)

    # -- unknown nodes that want to send --------------------------------------------------------------------------

    async def get_offers(self, modified_since: int | None = None) -> list[Offer]:
        """Transfers of nodes that are not known here; they wait for a yes.

        :param modified_since: only what changed after this cursor: the largest ``modified_cursor`` seen so far.
        """
        return await self._many(Offer, "getOffers", modifiedSince=modified_since)

    async def accept_offer(self, offer: OfferRef, path: str | None = None, always: bool = False) -> ReceiveTransfer:
        """Let an offer in. It starts within seconds, as soon as its sender asks again.

        An offer that was declined within the last hour can be accepted, too; its sender has to try again then.

        :param path: the folder that it lands in, below the receiving folder; the owner may name any by its absolute
            path. ``None`` is the receiving folder itself.
        :param always: let in all that this sender offers from now on (superusers).
        :raises NotFound: if it was decided already, or its sender has stopped asking.
        """
        return await self._one(ReceiveTransfer, "acceptOffer", offer=offer, path=path, always=always)

    async def decline_offer(self, offer: OfferRef) -> None:
        """Say no to an offer. The same transfer is refused without asking for an hour."""
        await self._none("declineOffer", offer=offer)

    async def get_sources(self) -> list[Source]:
        """Who sends to this node."""
        return await self._many(Source, "getSources")

    # -- who may send here (superusers) ---------------------------------------------------------------------------

    async def add_authorized_client(self, client_public_key: str | Mapping[str, Any], name: str = "") -> None:
        """Let the node with this identity (fingerprint or certificate) send here."""
        await self._none("addAuthorizedClient", clientPublicKey=client_public_key, name=name)

    async def remove_authorized_client(self, client_public_key: str | Mapping[str, Any]) -> None:
        """Stop letting that node send here."""
        await self._none("removeAuthorizedClient", clientPublicKey=client_public_key)

    async def get_authorized_clients(self) -> list[dict[str, Any]]:
        """The identities that may send here: ``clientPublicKey``, ``name`` and ``creationTime`` of each."""
        clients: list[dict[str, Any]] = await self._raw("getAuthorizedClients")
        return clients

    async def allow_only_authorized_clients(self, only_authorized_clients_allowed: bool) -> None:
        """Say whether unknown nodes are refused instead of asking, and credentials are not enough to send here."""
        await self._none("allowOnlyAuthorizedClients", onlyAuthorizedClientsAllowed=only_authorized_clients_allowed)
