"""A node that the receiver does not know asks a person: yes, no, always; and what breaks while somebody thinks."""

import contextlib
from pathlib import Path

import pytest

from helpers.liars import somebody
from helpers.nodes import NodeProcess, make_tree, tree, until
from jetstream.aio import AsyncClient
from jetstream.entities import Event, Offer, Transfer
from jetstream.errors import LimitExceeded, NotFound
from jetstream_server.link.handshake import dial, expect
from jetstream_server.link.messages import Offer as WireOffer
from jetstream_server.link.messages import OfferAnswer, OfferState
from jetstream_server.link.peer import ask
from jetstream_server.transfers.offers import MOST_PER_ADDRESS

from .test_transfers import Two, manifest_of, received, send

ASKED = "has to say yes first; it was asked."


async def waiting_offer(client: AsyncClient) -> Offer:
    """The one offer that waits."""
    (offer,) = await until(client.receive.get_offers, lambda now: len(now) == 1)
    return offer


async def is_asked(client: AsyncClient, transfer: Transfer) -> Transfer:
    """Wait until the sender knows that somebody is asked."""
    return await until(lambda: client.send.get_transfer(transfer), lambda now: now.asked_time is not None)


async def test_ask_and_yes(two: Two, tmp_path: Path) -> None:
    sender, receiver = two
    source = make_tree(tmp_path / "source", small=20)
    async with sender.client() as client, receiver.client() as other:
        begun = await send(client, receiver.port, await manifest_of(client, {"in": str(source)}))
        offer = await waiting_offer(other)
        transfer = await is_asked(client, begun)
        assert (transfer.status, transfer.phase, transfer.next_retry_time) == ("pending", "waiting for the peer", None)
        assert (transfer.last_error_message or "").endswith(ASKED)
        assert (offer.peer_fingerprint, offer.label) == (sender.fingerprint, "in")
        assert (offer.total_files, offer.total_size) == (transfer.total_files, transfer.total_bytes)
        assert not receiver.received.exists()
        incoming = await other.receive.accept_offer(offer)
        done = await client.send.wait_for_transfer(transfer, 60)
        assert (done.status, done.error_message) == ("complete", None)
        assert (await received(other, incoming)).status == "complete"
        assert await other.receive.get_offers() == []
        assert [e.event for e in await client.send.get_transfer_events(transfer)] == [
            "transferCreated", "transferAsked", "transferAccepted", "transferStarted", "transferCompleted"]

        async def told() -> list[Event]:
            return await other.receive.get_transfer_events(incoming)

        accepted, started, _ = await until(told, lambda events: len(events) == 3)
        assert (accepted.event, started.event) == ("receiveTransferAccepted", "receiveTransferStarted")
        assert accepted.message == f"Accepted by {incoming.owner}."
        assert started.message == f"Started: the files come from {offer.peer_name}."
    assert tree(receiver.received / "in") == tree(source)


async def test_ask_and_yes_elsewhere_after_a_look_at_the_changes(two: Two, tmp_path: Path) -> None:
    sender, receiver = two
    (tmp_path / "file").write_text("x")
    async with sender.client() as client, receiver.client() as other:
        begun = await send(client, receiver.port, await manifest_of(client, {"file": str(tmp_path / "file")}))
        offer = await waiting_offer(other)
        await other.receive.accept_offer(offer, str(tmp_path / "elsewhere"))
        assert (await client.send.wait_for_transfer(begun, 60)).status == "complete"
        (gone,) = await other.receive.get_offers(modified_since=offer.modified_cursor)
        assert (gone.id, gone.deleted) == (offer.id, True)
    assert (tmp_path / "elsewhere" / "file").read_text() == "x"


async def test_ask_and_no(two: Two, tmp_path: Path) -> None:
    sender, receiver = two
    (tmp_path / "file").write_text("x")
    async with sender.client() as client, receiver.client() as other:
        begun = await send(client, receiver.port, await manifest_of(client, {"file": str(tmp_path / "file")}))
        offer = await waiting_offer(other)
        await other.receive.decline_offer(offer)
        for _ in range(2):
            failed = await client.send.wait_for_transfer(begun, 60)
            assert failed.status == "error"
            assert "said no to this transfer" in (failed.error_message or "")
            await client.send.resume_transfer(begun)  # does not ask again
        await until(lambda: client.send.get_transfer(begun), lambda now: now.status == "error")
        assert await other.receive.get_offers() == []
        assert await other.receive.get_transfers() == []
        await other.receive.accept_offer(offer)  # the no is taken back
        await client.send.resume_transfer(begun)
        assert (await client.send.wait_for_transfer(begun, 60)).status == "complete"


async def test_ask_and_always(two: Two, tmp_path: Path) -> None:
    sender, receiver = two
    (tmp_path / "file").write_text("x")
    async with sender.client() as client, receiver.client() as other:
        manifest = await manifest_of(client, {"file": str(tmp_path / "file")})
        begun = await send(client, receiver.port, manifest)
        await other.server.superuser()
        await other.receive.accept_offer(await waiting_offer(other), always=True)
        assert (await client.send.wait_for_transfer(begun, 60)).status == "complete"
        (known,) = await other.receive.get_authorized_clients()
        assert known["clientPublicKey"] == sender.fingerprint
        again = await client.send.wait_for_transfer(await send(client, receiver.port, manifest), 60)
        assert (again.status, again.asked_time) == ("complete", None)
        assert "transferAsked" not in [e.event for e in await client.send.get_transfer_events(again)]


