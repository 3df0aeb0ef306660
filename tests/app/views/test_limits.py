"""Limits are read, chosen and typed in the unit of all rates."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from app.helpers.build import transfer
from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream_desktop.views.limit_card import LimitCard
from jetstream_desktop.views.rate_field import RateField


@pytest.fixture
def node():
    made = MemoryNode()
    made.put(transfer(1))
    made.limit = 50_000
    return made


def offered(desk):
    desk.window.status._limit.click()
    menu = next(menu for menu in desk.window.status.findChildren(QMenu) if menu.isVisible())
    texts = [(action.text().replace("\u00a0", " "), action.isChecked()) for action in menu.actions()
             if not action.isSeparator()]
    return menu, texts


def test_the_menu_marks_the_limit_that_holds_also_one_that_it_does_not_offer(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            status = desk.window.status
            await until(lambda: status.kbps == 50_000)
            assert (status._limit.text(), status._limit.toolTip()) == ("Limit 6.2 MB/s", "50 Mbit/s")
            menu, texts = offered(desk)
            assert texts == [("No limit", False), ("100 KB/s", False), ("1.0 MB/s", False), ("5.0 MB/s", False),
                             ("6.2 MB/s", True), ("10.0 MB/s", False), ("50.0 MB/s", False), ("100 MB/s", False),
                             ("Another limit…", False)]
            menu.actions()[0].trigger()
            menu.close()
            await until(lambda: status.kbps == 0)
            assert offered(desk)[1][0] == ("No limit", True)

    gui(work)


def test_a_limit_of_ones_own_is_typed(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: desk.window.status.kbps == 50_000)
            menu, _ = offered(desk)
            menu.actions()[-1].trigger()
            menu.close()
            card = desk.window.card
            assert isinstance(card, LimitCard)
            assert card.rate.kbps() == 50_000
            card.rate.selectAll()
            QTest.keyClicks(card.rate, "2,5")
            QTest.keyClick(card.rate, Qt.Key.Key_Return)
            await until(lambda: desk.window.status.kbps == 20_000)
            assert desk.window.card is None

    gui(work)


@pytest.mark.parametrize(("typed", "kbps"), [("2.5", 20_000), ("2,5", 20_000), ("12", 96_000), ("0", 8),
                                             ("1.2.3", 9_840), ("x3", 24_000)])
def test_what_is_typed(qapp, typed, kbps):
    field = RateField("Speed", 8, 10_000_000)
    field.selectAll()
    QTest.keyClicks(field, typed)
    QTest.keyClick(field, Qt.Key.Key_Tab)
    field.clearFocus()
    field.interpretText()
    assert field.kbps() == kbps


@pytest.mark.parametrize("kbps", [8, 500, 999, 1_000, 12_345, 50_000])
def test_what_nobody_changes_stays_as_fine_as_it_was(qapp, kbps):
    field = RateField("Speed", 0, 10_000_000)
    field.set_kbps(kbps)
    assert field.kbps() == kbps
    field.stepUp()
    assert field.kbps() > kbps
