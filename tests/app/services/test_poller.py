import asyncio

import pytest

from app.helpers.build import NOW, incoming, transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.waiting import until
from jetstream.entities import Destination, Manifest, Token
from jetstream.errors import ConnectionLost, InvalidParameters
from jetstream_desktop.services.commands import CANCEL, PAUSE, REMOVE, RESUME, Commands
from jetstream_desktop.services.poller import Poller
from jetstream_desktop.services.session import Session
from jetstream_desktop.state.connection import Connected
from jetstream_desktop.state.filters import totals
from jetstream_desktop.state.rows import Group


@pytest.fixture
async def parts(qapp):
    node = MemoryNode()
    node.destinations["d"] = Destination(destination_id="d", destination_address="b.example", destination_port=8886,
                                         name="Studio B")
    session = Session(node.connect)
    task = asyncio.create_task(session.run())
    await until(lambda: isinstance(session.status, Connected))
    poller = Poller(session, lambda: NOW)
    yield node, poller, Commands(session, poller.soon)
    task.cancel()


async def test_a_destination_that_gets_another_name_has_it_in_all_rows(parts):
    """Also in those that ended long ago, or before the address book was read."""
    node, poller, _ = parts
    node.put(transfer(1, status="complete", processing=False, end_time=5))
    node.put(transfer(2, destination_id="late", status="complete", processing=False, end_time=5, peer_name="vm"))
    await poller.poll()
    assert [poller.rows[key].other for key in ("s1", "s2")] == ["Studio B", "vm"]
    node.destinations["d"] = Destination(destination_id="d", destination_address="b.example", destination_port=8886,
                                         name="Lab")
    node.destinations["late"] = Destination(destination_id="late", destination_address="c.example",
                                            destination_port=8886, name="Studio C")
    poller.soon()
    await poller.poll()
    assert [poller.rows[key].other for key in ("s1", "s2")] == ["Lab", "Studio C"]


async def test_differences_only(parts):
    node, poller, _ = parts
    seen = []
    poller.changed.connect(seen.append)
    node.put(transfer(1, status="suspended", processing=False))
    node.put(transfer(2))
    node.put(incoming(1))
    await poller.poll()
    assert {r.key for r in seen[0].added} == {"s1", "s2", "r1"}
    assert poller.rows["s1"].other == "Studio B"
    await poller.poll()
    assert len(seen) == 1
    node.move("2", bytes_acked=500)
    await poller.poll()
    assert [r.key for r in seen[1].updated] == ["s2"]
    assert len(poller.histories["s2"]) == 1


async def test_while_the_node_is_away_nothing_is_said_to_move(parts):
    node, poller, _ = parts
    node.put(transfer(1, rate=8000, eta=30))
    node.put(transfer(2, next_retry_time=NOW + 42_000_000))
    node.put(transfer(3, status="complete", processing=False))
    await poller.poll()
    before = dict(poller.rows)
    assert (totals(before.values()).active, before["s1"].rate) == (1, 1_000_000)
    seen = []
    poller.changed.connect(seen.append)
    node.refuse["send.getTransfers"] = ConnectionLost("gone")
    await poller.run()
    assert {row.key for row in seen[0].updated} == {"s1", "s2"}
    moving = poller.rows["s1"]
    assert (moving.rate, moving.time_left, moving.status.tone, moving.current) == (None, None, "dim", False)
    assert poller.rows["s2"].status.sentence == "Waiting for Studio B"  # no second is counted down
    assert totals(poller.rows.values()).active == 0
    del node.refuse["send.getTransfers"]
    await poller.poll()
    assert poller.rows == before


async def test_what_is_deleted_disappears(parts):
    node, poller, commands = parts
    seen = []
    node.put(transfer(1))
    await poller.poll()
    poller.changed.connect(seen.append)
    assert await commands.act(REMOVE, list(poller.rows.values())) == []
    await poller.poll()
    assert seen[0].removed == ("s1",)
    assert not poller.rows
    assert not poller.entities
    await poller.poll()
    assert len(seen) == 1


