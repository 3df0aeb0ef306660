"""Removing takes a row out of the table at once, and out of the world seconds later: meanwhile the bar has Undo."""

import pytest

from app.helpers.build import incoming, transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream.errors import PermissionDenied
from jetstream_desktop.models.roles import KEY
from jetstream_desktop.state.filters import Filter
from jetstream_desktop.state.rows import Group


@pytest.fixture
def node():
    made = MemoryNode()
    made.put(transfer(1))
    made.put(transfer(2, status="suspended", processing=False))
    made.put(incoming(4, status="complete", processing=False, end_time=5))
    return made


def called(node, name):
    return [params["transfer"] for called_name, params in node.calls if called_name == name]


def shown(desk):
    model = desk.window.table.model()
    return {key for key in ("s1", "s2", "r4") if model.place(key) is not None}


async def remove(desk, *keys):
    await until(lambda: set(keys) <= shown(desk))
    table = desk.window.table
    table.clearSelection()
    for key in keys:
        index = table.model().index(table.model().place(key), 0)
        flags = table.selectionModel().SelectionFlag
        table.selectionModel().select(index, flags.Select | flags.Rows)
    desk.window.actions_.remove.trigger()


def test_undo_brings_back_what_ran_and_it_runs_on(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            counts = []
            desk.window.table.model().counted.connect(counts.append)
            await remove(desk, "s1", "s2")
            assert shown(desk) == {"r4"}
            assert counts[-1][Filter.ALL] == 1
            assert desk.window.banner.text == "Removed 2 transfers."
            await until(lambda: called(node, "send.suspendTransfer") == ["1"])
            node.move("1", bytes_acked=900)
            desk.context.poller.soon()
            await until(lambda: desk.context.poller.rows["s1"].done == 900)
            assert shown(desk) == {"r4"}  # whatever polls bring
            desk.window.banner.passing.button.click()
            assert shown(desk) == {"s1", "s2", "r4"}
            assert desk.window.table.model().row("s1").done == 900
            await until(lambda: called(node, "send.resumeTransfer") == ["1"])
            await until(lambda: desk.window.table.model().row("s1").group is Group.ACTIVE)
            assert desk.window.table.model().row("s2").group is Group.PAUSED
        assert not called(node, "send.deleteTransfer")

    gui(work)


def test_the_keyboard_stays_where_it_was(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(shown(desk)) == 3)
            table, actions = desk.window.table, desk.window.actions_
            order = [table.model().index(place, 0).data(KEY) for place in range(3)]
            table.select_key(order[1])
            actions.remove.trigger()
            assert table.selected_keys() == [order[2]]
            assert table.currentIndex().data(KEY) == order[2]
            actions.remove.trigger()  # the last: the one above
            assert table.selected_keys() == [order[0]]
            desk.window.banner.passing.button.click()
            assert table.selected_keys() == [order[2]]
            actions.remove_done.trigger()  # what is not selected takes nothing with it
            assert table.selected_keys() == [key for key in (order[2], order[0]) if key != "r4"][:1]

    gui(work)


def test_time_more_of_it_and_leaving_make_it_final(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await remove(desk, "s1")
            assert not called(node, "send.deleteTransfer")
            desk.removing._timer.timeout.emit()
            assert not desk.window.banner.isVisible()  # there is nothing to take back any more
            await until(lambda: "s1" not in desk.context.poller.rows)
            await remove(desk, "r4")
            await remove(desk, "s2")
            await until(lambda: called(node, "recv.deleteTransfer") == ["4"])
            assert called(node, "send.deleteTransfer") == ["1"]
        assert called(node, "send.deleteTransfer") == ["1", "2"]

    gui(work)


def test_what_cannot_be_removed_comes_back_with_the_reason(gui, qapp, node):
    node.refuse["send.deleteTransfer"] = PermissionDenied("Not yours.")

    async def work():
        async with running(qapp, node.connect) as desk:
            await remove(desk, "s2")
            desk.removing._timer.timeout.emit()
            await until(lambda: desk.window.banner.text == "Not yours.")
            assert "s2" in shown(desk)

    gui(work)


def test_all_that_is_done_is_removed_and_taken_back(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(shown(desk)) == 3)
            desk.window.actions_.remove_done.trigger()
            assert shown(desk) == {"s1", "s2"}
            assert desk.window.banner.text == "Removed one transfer."
            desk.window.banner.passing.button.click()
            assert shown(desk) == {"s1", "s2", "r4"}

    gui(work)


def test_what_was_just_removed_does_not_go_on_with_all_the_others(gui, qapp, node):
    node.put(transfer(3, status="suspended", processing=False))

    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: "s3" in shown(desk) or desk.window.table.model().row("s3"))
            await remove(desk, "s1", "s2")
            await until(lambda: desk.context.poller.rows["s1"].group is Group.PAUSED)
            desk.window.actions_.resume_all.trigger()
            await until(lambda: called(node, "send.resumeTransfer"))
            assert called(node, "send.resumeTransfer") == ["3"]

    gui(work)
