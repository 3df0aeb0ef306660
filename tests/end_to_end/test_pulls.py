"""Downloads of shared tokens whose other side goes away, and tokens that are deleted while they are used."""

import contextlib
import sqlite3
from pathlib import Path

from helpers.liars import somebody
from helpers.nodes import NodeProcess, make_tree, tree, until
from jetstream.aio import AsyncClient
from jetstream.entities import Token
from jetstream_server.link.handshake import dial, expect
from jetstream_server.link.messages import Begin, Fetch, Finished, LoginToken, Offer
from jetstream_server.link.peer import PeerConnection, ask

from .test_transfers import Two, manifest_of, received


async def shared(client: AsyncClient, sharer: NodeProcess, source: Path) -> tuple[Token, str]:
    """A token for one download, and its link."""
    token = await client.send.create_shared_token(await manifest_of(client, {"in": str(source)}), download_limit=1)
    return token, f"jetstream://127.0.0.1:{sharer.port}/download?token={token.token}"


async def test_deleting_a_token_stops_the_pull_and_says_why(two: Two, tmp_path: Path) -> None:
    sharer, fetcher = two
    source = make_tree(tmp_path / "source", small=3, large=4, large_size=6 << 20)
    async with sharer.client() as client, fetcher.client() as other:
        await client.server.superuser()
        await client.server.update_bandwidth_limits(outgoing=40_000)
        token, link = await shared(client, sharer, source)
        begun = await other.receive.create_download(link)
        await until(lambda: other.receive.get_transfer(begun), lambda now: now.bytes_recv >= 1 << 20)
        await client.send.delete_shared_token(token)
        stopped = await received(other, begun)
        assert stopped.status == "error"
        assert "has revoked this token, so the rest does not come" in (stopped.error_message or "")
        (pulled,) = await client.send.get_transfers()
        assert (pulled.status, pulled.error_message) == ("cancelled", "Its shared token was deleted.")
        await other.receive.resume_transfer(begun)
        again = await received(other, begun)
        assert again.status == "error"
        assert "revoked" not in (again.error_message or "")


async def test_the_end_of_a_download_is_told_later(two: Two, tmp_path: Path) -> None:
    """Both catalogs as kill -9 leaves them between the two: complete at the fetching node, under way at the other."""
    sharer, fetcher = two
    source = make_tree(tmp_path / "source", small=5)
    async with sharer.client() as client, fetcher.client() as other:
        token, link = await shared(client, sharer, source)
        begun = await other.receive.create_download(link)
        assert (await received(other, begun)).status == "complete"
        await until(client.send.get_transfers, lambda now: now[0].status == "complete")
    assert tree(fetcher.received / "in") == tree(source)
    sharer.stop()
    fetcher.stop()
    for node, statements in (
        (sharer, ("UPDATE transfers SET status = 'sending', end_time = NULL", "UPDATE tokens SET download_count = 0")),
        (fetcher, ("UPDATE incoming SET told_time = NULL",)),
    ):
        with contextlib.closing(sqlite3.connect(node.state / "catalog.db")) as catalog, catalog:
            for statement in statements:
                catalog.execute(statement)
    fetcher.start()  # nobody is there to be told: it tries again
    sharer.start()
    async with sharer.client() as client:
        (pulled,) = await until(client.send.get_transfers, lambda now: now[0].status == "complete")
        assert pulled.files_done == pulled.total_files
        assert (await client.send.get_shared_token(token)).download_count == 1

    async def told() -> list[tuple[int | None]]:
        with contextlib.closing(sqlite3.connect(fetcher.state / "catalog.db")) as catalog:
            return catalog.execute("SELECT told_time FROM incoming").fetchall()

    ((time,),) = await until(told, lambda rows: rows[0][0] is not None)  # the node that is told knows it first
    assert time is not None


async def logged_in(sharer: NodeProcess, token: Token, folder: Path) -> PeerConnection:
    """A node of the test's own that shows the token."""
    peer = await dial("127.0.0.1", sharer.port, somebody(folder, "Bob"), expect(None, "there"))
    await peer.request("loginToken", LoginToken(token=token.token))
    return peer


async def test_a_download_stays_taken_until_the_last_word(two: Two, tmp_path: Path) -> None:
    sharer, fetcher = two
    source = make_tree(tmp_path / "source", small=5, large=1)
    async with sharer.client() as client, fetcher.client() as other:
        token, link = await shared(client, sharer, source)
        peer = await logged_in(sharer, token, tmp_path / "bob")
        offer = await ask(peer, "fetch", Fetch(), Offer)
        await peer.request("begin", Begin(have=[(0, -(-offer.size // (1 << 20)))]))
        await peer.close()  # it has stored everything, and dies before it can say so
        (lost,) = await until(client.send.get_transfers, lambda now: now[0].phase == "waiting for the peer")
        assert lost.status == "pending"
        somebody_else = await received(other, await other.receive.create_download(link))
        assert (somebody_else.status, "under way" in (somebody_else.error_message or "")) == ("error", True)
        back = await logged_in(sharer, token, tmp_path / "bob")
        await back.request("finished", Finished(uid=offer.uid))
        await back.close()
        ended = await client.send.get_transfer(lost)
        assert (ended.status, ended.bytes_acked) == ("complete", ended.total_bytes)
        assert (await client.send.get_shared_token(token)).download_count == 1


async def test_a_node_that_dials_anew_before_its_end_was_noticed(two: Two, tmp_path: Path) -> None:
    """With one download, its own earlier session is not in its way."""
    sharer, _ = two
    source = make_tree(tmp_path / "source", small=5, large=1)
    async with sharer.client() as client:
        token, _ = await shared(client, sharer, source)
        first = await logged_in(sharer, token, tmp_path / "bob")
        offer = await ask(first, "fetch", Fetch(), Offer)
        second = await logged_in(sharer, token, tmp_path / "bob")
        again = await ask(second, "fetch", Fetch(uid=offer.uid), Offer)
        assert again.uid == offer.uid
        for peer in (first, second):
            await peer.close()
        assert len(await client.send.get_transfers()) == 1
