"""The links that are in use right now: what ``getConnections`` shows."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jetstream.entities import Connection
from jetstream_server.access.principal import Principal, sees
from jetstream_server.link.peer import PeerConnection


@dataclass(slots=True)
class _Link:
    peer: PeerConnection
    outgoing: bool
    owner: str
    owner_token: str | None
    users: int = 0


class Links:
    """Peer sessions that carry transfers.

    :param wall: microseconds since the epoch.
    """

    def __init__(self, wall: Callable[[], int]) -> None:
        self._wall = wall
        self._links: dict[int, _Link] = {}

    @contextlib.contextmanager
    def using(
        self, peer: PeerConnection, *, outgoing: bool, owner: str = "", owner_token: str | None = None
    ) -> Iterator[None]:
        """While the block runs, *peer* is a connection in use, for a transfer of *owner*."""
        link = self._links.setdefault(id(peer), _Link(peer, outgoing, owner, owner_token))
        link.users += 1
        try:
            yield
        finally:
            link.users -= 1
            if not link.users:
                del self._links[id(peer)]

    def entities(self, principal: Principal | None = None) -> list[Connection]:
        """The documented form of the links, one per node and direction.

        :param principal: whose transfers' links; ``None`` for all.
        """
        found: dict[str, Connection] = {}
        for link in self._links.values():
            who = link.peer.peer
            if who is None or not (principal is None or sees(principal, link.owner, link.owner_token)):
                continue
            connection_id = f"{who.server_uid[:16]}-{'out' if link.outgoing else 'in'}"
            queued = found[connection_id].num_transfers_queued if connection_id in found else 0
            found[connection_id] = Connection(
                connection_id=connection_id,
                destination_ip=who.address,
                destination_port=who.port,
                destination_public_key=who.fingerprint,
                encrypted_connection_state="connected" if link.peer.is_open else "disconnected",
                last_destination_server_id=who.server_id,
                last_destination_server_uid=who.server_uid,
                last_recv_time=self._wall(),
                last_send_time=self._wall(),
                num_transfers_queued=queued + link.users,
                carrier=link.peer.carrier,
                rtt=None if link.peer.rtt is None else round(link.peer.rtt * 1e6),
            )
        return list(found.values())
