"""The window on a node in memory: real widgets, real keys, real drops."""

import asyncio
import sys
from dataclasses import replace

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragMoveEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from app.helpers.build import incoming, transfer
from app.helpers.memory_node import knowing_studio_b
from app.helpers.running import running
from app.helpers.waiting import until
from app.views.drops import drop, files
from jetstream.errors import Conflict, ServerError
from jetstream_desktop import assets, i18n
from jetstream_desktop.models.roles import SNAPSHOT
from jetstream_desktop.state.address import Address
from jetstream_desktop.state.filters import Column, Filter
from jetstream_desktop.state.nodes import OpenNode
from jetstream_desktop.state.rows import Group
from jetstream_desktop.views.transfer_cells import tip


@pytest.fixture
def node():
    made = knowing_studio_b(last_rate=8000)
    made.put(transfer(1))
    made.put(transfer(2, status="suspended", processing=False))
    made.put(transfer(3, status="error", processing=False, error_message="Disk full"))
    return made


def rows_of(desk):
    return desk.context.poller.rows


def identity(card):
    card.show_recent([OpenNode("b.example", fingerprint="ab" * 32)])
    card.show_identity(Address("b.example"), "B", "1", "ab" * 32)


def test_rows_and_actions_follow_the_selection(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            window, actions = desk.window, desk.window.actions_
            await until(lambda: len(rows_of(desk)) == 3)
            window.table.select_key("s1")
            assert actions.pause.isEnabled()
            assert not actions.resume.isEnabled()
            assert window.details.isVisible()
            actions.pause.trigger()
            await until(lambda: rows_of(desk)["s1"].group is Group.PAUSED)
            await until(lambda: actions.resume.isEnabled())
            assert window.table.selected_keys() == ["s1"]
            window.table.select_key("s3")
            assert actions.retry.isEnabled()
            assert window.details.reason.text.text().startswith("Disk full. ")
            window.details.reason.retry.click()
            await until(lambda: rows_of(desk)["s3"].group is Group.ACTIVE)
            window.table.selectAll()
            assert "3 selected" in window.status._right.text()
            actions.remove.trigger()
            await until(lambda: not rows_of(desk))
            assert window.welcome.isVisible()

    gui(work)


def test_the_first_window_fits_the_screen_with_its_frame(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            room, size = desk.window.screen().availableSize(), desk.window.size()
            assert room.width() < 1280  # else this proves nothing
            assert room.width() - 20 < size.width() <= room.width() - 8
            assert room.height() - 60 < size.height() <= room.height() - 40

    gui(work)


def test_pausing_for_a_while(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(rows_of(desk)) == 3)
            desk.window.actions_.pauses[0].trigger()
            await until(lambda: rows_of(desk)["s1"].group is Group.PAUSED)
            assert "Paused until" in desk.window.banner.text
            half_an_hour = desk.context.clock() + 30 * 60 * 1_000_000
            assert abs(desk.pausing.now.until - half_an_hour) < 60_000_000
            assert "paused until" in desk.window.actions_.resume_all.text()
            later(desk)
            await until(lambda: rows_of(desk)["s1"].group is Group.ACTIVE)
            assert rows_of(desk)["s2"].group is Group.PAUSED
            assert desk.window.actions_.resume_all.text() == "Resume all"

    gui(work)


def later(desk):
    """The time until which everything is paused is over."""
    desk.pausing._pauses = {place: replace(pause, until=1) for place, pause in desk.pausing._pauses.items()}
    desk.context.poller.soon()


def test_a_pause_for_a_while_outlives_the_window(gui, qapp, node):
    async def first():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(rows_of(desk)) == 3)
            desk.window.actions_.pauses[2].trigger()
            await until(lambda: rows_of(desk)["s1"].group is Group.PAUSED)

    async def second():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(rows_of(desk)) == 3)
            assert desk.pausing.now.keys == {"s1"}
            assert "paused until" in desk.window.actions_.resume_all.text()
            later(desk)
            await until(lambda: rows_of(desk)["s1"].group is Group.ACTIVE)
            assert rows_of(desk)["s2"].group is Group.PAUSED
            desk.window.actions_.pauses[0].trigger()
            await until(lambda: rows_of(desk)["s1"].group is Group.PAUSED)
            desk.window.actions_.resume_all.trigger()
            await until(lambda: rows_of(desk)["s2"].group is Group.ACTIVE)
            assert desk.pausing.now is None

    async def third():
        async with running(qapp, node.connect) as desk:
            assert desk.pausing.now is None

    for work in (first, second, third):
        gui(work)


def test_what_cannot_be_done_is_said_in_the_bar(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(rows_of(desk)) == 3)
            node.refuse["send.suspendTransfer"] = Conflict("It is complete already.")
            desk.window.table.select_key("s1")
            desk.window.actions_.pause.trigger()
            await until(lambda: desk.window.banner.text == "It is complete already.")
            assert rows_of(desk)["s1"].group is Group.ACTIVE

    gui(work)


