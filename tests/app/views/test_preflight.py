"""One look before the first byte goes: when the node is asked, what the card shows, and that nothing waits for it."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.helpers.memory_node import MemoryNode
from app.helpers.running import running
from app.helpers.waiting import until
from app.views.drops import drop, files, over
from jetstream.checks import check
from jetstream.constants import OVERWRITE_NEVER
from jetstream.entities import Destination, Preview
from jetstream.errors import PermissionDenied
from jetstream_desktop.models.basket import NOTE
from jetstream_desktop.state.nearby import Near
from jetstream_desktop.state.preview import CHECKED, GOES, KEYS, ROOM, TAKES, THERE

WAY = (check("identity-known", presented="ab" * 32), check("login-known"), check("folder-ok", free=10**12))
FOUND = Preview(checks=WAY, admission="yes", total_files=2, total_size=11, complete=True, transfer_size=11,
                free_space=10**12, needed_space=11, present=1, unchanged=0, present_size=3,
                present_sample=("reel/notes.txt",), refused=(), refused_total=0)
REFUSED = Preview(checks=(WAY[0], check("login-refused", ours="ab" * 32)), admission="no", total_files=2, total_size=11,
                  complete=True)


@pytest.fixture
def node():
    made = MemoryNode()
    made.preview = FOUND
    for id, name in (("d", "Studio B"), ("e", "Colour lab")):
        made.destinations[id] = Destination(destination_id=id, destination_address=f"{id}.example",
                                            destination_port=8886, name=name, last_rate=8000)
    return made


@pytest.fixture
def reel(tmp_path):
    folder = tmp_path / "reel"
    (folder / "graded").mkdir(parents=True)
    (folder / "graded" / "a.exr").write_bytes(b"x" * 10)
    (folder / "notes.txt").write_text("n")
    return folder


def looks(node):
    return [params for name, params in node.calls if name == "send.previewTransferAsync"]


def ended(node):
    return sum(name == "server.cancelRequest" for name, _ in node.calls)


async def composed(desk, reel, destination="d"):
    await until(lambda: len(desk.context.poller.destinations) == 2)
    desk.compose.drop([str(reel)], destination)
    await until(lambda: desk.window.composer.history.now.items)
    return desk.window.composer


async def looked(desk, node, times=1):
    """Wait for the look; the time that a person needs is not waited for."""
    desk.preflight.settled.setInterval(0)
    await until(lambda: len(looks(node)) == times and not desk.window.composer.card.running)


def test_it_looks_by_itself_and_says_what_it_found(gui, qapp, node, reel):
    async def work():
        async with running(qapp, node.connect) as desk:
            composer = await composed(desk, reel)
            assert composer.card.text(CHECKED) == "checking…"
            assert composer.send.isEnabled()  # it waits for nothing
            await looked(desk, node)
            card = composer.card
            assert (card.text(CHECKED), card.text(ROOM)) == ("identity, rights, folder", "1.0 TB free")
            assert card.text(THERE) == "1 file, replaced"
            assert "Already there: 1 file, replaced." in card.accessibleDescription()
            (asked,) = looks(node)
            assert (asked["destination"], asked["mappings"]) == ("d", {"reel": str(reel)})
            assert asked["skipUnreadable"] is True
            composer.tree.expand(composer.model.index(0, 0))
            await until(lambda: composer.model.rowCount(composer.model.index(0, 0)) == 2)
            notes = [composer.model.index(row, NOTE, composer.model.index(0, 0)).data() for row in range(2)]
            assert notes == ["", "already there: replaced"]

    gui(work)


def test_another_question_ends_the_look_before(gui, qapp, node, reel):
    async def work():
        async with running(qapp, node.connect) as desk:
            composer = await composed(desk, reel)
            node.preview_done = False
            desk.preflight.settled.timeout.emit()
            await until(lambda: len(looks(node)) == 1 and composer.card.text(THERE))
            for letter in "day 7":
                QTest.keyClicks(composer.folder, letter)
            assert composer.card.text(CHECKED) == "checking…"
            assert composer.card.text(THERE) == ""  # that was about another folder
            await until(lambda: ended(node) == 1)
            node.preview_done = True
            await looked(desk, node, 2)
            assert looks(node)[1]["destinationPath"] == "day 7"

    gui(work)


def test_what_is_there_stays_said_while_another_mode_is_looked_at(gui, qapp, node, reel):
    async def work():
        async with running(qapp, node.connect) as desk:
            composer = await composed(desk, reel)
            await looked(desk, node)
            card = composer.card
            await until(lambda: all(row.text.height() == row.text.sizeHint().height() for row in card.rows
                                    if row.isVisible()) and card.height() == card.sizeHint().height())
            height = card.height()
            composer.options.overwrite.setCurrentIndex(composer.options.overwrite.findData(OVERWRITE_NEVER))
            assert composer.card.text(THERE) == "1 file, kept"
            assert composer.card.text(CHECKED) == "checking…"
            assert card.sizeHint().height() == height
            await looked(desk, node, 2)
            assert looks(node)[1]["overwriteMode"] == OVERWRITE_NEVER
            assert card.sizeHint().height() == height
            composer.options.limit.setCurrentIndex(2)
            composer.options.label.setText("Dailies")
            assert not desk.preflight.settled.isActive()  # nothing that would be met there has changed

    gui(work)


def test_no_address_is_dialled_while_it_is_typed(gui, qapp, node, reel):
    async def work():
        async with running(qapp, node.connect) as desk:
            composer = await composed(desk, reel, None)
            for text in ("192.0.2.1", "192.0.2.12", "b.example"):
                composer.search.setText(text)
                assert composer.list.current().key == "new"
                assert not desk.preflight.settled.isActive()
                assert composer.card.text(CHECKED) == ""
            desk.near._heard([Near("u", "Ann", "192.0.2.9", 8886, "cd" * 32)])
            composer.search.setText("Ann")
            composer.list.setCurrentIndex(composer.list.values.index(0, 0))
            await looked(desk, node)
            (asked,) = looks(node)
            assert asked["destinationAddress"] == "192.0.2.9"
            assert asked["permittedDestinationPublicKey"] == "cd" * 32

    gui(work)


def test_it_looks_only_while_the_composer_is_open_and_anew_when_it_is_again(gui, qapp, node, reel):
    async def work():
        async with running(qapp, node.connect) as desk:
            await composed(desk, reel)
            desk.window.show_page(desk.book.page)
            assert not desk.preflight.settled.isActive()
            assert looks(node) == []
            desk.window.show_composer()
            await looked(desk, node)
            desk.window.show_page(desk.book.page)
            desk.window.show_composer()
            await looked(desk, node, 2)

    gui(work)


def test_a_node_that_is_too_old_to_look_is_asked_once(gui, qapp, node, reel):
    node.preview = None

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = await composed(desk, reel)
            await looked(desk, node)
            assert [key for key in KEYS if composer.card.text(key)] == [GOES, TAKES]
            composer.folder.setText("elsewhere")
            assert not desk.preflight.settled.isActive()
            assert composer.send.isEnabled()

    gui(work)


def test_why_it_cannot_look_is_said_quietly(gui, qapp, node, reel):
    node.refuse["send.previewTransferAsync"] = PermissionDenied("Your account may not send.")

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = await composed(desk, reel)
            await looked(desk, node)
            assert composer.card.text(CHECKED) == "could not be checked: Your account may not send."
            assert not desk.window.banner.isVisible()
            assert composer.send.isEnabled()

    gui(work)


def test_a_broken_line_ends_it_and_a_new_one_begins_it_again(gui, qapp, node, reel):
    async def work():
        async with running(qapp, node.connect) as desk:
            composer = await composed(desk, reel)
            await looked(desk, node)
            node.drop_connections()
            await until(lambda: composer.card.text(CHECKED) == "")
            desk.context.session.retry_now()
            await looked(desk, node, 2)
            assert composer.card.text(THERE) == "1 file, replaced"

    gui(work)


def test_a_problem_is_told_once_and_its_test_can_be_looked_at(gui, qapp, node, reel):
    node.preview = REFUSED
    node.findings_done = True

    async def work():
        async with running(qapp, node.connect) as desk:
            composer, heard = await composed(desk, reel), []
            composer.card.announcer.said.connect(heard.append)
            await looked(desk, node)
            composer.folder.setText("elsewhere")
            await looked(desk, node, 2)
            assert len(heard) == 1
            assert heard[0].startswith("Checked: It does not take files from this node.")
            QTest.mouseClick(composer.card.details, Qt.MouseButton.LeftButton)
            assert desk.window.card.title.text() == "Test of Studio B"
            desk.window.close_card()
            assert desk.window.pages.currentWidget() is composer
            node.preview = FOUND
            await looked(desk, node, 3)
            assert len(heard) == 1  # good news interrupts nobody
            assert not composer.card.details.isVisible()

    gui(work)


def test_whoever_sends_at_once_sends(gui, qapp, node, reel):
    node.preview_done = False

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = await composed(desk, reel)
            desk.preflight.settled.timeout.emit()
            await until(lambda: looks(node))
            composer.send.click()
            await until(lambda: desk.window.pages.currentWidget() is not composer)
            await until(lambda: ended(node) == 1)
            assert node.transfers

    gui(work)


@pytest.mark.parametrize("size", [(800, 500), (640, 372)])
def test_in_a_low_window_it_is_one_line_that_unfolds(gui, qapp, node, reel, size):
    node.preview = REFUSED

    async def work():
        async with running(qapp, node.connect) as desk:
            desk.window.resize(*size)
            composer = await composed(desk, reel)
            await looked(desk, node)
            side = composer.side
            assert not composer.card.isVisible()
            assert side.fold.isVisible()
            assert side.fold.accessibleName() == "Before it is sent: It does not take files from this node."
            side.fold.setFocus()
            QTest.keyClick(side.fold, Qt.Key.Key_Space)
            await until(lambda: not composer.card.visibleRegion().isEmpty())
            await until(lambda: all(row.text.height() >= row.text.sizeHint().height()
                                    for row in composer.card.rows if row.isVisible()))
            composer.card.setFocus()
            for _step in range(30):
                QTest.keyClick(composer.card, Qt.Key.Key_Down)
            details = composer.card.details
            assert details.visibleRegion().boundingRect().height() == details.height()

    gui(work)


def test_options_that_unfold_fold_the_card_where_there_is_no_room_for_both(gui, qapp, node, reel):
    async def work():
        async with running(qapp, node.connect) as desk:
            desk.window.resize(1280, 800)
            composer = await composed(desk, reel)
            await looked(desk, node)
            assert composer.card.isVisible()
            composer.options._line.click()
            await until(composer.side.fold.isVisible)
            assert not composer.card.isVisible()
            composer.options._line.click()
            await until(composer.card.isVisible)

    gui(work)


@pytest.mark.parametrize("size", [(800, 500), (640, 372)])
def test_every_option_can_be_reached_by_keyboard_in_a_low_window(gui, qapp, node, reel, size):
    async def work():
        async with running(qapp, node.connect) as desk:
            desk.window.resize(*size)
            desk.window.activateWindow()
            await until(desk.window.isActiveWindow)
            composer = await composed(desk, reel)
            box = composer.options
            box._line.setFocus()
            QTest.keyClick(box._line, Qt.Key.Key_Space)
            for control in (box.overwrite, box.limit, box.priority, box.policy, box.symlinks, box.label):
                QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
                assert QApplication.focusWidget() is control
                await until(lambda control=control: control.visibleRegion().boundingRect() == control.rect(),
                            control.accessibleName())

    gui(work)


def test_the_wheel_scrolls_past_options_and_changes_none(gui, qapp, node, reel):
    async def work():
        async with running(qapp, node.connect) as desk:
            desk.window.resize(800, 500)
            composer = await composed(desk, reel)
            composer.options._line.click()
            box = composer.options.priority
            before = box.currentIndex()
            QApplication.sendEvent(box, QWheelEvent(
                QPointF(5, 5), QPointF(box.mapToGlobal(QPoint(5, 5))), QPoint(), QPoint(0, -120),
                Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False))
            assert box.currentIndex() == before

    gui(work)


def test_a_drop_is_promised_in_a_zone_of_the_composer(gui, qapp, node, reel, tmp_path):
    (tmp_path / "b.mov").write_bytes(b"b")
    (tmp_path / "c.mov").write_bytes(b"c")
    both = files(tmp_path / "b.mov", tmp_path / "c.mov")

    async def work():
        async with running(qapp, node.connect) as desk:
            composer = await composed(desk, reel)
            window, tree = desk.window, composer.tree
            composer.make_folder()
            QApplication.sendEvent(tree.viewport(), QEvent(QEvent.Type.FocusOut))
            tree.clearSelection()
            row = next(row for row in range(composer.model.rowCount()) if composer.model.index(row, 0).data() ==
                       "New folder")
            folder = tree.viewport().mapTo(window, tree.visualRect(composer.model.index(row, 0)).center())
            beside = tree.viewport().mapTo(window, QPoint(60, tree.viewport().height() - 4))
            assert over(window, both, folder) == "Drop to add 2 items to “New folder”"
            assert over(window, both, beside) == "Drop to add 2 items"
            zone = window.drops.tint.zone
            assert tree.rect().contains(zone.translated(-tree.mapTo(window, QPoint())))
            assert over(window, both, folder) == "Drop to add 2 items to “New folder”"
            drop(window, both, folder)
            await until(lambda: len(composer.history.now.items) == 3)
            assert set(composer.history.now.mappings()) == {"reel", "New folder/b.mov", "New folder/c.mov"}
            window.show_table()
            over(window, both, beside)
            assert window.drops.tint.zone is None

    gui(work)
