"""The close button: asked once, then as chosen; and a bar that stays gives way to one that passes."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
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


def test_a_line_that_stays_comes_back_after_one_that_passes(gui, qapp):
    async def work():
        async with running(qapp, MemoryNode().connect) as desk:
            banner = desk.window.banner
            banner.show_line("Lost.", "bad", "Try now", "again", stays=True, aside="next try in 3 s")
            assert banner.text == "Lost. next try in 3 s"
            assert not banner._close.isVisible()
            banner.show_line("Copied.", "good")
            banner.show_line("Lost.", "bad", "Try now", "again", stays=True, aside="next try in 2 s")
            assert banner.text == "Copied."
            banner._close.click()
            assert banner.text == "Lost. next try in 2 s"
            banner.show_line("Copied.", "good")
            banner.done("again")
            assert banner.text == "Copied."
            banner._timer.timeout.emit()
            assert banner.text == ""

    gui(work)


def test_a_line_that_goes_gives_the_keyboard_to_the_page(gui, qapp, busy):
    async def work():
        async with running(qapp, busy.connect) as desk:
            await until(lambda: desk.window.table.isVisible())
            banner, table = desk.window.banner, desk.window.table
            table.setFocus()
            banner.show_line("Removed.", "info", "Undo", "key")
            QTest.mouseClick(banner._close, Qt.MouseButton.LeftButton)
            assert (banner.isVisible(), table.hasFocus()) == (False, True)
            banner.show_line("Removed.", "info", "Undo", "key")
            banner._button.setFocus(Qt.FocusReason.TabFocusReason)
            banner._timer.timeout.emit()
            assert (banner.isVisible(), table.hasFocus()) == (False, True)

    gui(work)


def test_a_line_does_not_go_under_a_mouse_on_its_way(gui, qapp, busy, monkeypatch):
    async def work():
        async with running(qapp, busy.connect) as desk:
            banner, pages = desk.window.banner, desk.window.pages
            banner.show_line("Copied.", "good")
            monkeypatch.setattr(pages, "underMouse", lambda: True)
            for place in (QPoint(300, 300), QPoint(310, 300)):
                monkeypatch.setattr(QCursor, "pos", lambda place=place: place)
                banner._timer.timeout.emit()
                assert banner.isVisible()
                assert banner._timer.isActive()
            banner._timer.timeout.emit()
            assert not banner.isVisible()
            banner.show_line("Copied.", "good")
            monkeypatch.setattr(pages, "underMouse", lambda: False)
            banner._timer.timeout.emit()
            assert not banner.isVisible()

    gui(work)
