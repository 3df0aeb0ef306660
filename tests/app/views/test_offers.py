"""Somebody asks: the card above the page, the page with all of them, and every answer."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.helpers.memory_node import FINGERPRINT, MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from jetstream.errors import NotFound
from jetstream_desktop.models.sidebar import OFFERS_KEY


def calls(node, name):
    return [params for called, params in node.calls if called == name]


@pytest.fixture
def asked(gui, qapp):
    """Runs a test in a window where somebody asks."""

    def run(test, number=1):
        async def work():
            node = MemoryNode()
            for n in range(number):
                node.offer(str(n + 1), label=f"Reel {n + 1}")
            async with running(qapp, node.connect) as desk:
                await until(lambda: desk.context.poller.offers)
                await test(node, desk, desk.window.offers)

        gui(work)

    return run


def test_the_card_says_it_all_and_accepts(asked):
    async def test(node, desk, bar):
        assert bar.isVisible()
        assert bar.card.accessibleName() == "Ann's laptop wants to send you “Reel 1”"
        assert "identity abab abab abab abab" in bar.card.accept.accessibleDescription()
        assert desk.window.sidebar.list.model().row_of(OFFERS_KEY) is not None
        bar.card.accept.click()
        assert not bar.isVisible()
        await until(lambda: desk.context.poller.rows)
        assert calls(node, "recv.acceptOffer") == [{"offer": "1"}]
        assert desk.window.banner.text == "Accepted. “Reel 1” starts within seconds."
        await until(lambda: desk.window.sidebar.list.model().row_of(OFFERS_KEY) is None)

    asked(test)


def test_always_needs_the_rights_and_says_so(asked):
    async def test(node, desk, bar):
        bar.card.always.click()
        await until(lambda: calls(node, "recv.acceptOffer") == [{"offer": "1", "always": True}])
        assert calls(node, "server.superuser")
        await until(lambda: desk.window.banner.text == "Accepted. Ann's laptop may send here from now on.")

    asked(test)


def test_a_no_can_be_taken_back(asked):
    async def test(node, desk, bar):
        bar.card.decline.click()
        assert not bar.isVisible()
        assert desk.window.banner.text == "Declined “Reel 1” from Ann's laptop."
        desk.window.banner.pressed.emit("undo-decline")
        assert bar.isVisible()
        assert not desk.offers._later.isActive()
        bar.card.decline.click()
        desk.offers._later.timeout.emit()  # the time for undoing is over
        await until(lambda: not node.offers)
        assert calls(node, "recv.declineOffer") == [{"offer": "1"}]
        desk.window.banner.pressed.emit("undo-decline")
        assert not bar.isVisible()

    asked(test)


def test_a_no_is_told_when_the_window_is_left(gui, qapp):
    async def work():
        node = MemoryNode()
        node.offer()
        async with running(qapp, node.connect) as desk:
            await until(lambda: desk.context.poller.offers)
            desk.window.offers.card.decline.click()
        assert not node.offers

    gui(work)


def test_what_goes_wrong_brings_the_card_back(asked):
    async def test(node, desk, bar):
        node.refuse["recv.acceptOffer"] = NotFound("Its sender is gone.")
        bar.card.accept.click()
        await until(lambda: desk.window.banner.text == "Its sender is gone.")
        assert bar.isVisible()
        node.drop_offer("1")
        desk.context.poller.soon()
        await until(lambda: not bar.isVisible())

    asked(test)


def test_a_card_does_not_go_without_a_word(asked):
    async def test(node, desk, bar):
        node.offer("2", label="Reel 2")
        desk.context.poller.soon()
        await until(lambda: len(desk.offers.asks()) == 2)
        node.drop_offer("2")
        desk.context.poller.soon()
        await until(lambda: desk.window.banner.text == "“Reel 2” from Ann's laptop is not offered any more.")
        desk.window.banner.close_line()
        desk.offers._accept("1", always=False)
        await until(lambda: not node.offers.get("1") and desk.window.banner.text.startswith("Accepted"))
        await desk.context.poller.poll()
        assert desk.window.banner.text.startswith("Accepted")

    asked(test)


def test_another_folder_for_this_one(asked):
    async def test(node, desk, bar):
        desk.offers._folder_chosen("1", "/mnt/disk")
        assert "Goes to /mnt/disk" in bar.card.accept.accessibleDescription()
        bar.card.accept.click()
        await until(lambda: calls(node, "recv.acceptOffer") == [{"offer": "1", "path": "/mnt/disk"}])

    asked(test)


def test_the_page_with_all_of_them_by_keyboard(asked):
    async def test(node, desk, bar):
        window, page = desk.window, desk.offers.page
        bar._others.click()
        assert window.pages.currentWidget() is page
        assert not bar.isVisible()
        assert len(page.cards) == 3
        first = page.cards[0]
        await until(lambda: qapp_focus() is first.accept)
        node.offer("4", label="Reel 4")
        desk.context.poller.soon()
        await until(lambda: len(page.cards) == 4)
        assert qapp_focus() is first.accept, "a new one does not take the cursor away"
        QTest.keyClick(first.accept, Qt.Key.Key_Space)
        await until(lambda: calls(node, "recv.acceptOffer") == [{"offer": "1"}])
        await until(lambda: len(page.cards) == 3)
        for card in list(page.cards):
            QTest.keyClick(card.decline, Qt.Key.Key_Space)
        desk.offers._later.timeout.emit()
        await until(lambda: not node.offers)
        await until(lambda: window.pages.currentWidget() is not page)

    asked(test, 3)


def test_all_are_declined_at_once_and_taken_back_at_once(asked):
    async def test(node, desk, bar):
        desk.offers.open()
        page = desk.offers.page
        assert page.decline_all.isVisible()
        page.decline_all.click()
        assert desk.window.banner.text == "Declined 3 offers."
        desk.window.banner.pressed.emit("undo-decline")
        assert len(page.cards) == 3
        desk.offers.open()
        page.cards[0].decline.click()
        page.decline_all.click()  # the first is told to the node by that
        await until(lambda: set(node.offers) == {"2", "3"})
        desk.offers._later.timeout.emit()
        await until(lambda: not node.offers)

    asked(test, 3)


def qapp_focus():
    from PySide6.QtWidgets import QApplication

    return QApplication.focusWidget()


def test_the_composer_keeps_its_room_in_a_low_window(asked):
    async def test(node, desk, bar):
        window = desk.window
        window.resize(800, 500)
        await until(lambda: bar.height() > 120)
        desk.compose.open_empty()
        await until(lambda: bar.height() < 70)
        assert bar.card.accept.isVisible()
        assert bar.card.decline.isVisible()
        assert "identity" in bar.card.accept.accessibleDescription()
        window.resize(1280, 800)
        await until(lambda: bar.height() > 100)
        window.resize(800, 500)
        window.show_table()
        await until(lambda: bar.height() > 120)
        bar.set_compact(True)
        bar.card.accept.click()
        await until(lambda: calls(node, "recv.acceptOffer") == [{"offer": "1"}])

    asked(test, 2)


def test_f6_reaches_the_card(asked):
    async def test(node, desk, bar):
        seen = []
        for _ in range(5):
            desk.window.cycle_focus()
            seen.append(qapp_focus())
        assert bar.card.accept in seen

    asked(test)


def test_who_may_ask_at_all(asked):
    async def test(node, desk, bar):
        desk.allowed.open()
        await until(lambda: desk.window.card is not None)
        box = desk.window.card.strangers
        assert box.isChecked()
        box.click()
        await until(lambda: node.only_known)
        node.refuse["recv.allowOnlyAuthorizedClients"] = NotFound("It cannot be.")
        box.click()
        await until(lambda: not box.isChecked())
        assert node.only_known

    asked(test)


def test_the_start_page_has_the_address_to_give_to_others(gui, qapp):
    async def work():
        node = MemoryNode()
        async with running(qapp, node.connect) as desk:
            welcome = desk.window.welcome
            await until(lambda: "192.0.2.9" in welcome._address.text())
            welcome._copy.click()
            assert qapp.clipboard().text() == "192.0.2.9"
            assert FINGERPRINT not in welcome._address.text()

    gui(work)