def test_a_drop_opens_the_composer_and_sends(gui, qapp, node, tmp_path):
    reel = tmp_path / "reel"
    reel.mkdir()
    (reel / "a.mov").write_bytes(b"x" * 5000)

    async def work():
        async with running(qapp, node.connect) as desk:
            window, composer = desk.window, desk.window.composer
            await until(lambda: desk.context.poller.destinations)
            assert drop(window, files(reel)) == "Drop to send “reel”"
            await until(lambda: composer.history.now.items)
            assert window.pages.currentWidget() is composer
            assert drop(window, files(reel, tmp_path / "gone")) == "Drop to add 2 items"
            await until(lambda: len(composer.history.now.items) == 2)
            assert "not there" in composer.card.note.text()
            composer.undo()
            await until(lambda: composer.send.text() == "Choose where to send")
            composer.search.setText("studio b")
            await until(lambda: composer.send.text() == "Send 1 file to Studio B")
            composer.rename("reel", "show/reel 7")
            QTest.mouseClick(composer.send, Qt.MouseButton.LeftButton)
            await until(lambda: len(rows_of(desk)) == 4)
            made = [params for name, params in node.calls if name == "send.createManifest"]
            assert made[0]["mappings"] == {"show/reel 7": str(reel)}
            await until(lambda: window.table.selected_keys() == ["s4"])

    gui(work)


def test_a_drop_on_a_destination_chooses_it(gui, qapp, node, tmp_path):
    (tmp_path / "a.mov").write_bytes(b"x")

    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            await until(lambda: desk.context.poller.destinations)
            sections = window.sidebar.list
            place = sections.visualRect(sections.model().index(sections.model().row_of("d"))).center()
            data = files(tmp_path / "a.mov")
            move = QDragMoveEvent(place, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                                  Qt.KeyboardModifier.NoModifier)
            sections.dragMoveEvent(move)
            assert sections._delegate.target == "d"
            sections.dropEvent(QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                                          Qt.KeyboardModifier.NoModifier))
            await until(lambda: window.composer.send.text() == "Send 1 file to Studio B")
            assert not any(field.acceptDrops() for field in window.findChildren(QLineEdit))

    gui(work)


@pytest.mark.parametrize("kind", ["web", "text", "picture", "nothing"])
def test_what_cannot_be_sent_gets_a_reason(gui, qapp, node, kind):
    data = QMimeData()
    if kind == "web":
        data.setUrls([QUrl("https://example.com/<b>x")])
    elif kind == "text":
        data.setText("hello")
    elif kind == "picture":
        image = QImage(4, 4, QImage.Format.Format_RGB32)
        image.fill(QColor("red"))
        data.setImageData(image)

    async def work():
        async with running(qapp, node.connect) as desk:
            words = drop(desk.window, data)
            assert desk.window.banner.text == words
            assert words
            assert desk.window.pages.currentWidget() is not desk.window.composer

    gui(work)


def test_names_that_look_like_markup_stay_text(gui, qapp, node, tmp_path):
    node.put(transfer(9, label="<b>x</b>\u202etxt.exe\n", status="error", processing=False,
                      error_message="<img src=x>"))

    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: "s9" in rows_of(desk))
            desk.window.table.select_key("s9")
            index = desk.window.table.currentIndex().siblingAtColumn(1)
            assert "&lt;b&gt;" in tip(index)
            assert "\u202e" not in index.siblingAtColumn(1).data()
            desk.window.grab()

    gui(work)


