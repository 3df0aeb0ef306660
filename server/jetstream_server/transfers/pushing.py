"""One try at sending to a destination: dial it, see who answers, remember what was learnt, send."""

from collections.abc import Callable
from typing import Any, Protocol

from jetstream.errors import JetStreamError
from jetstream_server.catalog.catalog import Catalog
from jetstream_server.link.errors import IdentityChanged, LinkError
from jetstream_server.link.handshake import CheckIdentity, Myself, dial, expect
from jetstream_server.link.messages import Login
from jetstream_server.link.peer import Liveness, PeerConnection
from jetstream_server.records import DestinationRecord, TransferRecord
from jetstream_server.transfers.delivering import Delivering
from jetstream_server.transfers.jobs import Job
from jetstream_server.transfers.live import Live, SendingTable
from jetstream_server.transfers.session import outcome_of, outcome_of_dialling, outcome_of_refusal
from jetstream_server.transfers.states import Phase
from jetstream_server.transfers.trouble import Done, Failed, Outcome


class TokenBook(Protocol):
    """What sending needs of shared tokens: a transfer made with one uses up a download when it completes."""

    def reserve(self, token: str) -> None:
        """Take one of the downloads; raises AuthenticationFailed when none is left."""

    async def release(self, token: str, completed: bool) -> None:
        """The download ended."""


class DestinationBook(Protocol):
    """What sending needs of the address book."""

    def get(self, id: str, *, also_deleted: bool = False) -> DestinationRecord:
        """A record; raises NotFound."""

    async def seen(self, id: str, **changes: Any) -> None:
        """Remember what was learnt of a destination."""


class Pushing:
    """Reaches destinations and sends to them.

    :param wall: microseconds since the epoch.
    """

    def __init__(
        self, table: SendingTable, catalog: Catalog, destinations: DestinationBook, tokens: TokenBook,
        delivering: Delivering, myself: Myself, liveness: Liveness, wall: Callable[[], int],
    ) -> None:
        self._table = table
        self._catalog = catalog
        self._destinations = destinations
        self._tokens = tokens
        self._delivering = delivering
        self._myself = myself
        self._liveness = liveness
        self._wall = wall

    async def attempt(self, live: Live[TransferRecord], job: Job) -> Outcome:
        """One try, for the scheduler."""
        token = live.record.shared_token
        if token is None:
            return await self._push(live, job)
        try:
            self._tokens.reserve(token)
        except JetStreamError as error:
            return Failed(str(error))
        outcome: Outcome | None = None
        try:
            outcome = await self._push(live, job)
            return outcome
        finally:
            await self._tokens.release(token, completed=isinstance(outcome, Done))

    async def reach(self, record: TransferRecord) -> PeerConnection:
        """A session with the receiver of a transfer.

        :raises LinkError: in its kinds.
        """
        return await self._dial(self._destination(record))

    def _destination(self, record: TransferRecord) -> DestinationRecord:
        return self._destinations.get(record.destination_id or "", also_deleted=True)

    async def _push(self, live: Live[TransferRecord], job: Job) -> Outcome:
        failed = await self._delivering.manifest_ready(live)
        if failed is not None:
            return failed
        destination = self._destination(live.record)
        if live.asked_time is None:
            live.phase = Phase.CONNECTING
            self._table.touch(live)
        try:
            peer = await self._dial(destination)
        except LinkError as error:
            await self._destinations.seen(
                destination.id, last_error=type(error).__name__, last_error_message=error.message
            )
            return outcome_of_dialling(error, known=destination.public_key is not None)
        outcome: Outcome | None = None
        try:
            outcome = await self._over(peer, live, job, destination)
            return outcome
        finally:
            if isinstance(outcome, Done):
                job.goodbye = peer.close
            else:
                await peer.close()

    async def _dial(self, destination: DestinationRecord) -> PeerConnection:
        check = self._identity_check(destination)
        return await dial(destination.address, destination.port, self._myself, check, self._liveness)

    def _identity_check(self, destination: DestinationRecord) -> CheckIdentity:
        where = f"{destination.address}:{destination.port}"

        async def check(presented: str) -> None:
            pinned = destination.permitted_public_key
            if pinned is None:
                pinned = await self._catalog.pins.get(destination.address, destination.port)
            try:
                await expect(pinned, where)(presented)
            except IdentityChanged:
                raise IdentityChanged(
                    f"The node at {where} shows another identity than before, so nothing was sent. It may have been "
                    f"set up anew, or somebody stands in between. If you know that it is right, pin the new identity "
                    f"in the destination (permittedDestinationPublicKey={presented}) and resume."
                ) from None
            if pinned is None or destination.permitted_public_key is not None:
                await self._catalog.pins.set(destination.address, destination.port, presented)

        return check

    async def _over(
        self, peer: PeerConnection, live: Live[TransferRecord], job: Job, destination: DestinationRecord
    ) -> Outcome:
        await self._remember(peer, live, destination)
        try:
            if destination.user_name:
                await peer.request("login", Login(user=destination.user_name, password=destination.password or ""))
            outcome = await self._delivering.send(peer, live, job, we_dialled=True)
        except JetStreamError as error:
            return outcome_of_refusal(error)
        except LinkError as error:
            return outcome_of(error)
        if live.record.active_seconds > 1:
            rate = round(live.record.bytes_acked * 8 / 1000 / live.record.active_seconds)
            await self._destinations.seen(destination.id, last_rate=rate)
        return outcome

    async def _remember(
        self, peer: PeerConnection, live: Live[TransferRecord], destination: DestinationRecord
    ) -> None:
        """Who answered: in the transfer, and in the address book."""
        assert peer.peer is not None
        who, now = peer.peer, self._wall()
        if (live.record.peer_name, live.record.peer_fingerprint) != (who.name, who.fingerprint):
            await self._table.save(live, peer_name=who.name, peer_fingerprint=who.fingerprint)
        if live.asked_time is None:  # asking once more is no news
            await self._destinations.seen(
                destination.id, ip=who.address, public_key=who.fingerprint, server_id=who.server_id,
                server_uid=who.server_uid, last_error=None, last_error_message=None, last_recv_time=now,
                last_send_time=now, last_used_time=now,
            )
