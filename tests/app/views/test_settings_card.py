"""Settings by hand, what they do at once, and the card about the program."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
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


def drag(grid, first, last):
    """As fast as a mouse can be: nothing is told between where it is pressed and where it is released."""
    QTest.mousePress(grid, Qt.MouseButton.LeftButton, pos=grid._cell(*first).center())
    QTest.mouseMove(grid, grid._cell(*last).center())
    QTest.mouseRelease(grid, Qt.MouseButton.LeftButton, pos=grid._cell(*last).center())


def test_between_the_slow_hours_the_limit_is_the_one_that_was_chosen(gui, qapp, node):
    node.limit = 50_000

    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: desk.window.status._limit.text() == "Limit 6.2 MB/s")
            desk.window.actions_.settings.trigger()
            card = desk.window.card
            card.limited.setChecked(True)
            assert card.grid.limits.speed(0, 8) is Speed.SLOW  # working hours, to begin with
            drag(card.grid, (6, 23), (0, 0))
            await until(lambda: limits(node)[-1:] == [8_000])
            drag(card.grid, (0, 0), (DAYS - 1, HOURS - 1))
            await until(lambda: limits(node)[-1] == 50_000)
            desk.window.status.limit_chosen.emit(80_000)
            await until(lambda: limits(node)[-1] == 80_000)
            drag(card.grid, (0, 0), (DAYS - 1, HOURS - 1))
            await until(lambda: limits(node)[-1] == 8_000)
            card.limited.setChecked(False)
            await until(lambda: limits(node)[-1] == 80_000)

    gui(work)


def test_the_wheel_is_left_to_the_page_and_changes_nothing_that_passes_below_it(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            desk.window.actions_.settings.trigger()
            card = desk.window.card
            card.limited.setChecked(True)
            before = desk.context.settings.now
            for field in (card.appearance, card.language, card.slow):
                field.setFocus()
                middle = field.rect().center()
                wheel = QWheelEvent(QPointF(middle), QPointF(field.mapToGlobal(middle)), QPoint(0, -120),
                                    QPoint(0, -120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                                    Qt.ScrollPhase.NoScrollPhase, False)
                qapp.sendEvent(field, wheel)
                assert not wheel.isAccepted()
            assert desk.context.settings.now == before

    gui(work)


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
            assert grid.accessibleDescription() == "Tue 1:00, slow"
            QTest.keyClick(grid, Qt.Key.Key_Space)
            assert grid.limits.speed(1, 1) is Speed.FULL
            drag(grid, (0, 0), (DAYS - 1, HOURS - 1))  # whatever hour it is, it is slow
            assert set(grid.limits.hours) == {Speed.SLOW}
            grid.grab()
            await until(lambda: limits(node)[-1:] == [160_000])
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