async def test_a_yes_holds_through_restarts_of_the_receiver(two: Two, tmp_path: Path) -> None:
    sender, receiver = two
    source = make_tree(tmp_path / "source", small=3, large=4, large_size=4 << 20)
    async with sender.client() as client:
        manifest = await manifest_of(client, {"in": str(source)})
        begun = await send(client, receiver.port, manifest, send_rate_max=60_000)
        async with receiver.client() as other:
            first = await waiting_offer(other)
        receiver.kill()  # while it is asked: the sender asks the new one again
        receiver.start()
        async with receiver.client() as other:
            offer = await waiting_offer(other)
            assert offer.id != first.id
            await other.receive.accept_offer(offer)
        await until(lambda: client.send.get_transfer(begun), lambda now: now.bytes_acked >= 2 << 20)
        receiver.kill()  # while it receives: the yes is on the disk
        receiver.start()
        await client.send.update_transfer(begun, send_rate_max=0)
        done = await client.send.wait_for_transfer(begun, 60)
        assert (done.status, done.error_message) == ("complete", None)
    assert tree(receiver.received / "in") == tree(source)


async def test_the_sender_is_killed_while_somebody_thinks(two: Two, tmp_path: Path) -> None:
    sender, receiver = two
    (tmp_path / "file").write_text("x")
    async with receiver.client() as other:
        async with sender.client() as client:
            begun = await send(client, receiver.port, await manifest_of(client, {"file": str(tmp_path / "file")}))
            offer = await waiting_offer(other)
            await is_asked(client, begun)
        sender.kill()
        incoming = await other.receive.accept_offer(offer)
        assert (incoming.status, incoming.phase) == ("pending", "waiting for the peer")
        sender.start()
        async with sender.client() as client:
            assert (await client.send.wait_for_transfer(begun, 60)).status == "complete"
        assert (await received(other, incoming)).status == "complete"
    assert (receiver.received / "file").read_text() == "x"


async def test_a_pause_and_a_cancel_while_somebody_thinks(two: Two, tmp_path: Path) -> None:
    sender, receiver = two
    (tmp_path / "file").write_text("x")
    async with sender.client() as client, receiver.client() as other:
        begun = await send(client, receiver.port, await manifest_of(client, {"file": str(tmp_path / "file")}))
        await is_asked(client, begun)
        paused = await client.send.suspend_transfer(begun)
        assert (paused.status, paused.asked_time) == ("suspended", None)
        await until(other.receive.get_offers, lambda now: not now)  # nobody is asked for nothing
        await client.send.resume_transfer(begun)
        await waiting_offer(other)
        assert (await client.send.cancel_transfer(begun)).status == "cancelled"
        await until(other.receive.get_offers, lambda now: not now)


async def test_a_cancel_after_the_yes_and_before_the_start(two: Two, tmp_path: Path) -> None:
    sender, receiver = two
    (tmp_path / "file").write_text("x")
    async with sender.client() as client, receiver.client() as other:
        begun = await send(client, receiver.port, await manifest_of(client, {"file": str(tmp_path / "file")}))
        offer = await waiting_offer(other)
        await client.send.suspend_transfer(begun)
        incoming = None
        with contextlib.suppress(NotFound):  # who is told first: the node that it is paused, or this one the yes
            incoming = await other.receive.accept_offer(offer)
        await client.send.cancel_transfer(begun)
        if incoming is not None:
            ended = await received(other, incoming)
            assert (ended.status, ended.error_message) == ("cancelled", "Cancelled.")
    assert not (receiver.received / "file").exists()


async def offer_once(port: int, folder: Path, name: str, uid: str = "u") -> OfferState:
    """A node with an identity of its own comes, offers, and goes."""
    peer = await dial("127.0.0.1", port, somebody(folder, name), expect(None, "there"))
    try:
        offer = WireOffer(uid=uid, label="<b>\u202e" + "l" * 1000, files=1, size=1, entries=1, pages=1,
                          digest=bytes(32), session=bytes(16), key=bytes(32), carriers=["tcp"])
        return (await ask(peer, "offer", offer, OfferAnswer)).state
    finally:
        await peer.close()


async def test_strangers_with_very_many_identities(two: Two, tmp_path: Path) -> None:
    sender, receiver = two
    (tmp_path / "file").write_text("x")
    async with sender.client() as client, receiver.client() as other:
        begun = await send(client, receiver.port, await manifest_of(client, {"file": str(tmp_path / "file")}))
        honest = await waiting_offer(other)
        answers = []
        for number in range(MOST_PER_ADDRESS + 15):
            try:
                answers.append(await offer_once(receiver.port, tmp_path / str(number), "Evil\n\u202e" + "x" * 1000))
            except LimitExceeded:
                answers.append(None)
        assert answers.count(OfferState.WAITING) == MOST_PER_ADDRESS - 1
        offers = await other.receive.get_offers()
        assert len(offers) == MOST_PER_ADDRESS
        assert all(len(offer.peer_name) <= 64 and len(offer.label) <= 200 for offer in offers)
        assert all("\n" not in offer.peer_name + offer.label for offer in offers)
        assert all("\u202e" not in offer.peer_name + offer.label for offer in offers)
        await other.receive.accept_offer(honest)  # who came before goes on
        assert (await client.send.wait_for_transfer(begun, 60)).status == "complete"


async def test_a_name_that_is_too_long_is_no_name(alone: NodeProcess, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="malformed"):
        await offer_once(alone.port, tmp_path / "liar", "x" * 10_000)
