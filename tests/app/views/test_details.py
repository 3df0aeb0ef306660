"""The pane below the table: files searched and narrowed to problems, events that go on, and the graph's read-out."""

import asyncio

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.helpers.build import incoming, transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from helpers.nodes import nodes
from helpers.nodes import until as asked
from jetstream.entities import Event, Manifest, event_to_wire
from jetstream_desktop.state.history import SpeedHistory
from jetstream_desktop.views.details import EVENTS, FILES, OVERVIEW, SPEED
from jetstream_desktop.views.row_menu import row_menu
from jetstream_desktop.views.share import ShareCard


@pytest.fixture
def node():
    made = MemoryNode()
    made.manifests["m"] = Manifest(manifest_id="m", status="complete", processing=False, skipped=1,
                                   skipped_sample=("/x/secret: permission denied",))
    made.put(transfer(1))
    made.put(incoming(2))
    return made


def listed(desk):
    model = desk.window.details.files.table.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


async def opened(desk, key, tab):
    await until(lambda: key in desk.context.poller.rows)
    desk.window.table.select_key(key)
    desk.window.details.tabs.setCurrentIndex(tab)
    return desk.window.details


def test_searching_looks_at_all_pages(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            pane = (await opened(desk, "s1", FILES)).files
            await until(lambda: len(listed(desk)) == 500)
            QTest.keyClicks(pane.search, "1199")
            await until(lambda: listed(desk) == ["file 1199"])
            assert pane.note == ""
            pane.search.setText("no such")
            await until(lambda: pane.note == "No file fits “no such”.")
            assert listed(desk) == []
            pane.search.setText("11")
            await until(lambda: len(listed(desk)) == 120)
            pane.search.clear()
            await until(lambda: len(listed(desk)) == 500)
            desk.window.table.select_key("r2")
            await until(lambda: listed(desk)[:1] == ["plate 0000"])

    gui(work)


def test_only_problems_of_what_was_sent(gui, qapp, node):
    node.put(transfer(1, status="error", processing=False, error_message="Two files were not delivered."))
    told = Event(event="transferFailed", timestamp=1, cursor=1, message="Two.", fields={
        "files": [{"path": "reel/<b>a", "reason": "is gone"}, {"path": "reel/b", "reason": "was changed"}]})
    node.rubbish["send.getTransferEvents"] = [event_to_wire(told)]

    async def work():
        async with running(qapp, node.connect) as desk:
            pane = (await opened(desk, "s1", FILES)).files
            pane.problems.click()
            await until(lambda: listed(desk) == ["reel/<b>a", "reel/b", "/x/secret"])
            assert pane.table.model().index(0, 2).data() == "is gone"
            assert pane.table.isColumnHidden(1)
            pane.search.setText("secret")
            await until(lambda: listed(desk) == ["/x/secret"])
            pane.search.clear()
            pane.problems.click()
            await until(lambda: len(listed(desk)) == 500)

    gui(work)


def test_only_problems_where_there_are_none_and_after_verifying(gui, qapp, node):
    node.put(incoming(2, status="complete", processing=False, end_time=5))
    node.rubbish["recv.verifyTransfer"] = {
        "nextOffset": None, "totalBlocks": 1, "missing": [], "changed": [], "damaged": ["plate 0007"], "unsure": []}

    async def work():
        async with running(qapp, node.connect) as desk:
            pane = (await opened(desk, "r2", FILES)).files
            pane.problems.click()
            await until(lambda: pane.note == "No file has a problem that is known.")
            desk.window.actions_.verify.trigger()
            await until(lambda: desk.verify.found("r2") is not None)
            pane.restart()
            await until(lambda: listed(desk) == ["plate 0007"])
            assert pane.note == ""

    gui(work)


def problems(events):
    """The files that they say were not delivered."""
    return [file["path"] for event in events for file in event.fields.get("files", ())]


def test_a_file_that_vanished_is_among_the_problems_of_both(gui, qapp, tmp_path):
    """Two real nodes: the sender's window names it with its reason."""
    for name in ("here", "gone"):
        (tmp_path / name).write_bytes(name.encode() * 1000)

    async def work(sender, receiver):
        async with sender.client() as client, receiver.client() as other:
            await other.server.superuser()
            await other.receive.add_authorized_client(sender.fingerprint)
            made = await client.send.create_manifest({name: str(tmp_path / name) for name in ("here", "gone")})
            made = await client.send.wait_for_manifest(made)
            (tmp_path / "gone").unlink()
            there = await client.send.create_destination("127.0.0.1", receiver.port)
            sent = await client.send.create_transfer(there, made)
            assert (await client.send.wait_for_transfer(sent)).status == "error"
            (coming,) = await other.receive.get_transfers()

            async def told() -> list[str]:
                return problems(await client.send.get_transfer_events(sent))

            async def told_there() -> list[str]:
                return problems(await other.receive.get_transfer_events(coming))

            for look in (told, told_there):  # an event is written a moment after the state
                assert await asked(look, bool) == ["gone"]

    with nodes(tmp_path / "n", "a", "b") as (sender, receiver):
        asyncio.run(work(sender, receiver))


@pytest.mark.parametrize("answer", ["rubbish", {"fileMappings": [7]}, {"fileMappings": [{"destPath": 1}]}, None])
def test_a_list_of_files_of_no_known_form(gui, qapp, node, answer):
    node.rubbish["send.getManifestFiles"] = answer

    async def work():
        async with running(qapp, node.connect) as desk:
            pane = (await opened(desk, "s1", FILES)).files
            await until(lambda: pane.note)
            assert listed(desk) == []

    gui(work)


def test_events_go_on_while_they_are_looked_at(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await opened(desk, "s1", EVENTS)
            model = desk.files._events
            await until(lambda: model.rowCount() == 1)
            more = [Event(event="e", timestamp=n, cursor=n, message=f"Event {n}.") for n in (1, 2)]
            node.rubbish["send.getTransferEvents"] = [event_to_wire(event) for event in more]
            node.move("1", status="suspended", processing=False)
            await until(lambda: [model.index(row, 1).data() for row in range(model.rowCount())]
                        == ["Event 2.", "Event 1."])
            assert desk.window.details.tabs.currentIndex() == EVENTS

    gui(work)


def test_the_read_out_of_the_graph_by_mouse_and_by_keyboard(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            details = await opened(desk, "s1", SPEED)
            graph, now = details._graph, desk.context.clock() / 1e6
            history = desk.context.poller.histories["s1"] = SpeedHistory()
            for age, rate in ((30, 1000.0), (20, None), (10, 3000.0), (5, 2000.0)):
                history.add(now - age, rate)
            details._window.set_value(60.0)
            desk.rows.show_details()
            graph.setFocus()
            QTest.keyClick(graph, Qt.Key.Key_Home)
            assert graph.reading.startswith("1 KB/s · ")
            QTest.keyClick(graph, Qt.Key.Key_Right)
            assert graph.reading == "nothing known for 19 s"
            QTest.keyClick(graph, Qt.Key.Key_Right)
            assert graph.reading.startswith("3 KB/s · ")
            assert graph.accessibleDescription() == graph.reading
            QTest.keyClick(graph, Qt.Key.Key_Right)
            QTest.keyClick(graph, Qt.Key.Key_Right)
            assert not graph.reading.startswith("3 KB/s")
            place = QPointF(graph._plot().x(now - 10), 20)
            move = QMouseEvent(QMouseEvent.Type.MouseMove, place, graph.mapToGlobal(place), Qt.MouseButton.NoButton,
                               Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(graph, move)
            assert graph.reading.startswith("3 KB/s")
            assert graph.hasFocus()
            picture, inside = graph.grab().toImage(), graph._plot().area.adjusted(4, 4, -4, -4)
            accent = desk.context.theme.colour("accent")
            assert any(picture.pixelColor(x, y) == accent for x in range(inside.left(), inside.right())
                       for y in range(inside.top(), inside.bottom()))  # the frame of the focus hides no curve
            desk.window.details.csv_wanted.emit()
            assert "3000" in QApplication.clipboard().text()

    gui(work)


def test_the_window_of_time_is_chosen(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            details, now = await opened(desk, "s1", SPEED), desk.context.clock() / 1e6
            history = desk.context.poller.histories["s1"] = SpeedHistory()
            for age in (3000, 300, 30):
                history.add(now - age, 1000.0)
            spans = []
            for chip in details._window._group.buttons():
                chip.click()
                desk.rows.show_details()
                spans.append(details._graph._end - details._graph._start)
            assert spans[0] < 61
            assert 200 < spans[1] < 601
            assert 2900 < spans[2]

    gui(work)


def columns_of(graph, colour):
    """Columns of the picture of *graph* with a pixel of that colour."""
    picture = graph.grab().toImage()
    return {x for x in range(picture.width()) for y in range(picture.height()) if picture.pixelColor(x, y) == colour}


def test_a_gap_of_the_graph_says_why_in_both_tabs(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            now = desk.context.clock() / 1e6
            node.rubbish["send.getTransferEvents"] = [event_to_wire(Event(
                event="transferWaiting", timestamp=round((now - 300) * 1e6), cursor=1,
                message="The link to Studio B was lost. It is tried again by itself."))]
            desk.window.resize(1280, 800)
            details = await opened(desk, "s1", OVERVIEW)
            history = desk.context.poller.histories["s1"] = SpeedHistory()
            for age in [*range(600, 300, -1), *range(250, 0, -1)]:
                history.add(now - age, 5_000_000.0, 1 - age / 1000)
            desk.rows.show_details()
            small = details._small
            await until(lambda: "link lost 50 s, resumed at 75 %" in small.accessibleDescription())
            caution = desk.context.theme.colour("caution")
            marked = columns_of(small, caution)
            assert marked
            assert small._plot().x(now - 300) - 2 <= min(marked) <= max(marked) <= small._plot().x(now - 250) + 2
            details.tabs.setCurrentIndex(SPEED)
            graph = details._graph
            assert graph.accessibleDescription().startswith("now 5.0 MB/s, average 5.0 MB/s, peak 5.0 MB/s; link lost")
            place = QPointF(graph._plot().x(now - 275), 20)
            move = QMouseEvent(QMouseEvent.Type.MouseMove, place, graph.mapToGlobal(place), Qt.MouseButton.NoButton,
                               Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(graph, move)
            assert graph.reading == ("link lost 50 s, resumed at 75 % · The link to Studio B was lost. "
                                     "It is tried again by itself")
            assert columns_of(graph, caution)

    gui(work)


def test_a_link_that_dies_and_comes_back_is_a_gap(gui, qapp, node):
    """As the window sees it: what moves has a rate, what waits has none."""
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: "s1" in desk.context.poller.rows)
            history = desk.context.poller.histories["s1"] = SpeedHistory()
            history.add(desk.context.clock() / 1e6 - 60, 7.0)
            node.move("1", status="pending", phase="waiting for the peer", next_retry_time=1)
            await until(lambda: history.points(desk.context.clock() / 1e6, None, 99)[-1].rate is None)
            assert history.summary(desk.context.clock() / 1e6, None).latest == 7.0

    gui(work)


@pytest.mark.parametrize("height", [500, 800])
def test_two_whole_rows_stay_beside_a_long_reason(gui, qapp, node, height):
    for number in range(3, 7):
        node.put(transfer(number, status="error", processing=False, error_message="No route to the node. " * 40))

    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: "s6" in desk.context.poller.rows)
            table = desk.window.table
            desk.window.resize(800, height)
            desk.window.banner.show_line("Removed one transfer.", "info", stays=True)
            table.select_key("s6")
            details = desk.window.details
            await until(lambda: details.isVisible() and details.height() >= details.least)
            desk.window.transfers.setSizes([1, 2000])  # a person may draw the details up
            await until(lambda: table.viewport().height() >= 2 * table.rowHeight(0))
            assert details.height() >= details.least

    gui(work)


def test_what_was_too_short_for_a_graph_has_the_room_of_one(gui, qapp, node):
    node.put(transfer(3, status="complete", processing=False, end_time=5))

    async def work():
        async with running(qapp, node.connect) as desk:
            desk.window.resize(1280, 800)
            details = await opened(desk, "s1", OVERVIEW)
            await until(details._small.isVisible)
            beside = details._facts.width()
            details = await opened(desk, "s3", OVERVIEW)
            await until(lambda: details._facts.width() > 1.5 * beside)
            assert details._small.isHidden()

    gui(work)


def test_a_row_is_shared_from_its_menu_if_there_is_something_to_share(gui, qapp, node):
    node.put(incoming(3, status="complete", processing=False, end_time=5))

    async def work():
        async with running(qapp, node.connect) as desk:
            action = desk.window.actions_.share_row
            assert action in row_menu(desk.window, desk.window.actions_).actions()
            assert not action.isEnabled()
            for key, can in (("s1", True), ("r2", False), ("r3", True)):
                await opened(desk, key, OVERVIEW)
                assert action.isEnabled() is can
            action.trigger()
            assert isinstance(desk.window.card, ShareCard)

    gui(work)
