"""The close button: asked once, then as chosen; and a bar that stays gives way to one that passes."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QSystemTrayIcon

from app.helpers.build import transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream_desktop.views.about import CloseCard


class Tray:
    """Whether this desktop has a tray, as the test likes it."""

    def __init__(self, monkeypatch, there):
        self.there = there
        monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: self.there)


@pytest.fixture
def busy():
    node = MemoryNode()
    node.put(transfer(1))
    return node


def test_with_a_tray_it_is_asked_once(gui, qapp, busy, monkeypatch):
    tray = Tray(monkeypatch, True)

    async def work():
        async with running(qapp, busy.connect) as desk:
            await until(lambda: desk.context.poller.rows)
            wanted = []
            desk.shell.quit_wanted.connect(lambda: wanted.append(True))
            desk.window.close()
            assert isinstance(desk.window.card, CloseCard)
            assert desk.window.card.first_focus().text() == "Go on in the tray"
            desk.window.card.first_focus().click()
            assert not desk.window.isVisible()
            assert desk.context.settings.now.on_close == "tray"
            desk.shell.open()
            desk.window.close()
            assert not desk.window.isVisible()
            assert desk.window.card is None
            tray.there = False
            desk.pace.minute.timeout.emit()
            assert desk.window.isVisible()
            assert wanted == []

    gui(work)


def test_without_a_tray_running_transfers_are_not_paused_unasked(gui, qapp, busy, monkeypatch):
    Tray(monkeypatch, False)

    async def work():
        async with running(qapp, busy.connect) as desk:
            await until(lambda: desk.context.poller.rows)
            wanted = []
            desk.shell.quit_wanted.connect(lambda: wanted.append(True))
            desk.window.close()
            desk.window.card.first_focus().click()
            assert desk.window.card is None
            assert wanted == []
            desk.window.close()
            desk.window.card.chosen.emit("quit")
            assert wanted == [True]
            assert desk.context.settings.now.on_close == "quit"

    gui(work)


def test_without_a_tray_and_without_transfers_there_is_nothing_to_ask(gui, qapp, monkeypatch):
    tray = Tray(monkeypatch, False)

    async def work():
        async with running(qapp, MemoryNode().connect) as desk:
            wanted = []
            desk.shell.quit_wanted.connect(lambda: wanted.append(True))
            desk.window.close()
            assert wanted == [True]
            # A tray that comes later is a tray.
            tray.there = True
            desk.window.close()
            assert isinstance(desk.window.card, CloseCard)

    gui(work)


def test_a_node_that_goes_on_by_itself_is_nothing_to_ask_about(gui, qapp, busy, monkeypatch):
    tray = Tray(monkeypatch, False)

    async def work():
        async with running(qapp, busy.connect) as desk:
            await until(lambda: desk.context.poller.rows)
            desk.shell._ends_node = lambda: False
            wanted = []
            desk.shell.quit_wanted.connect(lambda: wanted.append(True))
            desk.window.close()
            assert (wanted, desk.window.card) == ([True], None)
            tray.there = True
            desk.window.close()
            texts = [label.text() for label in desk.window.card.findChildren(QLabel)]
            assert any(text.startswith("Transfers go on either way") for text in texts)
            buttons = [button.text() for button in desk.window.card.findChildren(QPushButton)]
            assert buttons == ["Cancel", "Quit", "Go on in the tray"]

    gui(work)


def test_a_line_that_stays_and_one_that_passes_can_both_be_read(gui, qapp):
    async def work():
        async with running(qapp, MemoryNode().connect) as desk:
            banner = desk.window.banner
            banner.show_line("Lost.", "bad", "Try now", "again", stays=True, aside="next try in 3 s")
            assert banner.text == "Lost. next try in 3 s"
            assert not banner.standing.close_button.isVisible()
            banner.show_line("Copied.", "good")
            banner.show_line("Lost.", "bad", "Try now", "again", stays=True, aside="next try in 2 s")
            assert (banner.text, banner.standing.accessibleName()) == ("Copied.", "Lost. next try in 2 s")
            banner.passing.close_button.click()
            assert banner.text == "Lost. next try in 2 s"
            banner.show_line("Copied.", "good")
            banner.done("again")
            assert banner.text == "Copied."
            banner._timer.timeout.emit()
            assert banner.text == ""

    gui(work)


def test_nothing_moves_when_a_line_passes(gui, qapp, busy):
    async def work():
        async with running(qapp, busy.connect) as desk:
            window, bar = desk.window, desk.window.banner.passing
            await until(lambda: window.table.isVisible())
            for width, height in ((1280, 800), (800, 500)):
                window.resize(width, height)
                await until(lambda: bar.width() == window.status.width() and window.status.isVisible())
                before = window.pages.geometry(), window.status.geometry()
                window.banner.show_line("Removed one transfer.", "info", "Undo", "key")
                qapp.processEvents()
                assert (window.pages.geometry(), window.status.geometry()) == before
                assert bar.isVisible()
                assert bar.geometry().bottom() == window.status.geometry().bottom()
                assert bar.geometry().contains(window.status.geometry())
                window.banner.close_line()
                qapp.processEvents()
                assert (window.pages.geometry(), window.status.geometry()) == before

    gui(work)


def test_a_line_that_goes_gives_the_keyboard_to_the_page(gui, qapp, busy):
    async def work():
        async with running(qapp, busy.connect) as desk:
            await until(lambda: desk.window.table.isVisible())
            banner, table = desk.window.banner, desk.window.table
            table.setFocus()
            banner.show_line("Removed.", "info", "Undo", "key")
            QTest.mouseClick(banner.passing.close_button, Qt.MouseButton.LeftButton)
            assert (banner.isVisible(), table.hasFocus()) == (False, True)
            banner.show_line("Removed.", "info", "Undo", "key")
            banner.passing.button.setFocus(Qt.FocusReason.TabFocusReason)
            banner._timer.timeout.emit()
            assert (banner.isVisible(), table.hasFocus()) == (False, True)

    gui(work)


def test_a_line_does_not_go_under_the_mouse(gui, qapp, busy, monkeypatch):
    async def work():
        async with running(qapp, busy.connect) as desk:
            banner = desk.window.banner
            banner.show_line("Removed.", "info", "Undo", "key")
            monkeypatch.setattr(banner.passing, "underMouse", lambda: True)
            banner._timer.timeout.emit()
            assert banner.isVisible()
            assert banner._timer.isActive()
            monkeypatch.setattr(banner.passing, "underMouse", lambda: False)
            banner._timer.timeout.emit()
            assert not banner.isVisible()

    gui(work)


def test_the_keyboard_gets_to_a_line_that_passes(gui, qapp, busy):
    async def work():
        async with running(qapp, busy.connect) as desk:
            window, bar = desk.window, desk.window.banner.passing
            await until(lambda: window.table.isVisible())
            window.table.setFocus()
            window.banner.show_line("Removed.", "info", "Undo", "key")
            seen = []
            while bar.button not in seen and len(seen) < 60:
                QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
                seen.append(window.focusWidget())
            assert bar.button in seen, [type(one).__name__ for one in seen]
            QTest.keyClick(bar.button, Qt.Key.Key_Tab)
            assert bar.close_button.hasFocus()
            assert not any(window.status.isAncestorOf(one) for one in seen)  # what it lies over comes after it

    gui(work)
