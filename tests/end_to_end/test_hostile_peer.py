"""A node that was let in and lies: one clear sentence, nothing outside of the folder, and the node serves others."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from helpers.liars import LyingSender, blocks_of, facts_of, lying_receiver, lying_sender, somebody
from helpers.nodes import NodeProcess, make_tree, nodes, tree, until
from helpers.trees import scanned
from jetstream.entities import ReceiveTransfer, Transfer
from jetstream.errors import InvalidParameters, JetStreamError, LimitExceeded, PermissionDenied
from jetstream_server.files.pages import wire_form
from jetstream_server.link.errors import LinkError, LinkLost
from jetstream_server.link.handshake import Myself
from jetstream_server.link.messages import (
    Begin,
    Checkpoint,
    Complete,
    Message,
    Offer,
    PageRequest,
    Ping,
    Stored,
)
from jetstream_server.link.peer import PeerConnection
from jetstream_server.link.sealed import Kind, pack_gaps

CONTENT = b"0123456789abcdef" * 65_536 + b"the end"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """One node for all lies: each test ends with it serving others."""
    with nodes(tmp_path_factory.mktemp("node"), "a") as (node,):
        yield node


@pytest.fixture
async def liar(node: NodeProcess, tmp_path: Path) -> Myself:
    """Somebody whom the node lets in."""
    myself = somebody(tmp_path / "liar")
    async with node.client() as client:
        await client.server.superuser()
        await client.receive.add_authorized_client(myself.identity.fingerprint)
    return myself


@pytest.fixture
def page(tmp_path: Path) -> tuple[bytes, dict[str, int]]:
    """The wire form of a listing of one file of two blocks, and what an honest offer says of it."""
    (tmp_path / "evilname").write_bytes(CONTENT)
    found = scanned({"evilname": tmp_path / "evilname"})
    return wire_form(found.pages[0]), facts_of(found)


async def incoming(node: NodeProcess) -> ReceiveTransfer:
    """The newest incoming transfer, when the node is done with it."""
    async with node.client() as client:
        rows = await until(client.receive.get_transfers, lambda rows: bool(rows) and not rows[-1].processing)
        return rows[-1]


async def still_serves(node: NodeProcess, tmp_path: Path) -> None:
    """The node sends files to itself, and nothing got out of its folder."""
    source = make_tree(tmp_path / "honest", small=3, large=0)
    async with node.client() as client:
        manifest = await client.send.wait_for_manifest(await client.send.create_manifest({"ok": str(source)}), 60)
        destination = await client.send.create_destination("127.0.0.1", node.port)
        done = await client.send.wait_for_transfer(await client.send.create_transfer(destination, manifest), 60)
        assert done.status == "complete", done.error_message
    assert tree(node.received / "ok") == tree(source)
    assert not [path for path in node.folder.rglob("*") if path.name in ("xx", "evilname")]
    assert "Traceback" not in node.log()


Lie = Callable[[LyingSender, dict[str, int]], Awaitable[Any]]


async def _another_size(sender: LyingSender, facts: dict[str, int]) -> None:
    await sender.offer(**{**facts, "size": facts["size"] + 1})


async def _more_entries(sender: LyingSender, facts: dict[str, int]) -> None:
    await sender.offer(**{**facts, "entries": 2})


async def _fewer_bytes(sender: LyingSender, facts: dict[str, int]) -> None:
    await sender.offer(**{**facts, "size": 1})


async def _garbage(sender: LyingSender, facts: dict[str, int]) -> None:
    sender.pages = [b"\x81\xa1garbage"]
    await sender.offer(**facts)


async def _garbage_inline(sender: LyingSender, facts: dict[str, int]) -> None:
    sender.pages = [b"\xc1" * 100]
    await sender.offer(**facts, first_pages=sender.pages)


async def _unsafe_target(sender: LyingSender, facts: dict[str, int]) -> None:
    sender.pages = [page.replace(b"evilname", b"../../xx") for page in sender.pages]
    await sender.offer(**facts)


async def _up_and_away(sender: LyingSender, facts: dict[str, int]) -> None:
    await sender.offer(**facts, destination_path="../..")


async def _wrong_digest(sender: LyingSender, facts: dict[str, int]) -> None:
    await sender.offer(**facts, digest=bytes(32))


async def _missing_pages(sender: LyingSender, facts: dict[str, int]) -> None:
    await sender.offer(**facts, pages=3)


async def _no_common_carrier(sender: LyingSender, facts: dict[str, int]) -> None:
    await sender.offer(**facts, carriers=["pigeon"])


async def _foreign_block(sender: LyingSender, facts: dict[str, int]) -> None:
    await sender.offer(**facts)
    await sender.have
    await sender.records([(7, Kind.DATA, b"x" * 100)])


async def _gaps_elsewhere(sender: LyingSender, facts: dict[str, int]) -> None:
    await sender.offer(**facts)
    await sender.have
    payload = pack_gaps([99]) + CONTENT[: 1 << 20]
    await sender.records([(0, Kind.GAPS, payload)])


LIES: list[tuple[Lie, str]] = [
    (_another_size, "not hold what the offer says"),
    (_more_entries, "not hold what the offer says"),
    (_fewer_bytes, "not hold what the offer says"),
    (_garbage, "makes no sense"),
    (_garbage_inline, "makes no sense"),
    (_unsafe_target, "xx"),
    (_up_and_away, ".."),
    (_wrong_digest, "damaged"),
    (_missing_pages, "left out pages"),
    (_no_common_carrier, "carrier"),
    (_foreign_block, "not part of the transfer"),
    (_gaps_elsewhere, "outside of the block"),
]


@pytest.mark.parametrize(("lie", "sentence"), LIES, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_lying_sender_hears_one_sentence(
    node: NodeProcess, liar: Myself, page: tuple[bytes, dict[str, int]], tmp_path: Path, lie: Lie, sentence: str
) -> None:
    async with lying_sender(node.port, liar, [page[0]]) as sender:
        await lie(sender, page[1])
        async with asyncio.timeout(30):
            heard = await sender.stopped
    transfer = await incoming(node)
    assert transfer.status == "error"
    assert sentence in (transfer.error_message or "")
    assert (heard.reason.value, heard.message) == ("error", transfer.error_message)
    await still_serves(node, tmp_path)


@pytest.mark.parametrize(
    "changes",
    [{"size": 1 << 62}, {"entries": 1 << 40}, {"pages": 1 << 40}, {"overwrite_mode": 9}, {"digest": b"short"},
     {"key": b""}, {"checkpoint_seconds": 0}, {"uid": "x" * 5000}],
    ids=lambda changes: next(iter(changes)),
)
async def test_an_offer_beyond_all_bounds_is_refused_by_field(
    node: NodeProcess, liar: Myself, page: tuple[bytes, dict[str, int]], changes: dict[str, Any]
) -> None:
    async with lying_sender(node.port, liar, [page[0]]) as sender:
        with pytest.raises(InvalidParameters, match="malformed"):
            await sender.offer(**{**page[1], **changes})


async def test_wrong_records_end_their_connection_and_right_ones_still_count(
    node: NodeProcess, liar: Myself, page: tuple[bytes, dict[str, int]]
) -> None:
    async with lying_sender(node.port, liar, [page[0]]) as sender:
        await sender.offer(**page[1], destination_path="honest after all")
        await sender.have
        await sender.records([(0, Kind.DATA, b"too short")], number=1)
        await sender.records(blocks_of(CONTENT), number=2)
        async with asyncio.timeout(30):
            assert (await sender.completed)["failed"] == []
    assert (await incoming(node)).status == "complete"
    arrived = node.received / "honest after all" / "evilname"
    assert arrived.read_bytes() == CONTENT
    arrived.unlink()


async def test_a_flood_of_requests_is_refused_beyond_its_limit(
    node: NodeProcess, liar: Myself, page: tuple[bytes, dict[str, int]], tmp_path: Path
) -> None:
    async with lying_sender(node.port, liar, [page[0]]) as sender:
        answers = await asyncio.gather(
            *(sender.peer.request("ping", Ping()) for _ in range(2_000)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, Exception)]
        assert all(isinstance(answer, LimitExceeded) for answer in refused), set(map(repr, refused))
        for method in ("nonsense", "stop", "page", "complete"):
            with pytest.raises(JetStreamError):
                await sender.peer.request(method, Ping())
    await still_serves(node, tmp_path)


Answers = Callable[[PeerConnection, Offer], Awaitable[Any]]


async def _begin_outside(peer: PeerConnection, offer: Offer) -> None:
    with pytest.raises(InvalidParameters, match="outside"):
        await peer.request("begin", Begin(have=[(0, 99)]))
    await peer.request("begin", Begin(have=[]))
    with pytest.raises(JetStreamError, match="begun already"):
        await peer.request("begin", Begin(have=[]))


async def _complete_too_early(peer: PeerConnection, offer: Offer) -> None:
    for _ in range(2):
        with pytest.raises(JetStreamError, match="Not everything"):
            await peer.request("complete", Complete(files=1, failed=[]))
        with pytest.raises(JetStreamError, match=r"entries|Not everything"):
            await peer.request("complete", Complete(files=1, failed=[12345]))
        with pytest.raises(InvalidParameters, match="pages"):
            await peer.request("page", PageRequest(number=1 << 40))
        if offer.files:
            await _quietly(peer.request("begin", Begin(have=[])))


async def _stored_outside(peer: PeerConnection, offer: Offer) -> None:
    await peer.request("begin", Begin(have=[]))
    peer.tell("stored", Stored(blocks=[(5, 5)]))


async def _malformed(peer: PeerConnection, offer: Offer) -> None:
    peer.tell("checkpoint", Ping())


async def _promises_everything(peer: PeerConnection, offer: Offer) -> None:
    await peer.request("begin", Begin(have=[]))
    peer.tell("checkpoint", Checkpoint(blocks=1 << 60, size=1 << 60))
    peer.tell("stored", Stored(blocks=[(0, 9)]))


async def _quietly(work: Awaitable[Any]) -> None:
    try:
        await work
    except (JetStreamError, LinkError):
        return


class _Nonsense(Message, frozen=True, kw_only=True):
    state: str = "perhaps"


async def _nothing(peer: PeerConnection, offer: Offer) -> None:
    return


@pytest.mark.parametrize(
    ("script", "answer", "status", "sentence"),
    [(_begin_outside, None, "sending", ""), (_complete_too_early, None, "sending", ""),
     (_stored_outside, None, "error", "outside"), (_malformed, None, "error", "malformed"),
     (_promises_everything, None, "error", "outside"), (_nothing, _Nonsense(), "error", "malformed")],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_a_lying_receiver_gets_no_further(
    node: NodeProcess, tmp_path: Path, script: Answers, answer: Any, status: str, sentence: str
) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    done = asyncio.Event()

    async def run(peer: PeerConnection, offer: Offer) -> None:
        try:
            await script(peer, offer)
        finally:
            done.set()

    async with lying_receiver(somebody(tmp_path / "liar"), run, answer) as port, node.client() as client:
        manifest = await client.send.wait_for_manifest(
            await client.send.create_manifest({"file": str(tmp_path / "file")}), 60
        )
        destination = await client.send.create_destination("127.0.0.1", port)
        transfer = await client.send.create_transfer(destination, manifest)

        async def look() -> Transfer:
            return await client.send.get_transfer(transfer)

        async with asyncio.timeout(30):
            await done.wait()
        now = await until(look, lambda now: now.status == status)
        assert sentence in (now.error_message or "")
        assert now.bytes_acked <= (now.total_bytes or 0)
        assert now.checkpoint_bytes <= (now.total_bytes or 0)
        await client.send.delete_transfer(transfer)
    await still_serves(node, tmp_path)


async def test_questions_about_names_open_nothing(
    node: NodeProcess, liar: Myself, page: tuple[bytes, dict[str, int]], tmp_path: Path
) -> None:
    """A stranger, wrong and hostile pages, far too many at once, and one who leaves in the middle."""
    data, _ = page
    honest = {"page": data, "destinationPath": "", "overwriteMode": 4}
    async with lying_sender(node.port, somebody(tmp_path / "stranger"), []) as stranger:
        with pytest.raises(PermissionDenied, match="told to those alone who may send"):
            await stranger.peer.request("survey", cast(Message, honest))
    async with lying_sender(node.port, liar, []) as sender:
        for wrong in ({"page": b"\xc1" * 100}, {"page": bytes(1 << 20)}, {"page": 1}, {"page": data[:-9]},
                      {"page": data.replace(b"evilname", b"../../xx")}, {"destinationPath": "../.."},
                      {"overwriteMode": 99}):
            with pytest.raises(InvalidParameters):
                await sender.peer.request("survey", cast(Message, {**honest, **wrong}))
        many = [sender.peer.request("survey", cast(Message, honest)) for _ in range(60)]
        answers = await asyncio.gather(*many, return_exceptions=True)
        assert {type(answer) for answer in answers} <= {dict, LimitExceeded}
        assert [answer["looked"] for answer in answers if isinstance(answer, dict)]
        leaving = asyncio.create_task(_quietly(sender.peer.request("survey", cast(Message, honest))))
        await asyncio.sleep(0)
        sender.peer.abort(LinkLost("Gone."))
        await leaving
    await still_serves(node, tmp_path)
