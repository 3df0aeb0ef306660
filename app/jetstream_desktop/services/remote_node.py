"""Nodes elsewhere: looked at before they are trusted, then logged in to with a password."""

from collections.abc import Callable
from dataclasses import dataclass

from jetstream import aio
from jetstream.errors import AuthenticationFailed
from jetstream.trust import KnownNodes, Place
from jetstream_desktop.i18n import tr
from jetstream_desktop.services.node import NodeClient
from jetstream_desktop.state.address import Address
from jetstream_desktop.state.nodes import OpenNode

DIAL_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What answers at an address, before anything is told to it. *known* says that its identity was pinned before."""

    fingerprint: str
    name: str
    version: str
    known: bool


class Looking(KnownNodes):
    """The pinned identities, for a look: what is pinned counts, but nothing new is pinned."""

    def pin(self, place: Place, fingerprint: str) -> None:
        """Does not remember it: only a person may decide that."""


async def look(address: Address) -> Seen:
    """Which node answers at *address*. Nothing secret is sent, nothing is remembered.

    :raises ServerIdentityChanged: if it is another one than the pinned one.
    :raises JetStreamError: if none can be asked.
    """
    known = Looking()
    pinned = known.get(Place(address.host, address.port))
    async with aio.connect(address.host, address.port, timeout=DIAL_SECONDS, ticket=False, known=known) as client:
        info = await client.server.get_server_info()
        return Seen(client.fingerprint, info.server_name, info.version, pinned == client.fingerprint)


def pin(address: Address, fingerprint: str) -> None:
    """A person has confirmed that this is the node at *address*."""
    KnownNodes().pin(Place(address.host, address.port), fingerprint)


class RemoteNode:
    """Makes connections to one node elsewhere, and only to the one with the fingerprint that *node* names.

    :param password: kept in memory for as long as the node is open, so that a lost connection can be made again.
    """

    def __init__(self, node: OpenNode, password: str) -> None:
        self.node = node
        self._password = password

    def __repr__(self) -> str:
        return f"<RemoteNode {self.node.line}>"

    async def reach(self, _step: Callable[[str], None]) -> NodeClient:
        """A connection that is logged in.

        :raises JetStreamError: if the node cannot be reached, is another one, or does not let this person in.
        """
        node = self.node
        client = await aio.connect(node.host, node.port, timeout=DIAL_SECONDS, verify=node.fingerprint,
                                   ticket=not node.user)
        try:
            if node.user:
                await client.server.auth(node.user, self._password)
            elif (await client.server.get_server_info()).auth_required:
                raise AuthenticationFailed(tr("This node belongs to somebody else; it asks for a user and a password."))
        except BaseException:
            await client.close()
            raise
        return client
