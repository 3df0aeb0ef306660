"""Nothing is clipped: every button of every page has the room that its text needs, in German, which is longer."""

import asyncio
import inspect

import pytest
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QPushButton, QSizePolicy

from app.helpers.build import transfer
from app.helpers.memory_node import knowing_studio_b
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream_desktop import assets, i18n
from jetstream_desktop.state.basket import Found, Kind

SIZES = ((1280, 800), (800, 500), (720, 420), (640, 372))


@pytest.fixture
def german():
    i18n.use(assets.catalogue("de"), assets.sentences("de"))
    yield
    i18n.use({})


@pytest.fixture
def node():
    made = knowing_studio_b()
    made.put(transfer(1))
    made.put(transfer(2, status="error", processing=False, error_message="Disk full at Studio B. Make room there."))
    made.put(transfer(3, status="complete", processing=False))
    return made


def clipped(window):
    """What is narrower than its text, as text and lack of pixels; elided labels of their own making are not."""
    found = []
    for button in window.findChildren(QAbstractButton):
        flexible = button.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored
        if not button.isVisible() or flexible or not button.text():
            continue
        lack = button.minimumSizeHint().width() - button.width()
        if isinstance(button, QPushButton | QCheckBox) and lack > 0:
            found.append((button.text(), lack))
    return found


def overhanging(card):
    """How much wider than the window a card is: that would be cut off, and nothing scrolls it into sight."""
    lack = card.widget().width() - card.viewport().width() if card is not None else 0
    return [("the card", lack)] if lack > 0 else []


async def made_token(window):
    window.table.select_key("s3")
    window.actions_.share.trigger()
    window.card.make.click()
    await until(lambda: window.card.shown is not None)


def pages(desk):
    """Each page by its name, and what opens it."""
    window, actions = desk.window, desk.window.actions_

    def composed():
        desk.compose.open("d")
        window.composer.add([Found("/x/reel", Kind.FILE, 5)])

    def failed():
        window.show_all()
        window.table.select_key("s2")

    return {
        "table": failed, "start": window.show_welcome, "composer": desk.compose.open_empty, "basket": composed,
        "token": lambda: made_token(window), "shared": lambda: window.show_page(desk.share.page),
        "get": actions.get.trigger, "book": lambda: window.show_page(desk.book.page),
        "destination": lambda: desk.book.edit(desk.context.poller.destinations[0]),
        "settings": actions.settings.trigger, "about": actions.about.trigger, "keys": actions.shortcuts.trigger,
        "node": actions.connect_node.trigger, "allowed": actions.allowed.trigger, "check": actions.check_node.trigger,
        "closing": window.close_wanted.emit,
    }


@pytest.mark.parametrize("size", SIZES)
def test_every_button_has_room_for_its_text(gui, qapp, node, german, size):
    async def work():
        async with running(qapp, node.connect) as desk:
            window, wrong = desk.window, {}
            window.resize(*size)
            await until(lambda: len(desk.context.poller.rows) == 3 and desk.context.poller.destinations)
            for name, show in pages(desk).items():
                made = show()
                if inspect.isawaitable(made):
                    await made
                for _turn in range(6):  # layouts follow their events one after the other
                    await asyncio.sleep(0)
                if found := clipped(window) + overhanging(window.card):
                    wrong[name] = found
                window.close_card()
            assert wrong == {}

    gui(work)


def test_the_menu_of_the_toolbar_is_one_column_on_a_small_screen(gui, qapp, node, german):
    async def work():
        async with running(qapp, node.connect) as desk:
            menu = desk.window.toolbar.more.menu()
            desk.window.actions_.this_computer.setVisible(True)
            assert menu.sizeHint().height() < 500

    gui(work)