async def test_actions_and_their_problems(parts):
    node, poller, commands = parts
    node.put(transfer(1))
    await poller.poll()
    row = poller.rows["s1"]
    for what, group in ((PAUSE, Group.PAUSED), (RESUME, Group.ACTIVE), (CANCEL, Group.DONE)):
        assert await commands.act(what, [row]) == []
        await poller.poll()
        assert poller.rows["s1"].group is group
    await commands.adjust([row], priority=10, limit=1000, policy="background")
    assert node.transfers["1"].priority == 10
    assert node.transfers["1"].send_rate_max == 1000
    assert node.transfers["1"].rate_policy == "background"
    del node.transfers["1"]
    assert len(await commands.act(PAUSE, [row])) == 1


async def test_what_ended_is_told_once(parts):
    node, poller, _ = parts
    ended = []
    poller.finished.connect(ended.append)
    node.put(transfer(1))
    node.put(transfer(2, status="complete", processing=False))
    await poller.poll()
    assert not ended
    node.move("1", status="error", processing=False, error_message="No")
    await poller.poll()
    await poller.poll()
    assert [[r.key for r in rows] for rows in ended] == [["s1"]]


async def test_tokens_come_with_the_names_of_what_they_share(parts):
    node, poller, _ = parts
    node.manifests["m"] = Manifest(
        manifest_id="m", status="complete", processing=False, label="Trailer")
    node.tokens["T"] = Token(token="T", manifest_id="m")
    await poller.poll()
    assert poller.tokens[0].token == "T"
    assert poller.manifests["m"].label == "Trailer"


async def test_it_polls_at_once_after_an_action_and_ends_with_the_connection(parts):
    node, poller, commands = parts
    task = asyncio.create_task(poller.run())
    await until(lambda: any(name == "send.getTransfers" for name, _ in node.calls))
    node.put(transfer(1))
    poller.soon()
    await until(lambda: "s1" in poller.rows)
    node.drop_connections()
    poller._session._client = None
    poller.soon()
    await until(task.done)
    assert task.exception() is None


async def test_files_come_in_pages(parts):
    _, _, commands = parts
    first, following = await commands.files(transfer(1), 0)
    assert (len(first), following) == (500, 500)
    rest, following = await commands.files(transfer(1), 1000)
    assert (len(rest), following) == (200, None)
    arrived, following = await commands.files(incoming(1), 500)
    assert (arrived[0].path, arrived[0].size, len(arrived), following) == ("plate 0500", 7, 200, None)


async def test_the_watched_row_has_a_history_however_many_move(parts):
    node, poller, _ = parts
    for number in range(70):
        node.put(transfer(number))
    await poller.poll()
    assert len(poller.histories) == 50
    poller.watched = "s69"
    node.move("69", bytes_acked=7)
    node.move("0", status="suspended", processing=False)
    await poller.poll()
    assert "s69" in poller.histories
    node.move("68", bytes_acked=7)
    await poller.poll()
    assert len(poller.histories) == 50
    assert "s0" not in poller.histories


async def test_offers_come_change_and_go(parts):
    node, poller, _ = parts
    seen = []
    poller.offers_changed.connect(seen.append)
    node.offer("1")
    await poller.poll()
    node.offer("2")
    await poller.poll()
    await poller.poll()
    node.offer("1", label="Another label")
    await poller.poll()
    node.drop_offer("2")
    await poller.poll()
    assert [[(offer.id, offer.label) for offer in offers] for offers in seen] == [
        [("1", "Reel 07")], [("1", "Reel 07"), ("2", "Reel 07")], [("1", "Another label"), ("2", "Reel 07")],
        [("1", "Another label")]]
    poller.forget()
    assert seen[-1] == ()


async def test_a_node_that_is_too_old_to_ask_anybody(parts):
    node, poller, _ = parts
    polled = []
    poller.polled.connect(lambda: polled.append(1))
    node.refuse["recv.getOffers"] = InvalidParameters("There is no method `recv.getOffers`.", field="method")
    await poller.poll()
    await poller.poll()
    assert len(polled) == 2
    assert [name for name, _ in node.calls].count("recv.getOffers") == 1
    node.refuse["recv.getOffers"] = InvalidParameters("`modifiedSince` is wrong.", field="modifiedSince")
    poller.restart()
    with pytest.raises(InvalidParameters):
        await poller.poll()
