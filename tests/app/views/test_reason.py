"""The reason above the details: its buttons are whole in every size and language, and its words can all be read."""

import asyncio

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QPushButton, QScrollArea

from app.helpers.build import transfer
from app.helpers.memory_node import FINGERPRINT, knowing_studio_b
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream_desktop import assets, i18n
from jetstream_desktop.models.roles import KEY
from jetstream_desktop.views.scrolling import EdgeBar

SHORT = "The disk is full."
FOUR_LINES = ("The receiver refuses the transfer, because the identity of this node is not known there. Somebody has "
              "to let it in under “Allowed senders”, with exactly the identity that the button below copies. ")


@pytest.fixture(params=["en", "de"])
def language(request):
    if request.param == "de":
        i18n.use(assets.catalogue("de"), assets.sentences("de"))
    yield request.param
    i18n.use({})


@pytest.fixture
def node():
    made = knowing_studio_b()
    for number, words in enumerate((SHORT, FOUR_LINES, FOUR_LINES + FINGERPRINT + ". " + 4 * FOUR_LINES), 1):
        made.put(transfer(number, status="error", processing=False, error_message=words))
    for number in range(4, 12):
        made.put(transfer(number, status="error", processing=False, error_message=SHORT))
    return made


def seen(widget, window):
    """What of *widget* is inside all that it lies in."""
    area = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    parent = widget.parentWidget()
    while parent is not None:
        area &= QRect(parent.mapTo(window, QPoint(0, 0)), parent.size())
        parent = parent.parentWidget() if parent is not window else None
    return area


@pytest.mark.parametrize("size", [(640, 372), (640, 340), (720, 420), (800, 500), (1280, 800)])
def test_buttons_are_whole_and_words_are_all_reached(gui, qapp, node, language, size):
    async def work():
        async with running(qapp, node.connect) as desk:
            window, reason = desk.window, desk.window.details.reason
            window.resize(*size)
            await until(lambda: len(desk.context.poller.rows) == 11)
            for key in ("s1", "s2", "s3"):
                window.table.select_key(key)
                for _turn in range(8):  # layouts follow their events one after the other
                    await asyncio.sleep(0)
                assert reason.identity.isVisible() == (key == "s3")
                for made in reason.findChildren(QPushButton):
                    if made.isVisible():
                        assert seen(made, window).size() == made.size(), (key, made.text())
                        assert made.height() >= made.sizeHint().height()
                (words,) = [area for area in reason.findChildren(QScrollArea) if area.isVisible()]
                assert words.height() >= 2 * reason.text.fontMetrics().lineSpacing() or key == "s1"
                assert reason.text.height() >= reason.text.heightForWidth(reason.text.width())
                (bar,) = words.findChildren(EdgeBar)
                assert bar.isVisible() == (reason.text.height() > words.height())
                assert key != "s1" or not bar.isVisible()

    gui(work)


def test_the_row_stays_in_sight_when_its_details_open(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            window.resize(640, 372)
            await until(lambda: len(desk.context.poller.rows) == 11)
            table = window.table
            table.clearSelection()
            await until(lambda: not window.details.isVisible())
            row = table.rowAt(table.viewport().height() - 30)
            assert row > 1
            table.select_key(table.model().index(row, 0).data(KEY))
            await until(window.details.isVisible)
            await until(lambda: table.viewport().rect().contains(table.visualRect(table.currentIndex())))

    gui(work)
