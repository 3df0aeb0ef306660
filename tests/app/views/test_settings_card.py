"""Settings by hand, what they do at once, and the card about the program."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QSystemTrayIcon

from app.helpers.build import transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from app.views.surfaces import visible
from jetstream_desktop.settings import peek
from jetstream_desktop.state.week import DAYS, HOURS, Speed


@pytest.fixture
def node():
    made = MemoryNode()
    for number in range(1, 4):
        made.put(transfer(number))
    return made


def limits(node):
    return [params.get("outgoing") for name, params in node.calls if name == "server.updateBandwidthLimits"]


def test_slow_hours_by_keyboard_and_mouse(gui, qapp, node, tmp_path):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: desk.context.poller.rows)
            desk.window.actions_.settings.trigger()
            card = desk.window.card
            assert not card.grid.isVisible()
            QTest.mouseClick(card.limited, Qt.MouseButton.LeftButton, pos=QPoint(8, card.limited.height() // 2))
            assert card.grid.isVisible()
            card.slow.setValue(20)
            grid = card.grid
            grid.setFocus()
            for code in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Space):
                QTest.keyClick(grid, code)
            assert grid.limits.speed(1, 1) is Speed.SLOW
            assert grid.accessibleDescription() == "day 2, 1:00, slow"
            QTest.keyClick(grid, Qt.Key.Key_Space)
            assert grid.limits.speed(1, 1) is Speed.FULL
            for day in range(DAYS):  # painted over, so that whatever hour it is is slow
                first, last = grid._cell(day, 0).center(), grid._cell(day, HOURS - 1).center()
                QTest.mousePress(grid, Qt.MouseButton.LeftButton, pos=first)
                for x in range(first.x(), last.x() + 1, 4):
                    QTest.mouseMove(grid, QPoint(x, first.y()))
                QTest.mouseRelease(grid, Qt.MouseButton.LeftButton, pos=last)
            assert set(grid.limits.hours) == {Speed.SLOW}
            grid.grab()
            await until(lambda: limits(node)[-1:] == [20_000])
            assert peek(tmp_path / "state").week.enabled
            QTest.mouseClick(card.limited, Qt.MouseButton.LeftButton, pos=QPoint(8, card.limited.height() // 2))
            await until(lambda: limits(node)[-1] in (0, None))

    gui(work)


def test_diagnostics_can_be_copied_and_hold_no_names(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: desk.context.poller.rows)
            desk.window.actions_.about.trigger()
            copy = next(b for b in visible(desk.window.card, (QPushButton,)) if b.text() == "Copy diagnostics")
            QTest.mouseClick(copy, Qt.MouseButton.LeftButton)
            text = QApplication.clipboard().text()
            for part in ("JetStream: ", "Node: 0.1.0, API 40", "Qt: ", "Python: ", "Transfers: 3"):
                assert part in text
            assert "Reel" not in text
            assert "b.example" not in text

    gui(work)


def test_what_ends_together_is_told_in_one_notification(gui, qapp, node, monkeypatch):
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    told = []
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda _icon, *words: told.append(words[:2]))

    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(desk.context.poller.rows) == 3)
            monkeypatch.setattr(desk.window, "isActiveWindow", lambda: False)
            for number, status in (("1", "complete"), ("2", "complete"), ("3", "error")):
                node.move(number, status=status, processing=False, end_time=5, error_message=None)
                await desk.context.poller.poll()
            assert told == []
            desk.shell._together.timeout.emit()
            assert told == [("JetStream", "2 transfers complete, 1 failed")]
            desk.context.settings.change(notify=False)
            node.move("1", status="sending", processing=True, end_time=None)
            await desk.context.poller.poll()
            node.move("1", status="complete", processing=False, end_time=6)
            await desk.context.poller.poll()
            desk.shell._together.stop()
            assert desk.shell._ended == []

    gui(work)
