"""What a transfer does about others on the line: chosen before sending, changed while it runs, also in a low window."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.helpers.build import transfer
from app.helpers.memory_node import knowing_studio_b
from app.helpers.running import running
from app.helpers.waiting import until


@pytest.fixture
def node():
    made = knowing_studio_b()
    made.put(transfer(1))
    return made


def seen(widget):
    """How high the part of it is that can be seen."""
    return widget.visibleRegion().boundingRect().height()


def test_it_is_changed_in_the_menu_of_a_row(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: desk.context.poller.rows)
            desk.window.table.selectAll()
            share, give_way = desk.window.actions_.policies
            await until(lambda: share.isChecked() and not give_way.isChecked())
            give_way.trigger()
            await until(lambda: node.transfers["1"].rate_policy == "background")
            await until(lambda: desk.context.poller.rows["s1"].policy == "background")
            desk.window.actions_.follow(list(desk.context.poller.rows.values()))
            assert give_way.isChecked()
            assert not share.isChecked()

    gui(work)


def test_every_option_can_be_seen_in_a_low_window(gui, qapp, node, tmp_path):
    (tmp_path / "a").write_text("a")

    async def work():
        async with running(qapp, node.connect) as desk:
            window, options = desk.window, desk.window.composer.options
            window.resize(800, 500)
            window.drops.paths_dropped.emit([str(tmp_path / "a")], None)
            await until(lambda: window.composer.history.now.items)
            line = options._line
            line.setFocus()
            QTest.keyClick(line, Qt.Key.Key_Space)
            await until(lambda: seen(options.overwrite) == options.overwrite.height())
            for box in (options.overwrite, options.limit, options.priority, options.policy, options.symlinks,
                        options.label):
                QTest.keyClick(qapp.focusWidget(), Qt.Key.Key_Tab)
                assert box.hasFocus(), box.accessibleName()
                assert seen(box) == box.height(), box.accessibleName()
            QTest.keyClick(options.policy, Qt.Key.Key_Down)
            assert options.values().policy == "background"
            assert options._line.toolTip().endswith("in the background")

    gui(work)
