"""Links in use, and whose they are."""

import dataclasses

from jetstream_server.access.principal import Kind, Principal
from jetstream_server.link.peer import PeerIdentity
from jetstream_server.links import Links


@dataclasses.dataclass
class Peer:
    """What is shown of a session."""

    peer: PeerIdentity | None
    is_open: bool = True
    rtt: float | None = 0.001
    carrier: str | None = "udp"


def test_only_links_in_use_and_only_to_whom_they_belong() -> None:
    links = Links(lambda: 7)
    studio = PeerIdentity("f" * 64, "Studio", "uid-of-studio-and-more", "launch", "192.0.2.1", 8886)
    first, second, unknown = Peer(studio), Peer(studio, rtt=None), Peer(None)
    assert links.entities() == []
    with (
        links.using(first, outgoing=True, owner="ann"),  # type: ignore[arg-type]
        links.using(second, outgoing=False, owner="ann", owner_token="T"),  # type: ignore[arg-type]
        links.using(unknown, outgoing=True, owner="ann"),  # type: ignore[arg-type]
    ):
        with links.using(first, outgoing=True, owner="ann"):  # type: ignore[arg-type]
            out, into = sorted(links.entities(), key=lambda link: link.connection_id, reverse=True)
            assert out.connection_id == "uid-of-studio-an-out"
            assert (out.num_transfers_queued, out.rtt, out.encrypted_connection_state) == (2, 1000, "connected")
            assert out.carrier == "udp"
            assert (into.num_transfers_queued, into.rtt) == (1, None)
        assert len(links.entities(Principal(Kind.ACCOUNT, "ann"))) == 2
        assert links.entities(Principal(Kind.ACCOUNT, "bob")) == []
        assert len(links.entities(Principal(Kind.ACCOUNT, "bob", superuser=True))) == 2
        (own,) = links.entities(Principal(Kind.API_TOKEN, "ann", root="/x", token="T"))
        assert own.connection_id.endswith("-in")
        first.is_open = False
        assert [link.encrypted_connection_state for link in links.entities()].count("disconnected") == 1
    assert links.entities() == []
