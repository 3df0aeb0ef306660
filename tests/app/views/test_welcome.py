"""The start page: whole also in little room, never a dead end, and not shown to who has transfers."""

import asyncio

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from app.helpers.build import transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream_desktop import settings
from jetstream_desktop.settings import Settings


@pytest.fixture
def node():
    made = MemoryNode()
    made.put(transfer(1))
    return made


def cut(welcome):
    """Texts that have less height than they need for their width."""
    found = []
    for label in welcome.findChildren(QLabel):
        needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
        if label.isVisible() and label.text() and label.height() < needed:
            found.append((label.text(), needed - label.height()))
    return found


@pytest.mark.parametrize("size", [(1280, 800), (800, 500), (700, 400), (600, 340)])
def test_nothing_is_cut_or_covered_also_beside_somebody_who_asks(gui, qapp, size):
    async def work():
        node = MemoryNode()
        async with running(qapp, node.connect) as desk:
            desk.window.resize(*size)
            node.offer()
            desk.context.poller.soon()
            await until(lambda: desk.window.offers.isVisible() and "192.0.2.9" in desk.window.welcome._address.text())
            for _turn in range(6):  # layouts follow their events one after the other
                await asyncio.sleep(0)
            welcome = desk.window.welcome
            assert cut(welcome) == []
            lowest = max(card.mapTo(welcome, QPoint(0, card.height())).y() for card in welcome._cards)
            assert lowest <= welcome._folder.mapTo(welcome, QPoint(0, 0)).y()

    gui(work)


def by_the_section(window):
    section = window.sidebar.list
    middle = section.visualRect(section.currentIndex()).center()
    QTest.mouseClick(section.viewport(), Qt.MouseButton.LeftButton, pos=middle)


def by_escape(window):
    QTest.keyClick(window, Qt.Key.Key_Escape)


def by_the_link(window):
    window.welcome._back.click()


@pytest.mark.parametrize("way", [by_the_section, by_escape, by_the_link])
def test_there_is_a_way_back_to_the_transfers(gui, qapp, node, way):
    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            await until(lambda: window.table.isVisible())
            window.actions_.first_run.trigger()
            assert window.welcome.isVisible()
            assert window.welcome._back.isVisible()
            way(window)
            assert window.table.isVisible()
            assert not window.welcome.isVisible()

    gui(work)


def test_the_section_that_is_chosen_leads_back_from_a_card_too(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: desk.window.table.isVisible())
            desk.window.actions_.settings.trigger()
            by_the_section(desk.window)
            assert desk.window.card is None
            assert desk.window.table.isVisible()

    gui(work)


def test_without_transfers_there_is_nowhere_to_go_back_to(gui, qapp):
    async def work():
        async with running(qapp, MemoryNode().connect) as desk:
            await until(lambda: desk.context.poller.rows == {} and desk.window.welcome._change.isVisible())
            assert not desk.window.welcome._back.isVisible()

    gui(work)


def test_who_had_transfers_does_not_see_it_flash_by_at_the_start(gui, qapp, node, tmp_path):
    settings.save(tmp_path / "state", Settings(welcomed=True))

    async def work():
        async with running(qapp, node.connect) as desk:
            window, seen = desk.window, []
            area = window.transfers._area
            area.currentChanged.connect(lambda _number: seen.append(area.currentWidget()))
            assert not window.welcome.isVisible()
            await until(lambda: window.table.isVisible())
            assert window.welcome not in seen
            desk.shell.remember()
            assert desk.context.settings.now.welcomed

    gui(work)


def test_it_is_there_when_the_transfers_of_last_time_are_gone(gui, qapp, tmp_path):
    settings.save(tmp_path / "state", Settings(welcomed=True))

    async def work():
        async with running(qapp, MemoryNode().connect) as desk:
            assert not desk.window.welcome.isVisible()
            await until(lambda: desk.window.welcome.isVisible())
            desk.shell.remember()
            assert not desk.context.settings.now.welcomed

    gui(work)