def test_sidebar_search_and_empty_states(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            await until(lambda: len(rows_of(desk)) == 3)
            model = window.sidebar.list.model()
            window.sidebar.list.setCurrentIndex(model.index(model.row_of(Filter.FAILED.value)))
            assert window.table.model().rowCount() == 1
            window.sidebar.list.setCurrentIndex(model.index(model.row_of(Filter.DONE.value)))
            assert window.transfers.empty.title.text() == "Nothing has finished yet"
            window.show_all()
            QTest.keyClicks(window.toolbar.search, "reel 2")
            assert window.table.model().rowCount() == 1
            QTest.keyClick(window.toolbar.search, Qt.Key.Key_Escape)
            assert window.table.model().rowCount() == 3
            window.sidebar.list.setCurrentIndex(model.index(model.row_of("shared")))
            assert window.pages.currentWidget() is desk.share.page
            window.sidebar.list.setCurrentIndex(model.index(model.row_of("destinations")))
            assert window.pages.currentWidget() is desk.book.page

    gui(work)


def test_sharing_and_revoking(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            await until(lambda: len(rows_of(desk)) == 3)
            window.table.select_key("s1")
            window.actions_.share.trigger()
            card = window.card
            card.form.generate.click()
            card.form.limit._group.button(1).click()
            card.make.click()
            await until(lambda: card.shown is not None)
            assert card.token.text() == "MAYWEBRO.TRUPO.VEVEEBLU"
            assert card.shown.download_limit == 5
            assert "0 of 5 used" in card._state.text()
            card.copy_link.click()
            assert QApplication.clipboard().text().startswith("jetstream://here/download")
            assert card.qr.png().startswith(b"\x89PNG")
            card.form.description.textEdited.emit("x")
            card.form.description.setText("For Anna")
            card.apply.click()
            await until(lambda: node.tokens[card.shown.token].description == "For Anna")
            card.revoke.click()
            await until(lambda: not node.tokens)

    gui(work)


LINK = "jetstream://studio-b/download?token=MAYWEBRO.TRUPO.VEVEEBLU"


def test_the_address_book(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: desk.context.poller.destinations)
            desk.book.new("lab.example:9000")
            card = desk.window.card
            card.name.setText("Lab")
            card.save.click()
            await until(lambda: len(desk.context.poller.destinations) == 2)
            lab = next(d for d in desk.context.poller.destinations if d.name == "Lab")
            assert (lab.destination_address, lab.destination_port) == ("lab.example", 9000)
            desk.book.edit(lab)
            desk.window.card.name.setText("Lab 2")
            desk.window.card.save.click()
            await until(lambda: any(d.name == "Lab 2" for d in desk.context.poller.destinations))
            desk.book._remove_id(lab.id)
            await until(lambda: len(desk.context.poller.destinations) == 1)
            await until(lambda: "Removed" in desk.window.banner.text)
            desk.window.banner.passing.button.click()
            await until(lambda: len(desk.context.poller.destinations) == 2)

    gui(work)


def test_a_lost_node_leaves_the_table_readable(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(rows_of(desk)) == 3)
            node.drop_connections()
            await until(lambda: "next try in" in desk.window.banner.text)
            assert desk.window.table.model().rowCount() == 3
            desk.window.banner.passing.button.click()
            await until(lambda: desk.window.banner.text == "")
            node.move("1", bytes_acked=700)
            await until(lambda: rows_of(desk)["s1"].done == 700)

    gui(work)


def test_a_node_that_answers_wrongly_is_asked_again(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(rows_of(desk)) == 3)
            node.refuse["send.getTransfers"] = ServerError("A fault inside the node, reference 17.")
            await until(lambda: "reference 17" in desk.window.banner.text)
            assert len(rows_of(desk)) == 3, "what is known stays"
            node.refuse.clear()
            node.move("1", bytes_acked=900)
            await until(lambda: rows_of(desk)["s1"].done == 900)

    gui(work)


def visible(widget, kind):
    return [child for child in widget.findChildren(kind) if child.isVisible()]


def test_the_keyboard_alone(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            window = desk.window
            await until(lambda: len(rows_of(desk)) == 3)
            window.table.setFocus()
            QTest.keyClick(window.table, Qt.Key.Key_Down)
            QTest.keyClick(window.table, Qt.Key.Key_Up)
            assert window.table.selected_keys() == ["s1"]
            QTest.keyClick(window.table, Qt.Key.Key_Space)
            assert not window.details.isVisible()
            QTest.keyClick(window.table, Qt.Key.Key_Space)
            assert window.details.isVisible()
            window.activateWindow()
            QTest.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
            await until(lambda: rows_of(desk)["s1"].group is Group.PAUSED)
            QTest.keyClick(window, Qt.Key.Key_F6)
            assert QApplication.focusWidget() is not None
            window.actions_.settings.trigger()
            QTest.keyClick(window.card, Qt.Key.Key_Escape)
            await until(lambda: window.card is None)

    gui(work)


def test_light_and_dark_follow_live(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            window, theme = desk.window, desk.context.theme
            theme.set_appearance("light")
            light = window.grab().toImage().pixelColor(QPoint(600, 60))
            theme.set_appearance("dark")
            dark = window.grab().toImage().pixelColor(QPoint(600, 60))
            assert light.lightness() > 200
            assert dark.lightness() < 60
            theme.set_appearance("system")

    gui(work)


def test_verifying_what_has_arrived(gui, qapp, node):
    node.put(incoming(1, status="complete", processing=False, end_time=2))
    node.put(incoming(2, status="cancelled", processing=False, end_time=2))

    async def work():
        async with running(qapp, node.connect) as desk:
            window, verify = desk.window, desk.window.actions_.verify
            await until(lambda: len(rows_of(desk)) == 5)
            window.table.select_key("s1")
            assert not verify.isEnabled()
            window.table.select_key("r1")
            verify.trigger()
            await until(lambda: "is as it arrived" in window.banner.text)
            window.details.tabs.setCurrentIndex(1)
            await until(lambda: window.details.files_table.model().rowCount() == 500)
            window.details.tabs.setCurrentIndex(0)
            assert len([name for name, _ in node.calls if name == "recv.verifyTransfer"]) == 4
            window.table.select_key("r2")
            verify.trigger()
            assert "Only what has arrived" in window.banner.text
            node.rubbish["recv.verifyTransfer"] = {
                "nextOffset": None, "totalBlocks": 1, "missing": ["x"], "changed": [], "damaged": ["<b>"], "unsure": []}
            window.table.select_key("r1")
            verify.trigger()
            await until(lambda: "(<b>); one file is gone (x)" in window.banner.text)
            window.banner.pressed.emit("verify: copy")
            assert "Gone:\n  x" in QApplication.clipboard().text()
            node.stalled["recv.verifyTransfer"] = asyncio.Event()
            verify.trigger()
            await until(lambda: "Verifying" in window.banner.text)
            window.banner.pressed.emit("verify: stop")
            assert window.banner.text == "Verifying was stopped."

    gui(work)


def test_a_screen_reader_hears_rows_and_changes(gui, qapp, node):
    node.put(transfer(4, label="<i>\N{RIGHT-TO-LEFT OVERRIDE}x", status="complete", processing=False, end_time=1))

    async def work():
        async with running(qapp, node.connect) as desk:
            window, heard = desk.window, []
            desk.shell.announcer.said.connect(heard.append)
            await until(lambda: len(rows_of(desk)) == 4)
            model = window.table.model()
            for place in range(model.rowCount()):
                said = model.index(place, Column.NAME).data(Qt.ItemDataRole.AccessibleTextRole)
                row = model.index(place, 0).data(SNAPSHOT)
                assert row.status.sentence in said
                assert "Studio B" in said
                assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in said
                assert model.index(place, Column.PROGRESS).data(Qt.ItemDataRole.AccessibleTextRole)
            await desk.context.poller.poll()
            assert heard == []
            window.table.select_key("s1")
            window.actions_.pause.trigger()
            await until(lambda: heard == ["Reel 1: Paused"])
            node.move("1", status="error", processing=False, error_message="There is no manifest 4.")
            await until(lambda: heard[1:] == ["Reel 1: There is no manifest 4"])

    gui(work)


def test_nothing_is_cut_in_a_small_german_window(gui, qapp, node):
    async def work():
        i18n.use(assets.catalogue("de"), assets.sentences("de"))
        try:
            async with running(qapp, node.connect) as desk:
                window = desk.window
                await until(lambda: len(rows_of(desk)) == 3)
                pages = [lambda: window.table.select_key("s3"), window.show_composer, lambda: desk.get.get(LINK),
                         window.actions_.settings.trigger, lambda: desk.book.edit(None), window.show_welcome]
                for size in ((800, 500), (1280, 800)):
                    window.resize(*size)
                    for page in pages:
                        page()
                        await asyncio.sleep(0)
                        window.grab()
                        for control in visible(window, QPushButton):
                            room = control.fontMetrics().horizontalAdvance(control.text())
                            assert control.width() >= room or "…" in control.text(), (size, control.text())
        finally:
            i18n.use({})

    gui(work)


def test_right_to_left(gui, qapp, node, mirrored):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(rows_of(desk)) == 3)
            desk.window.grab()
            assert desk.window.sidebar.x() > desk.window.width() // 2
            desk.window.table.select_key("s2")  # the column at the end is hidden there
            assert desk.window.table.selected_keys() == ["s2"]
            assert desk.window.details.isVisible()
            desk.get.get(LINK)
            card = desk.window.card
            await until(lambda: "30 of \u206830 files" in card.sum.text())
            tree = card.pick.tree
            top = tree.model().index(0, 0)
            box = tree._delegate.box(tree.visualRect(top), Qt.LayoutDirection.RightToLeft)
            assert box.center().x() > tree.visualRect(top).center().x()
            QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=box.center())
            assert card.sum.text().startswith("\u20680 of \u206830")

    gui(work)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from 3.12 on")
def test_painting_costs_no_references(gui, qapp, node):
    async def work():
        async with running(qapp, node.connect) as desk:
            await until(lambda: len(rows_of(desk)) == 3)
            table: QWidget = desk.window.table.viewport()
            before = sys.getrefcount(None), sys.getrefcount(True)
            model = desk.window.table.model()
            for number in range(2000):
                table.setEnabled(number % 2 == 0)
                table.repaint()
                model.dataChanged.emit(model.index(0, 0), model.index(0, 1))
                await asyncio.sleep(0)  # a timer and a turn of the loop
            after = sys.getrefcount(None), sys.getrefcount(True)
            assert before[0] - after[0] < 200
            assert before[1] - after[1] < 200

    gui(work)
